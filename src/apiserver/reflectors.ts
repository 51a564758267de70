// The reflector behind each informer: when its watch breaks it lists and watches again, each time
// after a longer pause.
// source: staging/src/k8s.io/client-go/tools/cache/reflector.go (Run, ListAndWatch)

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { TimerName, Timing } from '../timing';
import { isAtLeast } from '../values/kube-version';
import { between, later } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Informer } from './informer';

export interface ReflectorsGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly informers: readonly Informer[];
}

/** The client as a reflector sees it. */
export interface ReflectorClient {
  /** Asks for a connection. True where one stands; else `connected` or `refused` follows. */
  connect(actor: string): boolean;
  /** Whether nothing stands between the client and the API server. */
  isFree(actor: string): boolean;
}

interface Reflector {
  readonly actor: string;
  /** The informer that it feeds; undefined for an agent that shares one with all nodes. */
  readonly informer: Informer | undefined;
  /** `stalled`: it waits for the watch and knows of nothing. `waiting`: for its next attempt. */
  state: 'watching' | 'stalled' | 'waiting' | 'dialling' | 'listing';
  failures: number;
  /** From when on its back-off counts as it does; undefined for long ago. */
  countedFrom: Instant | undefined;
  /** When the next attempt is due, while it is `waiting`. */
  retryAt: Instant | undefined;
}

const BACKOFF: TimerName = 'client.reflectorBackoff';
const LIST: TimerName = 'apiserver.watch';

export class Reflectors {
  private readonly ground: ReflectorsGround;
  private readonly client: ReflectorClient;
  private readonly all: Reflector[] = [];
  /** Numbers of the reflectors of each client that was ever cut off, by informer. */
  private readonly byActor = new Map<string, Map<Informer | undefined, number>>();
  private readonly listeners: ((actor: string, isCurrent: boolean) => void)[] = [];
  private readonly retryEvent: EventKind;
  private readonly vainEvent: EventKind;
  private readonly listedEvent: EventKind;

  constructor(ground: ReflectorsGround, client: ReflectorClient) {
    this.ground = ground;
    this.client = client;
    const { kernel } = ground;
    const owner = (id: string | number): string => this.all[Number(id)]!.actor;
    const retry = (id: string | number, at: string | number): void => {
      const reflector = this.all[Number(id)]!;
      if (reflector.state === 'waiting' && reflector.retryAt === at) this.retry(Number(id));
    };
    this.retryEvent = kernel.declare('client.retry', retry, { owner });
    // While the client is cut off its attempts are in vain: they do not keep a run busy.
    this.vainEvent = kernel.declare('client.vainRetry', retry, { owner, background: true });
    this.listedEvent = kernel.declare('client.listed', (id) => this.listed(Number(id)), { owner });
  }

  /** Calls the listener when a client's view begins to lag, and when it is up to date again. */
  onView(listener: (actor: string, isCurrent: boolean) => void): void {
    this.listeners.push(listener);
  }

  /** Nothing arrives any more, and the client does not know. */
  stalled(actor: string): void {
    for (const id of this.of(actor)) this.breakOff(id, 'stalled');
    this.tell(actor, false);
  }

  /** The connection was only slow: what was lost has been sent again. */
  resumed(actor: string): void {
    for (const id of this.of(actor)) {
      if (this.all[id]!.state === 'stalled') this.watch(id);
    }
    this.tellIfCurrent(actor);
  }

  /** The client knows that its connection is gone. */
  broken(actor: string): void {
    for (const id of this.of(actor)) {
      this.breakOff(id, 'waiting');
      this.failed(id);
    }
    this.tell(actor, false);
  }

  /** The process is a new one: it lists at once, and has not failed before. */
  restart(actor: string): void {
    for (const id of this.of(actor)) {
      const reflector = this.all[id]!;
      if (reflector.state !== 'waiting' && reflector.state !== 'stalled') continue;
      reflector.failures = 0;
      reflector.countedFrom = this.ground.kernel.now;
      reflector.state = 'waiting';
      this.retry(id);
    }
  }

  /** An attempt to connect has failed. */
  refused(actor: string): void {
    for (const id of this.of(actor)) if (this.all[id]!.state === 'dialling') this.failed(id);
  }

  /** An attempt to connect has succeeded: whoever waited for it lists. */
  connected(actor: string): void {
    for (const id of this.of(actor)) if (this.all[id]!.state === 'dialling') this.list(id);
  }

