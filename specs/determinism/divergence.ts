// Two journals that should be equal: where they part.

import type { Fingerprint } from './fingerprint';

/** What one run left behind, as one process tells it to another. */
export interface Record {
  /** `scenarios/a.yaml: its title [row]`. */
  readonly name: string;
  readonly digest: string;
  /** One line for each expectation: title, status, what happened. */
  readonly outcomes: readonly string[];
}

/** The same, with its fingerprint but for the trace, which is the journal. */
export interface RecordWithParts extends Record {
  readonly parts: Omit<Fingerprint, 'trace'>;
}

/** The first line in which two journals differ, with the line before it; undefined for none. */
export function firstDivergence(
  first: readonly string[],
  second: readonly string[],
): string | undefined {
  const length = Math.max(first.length, second.length);
  for (let index = 0; index < length; index++) {
    if (first[index] === second[index]) continue;
    return [
      `  after    ${first[index - 1] ?? 'the beginning'}`,
      `  one run  ${first[index] ?? 'has ended'}`,
      `  another  ${second[index] ?? 'has ended'}`,
    ].join('\n');
  }
  return undefined;
}

/** Names of the runs whose journals differ, or that only one side has. */
export function differingRuns(first: readonly Record[], second: readonly Record[]): string[] {
  const other = new Map(second.map((record) => [record.name, record]));
  const names = new Set([...first, ...second].map(({ name }) => name));
  const own = new Map(first.map((record) => [record.name, record]));
  return [...names].filter((name) => own.get(name)?.digest !== other.get(name)?.digest);
}

/** Expectations that ended differently, one line each. */
export function differingOutcomes(first: readonly Record[], second: readonly Record[]): string[] {
  const other = new Map(second.map((record) => [record.name, record]));
  return first.flatMap(({ name, outcomes }) => {
    const theirs = other.get(name)?.outcomes ?? [];
    return outcomes.flatMap((outcome, index) =>
      outcome === theirs[index]
        ? []
        : [`${name}\n  ${outcome}\n  ${theirs[index] ?? 'is missing'}`],
    );
  });
}
