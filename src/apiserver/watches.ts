// Who is told of a version, and when: watchers hear of it after the watch latency, each behind its
// own line, its own connection, and what makes its view old.

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import type { Phase } from '../kernel/phase';
import type { TimerName, Timing } from '../timing';
import { later, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { Audiences, phaseOf } from './audience';
import type { Audience } from './audience';
import type { Connections } from './connections';
import type { Informer, InformerOptions } from './informer';
import { longest } from './lags';
import type { Lags } from './lags';
import type { ApiRequest } from './request';
import type { Staleness } from './staleness';
import type { Version } from './store';

const WATCH: TimerName = 'apiserver.watch';

export interface WatchesGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly informers: readonly Informer[];
  readonly staleness: Staleness;
  readonly lags: Lags;
  readonly connections: Connections;
  /** Tells the informer of that number everything up to a revision. */
  readonly watchEvent: EventKind;
}

export class Watches {
  private readonly ground: WatchesGround;
  private readonly audiences: Audiences;
  private readonly togetherEvent: EventKind;

  constructor(ground: WatchesGround) {
    this.ground = ground;
    this.audiences = new Audiences(ground.informers);
    this.togetherEvent = ground.kernel.declare('apiserver.watchTogether', (audience, phase) => {
      this.deliverTogether(this.audiences.all[Number(audience)]!, phase as Phase);
    });
  }

  /** Those who watch the same. */
  audienceOf({ kind, scope }: InformerOptions): Audience {
    return this.audiences.of(kind, scope);
  }

  /** Has everybody who watches the kind hear of a version that a request has made. */
  publish(request: ApiRequest, version: Version): void {
    const delay = this.commonDelay(request);
    for (const audience of this.audiences.toldOf(request.kind, version.scope)) {
      if (delay === undefined) for (const id of audience.all) this.notify(id, version, request);
      else this.notifyAtOnce(audience, version, delay);
    }
  }

  /** When a change reaches everybody who listens; undefined where they differ in that. */
  private commonDelay({ effect }: ApiRequest): Duration | undefined {
    const { lags, staleness, connections, timing } = this.ground;
    const areAlike = lags.isEmpty && staleness.isEmpty && !connections.hasStalled;
    return areAlike ? timing.uniform(WATCH, effect) : undefined;
  }

  private notifyAtOnce(audience: Audience, { revision }: Version, delay: Duration): void {
    const { kernel, watchEvent } = this.ground;
    if (delay === ZERO && kernel.isBeforeStart) {
      this.notifyTogether(audience, revision);
      return;
    }
    const at = later(kernel.now, delay);
    for (const [phase, ids] of audience.listening()) {
      kernel.scheduleRow(at, phase, watchEvent, ids, revision, WATCH);
    }
  }

  /** While a cluster settles, what is written until their turn reaches watchers together. */
  private notifyTogether(audience: Audience, revision: number): void {
    const { kernel } = this.ground;
    const isNext = audience.isUpToDate;
    audience.newest = revision;
    if (!isNext) return;
    audience.isUpToDate = false;
    for (const phase of audience.listening().keys()) {
      kernel.after(ZERO, phase, this.togetherEvent, audience.number, phase);
    }
  }

  private deliverTogether(audience: Audience, phase: Phase): void {
    const { informers } = this.ground;
    // What is written from now on is for another turn.
    audience.isUpToDate = true;
    for (const id of audience.listening().get(phase) ?? []) {
      informers[id]!.deliver(audience.newest);
    }
  }

  private notify(id: number, version: Version, { effect }: ApiRequest): void {
    const { kernel, timing, informers, staleness, lags, connections, watchEvent } = this.ground;
    const informer = informers[id]!;
    // Who is cut off gets nothing, and lists anew when it is back.
    if (informer.isHeld) {
      connections.missed(informer);
      return;
    }
    if (staleness.passesBy(informer, version)) return;
    const { owner } = informer.options;
    const own = timing.draw(WATCH, owner, effect);
    const back = lags.of(owner, 'back', own);
    const held = staleness.lagOf(owner);
    const at = later(kernel.now, (own + back + held) as Duration);
    const timer = longest([own, WATCH], [back, 'degrade.delay'], [held, 'stale.hold']);
    kernel.schedule(at, phaseOf(owner), watchEvent, id, version.revision, timer);
  }
}
