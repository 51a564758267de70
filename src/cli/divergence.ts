// Where the runs of two processes part, from what each of them printed (journal-process.ts).

import { RUN } from './journal-process';

/** The events of each run, by its name. */
export type Journals = ReadonlyMap<string, readonly string[]>;

/** The first event in which two runs of one name differ. */
export interface Divergence {
  readonly run: string;
  /** How many events came before it. */
  readonly position: number;
  /** What happened last in both; undefined where nothing did. */
  readonly before: string | undefined;
  /** What happened next in either; undefined where that run had ended. */
  readonly one: string | undefined;
  readonly other: string | undefined;
}

export function readJournals(printed: string): Journals {
  const journals = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of printed.split('\n')) {
    if (line.startsWith(RUN)) journals.set(line.slice(RUN.length), (lines = []));
    else if (line !== '') lines.push(line);
  }
  return journals;
}

/** One entry for each run that differs, or that only one of the processes knows. */
export function divergences(first: Journals, second: Journals): readonly Divergence[] {
  const runs = [...new Set([...first.keys(), ...second.keys()])];
  return runs.flatMap((run) => {
    const [one, other] = [first.get(run) ?? [], second.get(run) ?? []];
    // Hashes roll: two runs whose last ones are equal are equal as a whole.
    if (one.length === other.length && one.at(-1) === other.at(-1)) return [];
    const length = Math.max(one.length, other.length);
    let position = 0;
    while (position < length && one[position] === other[position]) position++;
    const at = (lines: readonly string[], index: number) => lines[index]?.replace(/^\S+ /, '');
    const before = at(one, position - 1);
    return [{ run, position, before, one: at(one, position), other: at(other, position) }];
  });
}
