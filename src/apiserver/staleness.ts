// What makes the view of a client older than its connection explains: watches that come late,
// changes that are left out, and a server that is behind when a new process lists from it.
// source: staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go (a watch cache may lag);
// staging/src/k8s.io/client-go/tools/cache/reflector.go (relistResourceVersion)

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { Timing } from '../timing';
import { later, START, ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Informer } from './informer';
import { isThere } from './late-pod';
import type { Store, Version } from './store';

/** Which change of an object. */
export type ChangeEvent = 'create' | 'update' | 'delete';

/** A change that a client never gets to see. */
export interface Miss {
  readonly kind: string;
  /** The object, as a regular expression over its key. */
  readonly keys: string;
  /** Only changes of this sort count; every change where nothing is said. */
  readonly event?: ChangeEvent;
  /** Which of them: 1 for the first after this was said. */
  readonly nth: number;
}

interface CountedMiss extends Miss {
  readonly actor: string;
  seen: number;
  /** The version that is left out, once its turn has come. */
  revision: number | undefined;
}

export interface StalenessGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly store: Store;
  readonly informers: readonly Informer[];
  /** Tells the informer of that number everything up to a revision. */
  readonly watchEvent: EventKind;
}

export class Staleness {
  private readonly ground: StalenessGround;
  /** By client, then by who makes it so: how much later its watches deliver. */
  private readonly holds = new Map<string, Map<string, Duration>>();
  /** By client, then by who makes it so: how old the first list of a new process is. */
  private readonly rewinds = new Map<string, Map<string, Duration>>();
  private readonly releaseListeners: ((actor: string) => void)[] = [];
  /** By token and client. */
  private readonly misses = new Map<string, CountedMiss>();

  constructor(ground: StalenessGround) {
    this.ground = ground;
  }

  /** From now on every change reaches the client later, in order; several tokens add up. */
  hold(actor: string, token: string, by: Duration): void {
    put(this.holds, actor, token, by);
  }

  /** Takes a hold back: what was held up comes at once, as far as nobody else holds it. */
  release(actor: string, token: string): void {
    const before = this.lagOf(actor);
    take(this.holds, actor, token);
    if (this.lagOf(actor) === before) return;
    for (const informer of this.informersOf(actor)) this.catchUp(informer, informer.revision);
    for (const listener of this.releaseListeners) listener(actor);
  }

  /** Calls the listener with each client that is held up less from now on. */
  onRelease(listener: (actor: string) => void): void {
    this.releaseListeners.push(listener);
  }

  /**
   * A new process of the client is shown the past by its first list; the longest token counts.
   * Returns whether the client lists anything.
   */
  rewind(actor: string, token: string, by: Duration): boolean {
    if (this.informersOf(actor).length === 0) return false;
    put(this.rewinds, actor, token, by);
    return true;
  }

  unwind(actor: string, token: string): void {
    take(this.rewinds, actor, token);
  }

  /** One change will not be delivered to the client. Returns whether it watches the kind. */
  miss(actor: string, token: string, miss: Miss): boolean {
    if (!this.watches(actor, miss.kind)) return false;
    const counted = { ...miss, actor, seen: 0, revision: undefined };
    this.misses.set(`${token} ${actor}`, counted);
    return true;
  }

  /** Ends the count. What was missed already stays so until the next change, or the next list. */
  attend(actor: string, token: string): void {
    this.misses.delete(`${token} ${actor}`);
  }

  /** How much later than others the client hears of changes. */
  lagOf(actor: string): Duration {
    const own = this.holds.get(actor);
    if (own === undefined) return ZERO;
    return [...own.values()].reduce((sum, it) => sum + it, 0) as Duration;
  }

  /** Whether every watch shows everything, no later than the network brings it. */
  get isEmpty(): boolean {
    return this.holds.size === 0 && this.misses.size === 0;
  }

  /** A version was committed: counts it for whoever may miss it. */
  committed(kind: string, version: Version): void {
    if (this.misses.size === 0) return;
    for (const miss of this.misses.values()) {
      if (miss.revision !== undefined || miss.kind !== kind) continue;
      if (miss.event !== undefined && miss.event !== eventOf(version)) continue;
      if (!new RegExp(miss.keys).test(version.key)) continue;
      miss.seen++;
      if (miss.seen === miss.nth) miss.revision = version.revision;
    }
  }

  /** Whether this version is the one that the informer's client is not told of. */
  passesBy(informer: Informer, version: Version): boolean {
    if (this.misses.size === 0) return false;
    const { owner, kind } = informer.options;
    const isMissed = [...this.misses.values()].some(
      ({ actor, revision }) => actor === owner && revision === version.revision,
    );
    if (!isMissed) return false;
    const { kernel } = this.ground;
    const { cause, timer } = kernel;
    informer.leaveOut(version.revision);
    kernel.note(owner, 'missed', `${kind}/${version.key}`, `revision ${version.revision}`);
    // Others are told because of the write, not because somebody was not.
    kernel.because(cause, timer);
    return true;
  }

  /** The revision that a new process lists; the watch brings the rest, as late as it brings all. */
  firstList(informer: Informer): number {
    const { kernel, store } = this.ground;
    const { owner, kind } = informer.options;
    const own = this.rewinds.get(owner);
    if (own === undefined) return store.revision;
    const back = [...own.values()].reduce((most, it) => (it > most ? it : most), ZERO);
    const past = Math.max(kernel.now - back, START) as Instant;
    const revision = store.revisionAt(kind, past);
    kernel.note(owner, 'listed', kind, `as of ${revision}, from a server that is behind`);
    this.catchUp(informer, revision);
    return revision;
  }

  /** Delivers what came after a revision: each change in its turn, those that are due at once. */
  private catchUp(informer: Informer, from: number): void {
    const { kernel, timing, store, informers, watchEvent } = this.ground;
    const { owner, kind, scope } = informer.options;
    const lag = this.lagOf(owner);
    const phase = owner.includes('@') ? Phase.agent : Phase.control;
    const id = informers.indexOf(informer);
    const latency = timing.draw('apiserver.watch', owner);
    for (const { at, revision } of store.changes(kind, from, store.revision, scope)) {
      const due = later(at, lag);
      const leaves = due > kernel.now ? due : kernel.now;
      const arrives = later(leaves, latency);
      const timer = lag > latency ? 'stale.hold' : 'apiserver.watch';
      kernel.schedule(arrives, phase, watchEvent, id, revision, timer);
    }
  }

  private watches(actor: string, kind: string): boolean {
    return this.informersOf(actor).some(({ options }) => options.kind === kind);
  }

  private informersOf(actor: string): readonly Informer[] {
    return this.ground.informers.filter(({ options }) => options.owner === actor);
  }
}

function eventOf(version: Version): ChangeEvent {
  if (!isThere(version)) return 'delete';
  return isThere(version.previous) ? 'update' : 'create';
}

function put(
  all: Map<string, Map<string, Duration>>,
  actor: string,
  token: string,
  by: Duration,
): void {
  const own = all.get(actor) ?? new Map<string, Duration>();
  all.set(actor, own.set(token, by));
}

function take(all: Map<string, Map<string, Duration>>, actor: string, token: string): void {
  const own = all.get(actor);
  own?.delete(token);
  if (own?.size === 0) all.delete(actor);
}
