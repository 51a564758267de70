// What can come back to a question on several paths, with the paths on which it does.

import { add, multiply } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import { merged } from './courses';
import type { Weighted } from './courses';
import type { Counts } from './dns-failures';
import type { Question } from './dns-message';
import type { NameserverPath, Reaction } from './lookup';

export interface Way {
  readonly reaction: Reaction;
  /** The paths on which it happens, each with its share. */
  readonly ways: readonly Weighted<NameserverPath>[];
}

/** What can come back, equal reactions merged. */
export function reactionsOn(
  paths: readonly Weighted<NameserverPath>[],
  question: Question,
  udpSize: number,
  counted: Counts,
): readonly Weighted<Way>[] {
  const all = paths.flatMap((path) =>
    path.value.ask(question, udpSize, counted).map(({ probability, value: reaction }) => {
      const share = multiply(path.probability, probability);
      const value: Way = { reaction, ways: [{ probability: share, value: path.value }] };
      return { probability: share, value };
    }),
  );
  const options = merged(all, keyOf, (known, other) => ({
    ...known,
    ways: [...known.ways, ...other.ways],
  }));
  return options.map(({ probability, value }) => ({
    probability,
    value: { ...value, ways: normalized(value.ways) },
  }));
}

function keyOf({ reaction }: Way): string {
  if (reaction.kind !== 'reply') return [reaction.kind, ...(reaction.counted ?? [])].join(' ');
  return JSON.stringify(reaction.reply);
}

/** The same shares, scaled so that they add up to 1. */
function normalized<T>(ways: readonly Weighted<T>[]): readonly Weighted<T>[] {
  const [first, ...rest] = ways.map(({ probability }) => probability);
  const sum = rest.reduce(add, first!);
  const inverse: Ratio = { numerator: sum.denominator, denominator: sum.numerator };
  return ways.map(({ probability, value }) => {
    return { probability: multiply(probability, inverse), value };
  });
}
