// Files as suites: loads them, and brings together what a suite needs of the other rooms.

import { load, runPlan } from '../chai/model';
import { formatDiagnostic } from '../language/index';
import type { LoadedScenarios, Plan } from '../language/index';
import { failureText } from '../runner/failure-text';
import { titlesOf } from '../runner/judge';
import type { Diagnostic, SourceRange } from '../values/diagnostic';
import type { Tools } from './suite';

export interface LoadedPlans {
  readonly plans: readonly Plan[];
  readonly diagnostics: readonly Diagnostic[];
  /** Errors by the file that was asked for and cannot be run, or not all of it. */
  readonly broken: ReadonlyMap<string, readonly Diagnostic[]>;
  linesOf(file: string): readonly string[] | undefined;
}

/** Loads each file by itself: what is wrong is known to be wrong with that file. */
export function loadPlans(files: readonly string[]): LoadedPlans {
  const loaded = files.map((file) => ({ file, found: load([file]) }));
  const broken = new Map<string, readonly Diagnostic[]>();
  for (const { file, found } of loaded) {
    const errors = found.diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) broken.set(file, errors);
  }
  return {
    plans: loaded.flatMap(({ found }) => found.plans),
    diagnostics: loaded.flatMap(({ found }) => found.diagnostics),
    broken,
    linesOf: (file) => linesIn(loaded.map(({ found }) => found), file),
  };
}

/** The tools of the suites of these plans under a seed; texts are broken at that many columns. */
export function toolsFor(
  { linesOf }: Pick<LoadedPlans, 'linesOf'>,
  seed: number,
  columns = 80,
): Tools {
  return {
    run: (plan) => runPlan(plan, seed),
    titles: titlesOf,
    failureText: (outcome) => failureText(outcome, columns),
    frame: (range) => frameOf(range, linesOf(range.file)),
    diagnosticText: (diagnostic) => formatDiagnostic(diagnostic, linesOf(diagnostic.range.file)),
  };
}

/** The lines around a place with carets below it: a code frame without a message. */
function frameOf(range: SourceRange, lines: readonly string[] | undefined): string {
  if (lines === undefined) return '';
  const blank: Diagnostic = { code: '', severity: 'error', message: '', range };
  return formatDiagnostic(blank, lines).split('\n').slice(1).join('\n');
}

function linesIn(
  loaded: readonly LoadedScenarios[],
  file: string,
): readonly string[] | undefined {
  for (const found of loaded) {
    const lines = found.linesOf(file);
    if (lines !== undefined) return lines;
  }
  return undefined;
}
