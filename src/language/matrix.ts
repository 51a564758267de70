// `matrix`: every combination of its lists is one row, and every row is one run. A key is the path
// of what it replaces. Keys that contain dots themselves, such as the timers in `cluster.timing`,
// are found by trying the longest one first.

import { didYouMean } from './did-you-mean';
import type { Report } from './report';
import { asText, child, leaf, mapping, replaced, without } from './tree';
import type { Entry, Tree } from './tree';

/** One combination. */
export interface Row {
  /** The text of each value by path: what reports and `--row` show. */
  readonly texts: Readonly<Record<string, string>>;
  readonly values: ReadonlyMap<string, Entry>;
}

/** So many values of a path are named in a hint. */
const SHOWN_MAX = 10;

const NO_MATRIX: Row = { texts: {}, values: new Map() };

/** Mappings that may be written as one word, and the key that the word then stands for. */
const SHORTHANDS: Readonly<Record<string, string>> = {
  'cluster.cni': 'name',
  'cluster.proxy': 'mode',
  'cluster.timing': 'profile',
};

const REPLACEABLE = ['cluster', 'manifests', 'behaviour', 'timeline', 'end', 'seed'];

/** The rows of a scenario in the order of writing, the last key varying fastest. */
export function rowsOf(scenario: Tree, report: Report): readonly Row[] {
  const matrix = child(scenario, 'matrix');
  if (matrix?.entries === undefined) return [NO_MATRIX];
  const axes = [...matrix.entries].filter(([path]) => path !== 'exclude');
  if (axes.length === 0) {
    report.error('KD1304', matrix.place, 'this matrix is empty');
    return [];
  }
  if (!axes.every((axis) => isSound(axis, report))) return [];
  const rows = axes.reduce<readonly Row[]>(
    (found, [path, { key, tree }]) =>
      found.flatMap((row) =>
        (tree.items ?? []).map((value) => extended(row, path, { key, tree: value }, tree.items!)),
      ),
    [NO_MATRIX],
  );
  const kept = withoutExcluded(
    rows,
    child(matrix, 'exclude'),
    axes.map(([path]) => path),
    report,
  );
  if (kept.length === 0 && !report.hasErrors) {
    report.error('KD1304', matrix.entries.get('exclude')!.key, '`exclude` leaves no row');
  }
  return kept;
}

/** The scenario as it runs in a row. */
export function inRow(scenario: Tree, row: Row): Tree {
  let tree = without(scenario, 'matrix');
  for (const [path, { key, tree: value }] of row.values) {
    tree = replaced(...expanded(tree, path), value, key);
  }
  return tree;
}

/** Whether a part of a scenario in its row is, or stands in, what the matrix writes there. */
export function isCell({ values }: Row, part: Tree): boolean {
  return [...values.values()].some(({ tree }) => holds(tree, part));
}

function holds(tree: Tree, part: Tree): boolean {
  if (tree === part) return true;
  const entries = [...(tree.entries?.values() ?? [])].map((entry) => entry.tree);
  return [...entries, ...(tree.items ?? [])].some((one) => holds(one, part));
}

/** What conditions compare: the text of what stands at a path, and the whole of it. */
export interface Standing {
  readonly text: string;
  readonly value: unknown;
}

/** What stands at a path of a scenario in its row. */
export function standingAt(scenario: Tree, path: string): Standing | undefined {
  const part = partAt(scenario, stepsOf(scenario, path));
  return part && { text: textOfValue(shortened(path, part)), value: part.value };
}

function isSound([path, { key, tree }]: readonly [string, Entry], report: Report): boolean {
  const [first = ''] = path.split('.');
  if (!REPLACEABLE.includes(first)) {
    const hint = didYouMean(first, REPLACEABLE) ?? `a path begins with ${REPLACEABLE.join(', ')}`;
    report.error('KD1306', key, `the path "${path}" leads nowhere`, hint);
    return false;
  }
  if (tree.items?.length !== 0) return true;
  report.error('KD1304', tree.place, `the list of "${path}" is empty`);
  return false;
}

function extended(row: Row, path: string, entry: Entry, axis: readonly Tree[]): Row {
  // `{name: calico, mode: ipip}` is called calico where no other value of the axis is.
  const short = textOfValue(shortened(path, entry.tree));
  const alike = axis.filter((other) => textOfValue(shortened(path, other)) === short);
  const text = alike.length === 1 ? short : textOfValue(entry.tree);
  return {
    texts: { ...row.texts, [path]: text },
    values: new Map([...row.values, [path, entry]]),
  };
}

/** The word that a mapping could have been written as. */
function shortened(path: string, tree: Tree): Tree {
  const short = SHORTHANDS[path];
  return short === undefined ? tree : (child(tree, short) ?? tree);
}

