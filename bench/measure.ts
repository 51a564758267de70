// How measurements are taken: the subject and its yardstick by turns, so that a slow moment of the
// machine hits both, and the median of the rounds. Only ratios mean something elsewhere.

/** Something to be timed: does its work once and says how many units it did. */
export type Work = () => number;

export interface Measurement {
  readonly name: string;
  /** Units of the subject in a second. */
  readonly perSecond: number;
  readonly unit: string;
  readonly yardstick: string;
  /** How many times the yardstick's time for one unit the subject needs for one. */
  readonly ratio: number;
  /** What the ratio should not exceed, where something is aimed at. */
  readonly goal?: number;
}

export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly yardstick: string;
  readonly subject: Work;
  readonly base: Work;
  readonly rounds: number;
  /** Rounds before those, which warm up and are not counted. Default: 1. */
  readonly warmUp?: number;
  readonly goal?: number;
}

/** Nanoseconds from some fixed instant on. */
export type Clock = () => bigint;

/** Times a subject against its yardstick. The first rounds of both warm up and are not counted. */
export function compare(comparison: Comparison, clock: Clock = process.hrtime.bigint): Measurement {
  const { name, unit, yardstick, subject, base, rounds, warmUp = 1, goal } = comparison;
  const own: number[] = [];
  const other: number[] = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    const [first, second] = [secondsPerUnit(subject, clock), secondsPerUnit(base, clock)];
    if (round < warmUp) continue;
    own.push(first);
    other.push(second);
  }
  const perUnit = median(own);
  const ratio = perUnit / median(other);
  const measurement = { name, unit, yardstick, perSecond: 1 / perUnit, ratio };
  return goal === undefined ? measurement : { ...measurement, goal };
}

function secondsPerUnit(work: Work, clock: Clock): number {
  const begun = clock();
  const units = work();
  return Number(clock() - begun) / 1e9 / units;
}

/** The middle value; of an even number of values the lower one of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}
