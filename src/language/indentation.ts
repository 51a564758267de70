// Which line of a broken YAML text stands in a column of its own: keys of one mapping begin in one
// column, and so do the items of one list. The parser reports where it noticed, which is often a
// line earlier or later, and in words about its grammar.

/** A key or a dash that begins in another column than what is written above it. */
export interface Misplaced {
  /** Counted from 0. */
  readonly line: number;
  readonly column: number;
  /** As written: `by`, `- at`. */
  readonly text: string;
  /** What to do about it. */
  readonly hint: string;
}

interface Mark {
  readonly is: 'key' | 'item';
  readonly line: number;
  readonly column: number;
  readonly text: string;
  /** Whether nothing stands behind it, so that the lines below it are its value. */
  readonly isOpen: boolean;
}

/**
 * The first misplaced key or dash of the document that begins in line `first`, if one stands no
 * later than the first line with a key or a dash below line `noticed`. Lines count from 0.
 */
export function findMisplaced(
  lines: readonly string[],
  first: number,
  noticed: number,
): Misplaced | undefined {
  let open: readonly Mark[] = [];
  for (const { line, marks } of markedLines(lines, first)) {
    for (const mark of marks) {
      const onSameLine = open.at(-1)?.line === line;
      const next = onSameLine ? [...open, mark] : placed(mark, open);
      if (next === undefined) return misplaced(mark, open);
      open = next;
    }
    if (line > noticed) return undefined;
  }
  return undefined;
}

/** The marks that enclose what comes after `mark`, itself included; undefined if it fits none. */
function placed(mark: Mark, open: readonly Mark[]): readonly Mark[] | undefined {
  const outer = open.filter(({ column }) => column <= mark.column);
  const last = outer.at(-1);
  const isBelow = outer.length === open.length && (last === undefined || last.isOpen);
  if (last === undefined || last.column < mark.column)
    return isBelow ? [...outer, mark] : undefined;
  if (last.is === mark.is) return [...outer.slice(0, -1), mark];
  // A list may stand in the column of its own key.
  if (mark.is === 'item') return isBelow ? [...outer, mark] : undefined;
  return outer.at(-2)?.column === mark.column ? [...outer.slice(0, -2), mark] : undefined;
}

function misplaced(mark: Mark, open: readonly Mark[]): Misplaced | undefined {
  let near: Mark | undefined;
  for (const other of open) {
    if (other.is !== mark.is || other.column === mark.column) continue;
    if (near === undefined || distance(mark, other) <= distance(mark, near)) near = other;
  }
  if (near === undefined) return undefined;
  const rule = mark.is === 'key' ? 'keys of one mapping begin' : 'the items of one list begin';
  const { line, column, text } = mark;
  const there = `"${text}" in column ${column + 1}, "${near.text}" of line ${near.line + 1}`;
  return { line, column, text, hint: `${rule} in one column: ${there} in ${near.column + 1}` };
}

function distance(one: Mark, other: Mark): number {
  return Math.abs(one.column - other.column);
}

interface MarkedLine {
  readonly line: number;
  readonly marks: readonly Mark[];
}

/** The lines that begin with a key or a dash: none of a block text or inside of brackets. */
function markedLines(lines: readonly string[], first: number): readonly MarkedLine[] {
  const marked: MarkedLine[] = [];
  let depth = 0;
  /** The column of a block text, once its first line has come, and what it must stand right of. */
  let block: { readonly owner: number; readonly column?: number } | undefined;
  lines.forEach((text, line) => {
    if (line < first || /^\s*$/.test(text)) return;
    const indent = /^ */.exec(text)![0].length;
    if (block !== undefined && indent >= (block.column ?? block.owner + 1)) {
      block = { ...block, column: block.column ?? indent };
      return;
    }
    block = undefined;
    if (/^\s*#|^---/.test(text)) return;
    const marks = depth > 0 ? [] : marksOf(text, line);
    depth = Math.max(0, depth + bracketsOf(text));
    if (marks.length === 0) return;
    marked.push({ line, marks });
    if (/[:-] +[|>][-+0-9]*( +#.*)?$/.test(text.trimEnd())) block = { owner: marks.at(-1)!.column };
  });
  return marked;
}

const KEY = /^("[^"]*"|'[^']*'|[^\s"'#&*!|>%@`{}[\],-][^:#]*?|-[^\s:][^:#]*?) *:(?= |$)/;

function marksOf(text: string, line: number): readonly Mark[] {
  const marks: Mark[] = [];
  const trimmed = text.trimEnd();
  let column = /^ */.exec(trimmed)![0].length;
  for (;;) {
    const rest = trimmed.slice(column);
    const dash = /^-( +|$)/.exec(rest);
    if (dash !== null) {
      const after = rest.slice(dash[0].length);
      const name = KEY.exec(after)?.[1] ?? '';
      const isOpen = isNothing(after);
      marks.push({ is: 'item', line, column, text: `- ${name}`.trimEnd(), isOpen });
      column += dash[0].length;
      continue;
    }
    const key = KEY.exec(rest);
    if (key === null) return marks;
    const isOpen = isNothing(rest.slice(key[0].length));
    return [...marks, { is: 'key', line, column, text: key[1]!, isOpen }];
  }
}

/** Whether a value is yet to come: behind an anchor or a tag, or before a comment. */
function isNothing(text: string): boolean {
  return /^( *[&!][^\s]*)* *(#.*)?$/.test(text);
}

/** How many brackets a line opens and leaves open; negative where it closes those of others. */
function bracketsOf(text: string): number {
  const plain = text.replace(/"(\\.|[^"\\])*"|'[^']*'/g, '').replace(/(^| )#.*$/, '');
  return (plain.match(/[[{]/g)?.length ?? 0) - (plain.match(/[\]}]/g)?.length ?? 0);
}
