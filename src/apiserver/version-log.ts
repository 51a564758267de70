// Versions in the order of their revisions. Readers go through it from front to back, each a little
// behind the one before: a search begins where the last one ended.

import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { Instant } from '../values/time';
import type { Change } from './informer';
import { News } from './news';
import type { Version } from './store';

/** The versions after one revision, up to and including another one. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly versions: readonly Version[];
}

/** What holds the versions of all scopes, and enters those of one before somebody reads any. */
interface LogSource {
  enterScope(name: string): void;
}

export class VersionLog {
  /** Whose versions these are, where they are not all of their kind. */
  private readonly scope: string | undefined;
  /** Who may have more of them than stand here. */
  private readonly source: LogSource | undefined;
  private readonly written: Version[] = [];
  /** How many were not newer than what was asked for last. */
  private near = 0;
  /** What was asked for last: the watchers of a kind ask one after the other for the same. */
  private last: Stretch | undefined;
  /** The same for what was told last. */
  private news: News | undefined;

  constructor(scope?: string, source?: LogSource) {
    this.scope = scope;
    this.source = source;
  }

  get count(): number {
    return this.written.length;
  }

  at(index: number): Version {
    return this.written[index]!;
  }

  push(version: Version): void {
    this.written.push(version);
    this.last = undefined;
    if (this.news !== undefined && version.revision <= this.news.to) this.news = undefined;
  }

  /** The newest revision; undefined while there is none. */
  get latest(): number | undefined {
    return this.versions.at(-1)?.revision;
  }

  /** The versions after `from`, up to and including `to`. */
  between(from: number, to: number): readonly Version[] {
    const { versions: all, last } = this;
    if (last?.from === from && last.to === to) return last.versions;
    const start = this.countUpTo(from);
    const versions = all.slice(start, this.countUpTo(to));
    this.last = Object.freeze({ from, to, versions });
    return versions;
  }

  /**
   * What whoever knows everything up to `from` has to be told to know everything up to `to`: one
   * change for each object, in the order of their first ones. Found once for all watchers.
   */
  newsBetween(from: number, to: number): News {
    this.fill();
    const { news } = this;
    if (news?.from === from && news.to === to) return news;
    const changes = this.changesOfDifferent(from, to) ?? this.changesOfSame(from, to);
    return (this.news = new News(from, to, changes));
  }

  /** Undefined where an object has two of the versions on the way, as far as each can tell. */
  private changesOfDifferent(from: number, to: number): readonly Change[] | undefined {
    const { versions, scope } = this;
    const newest = versions.at(-1);
    // Most watchers are told of the newest version, and of that alone.
    if (newest?.revision === to && from < to && (versions.at(-2)?.revision ?? 0) <= from) {
      const change = changeSince(newest, from, scope);
      return change === undefined ? [] : [change];
    }
    const changes: Change[] = [];
    const end = this.countUpTo(to);
    for (let at = this.countUpTo(from); at < end; at++) {
      const version = versions[at]!;
      const { previous } = version;
      if (previous !== undefined && previous.revision > from) return undefined;
      const change = changeSince(version, from, scope);
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  /** By the last version of each object, in the order of its first one. */
  private changesOfSame(from: number, to: number): readonly Change[] {
    const latest = new Map<ObjectKey, Version>();
    for (const version of this.between(from, to)) latest.set(version.key, version);
    return [...latest.values()].flatMap((version) => changeSince(version, from, this.scope) ?? []);
  }

  /** The newest revision up to this one; 0 where there is none. */
  lastUpTo(revision: number): number {
    return this.newestUpTo(revision)?.revision ?? 0;
  }

  /** The version of that revision: what it is tells of all that came before it. */
  newestUpTo(revision: number): Version | undefined {
    return this.versions[this.countUpTo(revision) - 1];
  }

  /** The newest revision that stood at an instant; 0 where there was none. */
  lastAt(instant: Instant): number {
    return this.versions.findLast(({ at }) => at <= instant)?.revision ?? 0;
  }

  private get versions(): readonly Version[] {
    this.fill();
    return this.written;
  }

  private fill(): void {
    if (this.source !== undefined) this.source.enterScope(this.scope!);
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

/** What the version is for somebody who knows what stood at `revision`; undefined for nothing. */
function changeSince(
  version: Version,
  revision: number,
  scope: string | undefined,
): Change | undefined {
  let known = version.previous;
  while (known !== undefined && known.revision > revision) known = known.previous;
  const before = scope === undefined || known?.scope === scope ? known?.object : undefined;
  return changeOf(version, before);
}

/** The change from one state to that of a version; undefined for what came and went meanwhile. */
export function changeOf(version: Version, before: KubeObject | undefined): Change | undefined {
  const late = version.late ?? version.lateSlice;
  if (late !== undefined) return late;
  const { key, object: after, cause } = version;
  if (before === undefined && after === undefined) return undefined;
  return { key, before, after, cause };
}
