// A diagnostic as people read it: the sentence, the place, the lines around it, and what to do.

import type { Diagnostic } from '../values/diagnostic';
import { wrap } from '../values/wrap';

const CONTEXT_LINES = 2;

/** Columns of a text where nobody says how wide the terminal is. */
const WIDTH_DEFAULT = 100;
/** Narrower than this, breaking makes a text longer and no clearer. */
const WIDTH_MIN = 60;

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
 * `lines` are those of the diagnostic's file; without them the frame has no excerpt. Sentences are
 * broken at `width` columns; lines of the file are cut there, that of the place around its carets.
 */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  lines: readonly string[] = [],
  width = WIDTH_DEFAULT,
): string {
  const { code, severity, message, range, hint } = diagnostic;
  const columns = Math.max(width, WIDTH_MIN);
  const first = Math.max(1, range.line - CONTEXT_LINES);
  const last = Math.min(lines.length, range.line + CONTEXT_LINES);
  const gutter = ' '.repeat(String(Math.max(last, 1)).length);
  const room = columns - gutter.length - ' | '.length;
  const out = [...wrap(`${severity}[${code}]: ${message}`, columns, 0, 2)];
  out.push(`${gutter}--> ${range.file}:${range.line}:${range.column}`);
  if (range.line <= lines.length) {
    out.push(`${gutter} |`);
    for (let number = first; number <= last; number++) {
      const text = lines[number - 1]!;
      if (number > range.line && text.trim() === '' && number === last) continue;
      const isPlace = number === range.line;
      const [shown, below] = isPlace ? markedLine(diagnostic, text, room) : [shorten(text, room)];
      out.push(`${String(number).padStart(gutter.length)} | ${shown}`.trimEnd());
      if (below !== undefined) out.push(`${gutter} | ${below}`);
    }
  }
  if (hint !== undefined) {
    const lead = `${gutter} = hint: `;
    out.push(...wrap(lead + hint, columns, 0, lead.length));
  }
  return out.join('\n');
}

/** Every diagnostic with the text of its file, one blank line between two. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  linesOf: (file: string) => readonly string[] | undefined,
  width?: number,
): string {
  return diagnostics
    .map((one) => formatDiagnostic(one, linesOf(one.range.file), width))
    .join('\n\n');
}

/** The line of the place, cut so that the place is seen, and the carets below it. */
function markedLine(
  { range }: Diagnostic,
  text: string,
  room: number,
): readonly [line: string, carets: string] {
  const place = range.column - 1;
  const behind = range.endLine === range.line ? range.endColumn - 1 : text.trimEnd().length;
  const length = Math.max(1, behind - place);
  // What is left out in front of a place far to the right: enough for half a line before it.
  const isFar = place + Math.min(length, room >> 1) > room;
  const left = isFar ? Math.max(0, place - (room >> 1)) : 0;
  // Half a character of two units is none.
  const shown = left === 0 ? text : `…${text.slice(left + 1).replace(/^[\uDC00-\uDFFF]/, ' ')}`;
  const start = place - left;
  const indent = shown.slice(0, start).replace(/[^\t]/g, ' ').padEnd(start);
  const carets = '^'.repeat(Math.max(1, Math.min(length, room - start)));
  return [shorten(shown, room), indent + carets];
}

function shorten(text: string, room: number): string {
  // Control characters could move the cursor of a terminal; tabs are kept, as the carets keep them.
  const visible = text.replace(/[^\P{Cc}\t]/gu, '\uFFFD');
  if (visible.length <= room) return visible;
  return `${visible.slice(0, room - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
