// Who is told of a version, and when: watchers hear of it after the watch latency, each behind its
// own line, its own connection, and what makes its view old.

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import type { Phase } from '../kernel/phase';
import type { TimerName, Timing } from '../timing';
import { later, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { Audiences, phaseOf, PHASES } from './audience';
import type { Audience, Hearing } from './audience';
import type { Connections } from './connections';
import type { Informer, InformerOptions } from './informer';
import { longest } from './lags';
import type { Lags } from './lags';
import type { ApiRequest } from './request';
import type { Staleness } from './staleness';
import type { Store, Version } from './store';

const WATCH: TimerName = 'apiserver.watch';
const NOBODY: readonly number[] = [];

export interface WatchesGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly store: Store;
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
  private readonly togetherEvents: ReadonlyMap<Phase, EventKind>;
  /** Who watches the kind of the last version while a cluster settles. */
  private told: Audience | undefined;
  /**
   * What asked last for pods of a series, of which those who watch pods have been told. They are
   * stored at a stretch, so that nothing else is told until the request is carried out.
   */
  private series: ApiRequest | undefined;

  constructor(ground: WatchesGround) {
    this.ground = ground;
    this.audiences = new Audiences(ground.informers);
    const together = (phase: Hearing): EventKind =>
      ground.kernel.declare(`apiserver.watchTogether.${phase}`, (audience, turn) => {
        this.deliverTogether(this.audiences.all[Number(audience)]!, phase, Number(turn));
      });
    this.togetherEvents = new Map(PHASES.map((phase) => [phase, together(phase)]));
  }

  /** Those who watch the same, to whom comes one with these options. */
  audienceFor({ kind, scope, owner }: InformerOptions): Audience {
    const audience = this.audiences.of(kind, scope);
    const phase = phaseOf(owner);
    // Nobody was there to be called for the turn that is open.
    if (audience.isOpen && !audience.isCalledIn(phase)) this.callUp(audience, phase);
    return audience;
  }

  /**
   * Has everybody who watches the kind hear of a version that a request has made. Who watches the
   * scope of one that is made late has it already, and is not told.
   */
  publish(request: ApiRequest, version: Version): void {
    const { series, told } = this;
    if (version.late !== undefined && request === series && told?.isOpen === true) {
      told.prolong(version.revision);
      return;
    }
    const delay = this.commonDelay(request);
    const whole = this.audiences.wholeOf(request.kind);
    if (whole !== undefined) this.tell(whole, request, version, delay);
    if (version.late !== undefined) {
      const isTogether = whole !== undefined && this.hearTogether(delay);
      if (isTogether) this.series = request;
      return;
    }
    const part = this.audiences.partOf(request.kind, version.scope);
    if (part !== undefined) this.tell(part, request, version, delay);
  }

  /** Has those who were not told know that they know all there is. */
  catchUp(): void {
    this.series = undefined;
    const newest = new Map<string, number>();
    const told = new Map<string, number>();
    const pods = this.ground.store.logOf('Pod');
    for (let index = 0; index < pods.count; index++) {
      const { late, scope, revision } = pods.at(index);
      if (scope !== undefined) (late === undefined ? told : newest).set(scope, revision);
    }
    for (const [scope, revision] of newest) {
      for (const id of this.audiences.partOf('Pod', scope)?.all ?? NOBODY) {
        const informer = this.ground.informers[id]!;
        // What is still on its way to somebody comes in its turn.
        if (informer.revision >= (told.get(scope) ?? 0)) informer.passOver(revision);
      }
    }
  }

  private tell(
    audience: Audience,
    request: ApiRequest,
    version: Version,
    delay: Duration | undefined,
  ): void {
    if (delay !== undefined) this.notifyAtOnce(audience, version, delay);
    else for (const id of audience.all) this.notify(id, version, request);
  }

  /** When a change reaches everybody who listens; undefined where they differ in that. */
  private commonDelay({ effect }: ApiRequest): Duration | undefined {
    const { lags, staleness, connections, timing } = this.ground;
    const areAlike = lags.isEmpty && staleness.isEmpty && !connections.hasStalled;
    return areAlike ? timing.uniform(WATCH, effect) : undefined;
  }

  private hearTogether(delay: Duration | undefined): boolean {
    return delay === ZERO && this.ground.kernel.isBeforeStart;
  }

  private notifyAtOnce(audience: Audience, { revision }: Version, delay: Duration): void {
    const { kernel, watchEvent } = this.ground;
    if (this.hearTogether(delay)) {
      this.notifyTogether(audience, revision);
      return;
    }
    const at = later(kernel.now, delay);
    for (const phase of PHASES) {
      kernel.scheduleRow(at, phase, watchEvent, audience.listening(phase), revision, WATCH);
    }
  }

  /**
   * While a cluster settles, what is written of one kind until their turn reaches watchers at once,
   * unless something of another kind comes in between: who hears of both does so in that order.
   */
  private notifyTogether(audience: Audience, revision: number): void {
    const isSameTurn = audience.isOpen && (audience.isPart || this.told === audience);
    if (!audience.isPart) this.told = audience;
    if (isSameTurn) {
      audience.prolong(revision);
      return;
    }
    audience.turns.push(revision);
    for (const phase of PHASES) if (audience.isCalledIn(phase)) this.callUp(audience, phase);
  }

  /** Has everybody hear in that phase what there is of the last turn. */
  private callUp({ number, turns }: Audience, phase: Hearing): void {
    const event = this.togetherEvents.get(phase)!;
    this.ground.kernel.after(ZERO, phase, event, number, turns.length - 1);
  }

  private deliverTogether(audience: Audience, phase: Hearing, turn: number): void {
    const { informers } = this.ground;
    // What is written from now on is for another turn.
    audience.turnsBegun = Math.max(audience.turnsBegun, turn + 1);
    const listening = audience.listening(phase);
    const revision = audience.turns[turn]!;
    // V8 makes an object for each step of an iterator over a frozen list.
    for (let at = 0; at < listening.length; at++) informers[listening[at]!]!.deliver(revision);
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
