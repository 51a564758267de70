// What an answer was read from, place by place, as all forks of a cluster understand it: each of
// them can tell whether it would read the same.

import type { Key, Place, Readable } from './readings';

/** What is read of one place before another one is read. */
export interface Passage {
  readonly place: Place;
  readonly keys: readonly Key[];
  /** By position of the key: what a source tells all forks (Readable.common). */
  readonly was: readonly unknown[];
  /** Whether all of it stands so, by how the place stands as a whole. */
  readonly known: Map<unknown, boolean>;
}

/** A passage of another fork, and what holds its place here. */
export interface Counterpart {
  readonly passage: Passage;
  readonly source: Readable;
  /** The source as a whole when the passage was found to be true of it. */
  whole: unknown;
}

/** Most places stand in as many ways as there are states of a few pods. */
const KNOWN_MAX = 64;

/** Whether whoever reads here reads the same. */
export function isTrueOf(passage: Passage, source: Readable): boolean {
  const whole = source.commonWhole?.();
  if (whole === undefined) return readsAlike(passage, source);
  const { known } = passage;
  let isTrue = known.get(whole);
  if (isTrue === undefined) {
    isTrue = readsAlike(passage, source);
    if (known.size === KNOWN_MAX) known.clear();
    known.set(whole, isTrue);
  }
  return isTrue;
}

/** The same for one that was true: nothing is asked where nothing has moved since. */
export function isStillTrue(counterpart: Counterpart): boolean {
  const { passage, source } = counterpart;
  const whole = source.whole?.();
  if (whole !== undefined && whole === counterpart.whole) return true;
  if (!isTrueOf(passage, source)) return false;
  counterpart.whole = whole;
  return true;
}

function readsAlike({ keys, was }: Passage, source: Readable): boolean {
  for (let index = 0; index < keys.length; index++) {
    if (source.common!(keys[index]!) !== was[index]) return false;
  }
  return true;
}
