// What stands between hosts, pods and virtual addresses now: the cuts, and the bad links. Each
// belongs to a token; what one token takes back leaves every other one's in place.

import { arrivalsOver, certainty } from '../values/arrivals';
import type { Fate, Line } from '../values/arrivals';
import { CERTAIN, complement, multiply, NEVER } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Stretch } from '../values/trace';
import { concerns, placeOf } from './ends';
import type { Between, Place, Sighting } from './ends';
import type { LimitedLine, Queueing } from './line-queue';
import { ETHERNET_HEADER } from './transmission';

/** Nothing passes. */
export interface Cut extends Between {
  /** Silence, an ICMP error, or a reset of TCP. */
  readonly mode: 'drop' | 'reject' | 'reset';
  /** Whether connections that were open before go on. */
  readonly established: 'keep' | 'break';
}

/** What passes, passes badly. */
export interface Degradation extends Between, LimitedLine {
  /** What each packet takes at least, and by how much that varies to either side. */
  readonly delay?: Duration;
  readonly jitter?: Duration;
  readonly distribution?: 'uniform' | 'normal';
  /** How likely a packet is lost. */
  readonly loss?: Ratio;
  /** How likely it is damaged: its receiver finds a wrong checksum and throws it away. */
  readonly corrupt?: Ratio;
  /** How likely it comes twice. The copy may be lost or damaged as well, and is not doubled. */
  readonly duplicate?: Ratio;
  /** How likely it does not wait, and so overtakes those that do. */
  readonly reorder?: Ratio;
  /** The largest packet that passes, in bytes. */
  readonly mtu?: number;
}

export type { Stretch };

export const PERFECT: Stretch = { delay: ZERO, there: ZERO, arrives: CERTAIN };

/** Rules of one kind by the place where they stand, each with the token that holds it. */
export class Impairments<Rule extends Between> {
  private readonly byPlace: Readonly<Record<Place, Map<string, readonly Rule[]>>> = {
    link: new Map(),
    veth: new Map(),
    dial: new Map(),
    client: new Map(),
  };

  private readonly byToken = new Map<string, readonly Rule[]>();

  get isEmpty(): boolean {
    return this.byToken.size === 0;
  }

  /** Puts the rules of a token in place of those that it had. True where they are others. */
  set(token: string, rules: readonly Rule[]): boolean {
    if (textOf(this.of(token)) === textOf(rules)) return false;
    for (const held of Object.values(this.byPlace)) held.delete(token);
    this.byToken.delete(token);
    if (rules.length > 0) this.byToken.set(token, rules);
    for (const [place, held] of Object.entries(this.byPlace) as [Place, Map<string, Rule[]>][]) {
      const own = rules.filter((rule) => placeOf(rule) === place);
      if (own.length > 0) held.set(token, own);
    }
    return true;
  }

  /** What stands there under the token. */
  of(token: string): readonly Rule[] {
    return this.byToken.get(token) ?? [];
  }

  has(place: Place): boolean {
    return this.byPlace[place].size > 0;
  }

  /** All rules at that place. */
  allAt(place: Place): readonly Rule[] {
    return [...this.byPlace[place].values()].flat();
  }

  /** The rules that concern a packet at that place, in the order in which they were made. */
  at(place: Place, sighting: Sighting): readonly Rule[] {
    const found: Rule[] = [];
    for (const rules of this.byPlace[place].values()) {
      found.push(...rules.filter((rule) => concerns(rule, sighting)));
    }
    return found;
  }
}

function textOf(rules: readonly Between[]): string {
  return JSON.stringify(rules, (_key, value: unknown) =>
    value instanceof Set ? [...value] : value,
  );
}

/** One stretch after another: delays add up, and a packet must survive both. */
export function join(a: Stretch, b: Stretch): Stretch {
  const lines = [...(a.lines ?? []), ...(b.lines ?? [])];
  return {
    delay: (a.delay + b.delay) as Duration,
    there: (a.there + b.there) as Duration,
    arrives: certainty(arrivalsOver(lines)),
    ...(lines.length > 0 && { lines }),
    ...((a.work ?? b.work) !== undefined && { work: ((a.work ?? 0) + (b.work ?? 0)) as Duration }),
  };
}

