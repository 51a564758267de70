// Scenario files as plans and problems, file by file.

import { load } from '../chai/load';
import { formatDiagnostic } from '../language/index';
import type { LoadedScenarios, Plan } from '../language/index';
import type { Diagnostic } from '../values/diagnostic';

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
  const all = loaded.map(({ found }) => found);
  return {
    plans: all.flatMap(({ plans }) => plans),
    diagnostics: all.flatMap(({ diagnostics }) => diagnostics),
    broken,
    linesOf: (file) => linesIn(all, file),
  };
}

/** A diagnostic with the lines around its place, for a terminal of so many columns. */
export function diagnosticText(
  diagnostic: Diagnostic,
  { linesOf }: Pick<LoadedPlans, 'linesOf'>,
  columns?: number,
): string {
  return formatDiagnostic(diagnostic, linesOf(diagnostic.range.file), columns);
}

function linesIn(loaded: readonly LoadedScenarios[], file: string): readonly string[] | undefined {
  for (const found of loaded) {
    const lines = found.linesOf(file);
    if (lines !== undefined) return lines;
  }
  return undefined;
}
