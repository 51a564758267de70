// The grace that an administrator gives processes: whole seconds, as kubectl sends them.

import { parseDuration } from '../language/duration';
import type { ManifestProblem } from '../language/lexicon';

const SECOND = 1_000_000;

/** The grace in seconds; undefined where the object's own counts. */
export function graceOf(text: string | undefined): number | undefined {
  const reading = text === undefined ? undefined : parseDuration(text);
  return reading?.ok === true ? reading.value / SECOND : undefined;
}

/** What is wrong with `grace:`. */
export function graceProblems(text: string | undefined): readonly ManifestProblem[] {
  const grace = graceOf(text);
  if (grace === undefined || Number.isInteger(grace)) return [];
  return [{ path: '/grace', severity: 'error', message: `"${text}" is not whole seconds` }];
}
