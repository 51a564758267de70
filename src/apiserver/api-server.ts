// The API server: takes requests, commits them after the write latency, tells the watchers after
// the watch latency. Nobody else touches the store.

import { Connections } from './connections';
import type { Cut } from './connections';
import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { Effect, TimerName, Timing } from '../timing';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { Informer } from './informer';
import type { Change, InformerOptions } from './informer';
import { Lags, longest } from './lags';
import { Staleness } from './staleness';
import type { Admission, ApiRequest, ApiResult, Refusal } from './request';
import { RequestFailures } from './request-failures';
import { Store } from './store';
import type { Version } from './store';
import { Verbs } from './verbs';
import { Watches } from './watches';

export type { Admission, ApiRequest, ApiResult, Refusal, Series } from './request';

/** source: staging/src/k8s.io/client-go/rest/request.go maxRetries */
const RETRIES_MOST = 10;
const RETRY_AFTER: TimerName = 'client.retryAfter';

export class ApiServer {
  readonly store: Store;
  /** Requests that get a wrong answer. */
  readonly requestFailures: RequestFailures;
  /** What makes the views of single clients older than their connections do. */
  readonly staleness: Staleness;
  /** What the clients' packets wait on the network: requests one way, all else the other. */
  readonly lags: Lags;
  private readonly kernel: Kernel;
  private readonly timing: Timing;
  private readonly admission: Admission;
  private readonly pending: Map<number, ApiRequest>;
  /** Requests whose clients wait to send them again. */
  private readonly putOff = new Set<number>();
  private nextRequest = 0;
  private readonly informers: Informer[] = [];
  private readonly commitEvent: EventKind;
  private readonly retryEvent: EventKind;
  private readonly connections: Connections;
  private readonly watches: Watches;
  private readonly verbs: Verbs;
  private readonly commitListeners: ((version: Version, kind: string) => void)[] = [];

  constructor(kernel: Kernel, timing: Timing, admission: Admission) {
    this.kernel = kernel;
    this.timing = timing;
    this.admission = admission;
    this.store = new Store();
    this.pending = new Map();
    this.requestFailures = new RequestFailures(kernel.random);
    this.commitEvent = kernel.declare('apiserver.commit', (id) => this.commit(Number(id)), {
      owner: 'apiserver',
    });
    const { store, informers } = this;
    const watchEvent = kernel.declare(
      'apiserver.watch',
      (id, revision) => informers[Number(id)]!.deliver(Number(revision)),
      { owner: (id) => informers[Number(id)]!.options.owner },
    );
    this.staleness = new Staleness({ kernel, timing, store, informers, watchEvent });
    this.retryEvent = kernel.declare('client.retryAfter', (id) => this.sendAgain(Number(id)), {
      owner: (id) => this.pending.get(Number(id))?.actor,
    });
    this.connections = new Connections({
      kernel,
      timing,
      informers,
      pass: (request) => this.receive(request),
      handshake: (actor) => this.lags.handshake(actor),
    });
    this.lags = new Lags({ kernel, timing, lose: (actor) => this.connections.lose(actor) });
    this.lags.onChange((actor) => this.connections.lineChanged(actor));
    const { staleness, lags, connections } = this;
    const ground = { kernel, timing, store, informers, staleness, lags, connections, watchEvent };
    this.watches = new Watches(ground);
    const commit = (request: ApiRequest): ApiResult => this.commitNow(request);
    this.verbs = new Verbs({ kernel, store, admission, commit });
  }

  /** Cuts a client off until everybody who did so, by `token`, has mended: nothing passes. */
  sever(actor: string, token: string, cut: Cut = 'silent'): void {
    this.connections.sever(actor, token, cut);
  }

  /** Takes a cut back. When the client notices depends on its own timers. */
  mend(actor: string, token: string): void {
    this.connections.mend(actor, token);
  }

  /** Cuts every client off, those that come later as well: the server itself is gone. */
  severAll(token: string, cut: Cut): void {
    this.connections.severAll(token, cut);
  }

  mendAll(token: string): void {
    this.connections.mendAll(token);
  }

  /** The client closes its connections and opens new ones, as it does when it distrusts them. */
  reconnect(actor: string): void {
    this.connections.lose(actor);
  }

  /** Ends the watches of a client; it lists anew. Returns whether it had any. */
  endWatches(actor: string): boolean {
    return this.connections.endWatches(actor);
  }

  /** The process of the client is a new one, which has no connection and no memory of failures. */
  renew(actor: string): void {
    this.connections.renew(actor);
  }

  /** Everybody who watches anything, in the order in which they began. */
  clients(): readonly string[] {
    return [...new Set(this.informers.map(({ options }) => options.owner))];
  }

  /** How the client is cut off now; undefined where packets pass. */
  cutOf(actor: string): Cut | undefined {
    return this.connections.cutOf(actor);
  }

  /** Calls the listener when a client is cut off, and when the last cut is taken back. */
  onPath(listener: (actor: string, isOpen: boolean) => void): void {
    this.connections.onPath(listener);
  }

  /** Calls the listener when a client's view begins to lag, and when it is up to date again. */
  onView(listener: (actor: string, isCurrent: boolean) => void): void {
    this.connections.onView(listener);
  }

  /** Calls `listener` with every version at the instant of its commit. */
  observeCommits(listener: (version: Version, kind: string) => void): void {
    this.commitListeners.push(listener);
  }

  /** Calls `listener` with every request that is refused for a reason. */
  observeRefusals(listener: (refusal: Refusal) => void): void {
    this.verbs.onRefusal(listener);
  }

