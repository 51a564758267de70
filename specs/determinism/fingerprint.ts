// What a run leaves behind, in parts: `trace` is every event and strict, the others are what a user
// of the network could notice. A refactor that keeps behaviour moves `trace` at the most.

import { hashText } from '../../src/kernel/random';

export const INGREDIENTS = ['reach', 'dns', 'nat', 'converge', 'trace'] as const;
export type Ingredient = (typeof INGREDIENTS)[number];

/** The lines that an ingredient is made of, in order. */
export type Fingerprint = Readonly<Record<Ingredient, readonly string[]>>;

/** One run as the file of goldens has it. */
interface Stored {
  readonly digest: string;
  readonly count: number;
  /** Short hashes: of each line, or of a trace of all up to the 1st, 2nd, 4th, 8th … event. */
  readonly marks: readonly string[];
}

type StoredRun = ReadonlyMap<Ingredient, Stored>;

/** The text of the goldens: for each run its name, and a line for each ingredient. */
export function formatFingerprints(runs: ReadonlyMap<string, Fingerprint>): string {
  const blocks = [...runs].map(([name, fingerprint]) => {
    const lines = INGREDIENTS.map((ingredient) => {
      const { digest, count, marks } = store(ingredient, fingerprint[ingredient]);
      return `  ${[ingredient.padEnd(8), digest, count, ...marks].join(' ')}`;
    });
    return [name, ...lines].join('\n');
  });
  return `${blocks.join('\n')}\n`;
}

/** What moved, one text for each ingredient of each run; empty for equal ones. */
export function movedSince(golden: string, runs: ReadonlyMap<string, Fingerprint>): string[] {
  const stored = parse(golden);
  const gone = [...stored.keys()].filter((name) => !runs.has(name));
  const moved = [...runs].flatMap(([name, fingerprint]) => {
    const before = stored.get(name);
    if (before === undefined) return [`${name}\n  is new`];
    return INGREDIENTS.flatMap((ingredient) => {
      const told = tellMove(ingredient, before.get(ingredient), fingerprint[ingredient]);
      return told === undefined ? [] : [`${name}\n  ${ingredient} moved: ${told}`];
    });
  });
  return [...moved, ...gone.map((name) => `${name}\n  is gone`)];
}

function store(ingredient: Ingredient, lines: readonly string[]): Stored {
  const rolling: string[] = [];
  let hash = 0;
  for (const line of lines) rolling.push(hex((hash = hashText(line, hash))));
  const marks =
    ingredient === 'trace'
      ? milestones(lines.length).map((count) => rolling[count - 1]!.slice(0, 4))
      : lines.map((line) => hex(hashText(line, 0)).slice(0, 4));
  return { digest: hex(hash), count: lines.length, marks };
}

/** 1, 2, 4, 8 … up to `count`. */
function milestones(count: number): readonly number[] {
  const all: number[] = [];
  for (let at = 1; at <= count; at *= 2) all.push(at);
  return all;
}

function hex(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}

function parse(golden: string): ReadonlyMap<string, StoredRun> {
  const runs = new Map<string, Map<Ingredient, Stored>>();
  let run = new Map<Ingredient, Stored>();
  for (const line of golden.split('\n')) {
    if (line === '') continue;
    if (!line.startsWith('  ')) {
      runs.set(line, (run = new Map()));
      continue;
    }
    const [ingredient, digest, count, ...marks] = line.trim().split(/ +/);
    run.set(ingredient as Ingredient, { digest: digest!, count: Number(count), marks });
  }
  return runs;
}

function tellMove(
  ingredient: Ingredient,
  before: Stored | undefined,
  lines: readonly string[],
): string | undefined {
  const now = store(ingredient, lines);
  if (before === undefined) return 'it is new';
  if (before.digest === now.digest && before.count === now.count) return undefined;
  const differs = now.marks.findIndex((mark, index) => mark !== before.marks[index]);
  const sizes = `(${before.count} then, ${now.count} now)`;
  if (differs < 0) return `the end ${sizes}: ${lines.at(-1) ?? 'nothing is left'}`;
  if (ingredient !== 'trace') return `first ${sizes} in: ${lines[differs]!}`;
  const [from, to] = [Math.floor(2 ** (differs - 1)), 2 ** differs - 1];
  return `first ${sizes} between event ${from} and ${to}: ${lines[from]!} … ${lines[to]!}`;
}
