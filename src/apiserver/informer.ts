// One component's view of one kind: the store as of the last revision that reached it.
// Staleness is the distance between two numbers.
// source: staging/src/k8s.io/client-go/tools/cache/shared_informer.go (semantics, not structure)

import { noteReading } from '../kernel/readings';
import type { Place, Readable } from '../kernel/readings';
import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { Audience } from './audience';
import { isThere } from './late-pod';
import type { LatePod } from './late-pod';
import type { SliceVersion } from './late-slice';
import type { News } from './news';
import { NEVER_THERE } from './store';
import type { Store, Version } from './store';
import { changeOf } from './version-log';
import type { VersionLog } from './version-log';
import { WatchGaps } from './watch-gaps';

/**
 * A change as a component receives it. Several writes may arrive as one, with the last object.
 * Where there is a `late`, `after` is made when it is read first: see there what needs it not.
 */
export interface Change {
  readonly key: ObjectKey;
  /** The object as the component knew it before; undefined where it is new to it. */
  readonly before: KubeObject | undefined;
  /** The object now; undefined where it is gone. */
  readonly after: KubeObject | undefined;
  /** The journal entry of the write that brought this state. */
  readonly cause: number;
  /** The change itself where it is the coming of a pod that was made in series. */
  readonly late?: LatePod | undefined;
  /** The same where it is the coming of a slice that is made late. */
  readonly lateSlice?: SliceVersion | undefined;
}

export interface InformerOptions {
  readonly kind: string;
  /** Who watches, as the journal names it: `kube-proxy@worker-1`. */
  readonly owner: string;
  /** Only objects of this scope (a node's name, for kinds that have one) are delivered. */
  readonly scope?: string;
  /** Where each fork has this view; absent where only its own cluster reads it. */
  readonly knownAs?: Place;
  /** Called with each change, in order, at the instant of delivery. */
  onChange(change: Change): void;
  /** Called with all of a delivery instead, unless somebody else is told as well. */
  onNews?(news: News): void;
}

/** Where an informer stands among others, and how much it has seen. */
export interface InformerPlace {
  readonly seen?: number;
  readonly source?: ListSource;
  readonly audience?: Audience;
}

/** What the first list of a process shows, where the server that it asks is behind. */
export interface ListSource {
  /** The revision of the list; what came after it follows by the watch. */
  firstList(informer: Informer): number;
}

/** Readings of an informer: its list and its own state, beside each object under its key. */
const LIST = ' list';
const STATE = ' state';

/** Hardly any watch has any, and there are hundreds in each cluster. */
const NO_GAPS: WatchGaps = Object.freeze(new WatchGaps()) as WatchGaps;
const NO_OBSERVERS: readonly never[] = Object.freeze([]);

export class Informer implements Readable {
  readonly options: InformerOptions;
  private readonly store: Store;
  /** The versions that it is told of. */
  private readonly log: VersionLog;
  private readonly source: ListSource | undefined;
  /** Who it is one of; has to know who listens. */
  private readonly audience: Audience | undefined;
  private gaps = NO_GAPS;
  private seen: number;
  private held = false;
  private connected = true;
  private listed = true;
  private observers: readonly ((change: Change) => void)[] = NO_OBSERVERS;

  constructor(
    store: Store,
    options: InformerOptions,
    { seen = 0, source, audience }: InformerPlace = {},
  ) {
    this.store = store;
    this.log = store.logOf(options.kind, options.scope);
    this.options = options;
    this.seen = seen;
    this.source = source;
    this.audience = audience;
  }

  standing(reading: string): unknown {
    const { store, seen, gaps, options } = this;
    if (reading === STATE) {
      return 8 * seen + 4 * Number(this.held) + 2 * Number(this.connected) + Number(this.listed);
    }
    if (reading !== LIST) return this.versionOf(reading);
    // A list with gaps is never the same as another one.
    return gaps.isWhole ? store.lastChange(options.kind, seen) : NaN;
  }

  /** What forks call it. */
  get place(): Place | undefined {
    return this.options.knownAs;
  }

  whole(): unknown {
    return this.gaps === NO_GAPS ? this.standing(STATE) : undefined;
  }

