// Cuts a YAML stream into its documents before any of them is parsed, so that a broken one does
// not hide the others. A line that begins with `---` or `...` ends a document wherever it stands:
// YAML allows it inside of no scalar.

/** A document by its offsets in the stream, its markers and directives included. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

export function splitStream(text: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let start = text.startsWith('\uFEFF') ? 1 : 0;
  const close = (end: number): void => {
    if (hasContent(text, start, end)) chunks.push({ start, end });
    start = end;
  };
  for (const marker of text.matchAll(/^(---|\.\.\.)(?=\s|$)/gm)) {
    const at = marker.index;
    if (marker[1] === '...') close(endOfLine(text, at));
    else if (!isPreamble(text, start, at)) close(at);
  }
  close(text.length);
  return chunks;
}

/** Whether nothing but directives, comments and blank lines stands between two offsets. */
function isPreamble(text: string, start: number, end: number): boolean {
  return /^(?:[ \t]*(?:#[^\n]*)?\r?\n|%[^\n]*\n)*$/.test(text.slice(start, end));
}

function hasContent(text: string, start: number, end: number): boolean {
  const body = text.slice(start, end).replace(/^---(?=\s|$)/m, '');
  return /^[ \t]*[^\s#%]|^[^\S\n]+[^\s#]/m.test(body.replace(/^(---|\.\.\.)\s*$/gm, ''));
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}
