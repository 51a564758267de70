// Outcomes and diagnostics as the errors that a test throws. The structured thing rides on the
// error, so that no reporter has to read it out of a text.

import type { Place } from '../runner/recorded';
import type { Outcome } from '../runner/result';
import type { Diagnostic } from '../values/diagnostic';

/** What was expected does not hold. `name` stays `AssertionError`, as every runner knows it. */
export type FailedExpectation = Error & { readonly outcome: Outcome };

/** Nothing trustworthy can be said: vacuous, never evaluated, not modelled. */
export class UndecidedExpectation extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome, text: string) {
    super(text);
    this.name = 'UndecidedExpectation';
    this.outcome = outcome;
  }
}

/** A file that cannot be used as it stands. */
export class InvalidScenario extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], text: string) {
    super(text);
    this.name = 'InvalidScenario';
    this.diagnostics = diagnostics;
  }
}

/**
 * The error for an outcome that did not pass. `text` is its failure text. With a place, the
 * stack is one line that points there: the code that judged is of no use to the reader.
 */
export function failureOf(outcome: Outcome, text: string, place?: Place): Error {
  const error =
    outcome.status === 'error'
      ? new UndecidedExpectation(outcome, text)
      : failedExpectation(outcome, text);
  return place === undefined ? error : pointAt(error, outcome.claim, place);
}

/** Replaces the stack of an error by the one line that leads to its place in a scenario. */
export function pointAt<E extends Error>(error: E, check: string, place: Place): E {
  const line = `    at Context.<${check}> (${place.file}:${place.line}:${place.column})`;
  error.stack = `${error.name}: ${error.message}\n${line}`;
  return error;
}

/** Chai is loaded where something fails; a green run of the command line does without it. */
function failedExpectation(outcome: Outcome, text: string): FailedExpectation {
  const { AssertionError } = require('chai') as Pick<Chai.ChaiStatic, 'AssertionError'>;
  const { expected, actual } = outcome;
  const facts = { expected, actual, showDiff: false, operator: outcome.claim };
  return Object.assign(new AssertionError(text, facts), { outcome });
}
