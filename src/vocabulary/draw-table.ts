// A table as lines of text, its columns aligned.

/** The head and one line for each row; `cell` gives the text at a place. */
export function drawTable(
  rows: readonly string[],
  columns: readonly string[],
  cell: (row: string, column: string) => string,
): readonly string[] {
  const lines = [
    ['', ...columns],
    ...rows.map((row) => [row, ...columns.map((it) => cell(row, it))]),
  ];
  const widths = lines[0]!.map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? '').length)),
  );
  return lines.map((line) =>
    line
      .map((text, index) => text.padEnd(widths[index]!))
      .join('  ')
      .trimEnd(),
  );
}
