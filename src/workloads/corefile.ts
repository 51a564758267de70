// The syntax of a Corefile: server blocks with directives, snippets and imports. What a directive
// means is the affair of its plugin.
// source: coredns Corefile manual page; caddyserver/caddy v1 caddyfile/parse.go

/** One line of a server block, with the lines in braces that may follow it. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block: readonly Directive[];
  /** Counted from 1. */
  readonly line: number;
}

export interface ServerBlock {
  /** As written: `.:53`, `cluster.local`, `dns://.:5353`. */
  readonly keys: readonly string[];
  readonly directives: readonly Directive[];
  readonly line: number;
}

/** Thrown for a Corefile that is wrong, or that says something that is not modelled. */
export class CorefileError extends Error {
  readonly code = 'COREFILE';

  constructor(message: string, line?: number) {
    super(line === undefined ? `Corefile: ${message}` : `Corefile line ${line}: ${message}`);
  }
}

interface Row {
  readonly words: readonly string[];
  readonly line: number;
}

/** The server blocks of a Corefile. Throws CorefileError where it cannot be read. */
export function parseCorefile(text: string): ServerBlock[] {
  const rows = rowsOf(text);
  if (rows.length === 0) return [];
  const snippets = new Map<string, readonly Directive[]>();
  const blocks: ServerBlock[] = [];
  for (let at = 0; at < rows.length;) {
    const keys: string[] = [];
    const { line } = rows[at]!;
    // The keys of a block may stand on several lines, parted by commas.
    while (at < rows.length && rows[at]!.words.at(-1) !== '{') keys.push(...rows[at++]!.words);
    const opening = rows[at];
    if (opening === undefined) throw new CorefileError('expected "<zone> {"', line);
    keys.push(...opening.words.slice(0, -1));
    const { directives, next } = readDirectives(rows, at + 1, snippets);
    at = next;
    const snippet = /^\((.+)\)$/.exec(keys[0] ?? '')?.[1];
    if (snippet !== undefined) snippets.set(snippet, directives);
    else blocks.push({ keys: keys.map((key) => key.replace(/,$/, '')), directives, line });
  }
  return blocks;
}

function rowsOf(text: string): Row[] {
  return text
    .split('\n')
    .map((row, index) => ({ words: wordsOf(row), line: index + 1 }))
    .filter(({ words }) => words.length > 0);
}

/** Words with double quotes around those that contain blanks; `#` begins a comment. */
function wordsOf(row: string): string[] {
  const words: string[] = [];
  for (const [word, quoted] of row.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)) {
    if (word.startsWith('#')) break;
    words.push(quoted === undefined ? word : quoted.replace(/\\"/g, '"'));
  }
  return words;
}

function readDirectives(
  rows: readonly Row[],
  from: number,
  snippets: ReadonlyMap<string, readonly Directive[]>,
): { readonly directives: readonly Directive[]; readonly next: number } {
  const directives: Directive[] = [];
  let at = from;
  for (;;) {
    const row = rows[at];
    if (row === undefined) throw new CorefileError('a block is not closed', rows[from - 1]?.line);
    const [name = '', ...rest] = row.words;
    at++;
    if (name === '}') return { directives, next: at };
    if (name === 'import') {
      const imported = snippets.get(rest[0] ?? '');
      if (imported === undefined) {
        throw new CorefileError(`there is no snippet "${rest[0] ?? ''}"`, row.line);
      }
      directives.push(...imported);
    } else if (rest.at(-1) === '{') {
      const inner = readDirectives(rows, at, snippets);
      at = inner.next;
      directives.push({ name, args: rest.slice(0, -1), block: inner.directives, line: row.line });
    } else if (rest.at(-1) === '}' && rest.includes('{')) {
      throw new CorefileError('a block in one line cannot be read', row.line);
    } else {
      directives.push({ name, args: rest, block: [], line: row.line });
    }
  }
}
