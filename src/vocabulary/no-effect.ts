// Arguments that say something and change nothing: `loss: 0%`, `hold: 0s`. A fault that can have
// no effect makes every expectation after it say less than it seems to. In a row of a matrix it is
// the control that the other rows are compared with.

import { parseDuration } from '../language/duration';
import type { ManifestProblem } from '../language/lexicon';

/** One problem for each of these keys that is written and amounts to nothing. */
export function* idleArguments(
  args: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Iterable<ManifestProblem> {
  for (const key of keys) {
    const value = args[key];
    if (value === undefined || !isNothing(value)) continue;
    const message = `\`${key}: ${asWritten(value)}\` has no effect`;
    const hint = 'write more, or leave it out; a row of a `matrix` may say it';
    yield { path: `/${key}`, severity: 'error', message, hint, isIdle: true };
  }
}

/** Zero as a share, a span, or a pattern in which nothing is chosen. */
function isNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((it) => it === 0);
  if (typeof value !== 'string') return false;
  const share = /^-?([0-9.]+)%$/.exec(value)?.[1];
  if (share !== undefined) return Number(share) === 0;
  const span = parseDuration(value.replace(/^-/, ''));
  return span.ok && span.value === 0;
}

function asWritten(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