function withoutExcluded(
  rows: readonly Row[],
  exclude: Tree | undefined,
  paths: readonly string[],
  report: Report,
): readonly Row[] {
  const conditions = exclude?.items ?? [];
  for (const condition of conditions) {
    for (const [path, { key }] of condition.entries ?? []) {
      if (paths.includes(path)) continue;
      const hint = didYouMean(path, paths) ?? `the matrix has ${paths.join(', ')}`;
      report.error('KD1306', key, `the matrix has no "${path}"`, hint);
    }
    const isKnown = [...(condition.entries?.keys() ?? [])].every((path) => paths.includes(path));
    const fits = rows.some((row) => matches(condition, standingIn(row)));
    if (isKnown && !fits) report.error('KD1305', condition.place, 'no row is excluded by this');
  }
  return rows.filter((row) => !conditions.some((one) => matches(one, standingIn(row))));
}

function standingIn({ texts, values }: Row): (path: string) => Standing | undefined {
  return (path) => {
    const value = values.get(path)?.tree.value;
    return texts[path] === undefined ? undefined : { text: texts[path], value };
  };
}

/**
 * Whether every path of a condition has the value, or one of the values, that it asks for. A
 * mapping asks for the keys that it has, and leaves all others open; one without keys asks for
 * such a one.
 */
export function matches(
  condition: Tree,
  standingAtPath: (path: string) => Standing | undefined,
): boolean {
  return [...(condition.entries ?? [])].every(([path, { tree }]) => {
    const standing = standingAtPath(path);
    return (tree.items ?? [tree]).some((wanted) => {
      if (textOfValue(wanted) === (standing?.text ?? '')) return true;
      const hasKeys = (wanted.entries?.size ?? 0) > 0;
      return hasKeys && contains(writtenOut(path, standing?.value), wanted.value);
    });
  });
}

/** What the rows have at these paths: `in the rows, cluster.cni is flannel or bridge`. */
export function valuesInRows(
  paths: readonly string[],
  rows: readonly Tree[],
  standingIn: (row: Tree) => (path: string) => Standing | undefined,
): string {
  const told = paths.map((path) => {
    const texts = rows.map((row) => tellStanding(standingIn(row)(path)));
    const distinct = [...new Set(texts)];
    const shown = distinct.length > SHOWN_MAX ? [...distinct.slice(0, SHOWN_MAX), '…'] : distinct;
    return `${path} is ${shown.join(' or ')}`;
  });
  return rows.length === 1 ? `here ${told.join(', ')}` : `in the rows ${told.join(', ')}`;
}

function tellStanding(standing: Standing | undefined): string {
  if (standing === undefined || standing.text === '') return 'nothing';
  return isMapping(standing.value) ? asText(standing.value) : standing.text;
}

/** The mapping that a word stands for: `{mode: ebpf}` for `ebpf`. */
function writtenOut(path: string, value: unknown): unknown {
  const short = SHORTHANDS[path];
  return short === undefined || isMapping(value) ? value : { [short]: value };
}

/** Whether a value has every key that is wanted, with a value that has what is wanted there. */
function contains(value: unknown, wanted: unknown): boolean {
  if (!isMapping(wanted)) return asText(value) === asText(wanted);
  if (!isMapping(value)) return false;
  return Object.entries(wanted).every(([key, part]) => {
    return Object.hasOwn(value, key) && contains(value[key], part);
  });
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOfValue({ value }: Tree): string {
  return asText(value);
}

/** The tree with the shorthand on the way written out, and the path as steps. */
function expanded(scenario: Tree, path: string): [tree: Tree, steps: readonly string[]] {
  const shorthand = Object.keys(SHORTHANDS).find((prefix) => path.startsWith(`${prefix}.`));
  const part = shorthand === undefined ? undefined : partAt(scenario, shorthand.split('.'));
  if (shorthand === undefined || part === undefined || part.entries !== undefined) {
    return [scenario, stepsOf(scenario, path)];
  }
  const entry: Entry = { key: part.place, tree: leaf(part.place, part.value) };
  const full = mapping(part.place, new Map([[SHORTHANDS[shorthand]!, entry]]));
  return [replaced(scenario, shorthand.split('.'), full), stepsOf(scenario, path)];
}

function partAt(tree: Tree, steps: readonly string[]): Tree | undefined {
  return steps.reduce<Tree | undefined>(
    (part, step) => (part?.items === undefined ? child(part, step) : part.items[Number(step)]),
    tree,
  );
}

function stepsOf(scenario: Tree, path: string): readonly string[] {
  // Whatever follows these is one key: a timer's name contains dots.
  const open = /^(cluster\.(?:timing|featureGates|proxy|cni))\.(.+)$/.exec(path);
  if (open !== null) return [...open[1]!.split('.'), open[2]!];
  const steps: string[] = [];
  let part: Tree | undefined = scenario;
  let rest = path.split('.');
  while (rest.length > 0) {
    let taken = rest.length;
    while (taken > 1 && child(part, rest.slice(0, taken).join('.')) === undefined) taken--;
    const step = rest.slice(0, taken).join('.');
    steps.push(step);
    part = part?.items === undefined ? child(part, step) : part.items[Number(step)];
    rest = rest.slice(taken);
  }
  return steps;
}
