// Plain text in columns, no wider than a terminal of 80.

export const WIDTH = 80;

/** `head`, then the words of `text`, continued below itself at `indent`. */
export function hanging(head: string, text: string, indent: number): string {
  const lines: string[] = [];
  let line = head.padEnd(indent);
  let empty = true;
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (!empty && line.length + word.length > WIDTH - 1) {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
    }
    line += `${word} `;
    empty = false;
  }
  return [...lines, line.trimEnd()].join('\n');
}

/** Rows of a left column and a text that hangs beside it. */
export function columns(rows: readonly (readonly [head: string, text: string])[]): string {
  const widest = Math.max(0, ...rows.map(([head]) => head.length));
  const width = Math.min(widest, 30) + 2;
  return rows
    .map(([head, text]) =>
      head.length < width ? hanging(head, text, width) : `${head}\n${hanging('', text, width)}`,
    )
    .join('\n');
}

/** A paragraph. */
export function paragraph(text: string): string {
  return hanging('', text, 0);
}