  /** By the versions themselves, as two forks count different ones by the same revisions. */
  common(reading: string): unknown {
    const { store, seen, gaps, options } = this;
    if (options.knownAs === undefined || reading === STATE) return undefined;
    if (reading !== LIST) return this.versionOf(reading) ?? NEVER_THERE;
    return gaps.isWhole ? (store.newestVersion(options.kind, seen) ?? NEVER_THERE) : undefined;
  }

  /** What is being found has been read from all objects of this view, or from an index of them. */
  noteList(): void {
    noteReading(this, LIST);
  }

  /** Whether the view shows every object as of its revision: its watch has left nothing out. */
  get isWhole(): boolean {
    this.noteList();
    return this.gaps.isWhole;
  }

  /** The revision that this view shows. */
  get revision(): number {
    noteReading(this, STATE);
    return this.seen;
  }

  /** True while nothing is delivered: the component is cut off from the API server, or dead. */
  get isHeld(): boolean {
    noteReading(this, STATE);
    return this.held || !this.connected;
  }

  /** Whether the component itself does not listen: it is dead, or has not started. */
  get isStopped(): boolean {
    noteReading(this, STATE);
    return this.held;
  }

  /** Whether it has listed since the component started. */
  get isListed(): boolean {
    noteReading(this, STATE);
    return this.listed;
  }

  get(key: ObjectKey): KubeObject | undefined {
    noteReading(this, key);
    return objectIn(this.options.scope, this.versionOf(key));
  }

  /** Those of these that are there. */
  getAll(keys: Iterable<ObjectKey>): KubeObject[] {
    const objects: KubeObject[] = [];
    for (const key of keys) {
      const object = this.get(key);
      if (object !== undefined) objects.push(object);
    }
    return objects;
  }

  /** The versions of those of these that are there: what is made late needs not be made. */
  versions(keys: Iterable<ObjectKey>): Version[] {
    const versions: Version[] = [];
    for (const key of keys) {
      noteReading(this, key);
      const version = this.versionOf(key);
      if (isThere(version) && isIn(this.options.scope, version)) versions.push(version);
    }
    return versions;
  }

  /** All objects of the view; of one that shows a whole kind also those of one scope alone. */
  list(scope = this.options.scope): IterableIterator<KubeObject> {
    this.noteList();
    const { kind } = this.options;
    if (!this.gaps.isWhole) return this.listAcrossGaps(scope);
    if (scope !== undefined) return this.store.listScope(kind, scope, this.seen);
    return this.store.list(kind, this.seen);
  }

  /** The versions of all of them: what is made late is not made for that. */
  listVersions(): Iterable<Version> {
    if (this.gaps.isWhole && this.options.scope === undefined) {
      this.noteList();
      return this.store.versions(this.options.kind, this.seen);
    }
    return this.versions([...this.list()].map(keyOf));
  }

  private versionOf(key: ObjectKey): Version | undefined {
    return this.store.version(this.options.kind, key, this.gaps.revisionOf(key, this.seen));
  }

  /** The watch leaves out the version of this revision. */
  leaveOut(revision: number): void {
    if (this.gaps === NO_GAPS) this.gaps = new WatchGaps();
    this.gaps.leaveOut(revision);
  }

  /** Moves the view to `revision` and reports one change for each key that moved. */
  deliver(revision: number): void {
    if (this.held || revision <= this.seen) return;
    this.move(revision);
  }

  /** The component knows everything up to `revision` of itself: nobody tells it. */
  passOver(revision: number): void {
    if (!this.held && revision > this.seen) this.seen = revision;
  }

  /** Tells `observer` of each change that the component comes to know, right after itself. */
  observe(observer: (change: Change) => void): void {
    this.observers = [...this.observers, observer];
  }

  /** `isJump`: only observers are told. */
  private move(revision: number, isJump = false): void {
    const { options, observers, seen: from } = this;
    this.seen = revision;
    if (!this.gaps.isWhole) {
      this.moveAcrossGaps(this.log.between(from, revision), from, isJump);
      return;
    }
    const news = this.log.newsBetween(from, revision);
    if (options.onNews !== undefined && observers.length === 0 && !isJump) {
      options.onNews(news);
      return;
    }
    for (const change of news.changes) this.tell(change, isJump);
  }

