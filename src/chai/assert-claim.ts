// One claim as an assertion: what stands between chai's words and the vocabulary.

import { duration } from '../language/duration';
import { failureText } from '../runner/failure-text';
import type { Claim } from '../vocabulary/define';
import { callerRange } from './caller';
import { checkArguments, checkValue } from './check-arguments';
import { failureOf } from './failure';
import { judge } from './judge';
import type { Subject } from './subject';

/** The argument that a method takes first, without its name. */
const POSITIONAL: Readonly<Record<string, string>> = {
  inspect: 'query',
  outage: 'to',
  path: 'to',
  reach: 'to',
  resolve: 'name',
  share: 'to',
};

export interface Flags {
  /** `.not`. */
  readonly denied: boolean;
  /** The function below which the stack of a failure begins: the caller's own lines. */
  readonly below: () => void;
}

/**
 * Judges a claim about the subject and throws where it does not hold. Throws TypeError for
 * arguments that the language does not know and for a subject that the claim cannot be about.
 */
export function assertClaim(
  subject: unknown,
  claim: Claim,
  given: readonly unknown[],
  flags: Flags,
): void {
  if (!isSubject(subject)) {
    throw new TypeError(
      `\`${claim.name}\` is about a part of a drill: expect(drill.pod('shop/web'))`,
    );
  }
  const { within, ...own } = namedArguments(claim.name, given);
  if (within !== undefined && typeof within !== 'string') {
    throw new TypeError("`within` is a duration as a text: '2s'");
  }
  const args = { ...subject.args, ...own };
  if (claim.stretch?.(args) === undefined) {
    checkArguments('expect', { at: '0s', [claim.name]: args });
  } else {
    checkArguments('expect', { during: '0s..1s', [claim.name]: args });
    checkStretch(claim, args, within, flags);
  }
  checkValue(claim, args);
  const outcome = judge({
    claim,
    args,
    subject,
    denied: flags.denied,
    range: callerRange(),
    ...(within !== undefined && { within: duration(within) }),
  });
  if (outcome.status === 'passed') return;
  const error = failureOf(outcome, failureText(outcome));
  Error.captureStackTrace(error, flags.below);
  throw error;
}

/** A claim about a stretch of time says how long that is, and cannot be denied. */
function checkStretch(claim: Claim, args: object, within: unknown, { denied }: Flags): void {
  if (claim.stretch?.(args) !== 'within') {
    throw new TypeError('changes are judged in scenarios: `since` and `each` need their timeline');
  }
  if (denied) throw new TypeError(`what an \`${claim.name}\` may cost cannot be denied by .not`);
  if (within === undefined) throw new TypeError("`within` says for how long: {within: '10s'}");
}

function isSubject(value: unknown): value is Subject {
  return typeof value === 'object' && value !== null && 'drill' in value && 'args' in value;
}

function namedArguments(claim: string, given: readonly unknown[]): Record<string, unknown> {
  const key = POSITIONAL[claim];
  const [first, ...rest] = given;
  const positional = key !== undefined && typeof first === 'string' ? { [key]: first } : undefined;
  const options = positional === undefined ? given : rest;
  for (const one of options) {
    if (one === undefined || (typeof one === 'object' && one !== null)) continue;
    const example = key === undefined ? '{…}' : `'…', {…}`;
    throw new TypeError(
      `\`${claim}\` is written ${claim}(${example}); ${JSON.stringify(one)} has no place there`,
    );
  }
  return Object.assign({}, positional, ...options) as Record<string, unknown>;
}