/** What a process that is slow to answer does to its answer. */
export function workOf(delay: Duration): Stretch {
  return { delay, there: ZERO, arrives: CERTAIN, work: delay };
}

/** What one bad link does to a packet: how long that waits there, and what it finds queued. */
export function stretchOf(
  rule: Degradation,
  leg: Line['leg'],
  wait: Duration,
  queue: Queueing | undefined,
): Stretch {
  const line = lineOf(rule, leg, wait);
  const lines =
    queue === undefined
      ? [line]
      : [{ ...line, tokens: queue.tokens, room: queue.room }, queueLine(queue, leg)];
  const delay = (wait + (queue?.wait ?? 0)) as Duration;
  const there = leg === 'request' ? delay : ZERO;
  return { delay, there, arrives: certainty(arrivalsOver(lines)), lines };
}

/** Whoever finds room in the queue keeps his place: nobody overtakes there. */
function queueLine({ wait, accepted }: Queueing, leg: Line['leg']): Line {
  return { leg, delay: wait, fates: single(accepted, NEVER, wait) };
}

/**
 * A packet is doubled first and then lost or not, so that of one that is both a single copy goes
 * on. The copy passes the line anew, without being doubled again. A damaged packet is as good as
 * lost: its receiver throws it away.
 * source: net/sched/sch_netem.c netem_enqueue
 */
export function lineOf(rule: Degradation, leg: Line['leg'], delay: Duration): Line {
  const { loss = NEVER, corrupt = NEVER, duplicate = NEVER, reorder = NEVER, rate } = rule;
  const limit = rate === undefined ? {} : { rate };
  const [whole, passes] = [complement(corrupt), complement(loss)];
  if (duplicate.numerator === 0) {
    return { leg, delay, fates: single(multiply(passes, whole), reorder, delay), ...limit };
  }
  const original = single(whole, reorder, delay);
  const copy = single(multiply(passes, whole), reorder, delay);
  const once = complement(duplicate);
  const fates = [
    ...weighted(original, multiply(passes, once)),
    ...weighted(pairs(original, copy), multiply(passes, duplicate)),
    ...weighted(original, multiply(loss, duplicate)),
    ...weighted([{ waits: [], probability: CERTAIN }], multiply(loss, once)),
  ];
  return { leg, delay, fates, ...limit };
}

/** One packet, which arrives with that probability, and waits unless it overtakes others. */
function single(arrives: Ratio, reorder: Ratio, delay: Duration): readonly Fate[] {
  return [
    ...weighted([{ waits: [ZERO], probability: arrives }], reorder),
    ...weighted([{ waits: [delay], probability: arrives }], complement(reorder)),
    ...weighted([{ waits: [], probability: CERTAIN }], complement(arrives)),
  ];
}

function pairs(one: readonly Fate[], other: readonly Fate[]): readonly Fate[] {
  return one.flatMap((a) =>
    other.map((b) => {
      const probability = multiply(a.probability, b.probability);
      return { waits: [...a.waits, ...b.waits], probability };
    }),
  );
}

function weighted(fates: readonly Fate[], share: Ratio): readonly Fate[] {
  return fates
    .map((it) => ({ ...it, probability: multiply(it.probability, share) }))
    .filter(({ probability }) => probability.numerator > 0);
}

/**
 * The largest packet that passes all of the rules; undefined where none of them says. No queue
 * takes a packet that is larger than the queue, or than the bucket of its tokens.
 * source: net/sched/sch_tbf.c tbf_enqueue (max_size); net/sched/sch_fifo.c bfifo_enqueue
 */
export function leastMtu(rules: readonly Degradation[]): number | undefined {
  let least = Infinity;
  for (const { mtu = Infinity, limit = Infinity, buffer = Infinity } of rules) {
    least = Math.min(least, mtu, limit - ETHERNET_HEADER, buffer - ETHERNET_HEADER);
  }
  return least === Infinity ? undefined : least;
}
