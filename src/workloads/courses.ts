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

/**
 * Says how a course stands, and returns a number for that. Where another course stood so before,
 * that one goes on for both, and this one ends here: what is said must tell apart all that the rest
 * of the procedure, or who reads its result, tells apart, how far it has come included.
 */
export type Join = (standing: () => string) => number;

/** More courses than this nobody waits for. */
const COURSES_MAX = 20_000;

/** There are more courses than can be followed. */
export class TooManyCourses extends RangeError {}

/** Every course that `run` can take, with its probability. Throws TooManyCourses. */
export function coursesOf<T>(run: (choose: Choose, join: Join) => T): readonly Weighted<T>[] {
  const walk = new Walk();
  const ends: { readonly from: Place; readonly since: Ratio; readonly value: T }[] = [];
  for (let courses = 1; ; courses++) {
    const end = unlessJoined(() => run(walk.choose, walk.join));
    if (end !== undefined) ends.push({ from: walk.place, since: walk.since, value: end.value });
    if (!walk.turn()) break;
    if (courses === COURSES_MAX) throw new TooManyCourses(`more than ${COURSES_MAX} courses`);
  }
  return ends.map(({ from, since, value }) => {
    return { probability: multiply(probabilityOf(from), since), value };
  });
}

/** Where courses come together, or the beginning of all. */
interface Place {
  readonly number: number;
  /** The places before it, and how likely courses came from each of them. */
  readonly from: Weighted<Place>[];
  probability: Ratio | undefined;
}

/** Of all ways on which a place is reached. */
function probabilityOf(place: Place): Ratio {
  place.probability ??= place.from
    .map(({ probability, value }) => multiply(probabilityOf(value), probability))
    .reduce(add);
  return place.probability;
}

/** Thrown in a course that another one goes on for. */
const JOINED = new Error('another course goes on for this one');

/** What a course comes to; undefined where another one goes on for it. */
function unlessJoined<T>(run: () => T): { readonly value: T } | undefined {
  try {
    return { value: run() };
  } catch (thrown) {
    if (thrown === JOINED) return undefined;
    throw thrown;
  }
}

/** One course after the other, the last choice of each varied first. */
class Walk {
  /** The last place that the present course has passed, and how likely it went on as it did. */
  place: Place = { number: 0, from: [], probability: CERTAIN };
  since: Ratio = CERTAIN;
  private readonly begin = this.place;
  private readonly places = new Map<string, Place>();
  private count = 1;
  /** The choices that the present course begins with; it takes the first option of all others. */
  private script: readonly number[] = [];
  private taken: { index: number; readonly count: number }[] = [];
  /** The places of the course before this one, and how many of them this one has passed, too. */
  private passed: Place[] = [];
  private steps = 0;

  readonly choose: Choose = (options) => {
    if (options.length === 1) return options[0]!.value;
    const index = this.script[this.taken.length] ?? 0;
    const option = options[index]!;
    this.taken.push({ index, count: options.length });
    this.since = multiply(this.since, option.probability);
    return option.value;
  };

  readonly join: Join = (standing) => {
    // Up to the last choice of its script a course goes where the one before it went.
    const isNew = this.taken.length >= this.script.length;
    const next = isNew ? this.meet(standing) : this.passed[this.steps]!;
    this.passed[this.steps++] = next;
    [this.place, this.since] = [next, CERTAIN];
    return next.number;
  };

  private meet(standing: () => string): Place {
    // All courses pass what comes before the first choice.
    const key = this.taken.length === 0 ? undefined : standing();
    const known = key === undefined ? undefined : this.places.get(key);
    const next = known ?? { number: this.count++, from: [], probability: undefined };
    next.from.push({ probability: this.since, value: this.place });
    if (known !== undefined) throw JOINED;
    if (key !== undefined) this.places.set(key, next);
    return next;
  }

  /** Turns to the next course. False where there is none. */
  turn(): boolean {
    const { taken } = this;
    while (taken.length > 0 && taken.at(-1)!.index + 1 === taken.at(-1)!.count) taken.pop();
    const last = taken.at(-1);
    if (last === undefined) return false;
    last.index++;
    this.script = taken.map(({ index }) => index);
    this.taken = [];
    this.steps = 0;
    [this.place, this.since] = [this.begin, CERTAIN];
    return true;
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
