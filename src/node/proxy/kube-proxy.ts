// kube-proxy on one node: watches Services and EndpointSlices, and brings the rules of its node
// up to what it has seen. It costs nothing while nothing changes.
// source: pkg/proxy/iptables/proxier.go OnServiceUpdate, OnEndpointSliceUpdate, syncProxyRules

import type { Change, Informer } from '../../apiserver/informer';
import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { Loop, tickAfter } from '../../timing';
import type { Effect, TimerName } from '../../timing';
import type { KubeVersion } from '../../values/kube-version';
import { later, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { serviceHealthOf } from './health-check';
import type { ServiceHealth } from './health-check';
import type { ProxyInput, ServicePortName } from './proxy-mode';
import { withVersion } from './proxy-options';
import type { KubeProxyOptions } from './proxy-options';
import { ProxyWatch } from './proxy-watch';
import { relevanceOf } from './relevant-change';
import { leavesOut, RestoreFaults } from './restore-faults';
import { endpointsInKernel, RuleWriter } from './rule-writer';
import type { Sync } from './rule-writer';
import { SyncRunner } from './sync-runner';

/** How many syncPeriods a change may wait. source: cmd/kube-proxy/app/server.go newProxyServer */
const HEALTHY_PERIODS = 2;

type Step = 'sync' | 'build' | 'restore' | 'apply' | 'give up' | 'look';

export class KubeProxy {
  /** `kube-proxy@worker-1`, as the journal names it. */
  readonly actor: string;
  private options: KubeProxyOptions;
  private readonly services: Informer;
  private readonly slices: Informer;
  private readonly event: EventKind;
  /** Of this process; undefined until it is to sync for a change. */
  private runs: SyncRunner | undefined;
  private running = false;
  /** Grows when the process ends; what was under way before is dropped. */
  private life = 0;
  private syncing: Sync | undefined;
  /** When the next sync starts, where one is asked for. */
  private dueAt: Instant | undefined;
  /** Whether a destination was lost since the last sync started. */
  private pendingEffect: Effect = 'gain';
  /** The journal entries of the changes that wait for a sync, the first one first. */
  private pendingCauses: number[] | undefined;
  /** When the oldest change was seen that is not in the rules yet. */
  private queuedAt: Instant | undefined;
  /** What the rules in the kernel were made from, as far as this process knows. */
  private applied: ProxyInput | undefined;
  /** What the last sync was made from: what changed before it is never looked at again. */
  private read: ProxyInput | undefined;
  /** A process without memory of what it wrote, or whose last sync failed, writes everything. */
  private needsFullSync = true;
  /** Whether the watch of the canary waits for the end of a sync, to start its own. */
  private isForced = false;
  private readonly faults = new RestoreFaults();
  /** Of this process; undefined until it writes. */
  private writes: RuleWriter | undefined;
  /** When this process looks for its canary. */
  private looks: Loop | undefined;

  constructor(options: KubeProxyOptions) {
    this.options = options;
    this.actor = `kube-proxy@${options.machine.name}`;
    this.services = this.watch('Service');
    this.slices = this.watch('EndpointSlice');
    const act = (step: EventArgument, life: EventArgument): void => {
      if (life === this.life && this.options.machine.powered) this.take(step as Step);
    };
    this.event = options.kernel.declare(this.actor, act, { owner: this.actor });
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Whether no change has waited too long for its sync. */
  get isHealthy(): boolean {
    const { kernel, timing } = this.options;
    const timeout = timing.delay('kube-proxy.syncPeriod').least * HEALTHY_PERIODS;
    return this.running && (this.queuedAt === undefined || kernel.now - this.queuedAt < timeout);
  }

  /** The Services whose health check ports this process serves, by port. */
  serviceHealth(): ReadonlyMap<number, ServiceHealth> {
    if (!this.running || this.applied === undefined) return new Map();
    return serviceHealthOf(this.applied, this.options.machine.name);
  }

  /** The process starts with empty memory: it lists everything and writes all rules. */
  start(): void {
    this.forget();
    const { revision } = this.services;
    const done = revision > 0 ? 'listed' : 'waits for';
    const detail = `revision ${revision}`;
    this.options.kernel.note(this.actor, done, 'Services and EndpointSlices', detail);
    this.runner.request();
    this.schedule();
  }

  /** The process ends. The rules stay in the kernel as they are. */
  stop(): void {
    this.life++;
    this.running = false;
    this.syncing = undefined;
    this.dueAt = undefined;
    this.services.hold();
    this.slices.hold();
  }

  /**
   * Lists everything and applies it at this instant, as a process that has long been idle would
   * have: for a cluster that starts settled.
   */
  syncNow(): void {
    this.forget();
    const { inputs, mode, node, onApplied } = this.options;
    const input = inputs.laterSeenBy(this.services, this.slices);
    if (input !== undefined && this.writer.writeLater(input)) {
      this.read = this.applied = input;
      this.needsFullSync = false;
      return onApplied(this.options.machine.name);
    }
    const sync = this.newSync(false);
    sync.ruleset = mode.compile(sync.input, node);
    this.put(sync);
  }

  /** From now on the tool that loads the rules fails, until every token is given back. */
  failRestores(token: string): void {
    this.faults.fail(token);
  }

  mendRestores(token: string): void {
    this.faults.mend(token);
  }

  /** Somebody else holds the lock of iptables, until every token is given back. */
  holdLock(token: string): void {
    this.faults.hold(token);
  }

  releaseLock(token: string): void {
    const waits = this.syncing?.lockedUntil !== undefined;
    if (this.faults.release(token) && waits && this.options.machine.powered) this.load();
  }

  /** A stranger deletes all chains, the canary too: a firewall reloads, `nft delete table`. */
  flushRules(): void {
    const { kernel, machine, mode, node, onApplied, timing } = this.options;
    if (!machine.proxyRules.delete(node.family)) return;
    this.faults.isFlushed = true;
    kernel.note(this.actor, 'lost', 'rules', 'flushed by a stranger');
    if (this.running && mode.upkeep?.watchesCanary === true) {
      this.looks ??= new Loop(timing, 'kube-proxy.canary', this.actor);
      const at = tickAfter(this.looks.ticks, kernel.now);
      kernel.schedule(at, Phase.agent, this.event, 'look', this.life, 'kube-proxy.canary');
    }
    onApplied(machine.name);
  }

  /**
   * Endpoints (`ip:port`) to which the rules in the kernel send connections of a Service port,
   * whether or not kube-proxy is alive.
   */
  programmedEndpoints(id: ServicePortName): readonly string[] {
    return endpointsInKernel(this.options, id);
  }

  private forget(): void {
    this.stop();
    this.options = withVersion(this.options, this.actor);
    this.running = true;
    this.runs = undefined;
    this.pendingEffect = 'gain';
    this.pendingCauses = undefined;
    this.queuedAt = undefined;
    this.applied = undefined;
    this.read = undefined;
    this.needsFullSync = true;
    this.isForced = false;
    this.looks = undefined;
    this.writes = undefined;
    this.services.jump();
    this.slices.jump();
  }

  private watch(kind: string): Informer {
    const informer = this.options.api.informer(new ProxyWatch(kind, this.actor, this));
    informer.hold();
    return informer;
  }

  /** One of its watches has told of something. */
  observe(kind: string, change: Change): void {
    const { kernel, machine, node } = this.options;
    if (!this.running || !machine.powered) return;
    const effect = relevanceOf(kind, change, node.family);
    if (effect === undefined) return;
    const cause = kernel.note(this.actor, 'observed', `${kind}/${change.key}`);
    // Most syncs are for one change: a list of one takes less room than one that has grown.
    if (this.pendingCauses === undefined) this.pendingCauses = [cause];
    else this.pendingCauses.push(cause);
    this.queuedAt ??= kernel.now;
    if (effect === 'loss') this.pendingEffect = 'loss';
    this.runner.request();
    this.schedule();
  }

  /** Puts the start of the next sync where the runner allows it. */
  private schedule(waitsFor: TimerName = 'kube-proxy.minSyncPeriod'): void {
    // source: pkg/proxy/iptables/proxier.go isInitialized: both lists must have come first
    if (!this.services.isListed || !this.slices.isListed) return;
    const { kernel } = this.options;
    this.runner.minInterval = this.minSyncPeriod();
    const at = this.runner.nextStart(kernel.now);
    if (at === undefined || at === this.dueAt) return;
    this.dueAt = at;
    const timer = at > kernel.now ? waitsFor : '';
    kernel.schedule(at, Phase.agent, this.event, 'sync', this.life, timer);
  }

  private take(step: Step): void {
    switch (step) {
      case 'sync':
        return this.begin();
      case 'build':
        return this.build();
      case 'restore':
        return this.restore();
      case 'apply':
        return this.apply();
      case 'give up':
        return this.giveUp();
      case 'look':
        return this.look();
    }
  }

  /** What is seen now goes into the rules; what comes during the sync waits for the next one. */
  private begin(): void {
    const { now } = this.options.kernel;
    if (this.dueAt === undefined || this.dueAt > now) return;
    this.dueAt = undefined;
    if (this.syncing !== undefined) return;
    this.runner.begin(now);
    this.syncing = this.newSync(false);
    this.later('build', 'kube-proxy.build');
  }

  /** The canary is gone: everything is written anew, whatever the runner allows. */
  private look(): void {
    this.options.kernel.note(this.actor, 'missed', 'canary');
    this.isForced = true;
    if (this.syncing === undefined) this.force();
  }

  private force(): void {
    this.needsFullSync = true;
    this.syncing = this.newSync(true);
    this.isForced = false;
    this.later('build', 'kube-proxy.build');
  }

  /** Takes up what has been seen: it is no change any more for a later sync. */
  private newSync(isForced: boolean): Sync {
    const sync: Sync = {
      start: this.options.kernel.now,
      input: this.options.inputs.seenBy(this.services, this.slices),
      before: this.read,
      effect: this.pendingEffect,
      causes: this.pendingCauses ?? [],
      extent: this.needsFullSync ? 'full' : 'partial',
      isForced,
      lockedUntil: undefined,
      ruleset: undefined,
    };
    this.read = sync.input;
    this.pendingEffect = 'gain';
    this.pendingCauses = undefined;
    return sync;
  }

  private build(): void {
    const { kernel, mode, node, timing } = this.options;
    const { causes, input } = this.syncing!;
    this.syncing!.ruleset = mode.compile(input, node);
    kernel.note(this.actor, 'built', 'rules', `${input.servicePorts.size} Service ports`, causes);
    if (mode.upkeep?.takesLock !== true || !this.faults.isLocked) return this.load();
    const wait = timing.delay('kube-proxy.lockWait').least;
    this.syncing!.lockedUntil = later(kernel.now, wait);
    kernel.note(this.actor, 'waiting', 'lock', 'another tool of iptables holds it');
    kernel.after(wait, Phase.agent, this.event, 'give up', this.life, 'kube-proxy.lockWait');
  }

  /** The tool has waited for the lock as long as it was told to. */
  private giveUp(): void {
    const until = this.syncing?.lockedUntil;
    if (until !== undefined && until <= this.options.kernel.now) this.fail('the lock is held');
  }

  private load(): void {
    const { mode, timing } = this.options;
    const { extent, input } = this.syncing!;
    this.syncing!.lockedUntil = undefined;
    const cost = timing.programming(mode.name, extent, input.servicePorts.size, this.actor);
    this.later('restore', 'kube-proxy.restore', cost);
  }

  private restore(): void {
    const { extent, input, before } = this.syncing!;
    if (this.faults.areFailing) return this.fail('the tool ends with an error');
    const { kernel, mode } = this.options;
    if (this.faults.isFlushed && extent === 'partial') {
      const needsTable = mode.upkeep?.hasOwnTable === true;
      if (needsTable || leavesOut(input, before!)) return this.fail('chains are missing');
    }
    kernel.note(this.actor, 'restored', 'rules', mode.name);
    this.later('apply', 'kube-proxy.effect');
  }

  /** Rules first, then stale connections, then the next sync may be thought of. */
  private apply(): void {
    this.options.kernel.note(this.actor, 'applied', 'rules');
    this.put(this.syncing!);
    this.end(this.syncing!);
  }

  /**
   * The rules stay as they were, and so do stale connections; the next sync writes everything.
   * source: pkg/proxy/iptables/proxier.go syncProxyRules (success := false)
   */
  private fail(reason: string): void {
    const sync = this.syncing!;
    this.options.kernel.note(this.actor, 'failed', 'sync', reason);
    this.needsFullSync = true;
    this.writer.failed();
    if (sync.effect === 'loss') this.pendingEffect = 'loss';
    this.end(sync, this.options.timing.delay('kube-proxy.syncPeriod').least);
  }

  private end({ isForced }: Sync, retryIn?: Duration): void {
    const { kernel } = this.options;
    this.syncing = undefined;
    if (isForced) this.runner.besides(kernel.now, retryIn);
    else this.runner.end(kernel.now, retryIn);
    // The next sync happens for what was seen during this one, not because this one ended.
    const cause = this.pendingCauses?.[0];
    if (cause !== undefined) kernel.because(cause, 'kube-proxy.restore');
    if (this.isForced) this.force();
    else this.schedule(retryIn === undefined ? undefined : 'kube-proxy.syncPeriod');
  }

  /** Goes to the next step after its delay, or at once where it takes no time. */
  private later(step: Step, timer: TimerName, extra = ZERO): void {
    const { kernel, timing } = this.options;
    const base = timing.draw(timer, this.actor, this.syncing!.effect);
    const delay = (base + extra) as Duration;
    if (delay === ZERO) this.take(step);
    else kernel.after(delay, Phase.agent, this.event, step, this.life, timer);
  }

  private put(sync: Sync): void {
    this.applied = sync.input;
    this.needsFullSync = false;
    // What came during the sync is forgotten here until another change comes after it.
    // source: pkg/proxy/healthcheck/proxy_health.go Updated
    this.queuedAt = undefined;
    if (this.writer.write(sync)) this.options.onApplied(this.options.machine.name);
  }

  private get runner(): SyncRunner {
    return (this.runs ??= this.newRunner());
  }

  private get writer(): RuleWriter {
    return (this.writes ??= new RuleWriter(this.options, this.actor, this.faults));
  }

  /** Whoever puts a run somewhere says what the interval is then. */
  private newRunner(): SyncRunner {
    return new SyncRunner(this.options.node.kubernetes as KubeVersion, ZERO);
  }

  private minSyncPeriod(): Duration {
    const { minSyncPeriod, mode, timing } = this.options;
    const timer = mode.minSyncPeriod ?? 'kube-proxy.minSyncPeriod';
    return timing.clocks.span(this.actor, minSyncPeriod ?? timing.delay(timer).least);
  }
}
