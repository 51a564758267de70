// When a packet arrives that bad lines may lose, double or hold up, and when something does that
// is sent again until then: every possible instant with its exact probability.
// source: net/sched/sch_netem.c netem_enqueue (what one line does), by way of impairments.ts

import { add, CERTAIN, complement, compareRatios, multiply, NEVER } from './ratio';
import type { Ratio } from './ratio';
import { ZERO } from './time';
import type { Duration } from './time';

/** What one bad line makes of a packet that enters it. */
export interface Line {
  /** On whose way it lies: the request's or the answer's. */
  readonly leg: 'request' | 'answer';
  /** What a packet waits that overtakes none. */
  readonly delay: Duration;
  /** Everything that can become of the packet; the probabilities add up to 1. */
  readonly fates: readonly Fate[];
  /** Bits in a second; absent where nothing limits them. */
  readonly rate?: number;
  /** How many bits leave a limited line at once; absent for none. */
  readonly tokens?: number;
  /** How many bits that come at once find room in its queue; absent where nothing is too many. */
  readonly room?: number;
}

/** One thing that can become of a packet: what each copy that leaves the line has waited. */
export interface Fate {
  readonly waits: readonly Duration[];
  readonly probability: Ratio;
}

/** One possible arrival. What is missing to certainty is lost. */
export interface Arrival {
  readonly after: Duration;
  readonly probability: Ratio;
}

/** An arrival of something that is sent repeatedly, with the number of the sending from 0. */
export interface Attempt extends Arrival {
  readonly sent: number;
}

export interface Attempts {
  readonly arrivals: readonly Attempt[];
  /** How likely nothing arrives in time. */
  readonly silence: Ratio;
}

/** When the first copy of a packet leaves the last of the lines, in the order of the fates. */
export function arrivalsOver([line, ...rest]: readonly Line[]): readonly Arrival[] {
  if (line === undefined) return [{ after: ZERO, probability: CERTAIN }];
  const onward = arrivalsOver(rest);
  const all = line.fates.flatMap(({ waits, probability }) => {
    // Each copy fares by itself from there on, and so does what answers it.
    const first = waits.map((wait) => later(onward, wait)).reduce(earlier, []);
    return first.map((it) => ({ ...it, probability: multiply(probability, it.probability) }));
  });
  return merged(all);
}

/** The same, each that much later. */
export function later(arrivals: readonly Arrival[], wait: Duration): readonly Arrival[] {
  if (wait === 0) return arrivals;
  return arrivals.map(({ after, probability }) => {
    return { after: (after + wait) as Duration, probability };
  });
}

/** How likely anything arrives. */
export function certainty(arrivals: readonly Arrival[]): Ratio {
  return arrivals.reduce((sum, { probability }) => add(sum, probability), NEVER);
}

/** When the first answer comes to what is sent at each of `sends`, until there is one. */
export function attempts(
  arrivals: readonly Arrival[],
  sends: readonly Duration[],
  gaveUp: Duration,
): Attempts {
  const found: Attempt[] = [];
  const soonest = Math.min(...arrivals.map(({ after }) => after));
  const lost = remainder(arrivals);
  let silence = NEVER;
  const follow = (sent: number, best: Omit<Attempt, 'probability'> | undefined, so: Ratio) => {
    const at = sends[sent];
    if (at === undefined || at + soonest >= (best?.after ?? Infinity)) {
      if (best === undefined) silence = add(silence, so);
      else found.push({ ...best, probability: so });
      return;
    }
    for (const { after, probability } of arrivals) {
      const arrives = (at + after) as Duration;
      const isBest = arrives <= gaveUp && arrives < (best?.after ?? Infinity);
      follow(sent + 1, isBest ? { after: arrives, sent } : best, multiply(so, probability));
    }
    if (lost.numerator > 0) follow(sent + 1, best, multiply(so, lost));
  };
  follow(0, undefined, CERTAIN);
  return { arrivals: merged(found), silence };
}

/** When two things have happened one after the other, as far as that is before `limit`. */
export function consecutive(
  first: readonly Arrival[],
  second: readonly Arrival[],
  limit: Duration,
): readonly Arrival[] {
  const both = first.flatMap((one) =>
    second.map((other) => ({
      after: (one.after + other.after) as Duration,
      probability: multiply(one.probability, other.probability),
    })),
  );
  return merged(both.filter(({ after }) => after < limit));
}

/** The first of two copies; both may be lost. */
function earlier(one: readonly Arrival[], other: readonly Arrival[]): readonly Arrival[] {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const both = one.flatMap((a) =>
    other.map((b) => ({
      after: Math.min(a.after, b.after) as Duration,
      probability: multiply(a.probability, b.probability),
    })),
  );
  return [...both, ...times(one, remainder(other)), ...times(other, remainder(one))];
}

function times(arrivals: readonly Arrival[], share: Ratio): readonly Arrival[] {
  if (share.numerator === 0) return [];
  return arrivals.map((it) => ({ ...it, probability: multiply(it.probability, share) }));
}

/** How likely nothing arrives. Rounding must not make that less than never. */
function remainder(arrivals: readonly Arrival[]): Ratio {
  const sum = certainty(arrivals);
  return compareRatios(sum, CERTAIN) >= 0 ? NEVER : complement(sum);
}

/** Equal arrivals are one, at the place of the first. */
function merged<Any extends Arrival & { readonly sent?: number }>(all: readonly Any[]): Any[] {
  const known = new Map<string, Any>();
  for (const arrival of all) {
    const key = `${arrival.after}/${arrival.sent ?? ''}`;
    const same = known.get(key);
    const probability = add(same?.probability ?? NEVER, arrival.probability);
    known.set(key, { ...arrival, probability });
  }
  return [...known.values()];
}
