// What a suite needs of the other rooms, brought together.

import { runnerOf } from '../chai/model';
import { formatDiagnostic } from '../language/index';
import { failureText } from '../runner/failure-text';
import { titlesOf } from '../runner/judge';
import type { Explaining } from '../runner/judge';
import type { Diagnostic, SourceRange } from '../values/diagnostic';
import { diagnosticText } from './load-plans';
import type { LoadedPlans } from './load-plans';
import type { Tools } from './suite';

/**
 * The tools of the suites of these plans under a seed; texts are broken at that many columns.
 * `explain`: whether results also tell how what passed came true.
 */
export function toolsFor(
  loaded: Pick<LoadedPlans, 'linesOf' | 'plans'>,
  seed: number,
  columns = 100,
  explain: Explaining = 'failures',
): Tools {
  return {
    run: runnerOf(loaded.plans, seed, explain),
    titles: titlesOf,
    failureText: (outcome) => failureText(outcome, columns),
    frame: (range) => frameOf(range, loaded.linesOf(range.file), columns),
    diagnosticText: (diagnostic) => diagnosticText(diagnostic, loaded, columns),
  };
}

/** The lines around a place with carets below it: a code frame without a message. */
function frameOf(
  range: SourceRange,
  lines: readonly string[] | undefined,
  columns: number,
): string {
  if (lines === undefined) return '';
  const blank: Diagnostic = { code: '', severity: 'error', message: '', range };
  return formatDiagnostic(blank, lines, columns).split('\n').slice(1).join('\n');
}
