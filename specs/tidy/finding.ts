// What every check of the house returns, and what every check is given.

/** One file of the project: its path from the root with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One breach of a house rule. An empty list of them is a tidy house. */
export interface Finding {
  readonly path: string;
  /** From 1; absent where the whole file is meant. */
  readonly line?: number;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** `src/a.ts:12: Date is banned: …`, which editors open. */
export function formatFinding(finding: Finding): string {
  const place = finding.line === undefined ? finding.path : `${finding.path}:${finding.line}`;
  return `${place}: ${finding.message}`;
}

/** The line of a text in which an offset stands, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index >= 0 && index < offset; line++) {
    index = text.indexOf('\n', index + 1);
  }
  return line;
}
