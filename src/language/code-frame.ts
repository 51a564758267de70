// A diagnostic as people read it: the sentence, the place, the lines around it, and what to do.

import type { Diagnostic } from '../values/diagnostic';

const CONTEXT_LINES = 2;
const WIDEST = 120;

/**
 * ```
 * error[KD1101]: unknown key "reech"
 *   --> scenarios/shop.yaml:31:5
 *    |
 * 30 |   - at: 5s
 * 31 |     reech: {from: shop/frontend, to: backend:80}
 *    |     ^^^^^
 *    = hint: did you mean "reach"?
 * ```
 * `lines` are those of the diagnostic's file; without them the frame has no excerpt.
 */
export function formatDiagnostic(diagnostic: Diagnostic, lines: readonly string[] = []): string {
  const { code, severity, message, range, hint } = diagnostic;
  const first = Math.max(1, range.line - CONTEXT_LINES);
  const last = Math.min(lines.length, range.line + CONTEXT_LINES);
  const gutter = ' '.repeat(String(Math.max(last, 1)).length);
  const out = [`${severity}[${code}]: ${message}`];
  out.push(`${gutter}--> ${range.file}:${range.line}:${range.column}`);
  if (range.line <= lines.length) {
    out.push(`${gutter} |`);
    for (let number = first; number <= last; number++) {
      const text = lines[number - 1]!;
      if (number > range.line && text.trim() === '' && number === last) continue;
      out.push(`${String(number).padStart(gutter.length)} | ${shorten(text)}`.trimEnd());
      if (number === range.line) out.push(`${gutter} | ${carets(diagnostic, text)}`);
    }
  }
  if (hint !== undefined) out.push(`${gutter} = hint: ${hint}`);
  return out.join('\n');
}

/** Every diagnostic with the text of its file, one blank line between two. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  linesOf: (file: string) => readonly string[] | undefined,
): string {
  return diagnostics.map((one) => formatDiagnostic(one, linesOf(one.range.file))).join('\n\n');
}

function carets({ range }: Diagnostic, text: string): string {
  const start = Math.min(range.column - 1, WIDEST);
  const end = range.endLine === range.line ? range.endColumn - 1 : text.trimEnd().length;
  const indent = text.slice(0, start).replace(/[^\t]/g, ' ').padEnd(start);
  return indent + '^'.repeat(Math.max(1, Math.min(end, WIDEST) - start));
}

function shorten(text: string): string {
  // Control characters could move the cursor of a terminal; tabs are kept, as the carets keep them.
  const visible = text.replace(/[^\P{Cc}\t]/gu, '\uFFFD');
  return visible.length > WIDEST ? `${visible.slice(0, WIDEST)}…` : visible;
}
