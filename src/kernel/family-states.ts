// How all places stand that answers to one question were read from. The same few states come back
// in fork after fork: one that has been met before has its answer at once, without a look at what
// the answer itself was read from.

import type { Instant } from '../values/time';
import { isSamePlace, isTrueOf } from './passages';
import type { Passage, Trodden } from './passages';
import type { Key, Place, Readable } from './readings';

/** Where a cluster has what the others call by the same name. */
export type Locate = (place: Place) => Readable | undefined;

/** An answer, and since which instant it is known to be one. */
export interface Found {
  value: unknown;
  from: Instant;
  /** What it was read from, in order. */
  readonly trail: readonly Passage[];
}

/** What is looked at of one place: what stands under some keys, or the place as a whole. */
interface Spot {
  readonly place: Place;
  /** See Readable. */
  readonly movesInTurns: boolean;
  readonly keys: readonly Key[] | undefined;
}

/** How all spots stand, and the answer that holds then. */
interface State {
  readonly spots: readonly Spot[];
  /** Spot by spot, and key by key. */
  readonly values: readonly unknown[];
  found: Found | undefined;
  /** Those that differ from it by one value: by its position, and by what it is there. */
  readonly next: (Map<unknown, State> | undefined)[];
}

/** Who has what was read of a place. */
export type SourceOf = (place: Place) => Readable;

/** What one fork has in each of the places. */
type Sources = readonly (Readable | undefined)[];

/** An answer of another fork, and what it depends on here. */
export interface Told {
  readonly state: State;
  readonly found: Found;
  readonly sources: Sources;
  /** Each of them as a whole when it was found to stand as the state has it. */
  readonly wholes: unknown[];
  /** Each as a whole when it stood otherwise, but not where the answer was read; made for one. */
  apart: unknown[] | undefined;
  /** See Member.ground. */
  readonly ground: unknown;
}

/** One fork that asks. */
export interface Asking {
  readonly locate: Locate;
  /** See Member.ground. */
  readonly ground: unknown;
  /** What it was told last when it asked this. */
  readonly last: Told | undefined;
}

const STATES_MAX = 1_024;
/** More readings than these are forgotten: their states would hardly ever come back. */
const READINGS_MAX = 256;
/** What stands in a spot before anybody has looked. */
const UNSEEN = Symbol('unseen');

/** The states of one question, each with those to which a single change leads. */
export class FamilyStates {
  private spots: readonly Spot[] = [];
  private first = firstOf([]);
  private count = 0;

  /** An answer was read so: from now on states say how that stands, too. */
  cover(trail: readonly Trodden[], sourceOf: SourceOf): void {
    const spots = withSpots(this.spots, trail, sourceOf);
    if (spots === this.spots) return;
    this.begin(readingsOf(spots) > READINGS_MAX ? withSpots([], trail, sourceOf) : spots);
  }

  /**
   * The answer of the state in which a fork is; `find` finds it where the state has none. Of a
   * fork that was told before only what has moved since then is looked at.
   */
  told({ locate, ground, last }: Asking, find: () => Found | undefined): Told | undefined {
    if (this.count > STATES_MAX) this.begin(this.spots);
    const { spots } = this;
    const isAsBefore = last !== undefined && last.state.spots === spots && last.ground === ground;
    const before = isAsBefore && ground !== undefined ? last : undefined;
    const sources = before?.sources ?? spots.map(({ place }) => locate(place));
    const wholes = before?.wholes.slice() ?? spots.map(() => UNSEEN);
    let state = before?.state ?? this.first;
    let position = 0;
    for (let index = 0; index < spots.length; index++) {
      const { keys } = spots[index]!;
      const source = sources[index];
      const whole = source?.whole?.();
      const first = position;
      position += keys === undefined ? 1 : keys.length;
      if (whole !== undefined && whole === wholes[index]) continue;
      wholes[index] = whole;
      if (keys === undefined) state = this.onward(state, first, source?.commonWhole?.());
      else {
        for (let at = 0; at < keys.length; at++) {
          state = this.onward(state, first + at, source?.common?.(keys[at]!));
        }
      }
    }
    const found = (state.found ??= find());
    return found && { state, found, sources, wholes, apart: undefined, ground };
  }

