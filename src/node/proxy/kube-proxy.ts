// kube-proxy on one node: watches Services and EndpointSlices, and brings the rules of its node
// up to what it has seen. It costs nothing while nothing changes.
// source: pkg/proxy/iptables/proxier.go OnServiceUpdate, OnEndpointSliceUpdate, syncProxyRules

import type { ApiServer } from '../../apiserver/api-server';
import type { Change, Informer } from '../../apiserver/informer';
import type { EventArgument, EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import type { Effect, Timing, TimerName } from '../../timing';
import type { Family } from '../../values/ip';
import { seconds, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import type { Conntrack } from '../netfilter/conntrack';
import type { Ruleset } from '../netfilter/ruleset';
import { staleEntries } from './conntrack-cleanup';
import { serviceHealthOf } from './health-check';
import type { ServiceHealth } from './health-check';
import type { ProxyInputs } from './proxy-inputs';
import type { ProxyInput, ProxyMode, ProxyNode, Replacement } from './proxy-mode';
import type { ServicePortName } from './proxy-mode';
import { relevanceOf } from './relevant-change';
import { SyncRunner } from './sync-runner';

/** What kube-proxy needs of its machine. */
export interface ProxyMachine {
  readonly name: string;
  readonly powered: boolean;
  readonly proxyRules: Map<Family, Ruleset>;
  readonly conntrack: Conntrack;
}

export interface KubeProxyOptions {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly machine: ProxyMachine;
  readonly mode: ProxyMode;
  /** Shared by all proxies of the cluster and family. */
  readonly inputs: ProxyInputs;
  readonly node: ProxyNode;
  /** `minSyncPeriod` of the configuration, in place of the timer's default. */
  readonly minSyncPeriod?: Duration;
  /** Called whenever the rules in the kernel have changed. */
  readonly onApplied: () => void;
}

/** A sync under way: what it is made from was seen when it started. */
interface Sync {
  readonly start: Instant;
  readonly input: ProxyInput;
  readonly effect: Effect;
  /** Since the rules are built. */
  ruleset: Ruleset | undefined;
}

/** Twice the syncPeriod of 30 s. source: pkg/proxy/healthcheck/proxy_health.go (healthTimeout) */
const HEALTH_TIMEOUT = seconds(60);

type Step = 'sync' | 'build' | 'restore' | 'apply';

export class KubeProxy {
  /** `kube-proxy@worker-1`, as the journal names it. */
  readonly actor: string;
  private readonly options: KubeProxyOptions;
  private readonly services: Informer;
  private readonly slices: Informer;
  private readonly event: EventKind;
  private runner: SyncRunner;
  private running = false;
  /** Grows when the process ends; what was under way before is dropped. */
  private life = 0;
  private syncing: Sync | undefined;
  /** When the next sync starts, where one is asked for. */
  private dueAt: Instant | undefined;
  /** Whether a destination was lost since the last sync started. */
  private pendingEffect: Effect = 'gain';
  /** The journal entry of the first change that waits for a sync, -1 for none. */
  private pendingCause = -1;
  /** When the oldest change was seen that is not in the rules yet. */
  private queuedAt: Instant | undefined;
  /** What the rules in the kernel were made from, as far as this process knows. */
  private applied: ProxyInput | undefined;
  /** What this process remembers of rules that it has replaced. */
  private replacement: Replacement | undefined;

  constructor(options: KubeProxyOptions) {
    const { kernel, machine } = options;
    this.options = options;
    this.actor = `kube-proxy@${machine.name}`;
    this.runner = this.newRunner();
    this.services = this.watch('Service');
    this.slices = this.watch('EndpointSlice');
    const act = (step: EventArgument, life: EventArgument): void => {
      if (life === this.life && this.options.machine.powered) this.take(step as Step);
    };
    this.event = kernel.declare(this.actor, act, { owner: this.actor });
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Whether no change has waited too long for its sync. */
  get isHealthy(): boolean {
    const { now } = this.options.kernel;
    return this.running && (this.queuedAt === undefined || now - this.queuedAt < HEALTH_TIMEOUT);
  }

  /** The Services whose health check ports this process serves, by port. */
  serviceHealth(): ReadonlyMap<number, ServiceHealth> {
    if (!this.running || this.applied === undefined) return new Map();
    return serviceHealthOf(this.applied, this.options.machine.name);
  }

  /** The process starts with empty memory: it lists everything and writes all rules. */
  start(): void {
    this.read();
    const { kernel } = this.options;
    const { revision } = this.services;
    kernel.note(this.actor, 'listed', 'Services and EndpointSlices', `revision ${revision}`);
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
    this.read();
    const { mode, node } = this.options;
    const input = this.seen();
    this.put(input, mode.compile(input, node), this.options.kernel.now);
  }

  /**
   * Endpoints (`ip:port`) to which the rules in the kernel send connections of a Service port,
   * whether or not kube-proxy is alive.
   */
  programmedEndpoints(id: ServicePortName): readonly string[] {
    const { machine, mode, node } = this.options;
    const ruleset = machine.proxyRules.get(node.family);
    return ruleset === undefined ? [] : mode.endpointsOf(ruleset, id);
  }

  private read(): void {
    this.stop();
    this.running = true;
    this.runner = this.newRunner();
    this.pendingEffect = 'gain';
    this.pendingCause = -1;
    this.queuedAt = undefined;
    this.applied = undefined;
    this.replacement = this.options.mode.replacement?.();
    this.services.jump();
    this.slices.jump();
  }

  private watch(kind: string): Informer {
    const onChange = (change: Change) => this.observe(kind, change);
    const informer = this.options.api.informer({ kind, owner: this.actor, onChange });
    informer.hold();
    return informer;
  }

  private observe(kind: string, change: Change): void {
    const { kernel, machine, node } = this.options;
    if (!this.running || !machine.powered) return;
    const effect = relevanceOf(kind, change, node.family);
    if (effect === undefined) return;
    const cause = kernel.note(this.actor, 'observed', `${kind}/${change.key}`);
    if (this.pendingCause < 0) this.pendingCause = cause;
    this.queuedAt ??= kernel.now;
    if (effect === 'loss') this.pendingEffect = 'loss';
    this.runner.request();
    this.schedule();
  }

  /** Puts the start of the next sync where the runner allows it. */
  private schedule(): void {
    const { kernel } = this.options;
    this.runner.minInterval = this.minSyncPeriod();
    const at = this.runner.nextStart(kernel.now);
    if (at === undefined || at === this.dueAt) return;
    this.dueAt = at;
    const timer = at > kernel.now ? 'kube-proxy.minSyncPeriod' : '';
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
    }
  }

  /** What is seen now goes into the rules; what comes during the sync waits for the next one. */
  private begin(): void {
    const { now } = this.options.kernel;
    if (this.dueAt === undefined || this.dueAt > now || this.syncing !== undefined) return;
    this.dueAt = undefined;
    this.runner.begin(now);
    const effect = this.pendingEffect;
    this.syncing = { start: now, input: this.seen(), effect, ruleset: undefined };
    this.pendingEffect = 'gain';
    this.pendingCause = -1;
    this.later('build', 'kube-proxy.build');
  }

  private build(): void {
    const { kernel, mode, node } = this.options;
    const sync = this.syncing!;
    sync.ruleset = mode.compile(sync.input, node);
    kernel.note(this.actor, 'built', 'rules', `${sync.input.servicePorts.size} Service ports`);
    const { timing } = this.options;
    // Without memory of what it wrote, a process writes everything.
    const extent = this.applied === undefined ? 'full' : 'partial';
    const services = sync.input.servicePorts.size;
    this.later('restore', 'kube-proxy.restore', timing.programming(mode.name, extent, services));
  }

  private restore(): void {
    this.options.kernel.note(this.actor, 'restored', 'rules', this.options.mode.name);
    this.later('apply', 'kube-proxy.effect');
  }

  /** Rules first, then stale connections, then the next sync may be thought of. */
  private apply(): void {
    const { kernel } = this.options;
    const sync = this.syncing!;
    this.syncing = undefined;
    kernel.note(this.actor, 'applied', 'rules');
    this.put(sync.input, sync.ruleset!, sync.start);
    this.runner.end(kernel.now);
    // The next sync happens for what was seen during this one, not because this one ended.
    if (this.pendingCause >= 0) kernel.because(this.pendingCause);
    this.schedule();
  }

  /** Goes to the next step after its delay, or at once where it takes no time. */
  private later(step: Step, timer: TimerName, extra = ZERO): void {
    const { kernel, timing } = this.options;
    const base = timing.draw(timer, this.actor, this.syncing!.effect);
    const delay = (base + extra) as Duration;
    if (delay === ZERO) this.take(step);
    else kernel.after(delay, Phase.agent, this.event, step, this.life, timer);
  }

  private put(input: ProxyInput, ruleset: Ruleset, start: Instant): void {
    const { onApplied } = this.options;
    const before = this.applied;
    this.applied = input;
    // What came during the sync has waited no longer than that.
    this.queuedAt = this.pendingCause < 0 ? undefined : this.options.kernel.now;
    const changed = this.write(ruleset, start);
    const cleaned = this.cleanUp(input, before);
    if (changed || cleaned) onApplied();
  }

  /** Writes the rules into the kernel, with what lingers there of the old ones. */
  private write(ruleset: Ruleset, start: Instant): boolean {
    const { kernel, machine, node } = this.options;
    const standing = machine.proxyRules.get(node.family);
    let written = ruleset;
    if (this.replacement !== undefined && standing !== undefined) {
      const connections = machine.conntrack.list(kernel.now);
      const writing = { start, connections };
      written = this.replacement.written(standing, ruleset, writing);
      const ended = this.replacement.ended?.(standing, ruleset, writing) ?? [];
      for (const entry of ended) machine.conntrack.delete(entry);
    }
    machine.proxyRules.set(node.family, written);
    return standing !== written;
  }

  /** Removes UDP connections to endpoints that are gone. Returns whether there were any. */
  private cleanUp(input: ProxyInput, before: ProxyInput | undefined): boolean {
    const { kernel, machine, node, timing } = this.options;
    if (machine.conntrack.size === 0) return false;
    const { family } = node;
    const sync = { family, kubernetes: timing.kubernetes, input, before };
    const stale = staleEntries(machine.conntrack.list(kernel.now), sync);
    for (const entry of stale) machine.conntrack.delete(entry);
    if (stale.length > 0) {
      kernel.note(this.actor, 'removed', 'conntrack entries', `${stale.length} of UDP`);
    }
    return stale.length > 0;
  }

  private seen(): ProxyInput {
    return this.options.inputs.at(this.services.revision, this.slices.revision);
  }

  private newRunner(): SyncRunner {
    return new SyncRunner(this.options.timing.kubernetes, this.minSyncPeriod());
  }

  private minSyncPeriod(): Duration {
    const { minSyncPeriod, mode, timing } = this.options;
    return minSyncPeriod ?? timing.delay(mode.minSyncPeriod ?? 'kube-proxy.minSyncPeriod').least;
  }
}
