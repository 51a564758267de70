// An `eventually` that nothing had to happen for: it would pass if the model stood still, too.

import type { PlannedExpectation } from '../language/plan';
import type { Diagnostic } from '../values/diagnostic';

const CODE = 'KD1508';
const MESSAGE = 'this `eventually` held from the start, so nothing is shown by it';
const HINT = 'say `always` if it shall hold all the time, or begin later: `during: 10s..60s`';

/** What became of an expectation, in one run or in several. */
interface Course {
  readonly early?: boolean;
}

/** A warning for each expectation that was true before anything could make it so. */
export function earlyClaims(
  expectations: readonly PlannedExpectation[],
  courses: readonly Course[],
): readonly Diagnostic[] {
  return expectations
    .filter((_, position) => courses[position]!.early === true)
    .map(({ range }) => {
      return { code: CODE, severity: 'warning', message: MESSAGE, range, hint: HINT };
    });
}

/** The notes of one of several runs, without those warnings that another run gives no cause for. */
export function notesOfAll(
  notes: readonly Diagnostic[],
  expectations: readonly PlannedExpectation[],
  courses: readonly Course[],
): readonly Diagnostic[] {
  const early = new Set(earlyClaims(expectations, courses).map(({ range }) => range));
  return notes.filter(({ code, range }) => code !== CODE || early.has(range));
}
