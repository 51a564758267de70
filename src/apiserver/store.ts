// What etcd holds: every version of every object, by revision. A reader is a revision, so that
// a lagging cache is a number and not a copy, and five thousand of them share one store.

import { isReading, noteReading } from '../kernel/readings';
import type { Place, Readable } from '../kernel/readings';
import type { Instant } from '../values/time';
import { copyWith, deepFreeze, keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { LateMap } from '../values/late-map';
import { LateSet } from '../values/late-set';
import { compareText } from '../values/order';
import { isThere } from './late-pod';
import type { LatePod } from './late-pod';
import type { SliceVersion } from './late-slice';
import { VersionLog } from './version-log';

/**
 * One version of one object; `object` is undefined where the version is its deletion. It is made
 * when it is read first where there is a `late`, which says what can be had without: see there.
 */
export interface Version {
  readonly revision: number;
  readonly at: Instant;
  readonly key: ObjectKey;
  readonly object: KubeObject | undefined;
  readonly previous: Version | undefined;
  /** The journal entry of the write. */
  readonly cause: number;
  /** Where scoped readers find it; of a deletion, where it was. */
  readonly scope: string | undefined;
  /** The version itself where it is that of a pod that was made in series. */
  readonly late?: LatePod | undefined;
  /** The same where it is the first one of a slice that is made late. */
  readonly lateSlice?: SliceVersion | undefined;
}

/** All of one kind. Answers are read from an object by its key, or from all of them. */
export class KindStore implements Readable {
  readonly kind: string;
  /** Every version of this kind in the order of revisions. */
  readonly log = new VersionLog();
  /** The newest version of each object, as of so many versions in the log. */
  private readonly newest = new Map<ObjectKey, Version>();
  private entered = 0;
  /** The same of those after them that are not made late. */
  private readonly since = new LateMap<ObjectKey, Version>();
  /** The same by scope: a kubelet reads the pods of its node, whatever the others do. */
  private readonly scopes = new LateMap<string, ScopeStore>();
  /** So many versions stand in their scopes: hardly anybody reads those while a cluster settles. */
  private scoped = 0;
  /** How often one scope was asked for while many waited. */
  private searches = 0;

  constructor(kind: string) {
    this.kind = kind;
  }

  /** The newest version of each object, in the order of their first creation. */
  get heads(): ReadonlyMap<ObjectKey, Version> {
    if (this.entered < this.log.count) this.enterHeads();
    return this.newest;
  }

  /**
   * One of them. Pods of series are entered when somebody asks for what is not there without them:
   * a table of so many names is slow to grow, and hardly any is asked for.
   */
  head(key: ObjectKey): Version | undefined {
    if (this.entered === this.log.count) return this.newest.get(key);
    // One that is made late is the first under its key, and never newer than one that is found.
    return this.since.get(key) ?? this.newest.get(key) ?? this.heads.get(key);
  }

  private enterHeads(): void {
    const { log, newest } = this;
    this.since.clear();
    while (this.entered < log.count) {
      const version = log.at(this.entered++);
      const { key, previous } = version;
      // A deletion forgets its place in the order: what is created anew under the name is newest.
      if (previous !== undefined && !isThere(previous)) newest.delete(key);
      newest.set(key, version);
    }
  }

  append(version: Version): Version {
    const isNext = this.entered === this.log.count;
    this.log.push(version);
    // One that is made late is frozen.
    if (version.late !== undefined) return version;
    Object.freeze(version);
    if (isNext) this.enterHeads();
    else this.since.set(version.key, version);
    return version;
  }

  /** The versions of one scope, of which there may be none yet. */
  scope(name: string): ScopeStore {
    this.enterScope(name);
    return this.scopeStore(name);
  }

  /** Has all versions of one scope stand there. Of many that wait, few who ask enter their own. */
  enterScope(name: string): void {
    const { log, scoped } = this;
    if (scoped === log.count) return;
    if (log.count - scoped < MANY_WAITING || this.searches === SEARCHES_MAX) {
      this.enterScopes();
      return;
    }
    const scopeStore = this.scopeStore(name);
    if (scopeStore.entered === log.count) return;
    this.searches++;
    for (let at = Math.max(scopeStore.entered, scoped); at < log.count; at++) {
      const version = log.at(at);
      if (version.scope === name) enter(scopeStore, version);
    }
    scopeStore.entered = log.count;
  }

  private enterScopes(): void {
    const { log } = this;
    this.searches = 0;
    for (; this.scoped < log.count; this.scoped++) {
      const version = log.at(this.scoped);
      if (version.scope === undefined) continue;
      const scopeStore = this.scopeStore(version.scope);
      if (this.scoped >= scopeStore.entered) enter(scopeStore, version);
    }
  }

  private scopeStore(name: string): ScopeStore {
    let scopeStore = this.scopes.get(name);
    if (scopeStore === undefined) {
      scopeStore = { keys: new LateSet(), log: new VersionLog(name, this), entered: 0 };
      this.scopes.set(name, scopeStore);
    }
    return scopeStore;
  }

  /** What forks call it. */
  get place(): Place {
    return { room: OBJECTS, name: this.kind };
  }

  /** The newest version of an object, or the newest revision. */
  standing(reading: ObjectKey): unknown {
    return reading === ALL ? this.log.latest : this.head(reading);
  }

  whole(): unknown {
    return this.log.latest;
  }

  /** Forks share the versions from before they parted, and no version is made twice. */
  common(reading: ObjectKey): unknown {
    const version = reading === ALL ? this.log.newestUpTo(Infinity) : this.head(reading);
    return version ?? NEVER_THERE;
  }
}

interface ScopeStore {
  /** Every object that ever was in the scope, in the order in which they entered it. */
  readonly keys: LateSet<ObjectKey>;
  readonly log: VersionLog;
  /** Those of the first so many versions of the kind stand here, if not those of more. */
  entered: number;
}

/** From so many versions on to have them all stand in their scopes costs more than a search. */
const MANY_WAITING = 1_000;
const SEARCHES_MAX = 16;

/** The reading of everything at once; no object and no kind has such a name. */
const ALL = '';
/** Where forks have the objects of a kind. */
const OBJECTS = 'objects';
/** What forks tell each other of what has no version. */
export const NEVER_THERE = 'never there';

export class Store implements Readable {
  private readonly kinds = new Map<string, KindStore>();
  private latest = 0;

  /** The newest revision; grows by one with each write. */
  get revision(): number {
    noteReading(this, ALL);
    return this.latest;
  }

  /** The revision of what is written next, for who makes a version as it is stored. */
  get nextRevision(): number {
    return this.latest + 1;
  }

  /** The newest revision, or a kind, as long as nothing of it is there. */
  standing(reading: string): unknown {
    return reading === ALL ? this.latest : this.kinds.get(reading);
  }

  /**
   * Writes a version. The object is frozen and carries the new resourceVersion. `scope` is where
   * scoped readers of its kind find it (Pod: its node).
   */
  put(object: KubeObject, at: Instant, cause: number, scope?: string): Version {
    const key = keyOf(object);
    const kindStore = this.kindStore(object.kind);
    const previous = kindStore.head(key);
    const revision = ++this.latest;
    const metadata = copyWith(object.metadata, { resourceVersion: String(revision) });
    const stored = deepFreeze(copyWith(object, { metadata }));
    return kindStore.append({ revision, at, key, object: stored, previous, cause, scope });
  }

  /**
   * The same for an object as admission hands it on: its parts are frozen, and if it is not frozen
   * itself, nobody else holds it.
   */
  putAdmitted(
    object: KubeObject,
    key: ObjectKey,
    at: Instant,
    cause: number,
    scope: string | undefined,
  ): Version {
    const kindStore = this.kindStore(object.kind);
    const previous = kindStore.head(key);
    const revision = ++this.latest;
    const stored = stamped(object, String(revision));
    return kindStore.append({ revision, at, key, object: stored, previous, cause, scope });
  }

  /** Writes a version that is whole already: frozen, and of `nextRevision`. */
  putMade(kind: string, version: Version): Version {
    this.latest = version.revision;
    return this.kindStore(kind).append(version);
  }

  /** Writes the deletion of an object that is there. */
  remove(kind: string, key: ObjectKey, at: Instant, cause: number, scope?: string): Version {
    const kindStore = this.kindStore(kind);
    const previous = kindStore.head(key);
    const revision = ++this.latest;
    return kindStore.append({ revision, at, key, object: undefined, previous, cause, scope });
  }

  /** What holds the place of a fork, for what was read of its objects. */
  readingAt({ room, name }: Place): Readable | undefined {
    return room === OBJECTS ? this.kinds.get(name) : undefined;
  }

  /** The object as of `revision` (default: now). */
  get(kind: string, key: ObjectKey, revision?: number): KubeObject | undefined {
    return this.version(kind, key, revision)?.object;
  }

  /** The version that stands at `revision`, deletions included. */
  version(kind: string, key: ObjectKey, revision?: number): Version | undefined {
    let version = this.kinds.get(kind)?.head(key);
    if (revision === undefined) {
      if (isReading()) this.noteKind(kind, key, version);
      return version;
    }
    while (version !== undefined && version.revision > revision) version = version.previous;
    return version;
  }

  /** All objects of a kind as of `revision`, in the order of their first creation. */
  *list(kind: string, revision?: number): IterableIterator<KubeObject> {
    if (revision === undefined) this.noteKind(kind);
    const asOf = revision ?? this.latest;
    for (const key of this.kinds.get(kind)?.heads.keys() ?? []) {
      const object = this.get(kind, key, asOf);
      if (object !== undefined) yield object;
    }
  }

  /** Their versions: what is made late is not made for that. */
  *versions(kind: string, revision?: number): IterableIterator<Version> {
    if (revision === undefined) this.noteKind(kind);
    const asOf = revision ?? this.latest;
    for (const key of this.kinds.get(kind)?.heads.keys() ?? []) {
      const version = this.version(kind, key, asOf);
      if (isThere(version)) yield version;
    }
  }

  /** The objects of a kind in one scope as of `revision`, in the order in which they entered it. */
  *listScope(kind: string, scope: string, revision?: number): IterableIterator<KubeObject> {
    if (revision === undefined) this.noteKind(kind);
    const asOf = revision ?? this.latest;
    for (const key of this.kinds.get(kind)?.scope(scope).keys.keys() ?? []) {
      const version = this.version(kind, key, asOf);
      if (version?.object !== undefined && version.scope === scope) yield version.object;
    }
  }

  /** The log of a kind (of one scope), also of one that has no object yet. */
  logOf(kind: string, scope?: string): VersionLog {
    const kindStore = this.kindStore(kind);
    return scope === undefined ? kindStore.log : kindStore.scope(scope).log;
  }

  /** The versions of a kind (of one scope) after `from`, up to and including `to`. */
  changes(kind: string, from: number, to?: number, scope?: string): readonly Version[] {
    if (to === undefined) this.noteKind(kind);
    const kindStore = this.kinds.get(kind);
    const log = (scope === undefined ? kindStore : kindStore?.scope(scope))?.log;
    return log?.between(from, to ?? this.latest) ?? [];
  }

  /** The newest revision at which an object of this kind changed. */
  revisionOf(kind: string): number {
    this.noteKind(kind);
    return this.kinds.get(kind)?.log.latest ?? 0;
  }

  /** The newest revision up to this one at which an object of the kind changed. */
  lastChange(kind: string, revision: number): number {
    return this.kinds.get(kind)?.log.lastUpTo(revision) ?? 0;
  }

  /** The newest version of any object of the kind up to this revision. */
  newestVersion(kind: string, revision: number): Version | undefined {
    return this.kinds.get(kind)?.log.newestUpTo(revision);
  }

  /** The newest revision of a kind that stood at an instant; 0 before its first object. */
  revisionAt(kind: string, instant: Instant): number {
    this.noteKind(kind);
    return this.kinds.get(kind)?.log.lastAt(instant) ?? 0;
  }

  /** The kinds of which any object ever was, sorted by name. */
  kindNames(): string[] {
    noteReading(this, ALL);
    const written = [...this.kinds].filter(([, { log }]) => log.latest !== undefined);
    return written.map(([kind]) => kind).sort(compareText);
  }

  /** What is being found has been read from an object of a kind, or from all of them. */
  private noteKind(kind: string, key: ObjectKey = ALL, version?: Version): void {
    const kindStore = this.kinds.get(kind);
    if (kindStore === undefined) noteReading(this, kind);
    else noteReading(kindStore, key, version);
  }

  private kindStore(kind: string): KindStore {
    let kindStore = this.kinds.get(kind);
    if (kindStore === undefined) this.kinds.set(kind, (kindStore = new KindStore(kind)));
    return kindStore;
  }
}

/** An object that is about to be written. */
interface Draft extends KubeObject {
  metadata: KubeObject['metadata'] & { resourceVersion?: string };
}

/** The object with the version that it is written as: itself, where nobody else holds it. */
function stamped(object: KubeObject, resourceVersion: string): KubeObject {
  const draft: Draft = Object.isFrozen(object) ? copyWith(object, NOTHING) : object;
  if (Object.isFrozen(draft.metadata)) {
    draft.metadata = copyWith(draft.metadata, { resourceVersion });
  } else draft.metadata.resourceVersion = resourceVersion;
  Object.freeze(draft.metadata);
  return Object.freeze(draft);
}

const NOTHING = Object.freeze({});

function enter({ keys, log }: ScopeStore, version: Version): void {
  const { key, previous } = version;
  // What was there once, and went, enters anew.
  if (previous !== undefined && !isThere(previous)) keys.delete(key);
  keys.later(key);
  log.push(version);
}