  /** The path is free again: attempts that are due are not in vain, and a run waits for them. */
  hasten(actor: string): void {
    const { kernel } = this.ground;
    for (const id of this.of(actor)) {
      const { state, retryAt } = this.all[id]!;
      // One that is overdue is that of a stopped client: it comes as soon as that goes on.
      if (state !== 'waiting' || retryAt! < kernel.now) continue;
      kernel.schedule(retryAt!, Phase.agent, this.retryEvent, id, retryAt, BACKOFF);
    }
  }

  private of(actor: string): readonly number[] {
    const known = this.byActor.get(actor) ?? new Map<Informer | undefined, number>();
    this.byActor.set(actor, known);
    const own = this.ground.informers.filter(({ options }) => options.owner === actor);
    const fed: readonly (Informer | undefined)[] = own.length === 0 ? [undefined] : own;
    const nothing = { failures: 0, countedFrom: undefined, retryAt: undefined };
    for (const informer of fed) {
      if (known.has(informer)) continue;
      known.set(informer, this.all.push({ actor, informer, state: 'watching', ...nothing }) - 1);
    }
    return [...known.values()];
  }

  private breakOff(id: number, state: Reflector['state']): void {
    const reflector = this.all[id]!;
    reflector.state = state;
    reflector.informer?.disconnect();
  }

  /** Waits twice as long as the last time. */
  private failed(id: number): void {
    const { kernel, timing } = this.ground;
    const reflector = this.all[id]!;
    const { actor, informer } = reflector;
    this.startAnew(reflector);
    const most = timing.delay('client.reflectorBackoffMax').least;
    const first = timing.base(BACKOFF);
    const drawn = timing.draw(BACKOFF, `${actor}/${informer?.options.kind ?? ''}`);
    const growth = first > 0 ? Math.min(2 ** reflector.failures, most / first) : 1;
    const retryAt = later(kernel.now, Math.round(drawn * growth) as Duration);
    reflector.failures++;
    reflector.retryAt = retryAt;
    reflector.state = 'waiting';
    const event = this.client.isFree(actor) ? this.retryEvent : this.vainEvent;
    kernel.schedule(retryAt, Phase.agent, event, id, retryAt, BACKOFF);
  }

  /**
   * After two minutes the back-off is as short as at first: until 1.35 two minutes without a
   * failure, since 1.36 two minutes after the last time that it began anew, failing all the while.
   * source: staging/src/k8s.io/apimachinery/pkg/util/wait/backoff.go (backoffManager Step, for
   * DelayWithReset; before, exponentialBackoffManagerImpl getNextBackoff); kubernetes#136824
   */
  private startAnew(reflector: Reflector): void {
    const { kernel, timing } = this.ground;
    const { actor, countedFrom } = reflector;
    const reset = timing.delay('client.reflectorBackoffReset').least;
    const isOver = countedFrom === undefined || between(countedFrom, kernel.now) > reset;
    if (isOver) reflector.failures = 0;
    const version = timing.versions.of(actor);
    if (isOver || !isAtLeast(version, '1.36')) reflector.countedFrom = kernel.now;
  }

  private retry(id: number): void {
    const reflector = this.all[id]!;
    reflector.state = 'dialling';
    // The answer may come at once, by `connected` or `refused`.
    if (this.client.connect(reflector.actor) && this.isDialling(id)) this.list(id);
  }

  private isDialling(id: number): boolean {
    return this.all[id]!.state === 'dialling';
  }

  private list(id: number): void {
    const { kernel, timing } = this.ground;
    const reflector = this.all[id]!;
    reflector.state = 'listing';
    const delay = timing.draw(LIST, reflector.actor);
    kernel.after(delay, Phase.agent, this.listedEvent, id, 0, LIST);
  }

  private listed(id: number): void {
    const reflector = this.all[id]!;
    if (reflector.state !== 'listing') return;
    this.watch(id);
    this.tellIfCurrent(reflector.actor);
  }

  private watch(id: number): void {
    const { kernel } = this.ground;
    const reflector = this.all[id]!;
    const { actor, informer } = reflector;
    reflector.state = 'watching';
    reflector.retryAt = undefined;
    if (informer?.isStopped === false) {
      kernel.note(actor, 'relisted', informer.options.kind, 'it watches again');
    }
    informer?.reconnect();
  }

  private tellIfCurrent(actor: string): void {
    if (this.of(actor).every((id) => this.all[id]!.state === 'watching')) this.tell(actor, true);
  }

  private tell(actor: string, isCurrent: boolean): void {
    for (const listener of this.listeners) listener(actor, isCurrent);
  }
}