  private tell(change: Change, isJump = false): void {
    if (!isJump) this.options.onChange(change);
    for (const observer of this.observers) observer(change);
  }

  private moveAcrossGaps(versions: readonly Version[], from: number, isJump: boolean): void {
    const { kind, scope } = this.options;
    const keys = new Set(versions.map(({ key }) => key));
    const known = new Map<ObjectKey, Version | undefined>();
    for (const key of keys) {
      known.set(key, this.store.version(kind, key, this.gaps.revisionOf(key, from)));
    }
    for (const [key, version] of this.gaps.sift(versions)) {
      const was = known.get(key);
      const isIn = scope === undefined || was?.scope === scope;
      const change = changeOf(version, isIn ? was?.object : undefined);
      if (change !== undefined) this.tell(change, isJump);
    }
  }

  private *listAcrossGaps(scope: string | undefined): IterableIterator<KubeObject> {
    const { kind } = this.options;
    const behind = new Set(this.gaps.keys());
    const present =
      scope === undefined
        ? this.store.list(kind, this.seen)
        : this.store.listScope(kind, scope, this.seen);
    for (const object of present) if (!behind.has(keyOf(object))) yield object;
    for (const key of behind) {
      const object = objectIn(scope, this.versionOf(key));
      if (object !== undefined) yield object;
    }
  }

  /** A list shows what the watch has left out as well. */
  private closeGaps(): void {
    if (this.isWhole) return;
    const { kind } = this.options;
    const keys = this.gaps.keys();
    const known = new Map(keys.map((key) => [key, this.get(key)]));
    this.gaps = NO_GAPS;
    for (const key of keys) {
      const version = this.store.version(kind, key, this.seen);
      const before = known.get(key);
      const after = this.get(key);
      if (version === undefined || before === after) continue;
      this.tell({ key, before, after, cause: version.cause });
    }
  }

  /** Stops deliveries; the view stays as it is. */
  hold(): void {
    this.held = true;
    this.audience?.changed();
  }

  /**
   * Lists anew: jumps to the store's present and reports what changed meanwhile. Without a
   * connection that happens when there is one again.
   */
  relist(): void {
    this.held = false;
    this.audience?.changed();
    this.catchUp();
  }

  /**
   * Lists anew without a report: for a component that reads the whole list by itself. Returns
   * false without a connection; then everything is reported when there is one again.
   */
  jump(): boolean {
    this.held = false;
    this.audience?.changed();
    this.listed = this.connected;
    this.gaps = NO_GAPS;
    if (!this.connected) {
      this.seen = 0;
      return false;
    }
    const revision = this.firstRevision();
    // Observers are told of what has come; a list from the past takes nothing back for them.
    if (this.observers.length > 0 && revision > this.seen) this.move(revision, true);
    this.seen = revision;
    return true;
  }

  /** The watch is broken: nothing is delivered, and whoever lists has to wait. */
  disconnect(): void {
    this.connected = false;
    this.audience?.changed();
  }

  /** The API server answers again: lists anew, unless the component does not listen. */
  reconnect(): void {
    this.connected = true;
    this.audience?.changed();
    if (!this.held) this.catchUp();
  }

  /** Forgets everything, as a restarted component does; the next relist shows all as new. */
  reset(): void {
    this.seen = 0;
    this.listed = false;
    this.gaps = NO_GAPS;
  }

  private catchUp(): void {
    if (!this.connected) return;
    const isFirst = !this.listed || this.seen === 0;
    this.listed = true;
    this.deliver(isFirst ? this.firstRevision() : this.store.revision);
    this.closeGaps();
  }

  private firstRevision(): number {
    return this.source?.firstList(this) ?? this.store.revision;
  }
}

/** What a version shows to readers of one scope, or of all. */
function objectIn(scope: string | undefined, version: Version | undefined): KubeObject | undefined {
  return isIn(scope, version) ? version?.object : undefined;
}

function isIn(scope: string | undefined, version: Version | undefined): boolean {
  return scope === undefined || version?.scope === scope;
}
