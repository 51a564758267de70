// What stands between hosts, pods and virtual addresses now: the cuts, and the bad links. Each
// belongs to a token; what one token takes back leaves every other one's in place.

import { CERTAIN, complement, multiply, NEVER } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Stretch } from '../values/trace';
import { concerns, placeOf } from './ends';
import type { Between, Place, Sighting } from './ends';

/** Nothing passes. */
export interface Cut extends Between {
  /** Silence, an ICMP error, or a reset of TCP. */
  readonly mode: 'drop' | 'reject' | 'reset';
  /** Whether connections that were open before go on. */
  readonly established: 'keep' | 'break';
}

/** What passes, passes badly. */
export interface Degradation extends Between {
  /** What each packet takes at least, and by how much that varies to either side. */
  readonly delay?: Duration;
  readonly jitter?: Duration;
  readonly distribution?: 'uniform' | 'normal';
  /** How likely a packet is lost. */
  readonly loss?: Ratio;
  /** How likely it is damaged: its receiver finds a wrong checksum and throws it away. */
  readonly corrupt?: Ratio;
  /** The largest packet that passes, in bytes. */
  readonly mtu?: number;
}

export type { Stretch };

export const PERFECT: Stretch = { delay: ZERO, there: ZERO, arrives: CERTAIN };

/** A wait for one packet, drawn for the rule of that token. */
export type DrawDelay = (rule: Degradation) => Duration;

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
  return {
    delay: (a.delay + b.delay) as Duration,
    there: (a.there + b.there) as Duration,
    arrives: multiply(a.arrives, b.arrives),
    ...((a.work ?? b.work) !== undefined && { work: ((a.work ?? 0) + (b.work ?? 0)) as Duration }),
  };
}

/** What a process that is slow to answer does to its answer. */
export function workOf(delay: Duration): Stretch {
  return { delay, there: ZERO, arrives: CERTAIN, work: delay };
}

/** What one bad link does to a packet. A damaged packet is as good as lost. */
export function stretchOf(rule: Degradation, leg: 'request' | 'answer', draw: DrawDelay): Stretch {
  const passes = complement(rule.loss ?? NEVER);
  const isWhole = complement(rule.corrupt ?? NEVER);
  const delay = draw(rule);
  const there = leg === 'request' ? delay : ZERO;
  return { delay, there, arrives: multiply(passes, isWhole) };
}

/** The largest packet that passes all of the rules; undefined where none of them says. */
export function leastMtu(rules: readonly Degradation[]): number | undefined {
  return rules.reduce<number | undefined>((least, { mtu }) => {
    if (mtu === undefined) return least;
    return least === undefined ? mtu : Math.min(least, mtu);
  }, undefined);
}
