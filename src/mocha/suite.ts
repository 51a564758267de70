// A scenario as a mocha suite: one test for each expectation. The scenario runs once, before the
// first of them; each test then only hands over its outcome. So one failing expectation never
// hides another, and whoever knows mocha knows how to select, to bail and to report.

import { failureOf, InvalidScenario, pointAt } from '../chai/failure';
import type { Plan } from '../language/plan';
import type { Place, RecordedSuite, RecordedTest } from '../runner/recorded';
import type { Outcome, RunResult } from '../runner/result';
import type { Diagnostic, SourceRange } from '../values/diagnostic';
import { Runs } from './runs';

/** The words of mocha's `bdd` interface; the globals under mocha, our own otherwise. */
export interface Bdd {
  describe(title: string, body: (this: Mocha.Suite) => void): Mocha.Suite;
  it(title: string, body: (this: Mocha.Context) => void): Mocha.Test;
  before(title: string, body: (this: Mocha.Context) => void): void;
}

/** What the suites need of the other rooms. */
export interface Tools {
  run(plan: Plan): RunResult;
  /** The title of each outcome that a run of this plan will have, in the same order. */
  readonly titles: (plan: Plan) => readonly string[];
  failureText(outcome: Outcome): string;
  /** The place in its source, drawn with carets; empty where the source is not at hand. */
  frame(range: SourceRange): string;
  diagnosticText(diagnostic: Diagnostic): string;
}

/** A plan, and which of its outcomes are asked for. */
export interface Selected {
  readonly plan: Plan;
  /** Positions in `Tools.titles`; absent means all. */
  readonly outcomes?: ReadonlySet<number>;
}

/** Registers a suite for every plan, in the given order. */
export function describePlans(bdd: Bdd, selection: readonly Selected[], tools: Tools): void {
  const runs = new Runs(
    selection.map(({ plan }) => plan),
    (plan) => tools.run(plan),
  );
  const orders = new Map<string, number>();
  for (const selected of selection) {
    const { file } = selected.plan;
    const order = orders.get(file) ?? 0;
    orders.set(file, order + 1);
    describePlan(bdd, selected, order, tools, runs);
  }
}

/** Registers a failing test for each thing that is wrong with a file. */
export function describeProblems(
  bdd: Bdd,
  file: string,
  diagnostics: readonly Diagnostic[],
  tools: Pick<Tools, 'diagnosticText'>,
): void {
  const suite = bdd.describe(`${file}: scenario loads`, () => {
    for (const diagnostic of diagnostics) {
      const { range, code, message } = diagnostic;
      const elsewhere = range.file === file ? '' : `${range.file}:`;
      const where = `${elsewhere}${range.line}:${range.column}`;
      bdd.it(`${code} ${message} (${where})`, function () {
        const place = placeOf(range);
        carry(this.runnable(), { diagnostic, place });
        const error = new InvalidScenario([diagnostic], tools.diagnosticText(diagnostic));
        throw pointAt(error, 'scenario loads', place);
      });
    }
  });
  carry(suite, { scenario: { title: 'scenario loads', file, row: {}, order: -1 } });
}

function describePlan(bdd: Bdd, selected: Selected, order: number, tools: Tools, runs: Runs): void {
  const { plan } = selected;
  const row = Object.entries(plan.row).map(([key, value]) => `${key}=${value}`);
  const title = row.length === 0 ? plan.title : `${plan.title} [${row.join(', ')}]`;
  const run: { result?: RunResult; broken?: Error } = {};
  const suite = bdd.describe(title, () => {
    bdd.before('the run', function () {
      this.timeout(0);
      const begun = performance.now();
      try {
        run.result = runs.resultOf(plan);
      } catch (error) {
        run.broken = error instanceof Error ? error : new Error(String(error));
      }
      const wall = Math.round(performance.now() - begun);
      carry(suite, { ...recordedRun(run.result, selected), wall });
    });
    tools.titles(plan).forEach((outcomeTitle, index) => {
      if (selected.outcomes?.has(index) === false) return;
      bdd.it(outcomeTitle, function () {
        const isJudged = judge(this.runnable(), run, index, plan, tools);
        if (!isJudged) this.skip();
      });
    });
  });
  carry(suite, { scenario: { title: plan.title, file: plan.file, row: plan.row, order } });
}

function recordedRun(result: RunResult | undefined, { outcomes }: Selected): RecordedSuite {
  if (result === undefined) return {};
  const asked = result.outcomes.filter((_, index) => outcomes?.has(index) !== false);
  return { runResult: { ...result, outcomes: asked } };
}

/** Throws what failed; false where it is said of another seed. */
function judge(
  test: Mocha.Runnable,
  run: { readonly result?: RunResult; readonly broken?: Error },
  index: number,
  plan: Plan,
  tools: Tools,
): boolean {
  const outcome = run.result?.outcomes[index];
  if (outcome === undefined) throw brokenRun(test, run.broken, plan);
  const place = placeOf(outcome.range);
  if (outcome.status === 'passed' || outcome.status === 'skipped') {
    carry(test, { outcome, place });
    return outcome.status === 'passed';
  }
  carry(test, { outcome, place, frame: tools.frame(outcome.range) });
  throw failureOf(outcome, tools.failureText(outcome), place);
}

/** The run itself threw: not a failure of the scenario but one of kubedrill. */
function brokenRun(test: Mocha.Runnable, broken: Error | undefined, plan: Plan): Error {
  const error = broken ?? new Error('the run ended without this outcome');
  const { message, stack = message } = error;
  carry(test, { internal: { message, stack }, place: placeOf(plan.range) });
  return error;
}

function placeOf({ file, line, column }: SourceRange): Place {
  return { file, line, column };
}

/**
 * Leaves the record on mocha's object. Mocha's workers send the fields of `serialize()` to the
 * parent process and nothing else, at the end of their file, when everything is recorded.
 */
function carry(target: Mocha.Runnable | Mocha.Suite, found: RecordedTest | RecordedSuite): void {
  const plain = target as { serialize?: () => object };
  const serialize = plain.serialize;
  Object.assign(target, found);
  plain.serialize = () => ({ ...serialize?.call(target), ...found });
}
