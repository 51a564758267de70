// Everything that can happen where chance decides: a procedure is followed once for each
// combination of its choices, so that it can be written as if nothing were uncertain.

import type { Stream } from '../kernel/random';
import { add, CERTAIN, multiply } from '../values/ratio';
import type { Ratio } from '../values/ratio';

export interface Weighted<T> {
  readonly probability: Ratio;
  readonly value: T;
}

/** Decides for one of the options, in one course; for each of the others in another course. */
export type Choose = <T>(options: readonly Weighted<T>[]) => T;

/** Fine enough for any probability of the model. */
const DRAW_STEPS = 2 ** 30;

/** Decides by chance, so that a procedure takes one course. */
export function drawnBy(stream: Stream): Choose {
  return (options) => {
    if (options.length === 1) return options[0]!.value;
    let left = stream.below(DRAW_STEPS);
    const found = options.find(({ probability: { numerator, denominator } }) => {
      left -= (numerator / denominator) * DRAW_STEPS;
      return left < 0;
    });
    return (found ?? options.at(-1)!).value;
  };
}

/** More courses than this are a defect of the model: equal options ought to be merged before. */
const COURSES_MAX = 20_000;

/** Every course that `run` can take, with its probability. */
export function coursesOf<T>(run: (choose: Choose) => T): readonly Weighted<T>[] {
  const results: Weighted<T>[] = [];
  let script: readonly number[] = [];
  for (;;) {
    const taken: { index: number; readonly count: number }[] = [];
    let probability = CERTAIN;
    const choose: Choose = (options) => {
      if (options.length === 1) return options[0]!.value;
      const index = script[taken.length] ?? 0;
      const option = options[index]!;
      taken.push({ index, count: options.length });
      probability = multiply(probability, option.probability);
      return option.value;
    };
    results.push({ value: run(choose), probability });
    if (results.length > COURSES_MAX) throw new RangeError('a lookup has too many courses');
    while (taken.length > 0 && taken.at(-1)!.index + 1 === taken.at(-1)!.count) taken.pop();
    const last = taken.at(-1);
    if (last === undefined) return results;
    last.index++;
    script = taken.map(({ index }) => index);
  }
}

/** Options with the same key as one, which keeps the first value; `join` adds what differs. */
export function merged<T>(
  options: Iterable<Weighted<T>>,
  keyOf: (value: T) => string,
  join: (known: T, other: T) => T = (known) => known,
): readonly Weighted<T>[] {
  const byKey = new Map<string, Weighted<T>>();
  for (const { probability, value } of options) {
    const key = keyOf(value);
    const known = byKey.get(key);
    byKey.set(
      key,
      known === undefined
        ? { probability, value }
        : { probability: add(known.probability, probability), value: join(known.value, value) },
    );
  }
  return [...byKey.values()];
}