  private onward(state: State, position: number, value: unknown): State {
    const { spots, values, next } = state;
    if (values[position] === value) return state;
    const ways = (next[position] ??= new Map());
    let other = ways.get(value);
    if (other === undefined) {
      other = { spots, values: values.with(position, value), found: undefined, next: [] };
      ways.set(value, other);
      this.count++;
    }
    return other;
  }

  private begin(spots: readonly Spot[]): void {
    // What moves in turns alone comes last: in most rounds nobody has to go on to it.
    this.spots = [
      ...spots.filter(({ movesInTurns }) => !movesInTurns),
      ...spots.filter(({ movesInTurns }) => movesInTurns),
    ];
    this.first = firstOf(this.spots);
    this.count = 0;
  }
}

/** Whether it would be told again; `hasTurned`: whether what moves in turns may have moved. */
export function isStillTold(told: Told, hasTurned: boolean): boolean {
  const { found, sources, wholes } = told;
  const { spots, values } = told.state;
  let position = 0;
  for (let index = 0; index < spots.length; index++) {
    const source = sources[index];
    const { place, movesInTurns, keys } = spots[index]!;
    if (movesInTurns && !hasTurned) return true;
    const first = position;
    position += keys === undefined ? 1 : keys.length;
    const whole = source?.whole?.();
    if (source === undefined || (whole !== undefined && whole === wholes[index])) continue;
    if (whole !== undefined && whole === told.apart?.[index]) continue;
    if (standsAlike(source, keys, values, first)) wholes[index] = whole;
    else if (!readsAlike(found, place, source)) return false;
    // The answer is the same in another state: whoever goes on from this one has to see that.
    else (told.apart ??= [])[index] = whole;
  }
  return true;
}

function standsAlike(
  source: Readable,
  keys: readonly Key[] | undefined,
  values: readonly unknown[],
  first: number,
): boolean {
  if (keys === undefined) return source.commonWhole?.() === values[first];
  for (let at = 0; at < keys.length; at++) {
    if (source.common?.(keys[at]!) !== values[first + at]) return false;
  }
  return true;
}

/** Whether the answer itself was read from nothing there that has moved. */
function readsAlike(found: Found, place: Place, source: Readable): boolean {
  for (const passage of found.trail) {
    if (isSamePlace(passage.place, place) && !isTrueOf(passage, source)) return false;
  }
  return true;
}

/** What holds the place of a passage where an answer was told. */
export function sourceAt({ state, sources }: Told, place: Place): Readable | undefined {
  return sources[state.spots.findIndex((spot) => isSamePlace(spot.place, place))];
}

function firstOf(spots: readonly Spot[]): State {
  const values = Array.from({ length: readingsOf(spots) }, () => UNSEEN);
  return { spots, values, found: undefined, next: [] };
}

/** The spots with those of a trail that are not among them; the same list where all of them are. */
function withSpots(
  spots: readonly Spot[],
  trail: readonly Trodden[],
  sourceOf: SourceOf,
): readonly Spot[] {
  let all = spots;
  for (const { place, keys } of trail) {
    const known = all.find((spot) => isSamePlace(spot.place, place));
    if (known === undefined) {
      const source = sourceOf(place);
      const { movesInTurns = false } = source;
      const isWhole = source.commonWhole !== undefined;
      all = [...all, { place, movesInTurns, keys: isWhole ? undefined : keys }];
      continue;
    }
    const own = known.keys;
    const more = own && keys.filter((key) => !own.includes(key));
    if (own === undefined || more === undefined || more.length === 0) continue;
    all = all.map((spot) => (spot === known ? { ...known, keys: [...own, ...more] } : spot));
  }
  return all;
}

function readingsOf(spots: readonly Spot[]): number {
  return spots.reduce((sum, { keys }) => sum + (keys?.length ?? 1), 0);
}
