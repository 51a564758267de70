// What is wrong with an input, as data: code, place, sentence, hint. Printed by
// language/code-frame.ts, listed in docs/reference/diagnostics.md.

/** A place in a source text. Lines and columns count from 1; the end is exclusive. */
export interface SourceRange {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export type Severity = 'error' | 'warning';

export interface Diagnostic {
  /** Stable and searchable: `KD1203`. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence: what is wrong, and what was expected. */
  readonly message: string;
  readonly range: SourceRange;
  /** What to do, where there is something better than the message: `did you mean "reach"?`. */
  readonly hint?: string;
}