  /**
   * Calls `listener` with each change of a kind as one component receives it, right after the
   * component itself. Returns false where no component of that name watches the kind.
   */
  observeDeliveries(owner: string, kind: string, listener: (change: Change) => void): boolean {
    const found = this.informers.filter(
      ({ options }) => options.owner === owner && options.kind === kind,
    );
    for (const informer of found) informer.observe(listener);
    return found.length > 0;
  }

  /** Who watches a kind, as the journal names them, in the order of their making. */
  ownersOf(kind: string): readonly string[] {
    const watching = this.informers.filter(({ options }) => options.kind === kind);
    return [...new Set(watching.map(({ options }) => options.owner))];
  }

  /** A lagging view for one component. */
  informer(options: InformerOptions): Informer {
    const audience = this.watches.audienceFor(options);
    const informer = new Informer(this.store, options, { source: this.staleness, audience });
    audience.add(this.informers.push(informer) - 1);
    this.connections.joined(options.owner);
    return informer;
  }

  /** Sends a request; it is committed after the write latency, if it arrives at all. */
  submit(request: ApiRequest): void {
    if (this.isAtOnce(request.effect)) this.answer(request, this.commitNow(request));
    else if (this.connections.carries(request)) this.receive(request);
  }

  /** Whether a request is carried out as it is sent: nothing takes time while a cluster settles. */
  isAtOnce(effect: Effect | undefined): boolean {
    return this.kernel.isBeforeStart && this.timing.uniform('apiserver.write', effect) === ZERO;
  }

  private receive(request: ApiRequest): void {
    this.supersede(request);
    const id = this.nextRequest++;
    this.pending.set(id, request);
    const own = this.timing.draw('apiserver.write', request.actor, request.effect);
    const there = this.lags.of(request.actor, 'there', own);
    const timer = longest([own, 'apiserver.write'], [there, 'degrade.delay']);
    this.kernel.after((own + there) as Duration, Phase.api, this.commitEvent, id, 0, timer);
  }

  /** Commits a request at this instant, without latency: for seeding a cluster. */
  commitNow(request: ApiRequest): ApiResult {
    const version = this.verbs.apply(request);
    // No version: the request was refused, or it changed nothing.
    if (typeof version === 'string') return version;
    this.publish(request, version);
    return 'ok';
  }

  /**
   * Commits so many requests like this one, as `commitNow` does one after the other. What they have
   * in common is looked at once.
   */
  commitAlike(request: ApiRequest, count: number): ApiResult[] {
    const { admission, kernel, store } = this;
    const isCreate = request.verb === 'create';
    const { kind, key, object } = request;
    const series = isCreate ? admission.series?.(object!, store, key) : undefined;
    // Most are asked for one by one: a list that has grown has room for many more.
    const results = Array.from<ApiResult>({ length: count });
    for (let at = 0; at < count; at++) {
      // No line is written of it before the start.
      const made = series?.next(
        kernel.leftOut() ?? kernel.note('apiserver', 'stored', `${kind}/${key}`),
      );
      if (made === undefined) {
        results[at] = this.commitNow(request);
      } else {
        this.publish(request, store.putMade(kind, made));
        results[at] = 'ok';
      }
    }
    return results;
  }

  /** The cluster has settled: whoever knew of a pod before it was stored is told of it as well. */
  catchUp(): void {
    this.watches.catchUp();
  }

  private commit(id: number): void {
    const request = this.pending.get(id)!;
    const failure = this.failureOf(request);
    if (failure === undefined) {
      this.pending.delete(id);
      this.answer(request, this.commitNow(request));
      return;
    }
    const { result, reason } = failure;
    const { retries = 0 } = request;
    // Every client has a library that waits as the Retry-After of a 429 says, and asks again.
    if (result === 'too-many-requests' && retries < RETRIES_MOST) {
      this.kernel.note('apiserver', 'refused', `${request.kind}/${request.key}`, reason);
      const { least } = this.timing.delay(RETRY_AFTER);
      this.putOff.add(id);
      this.kernel.after(least, Phase.api, this.retryEvent, id, 0, RETRY_AFTER);
      return;
    }
    this.pending.delete(id);
    this.answer(request, this.verbs.refuse(request, result, reason));
    // Who only wants to know of requests that came to nothing hears of this one as well.
    const { lost } = request;
    if (lost !== undefined) this.kernel.after(ZERO, Phase.agent, lost.kind, lost.a);
  }

  private failureOf(request: ApiRequest): ReturnType<RequestFailures['strike']> {
    if (this.requestFailures.isEmpty) return undefined;
    const exists = this.store.get(request.kind, request.key) !== undefined;
    return this.requestFailures.strike(request, exists);
  }

  /** A client that has something newer to say of an object drops what it was told to repeat. */
  private supersede({ actor, kind, key, verb, lost, retries = 0 }: ApiRequest): void {
    if (lost === undefined || retries > 0 || this.putOff.size === 0) return;
    for (const id of this.putOff) {
      const older = this.pending.get(id)!;
      const isSame = older.actor === actor && older.kind === kind && older.key === key;
      if (!isSame || older.verb !== verb) continue;
      this.putOff.delete(id);
      this.pending.delete(id);
    }
  }

  private sendAgain(id: number): void {
    const request = this.pending.get(id);
    if (request === undefined) return;
    this.putOff.delete(id);
    this.pending.delete(id);
    this.submit({ ...request, retries: (request.retries ?? 0) + 1 });
  }

  private answer({ answer, actor }: ApiRequest, result: ApiResult): void {
    if (answer === undefined) return;
    this.kernel.after(this.lags.of(actor, 'back'), Phase.control, answer.kind, answer.a, result);
  }

  private publish(request: ApiRequest, version: Version): void {
    for (const tell of this.commitListeners) tell(version, request.kind);
    this.staleness.committed(request.kind, version);
    this.watches.publish(request, version);
  }
}
