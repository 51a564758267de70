// What an answer was read from, place by place, as all forks of a cluster understand it: each of
// them can tell whether it would read the same.

import type { Key, Place, Readable } from './readings';

/** What is read of one place before another one is read. */
export interface Trodden {
  readonly place: Place;
  readonly keys: readonly Key[];
  /** By position of the key: what a source tells all forks (Readable.common). */
  readonly was: readonly unknown[];
}

/** The same as part of a way that others may go. */
export interface Passage extends Trodden {
  /** Whether all of it stands so, by how the place stands as a whole; made when first asked. */
  known: Map<unknown, boolean> | undefined;
}

/** Most places stand in as many ways as there are states of a few pods. */
const KNOWN_MAX = 64;

/** Whether whoever reads here reads the same. */
export function isTrueOf(passage: Passage, source: Readable): boolean {
  const whole = source.commonWhole?.();
  if (whole === undefined) return readsAlike(passage, source);
  const known = (passage.known ??= new Map());
  let isTrue = known.get(whole);
  if (isTrue === undefined) {
    isTrue = readsAlike(passage, source);
    if (known.size === KNOWN_MAX) known.clear();
    known.set(whole, isTrue);
  }
  return isTrue;
}

export function isSamePlace(a: Place, b: Place): boolean {
  return a === b || (a.room === b.room && a.name === b.name);
}

function readsAlike({ keys, was }: Passage, source: Readable): boolean {
  for (let index = 0; index < keys.length; index++) {
    if (source.common!(keys[index]!) !== was[index]) return false;
  }
  return true;
}
