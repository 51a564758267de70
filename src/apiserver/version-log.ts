// Versions in the order of their revisions. Readers go through it from front to back, each a little
// behind the one before: a search begins where the last one ended.

import type { Instant } from '../values/time';
import type { Version } from './store';

/** The versions after one revision, up to and including another one. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly versions: readonly Version[];
}

export class VersionLog {
  private readonly versions: Version[] = [];
  /** How many were not newer than what was asked for last. */
  private near = 0;
  /** What was asked for last: the watchers of a kind ask one after the other for the same. */
  private last: Stretch | undefined;

  push(version: Version): void {
    this.versions.push(version);
    this.last = undefined;
  }

  /** The newest revision; undefined while there is none. */
  get latest(): number | undefined {
    return this.versions.at(-1)?.revision;
  }

  /** The versions after `from`, up to and including `to`. */
  between(from: number, to: number): readonly Version[] {
    const { last } = this;
    if (last?.from === from && last.to === to) return last.versions;
    const start = this.countUpTo(from);
    const versions = this.versions.slice(start, this.countUpTo(to));
    this.last = { from, to, versions };
    return versions;
  }

  /** The newest revision up to this one; 0 where there is none. */
  lastUpTo(revision: number): number {
    return this.versions[this.countUpTo(revision) - 1]?.revision ?? 0;
  }

  /** The newest revision that stood at an instant; 0 where there was none. */
  lastAt(instant: Instant): number {
    return this.versions.findLast(({ at }) => at <= instant)?.revision ?? 0;
  }

  /** How many versions are not newer than `revision`. */
  private countUpTo(revision: number): number {
    const { versions, near } = this;
    const isWithin = (count: number): boolean =>
      (count === 0 || versions[count - 1]!.revision <= revision) &&
      (count === versions.length || versions[count]!.revision > revision);
    if (isWithin(near)) return near;
    const isNext = near < versions.length && isWithin(near + 1);
    this.near = isNext ? near + 1 : this.search(revision);
    return this.near;
  }

  private search(revision: number): number {
    const { versions } = this;
    let low = 0;
    let high = versions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (versions[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
