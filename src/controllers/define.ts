// What a controller is, and what runs it: informers fill a queue, a pass looks at one key and
// asks for writes, and the key is free again when the API server has answered them all.
// source: staging/src/k8s.io/client-go/util/workqueue; pkg/controller (the worker loop of each)

import type { ApiResult, ApiServer } from '../apiserver/api-server';
import type { Change, Informer } from '../apiserver/informer';
import type { Version } from '../apiserver/store';
import { WorkQueue } from '../apiserver/work-queue';
import type { BackOff } from '../apiserver/work-queue';
import type { Pod, PodStatus } from '../apiserver/kinds/pod';
import type { EventKind } from '../kernel/event-queue';
import type { Handler, Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { TimerName, Timing } from '../timing';
import type { ClusterSpec } from '../values/cluster-spec';
import { copyWith } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { ZERO } from '../values/time';
import type { Instant } from '../values/time';
import type { Heartbeats } from './nodes/heartbeats';
import { ControllerPlace } from './controller-place';
import { InformersView } from './informers-view';
import { OwnNews } from './own-news';
import { NO_RESULTS, Pass } from './pass';
import type { Stored, Write } from './pass';
import { RequestLimiter } from './request-limiter';
import type { RequestRate } from './request-limiter';
import { WatchedKind } from './watched-kind';
import type { KeysOf, KeysOfRun } from './watched-kind';

/** What controllers are made of. */
export interface ControllerContext {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly spec: ClusterSpec;
  readonly heartbeats: Heartbeats;
}

/** What one controller sees of the API: its own informers, which may lag. */
export interface View {
  get(kind: string, key: ObjectKey): KubeObject | undefined;
  /** Those of these that are there. */
  getAll(kind: string, keys: Iterable<ObjectKey>): KubeObject[];
  /** The versions of those of these that are there: see Version for what is made late. */
  versions(kind: string, keys: Iterable<ObjectKey>): Version[];
  list(kind: string): IterableIterator<KubeObject>;
  listVersions(kind: string): Iterable<Version>;
  /** Those of one scope alone: the pods of a node, in the order in which they were bound. */
  listIn(kind: string, scope: string): IterableIterator<KubeObject>;
}

/** What a controller's memory and judgement are given. */
export interface Workplace extends Omit<ControllerContext, 'api'> {
  readonly view: View;
  readonly queue: WorkQueue;
  /** As the journal names it: `controller-manager/endpointslice`. */
  readonly actor: string;
}

/** What the wall clock of the controller's host shows, for comparing with what others wrote. */
export function wallClockOf({ timing, kernel, actor }: Workplace): Instant {
  return timing.clocks.reading(actor, kernel.now);
}

/** What binding a pod makes of it. */
export interface Placement {
  readonly nodeName: string;
  /** The number of the node among those that its scheduler knows. */
  readonly number: number;
  readonly status: PodStatus;
}

export interface ControllerLogic {
  /** By watched kind: which keys a change concerns. Indexes are kept up to date here as well. */
  readonly watches: Readonly<Record<string, KeysOf>>;
  /**
   * By watched kind: the same for pods that have come one after the other in one series, where they
   * concern the same keys. Asked only before the start; elsewhere each is a change of its own.
   */
  readonly comings?: Readonly<Record<string, KeysOfRun>>;
  /** By watched kind: the timer for which its changes are gathered. Default: not at all. */
  readonly gathers?: Readonly<Record<string, TimerName>>;
  /**
   * Whether none of several changes of a watched kind concerns it, as can be seen at once. One of
   * them may stand for pods of one series: see PodRun.
   */
  passesOver?(kind: string, changes: readonly Change[]): boolean;
  /** Looks at one key as of now and says what to write. */
  reconcile(key: ObjectKey, pass: Pass): void;
  /** The answer to a write of a pass. `stored` tells what stands under its key now. */
  answered?(write: Write, result: ApiResult, stored: Stored): void;
  /**
   * Of a scheduler: where the pod would go now, and does go. `pod`: it, or one like it. Nobody has
   * ever had the key of one that comes without: it is told by `named` right after that, or it is
   * one of a series, and told of in a run.
   */
  placed?(pod: Pod, key: ObjectKey | undefined): Placement | undefined;
  named?(key: ObjectKey, nodeName: string): void;
  /** The process has died: memory is lost. */
  reset?(): void;
}

export interface ControllerDefinition {
  readonly name: string;
  /** The kind of the objects whose keys it works on. */
  readonly kind: string;
  /** The process that runs it. Default: the controller manager. */
  readonly process?: 'controller-manager' | 'scheduler' | 'cloud-controller-manager' | 'metallb';
  /**
   * The timer of one pass, or `none` for a controller that looks at fixed instants. Default:
   * `controller-manager.reconcile`.
   */
  readonly latency?: TimerName | 'none';
  /** The timer of the first retry. Default: `controller-manager.retry`. */
  readonly retry?: TimerName;
  /** The timer of any retry at the most. Default: `controller-manager.retryMax`. */
  readonly retryMax?: TimerName;
  /** It sums up what others bring: where nothing takes any time, it waits until all is there. */
  readonly gathersDependents?: true;
  /** How often a failing key is tried again. Default: without end. */
  readonly attempts?: number;
  /** How fast its client is, where it is not like the others. */
  readonly requests?: RequestRate;
  create(workplace: Workplace): ControllerLogic;
}

/** Names a definition; the literal is the controller's whole description. */
export function defineController(definition: ControllerDefinition): ControllerDefinition {
  return definition;
}

const INTERVAL: TimerName = 'controller-manager.requestInterval';
/** Names a write in one number: that of its pass times this, and its own. */
const WRITES_PER_PASS = 2 ** 20;

/** A definition at work. */
export class Controller {
  readonly name: string;
  /** As the journal and the faults name it: `controller-manager/endpointslice`, `scheduler`. */
  readonly actor: string;
  private readonly context: ControllerContext;
  private readonly definition: ControllerDefinition;
  private readonly logic: ControllerLogic;
  private readonly queue: WorkQueue;
  private readonly informers: ReadonlyMap<string, Informer>;
  private readonly interval: TimerName;
  private readonly limiter: RequestLimiter;
  private readonly writeEvent: EventKind;
  private readonly submitEvent: EventKind;
  private readonly answerEvent: EventKind;
  private readonly answersEvent: EventKind;
  private readonly passes = new Map<number, Pass>();
  private readonly ownNews = new OwnNews();
  /** Keys that wait for the first list of every informer. */
  private unsynced: Set<ObjectKey> | undefined;
  private nextPass = 0;
  /** Whether it is known to be synced, which it stays while it runs. */
  private hasSynced = false;

  constructor(definition: ControllerDefinition, context: ControllerContext) {
    const { kernel, api, timing } = context;
    this.definition = definition;
    this.context = context;
    this.name = definition.name;
    const process = definition.process ?? 'controller-manager';
    this.actor = process === definition.name ? process : `${process}/${definition.name}`;
    const backOff: BackOff = {
      first: timing.delay(definition.retry ?? 'controller-manager.retry').least,
      most: timing.delay(definition.retryMax ?? 'controller-manager.retryMax').least,
      attempts: definition.attempts ?? Number.POSITIVE_INFINITY,
    };
    this.queue = new WorkQueue(kernel, {
      name: this.actor,
      backOff,
      work: (key) => this.begin(key),
    });
    const declare = (name: string, handler: Handler): EventKind =>
      kernel.declare(`${this.actor}.${name}`, handler, { owner: this.actor });
    this.writeEvent = declare('write', (id) => this.write(Number(id)));
    this.submitEvent = declare('submit', (token) => this.submit(Number(token)));
    this.answerEvent = declare('answer', (id, result) => {
      this.answered(Number(id), result as ApiResult);
    });
    this.answersEvent = declare('answers', (id) => this.answeredAtOnce(Number(id)));
    this.interval = definition.requests?.timer ?? INTERVAL;
    this.limiter = new RequestLimiter(timing.delay(this.interval).least, definition.requests);
    const informers = new Map<string, Informer>();
    const view = new InformersView(informers);
    const { actor, queue } = this;
    const { spec, heartbeats } = context;
    const place = new ControllerPlace({ kernel, timing, spec, heartbeats, view, queue, actor });
    this.logic = definition.create(place);
    for (const kind of Object.keys(this.logic.watches)) {
      const own = kind === definition.kind ? this.ownNews : undefined;
      informers.set(kind, api.informer(new WatchedKind(kind, definition, this.logic, place, own)));
    }
    this.informers = informers;
    api.onView((actor, isCurrent) => {
      if (actor === this.actor && isCurrent) this.synced();
    });
  }

  /** Whether every informer has listed since the process started. */
  get isSynced(): boolean {
    for (const informer of this.informers.values()) if (!informer.isListed) return false;
    return true;
  }

  /** The node of a pod, where this controller gives it one at once. */
  placed(pod: Pod, key: ObjectKey | undefined): Placement | undefined {
    return this.logic.placed?.(pod, key);
  }

  /** The key of the pod that it was asked for last, and where that went. */
  named(key: ObjectKey, nodeName: string): void {
    this.logic.named?.(key, nodeName);
  }

  /** Cuts it off from changes; what it knows and has begun goes on. */
  hold(): void {
    for (const informer of this.informers.values()) informer.hold();
  }

  /** Ends a `hold`: it learns at once what changed meanwhile. */
  resume(): void {
    for (const informer of this.informers.values()) informer.relist();
  }

  /** The process dies: its memory is lost and nothing of it happens any more. */
  stop(): void {
    this.hold();
    this.queue.reset();
    this.passes.clear();
    this.ownNews.clear();
    this.unsynced = undefined;
    this.hasSynced = false;
    this.logic.reset?.();
    for (const informer of this.informers.values()) informer.reset();
  }

  /** The process starts with empty memory and lists everything. */
  start(): void {
    this.resume();
  }

  /** The last informer has listed: what was put off begins. */
  private synced(): void {
    const keys = this.unsynced;
    if (keys === undefined) return;
    this.unsynced = undefined;
    for (const key of keys) this.queue.add(key);
  }

  /** A pass reads the world as it is when it begins, and writes when it has thought. */
  private begin(key: ObjectKey): void {
    const { kernel, timing } = this.context;
    // source: client-go/tools/cache WaitForCacheSync, before the workers of any controller start
    this.hasSynced ||= this.isSynced;
    if (!this.hasSynced) {
      (this.unsynced ??= new Set()).add(key);
      this.queue.done(key);
      return;
    }
    const pass = new Pass(this.definition.kind, key, this.actor);
    this.logic.reconcile(key, pass);
    if (pass.isIdle) {
      this.end(pass);
      return;
    }
    const id = this.nextPass++;
    this.passes.set(id, pass);
    const timer = this.definition.latency ?? 'controller-manager.reconcile';
    const delay = timer === 'none' ? ZERO : timing.draw(timer, this.actor, pass.effect);
    // Without a delay of its own a pass is there because of what it waited for before.
    const waited = timer === 'none' ? kernel.timer : timer;
    kernel.after(delay, Phase.control, this.writeEvent, id, 0, waited);
  }

  private write(id: number): void {
    const pass = this.passes.get(id);
    if (pass === undefined) return;
    const { kernel } = this.context;
    if (pass.isFirstStage && kernel.leftOut() === undefined) {
      kernel.note(this.actor, 'reconciled', pass.subject, pass.summary);
    }
    const first = pass.nextStage();
    if (this.isAtOnce(pass)) {
      this.writeAtOnce(id, pass, first);
      return;
    }
    for (let number = first; number < pass.stageEnd; number++) {
      const token = id * WRITES_PER_PASS + number;
      const delay = this.limiter.reserve(kernel.now);
      if (delay === ZERO) this.submit(token);
      else kernel.after(delay, Phase.control, this.submitEvent, token, 0, this.interval);
    }
  }

  /** While a cluster settles a controller does not wait for its requests, nor for its tokens. */
  private isAtOnce({ effect }: Pass): boolean {
    return this.limiter.isFree && this.context.api.isAtOnce(effect);
  }

  /** All of a stage, and one event for all of its answers. */
  private writeAtOnce(id: number, pass: Pass, first: number): void {
    const { api, kernel } = this.context;
    const { stageEnd, concluded } = pass;
    let results: ApiResult[] | undefined;
    const isCurrent = concluded !== undefined && concluded === this.storedOf(pass);
    for (let at = first; at < stageEnd;) {
      const write = pass.writeAt(at);
      // What asks for several of a kind does so in the same words.
      const from = at++;
      while (at < stageEnd && pass.writeAt(at) === write) at++;
      // No delay depends on the effect of what takes no time.
      const isCreate = write.verb === 'create';
      const added = isCreate ? api.commitAlike(write, at - from) : [api.commitNow(write)];
      // Most stages ask for one thing alone.
      if (results === undefined) results = added;
      else results.push(...added);
    }
    // Who has written what stands, upon what he has seen, knows all that he will be told of it.
    if (isCurrent) this.ownNews.expect(pass.key, this.storedOf(pass));
    pass.results = results ?? NO_RESULTS;
    kernel.after(ZERO, Phase.control, this.answersEvent, id);
  }

  private storedOf({ kind, key }: Pass): KubeObject | undefined {
    return this.context.api.store.get(kind, key);
  }

  private answeredAtOnce(id: number): void {
    const pass = this.passes.get(id);
    if (pass === undefined) return;
    const { results, stageEnd } = pass;
    pass.results = NO_RESULTS;
    const first = stageEnd - results.length;
    for (let index = 0; index < results.length; index++) {
      this.judge(pass, first + index, results[index]!);
    }
    this.goOn(id, pass);
  }

  private submit(token: number): void {
    const pass = this.passes.get(Math.floor(token / WRITES_PER_PASS));
    if (pass === undefined) return;
    const write = pass.writeAt(token % WRITES_PER_PASS);
    const { effect } = pass;
    const answer = { kind: this.answerEvent, a: token };
    const more = effect === undefined ? { answer } : { effect, answer };
    this.context.api.submit(copyWith(write, more));
  }

  private answered(token: number, result: ApiResult): void {
    const id = Math.floor(token / WRITES_PER_PASS);
    const pass = this.passes.get(id);
    if (pass === undefined) return;
    this.judge(pass, token % WRITES_PER_PASS, result);
    if (pass.answered() === 0) this.goOn(id, pass);
  }

  private judge(pass: Pass, number: number, result: ApiResult): void {
    const write = pass.writeAt(number);
    this.logic.answered?.(write, result, this.context.api.store);
    if (!isSuccess(write, result)) pass.fail(`${write.verb} ${write.kind}/${write.key}: ${result}`);
  }

  /** The stage has its answers: the next one goes out, or the pass is over. */
  private goOn(id: number, pass: Pass): void {
    if (pass.hasMore && pass.failure === undefined) {
      this.write(id);
      return;
    }
    this.passes.delete(id);
    for (const skipped of pass.skipped())
      this.logic.answered?.(skipped, 'conflict', this.context.api.store);
    this.end(pass);
  }

  private end(pass: Pass): void {
    const { key, subject, failure, requeue } = pass;
    const { kernel } = this.context;
    if (failure !== undefined) {
      kernel.note(this.actor, 'failed', subject, failure);
      const timer = this.definition.retry ?? 'controller-manager.retry';
      if (!this.queue.retry(key, timer)) kernel.note(this.actor, 'gave up', subject, failure);
    } else {
      this.queue.forget(key);
      if (requeue !== undefined) this.queue.addAfter(key, requeue.delay, requeue.timer);
    }
    this.queue.done(key);
  }
}

/** What is gone already is as deleted as can be, and what is there under its own name, created. */
function isSuccess({ verb }: Write, result: ApiResult): boolean {
  if (result === 'ok') return true;
  return result === (verb === 'delete' ? 'not-found' : verb === 'create' ? 'already-exists' : 'ok');
}
