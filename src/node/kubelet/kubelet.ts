// The kubelets of all nodes. Each watches the pods that are bound to its node, runs them, and
// writes what becomes of them; none does anything while nothing happens.

import type { PodStatus } from '../../apiserver/kinds/pod';
import type { Instant } from '../../values/time';
import type { ObjectKey } from '../../values/kube-object';
import { LateMap } from '../../values/late-map';
import { LateSet } from '../../values/late-set';
import { ContainerRuntime } from './container-runtime';
import { EvictionManager } from './eviction-manager';
import type { KubeletGround, KubeletOptions } from './kubelet-ground';
import { emptyState, isAlive } from './kubelet-state';
import type { ContainerRecord, NodeAgent, PodWorker } from './kubelet-state';
import { NodePower } from './node-power';
import { KubeletProcesses } from './kubelet-process';
import { NodeLeases } from './node-lease';
import { NodeStatuses } from './node-status';
import { NodeTicks } from './node-ticks';
import { PodLifecycle } from './pod-lifecycle';
import { PodTermination } from './pod-termination';
import { PodUpdates } from './pod-updates';
import type { PodSandbox } from '../pod-sandbox';
import { NodeFaults } from './node-faults';
import { NodeShutdown } from './node-shutdown';
import type { PodFailure } from './pod-failures';
import { Prober } from './prober';
import { awake, probedAmong, workerOf } from './resting-pods';
import { RuntimeHealth } from './runtime-health';
import { SettledPods } from './settled-pods';
import type { Comer } from './settled-pods';
import { StatusManager } from './status-manager';
import { UnsentWrites } from './unsent-writes';

export class Kubelets {
  private readonly ground: KubeletGround;
  private readonly runtime: ContainerRuntime;
  private readonly prober: Prober;
  private readonly statuses: StatusManager;
  private readonly termination: PodTermination;
  private readonly lifecycle: PodLifecycle;
  private readonly power: NodePower;
  private readonly leases: NodeLeases;
  private readonly nodeStatuses: NodeStatuses;
  private readonly evictions: EvictionManager;
  private readonly shutdowns: NodeShutdown;
  private readonly settled: SettledPods;
  private readonly updates: PodUpdates;
  /** The kubelets as processes, which can die and be stopped. */
  readonly processes: KubeletProcesses;
  readonly runtimeHealth: RuntimeHealth;
  /** What goes wrong on nodes. */
  readonly faults: NodeFaults;
  /** By the numbers that the scheduler has for nodes: it costs less than a look by name. */
  private readonly numbered: NodeAgent[] = [];
  private readonly bootListeners: ((node: string) => void)[] = [];
  private readonly shutdownListeners: ((node: string) => void)[] = [];
  private readonly heartbeatListeners: ((node: string) => void)[] = [];

  /** The kubelets of a cluster, without a node as yet. */
  constructor(options: KubeletOptions) {
    const ground = groundOf(options, (worker) => this.resend(worker));
    this.ground = ground;
    this.runtime = new ContainerRuntime(ground, {
      listening: ({ worker }) => {
        this.prober.refreshPod(worker);
        this.evictions.usageChanged(worker);
      },
      exited: (container) => this.exited(container),
    });
    this.prober = new Prober(ground, {
      readinessChanged: ({ worker }) => this.statuses.sync(worker),
      startupPassed: ({ worker }) => {
        this.statuses.sync(worker);
        this.lifecycle.sync(worker);
      },
      unhealthy: (container, probe) => this.lifecycle.restartUnhealthy(container, probe),
    });
    this.statuses = new StatusManager(ground);
    const onGone = (worker: PodWorker) => this.drop(worker);
    this.termination = new PodTermination(ground, this.runtime, this.statuses, onGone);
    const { runtime, prober, statuses, termination } = this;
    this.lifecycle = new PodLifecycle(ground, { runtime, prober, statuses, termination });
    const { lifecycle } = this;
    this.settled = new SettledPods(ground, lifecycle, statuses);
    this.updates = new PodUpdates(ground, { lifecycle, statuses, termination }, onGone);
    const leases = new NodeLeases(ground, (node) => {
      this.heartbeatListeners.forEach((listener) => listener(node));
      this.nodeStatuses.lookAt(node);
      this.evictions.processChanged(this.agent(node));
    });
    this.leases = leases;
    this.nodeStatuses = new NodeStatuses(ground, leases);
    this.evictions = new EvictionManager(ground, termination, this.nodeStatuses);
    this.shutdowns = new NodeShutdown(ground, {
      termination,
      nodeStatuses: this.nodeStatuses,
      released: (agent) => this.power.shutdown(agent),
    });
    this.power = new NodePower(ground, runtime, leases, onGone, {
      booted: (node) => this.bootListeners.forEach((listener) => listener(node)),
      shutDown: (node) => this.shutdownListeners.forEach((listener) => listener(node)),
    });
    this.runtimeHealth = new RuntimeHealth(ground);
    const { runtimeHealth, nodeStatuses, evictions } = this;
    this.faults = new NodeFaults(ground, { lifecycle, runtimeHealth, nodeStatuses, evictions });
    this.processes = new KubeletProcesses(ground, {
      prober,
      lifecycle,
      termination,
      leases,
      died: (agent) => this.shutdowns.kubeletDied(agent),
      removed: (worker) => this.updates.objectRemoved(worker),
      exited: (container) => this.exited(container),
    });
    options.behaviours.observe((pod) => this.listenAnew(pod));
  }

  /** Starts the kubelet of a node that is up: it lists the pods that are bound to the node. */
  start(node: string): void {
    const { api, kernel, network, timing, state } = this.ground;
    const actor = `kubelet@${node}`;
    const agent: NodeAgent = {
      node,
      actor,
      machine: network.machines.get(node)!,
      informer: api.informer({
        kind: 'Pod',
        owner: actor,
        scope: node,
        onChange: (change) => this.updates.podChanged(agent, change),
      }),
      ticks: new NodeTicks(timing, kernel.random, actor),
      workers: new LateMap(),
      running: true,
      startedAt: kernel.now,
      booting: false,
      epoch: 0,
      stopping: false,
      leaving: undefined,
      lastRenewal: undefined,
      leftovers: new LateSet(),
      images: new LateSet(),
    };
    state.agents.set(node, agent);
    agent.workers.fillFrom(state.arrivals);
    agent.machine.awaitPods(state.arrivals);
    agent.informer.relist();
  }

  /**
   * A pod of a cluster that starts settled is about to be stored, bound to a node: it is there by
   * then. Returns the status to store; undefined where it has yet to come up.
   */
  take(comer: Comer): PodStatus | undefined {
    const agent = this.agentOf(comer);
    return agent && this.settled.take(agent, comer);
  }

  private agentOf({ node, number }: Comer): NodeAgent | undefined {
    const { agents } = this.ground.state;
    if (number === undefined) return agents.get(node);
    const known = this.numbered[number];
    if (known?.node === node) return known;
    const agent = agents.get(node);
    if (agent !== undefined) this.numbered[number] = agent;
    return agent;
  }

  /** Makes the kubelets that `origin` has made, so that their state can be carried over. */
  resemble(origin: Kubelets): void {
    // Whoever copies a map looks into it, and nothing may move while a cluster is copied.
    origin.ground.state.arrivals.enter();
    for (const node of origin.ground.state.agents.keys()) this.start(node);
  }

  /** Calls the listener when a node has booted and its kubelet starts. */
  onBoot(listener: (node: string) => void): void {
    this.bootListeners.push(listener);
  }

  /** Calls the listener when the shutdown of a node has come to its end. */
  onShutdown(listener: (node: string) => void): void {
    this.shutdownListeners.push(listener);
  }

  /** Calls the listener when a node begins or ceases to renew its lease. */
  onChange(listener: (node: string) => void): void {
    this.heartbeatListeners.push(listener);
  }

  /** Every container of the pod exits; sandbox and address stay. A pod that is off stays off. */
  crashPod(pod: ObjectKey, options: { exitCode: number; restart: boolean }): void {
    const worker = workerOf(this.ground.state, pod);
    if (worker === undefined) return;
    worker.restartHeld ||= !options.restart;
    for (const container of worker.containers) this.runtime.crash(container, options.exitCode);
  }

  /** One container of the pod exits. `restart: false` keeps every exited container of it down. */
  crashContainer(
    pod: ObjectKey,
    name: string,
    options: { exitCode: number; restart: boolean },
  ): void {
    const worker = workerOf(this.ground.state, pod);
    const container = worker?.containers.find(({ spec }) => spec.name === name);
    if (worker === undefined || container === undefined) return;
    worker.restartHeld ||= !options.restart;
    this.runtime.crash(container, options.exitCode);
  }

  /** The pod fails in this way too, from now on. */
  failPod(pod: ObjectKey, token: string, failure: PodFailure): void {
    this.ground.state.podFailures.set(pod, token, failure);
    this.failureChanged(pod);
  }

  mendPod(pod: ObjectKey, token: string): void {
    this.ground.state.podFailures.clear(pod, token);
    this.failureChanged(pod);
  }

  /** Lets a pod's exited containers be restarted again. */
  allowRestart(pod: ObjectKey): void {
    const worker = workerOf(this.ground.state, pod);
    if (worker?.restartHeld !== true) return;
    worker.restartHeld = false;
    this.lifecycle.sync(worker);
  }

  /** Everything on the node vanishes at once; nobody writes anything about it. */
  powerOff(node: string): void {
    this.power.off(this.agent(node));
  }

  /** The node boots; its kubelet then runs the pods that are still bound to it in new sandboxes. */
  powerOn(node: string): void {
    this.power.on(this.agent(node));
  }

  /**
   * The operating system shuts down, once a kubelet that was given time has ended its pods: the
   * kubelet ends and writes nothing, every process gets SIGTERM, and the power goes with the last.
   */
  shutdown(node: string): void {
    const agent = this.agent(node);
    if (!agent.machine.powered || agent.stopping || agent.leaving !== undefined) return;
    if (!this.shutdowns.begin(agent)) this.power.shutdown(agent);
  }

  /** Whether the kubelet ends its pods, since the node shuts down. */
  isLeaving(node: string): boolean {
    return this.agent(node).leaving !== undefined;
  }

  /** Whether the node's lease is being renewed. */
  isBeating(node: string): boolean {
    const agent = this.agent(node);
    return agent.running && this.leases.isHealthy(agent);
  }

  /** The node's last heartbeat at or before `now`. */
  lastRenewal(node: string, now: Instant): Instant {
    const { startedAt, ticks, lastRenewal } = this.agent(node);
    return this.isBeating(node) ? ticks.lastRenewal(startedAt, now) : (lastRenewal ?? startedAt);
  }

  /** When the next relist of the node has ended. */
  nextRelist(node: string): Instant {
    return this.agent(node).ticks.nextRelist(this.ground.kernel.now);
  }

  /** The sandbox of a pod, while it has one. */
  sandboxOf(pod: ObjectKey): PodSandbox | undefined {
    return this.ground.state.byPod.get(pod)?.sandbox;
  }

  /**
   * Whether the pod really serves now, whatever the API says of it: all of its containers run and
   * listen, and would answer their readiness probes; nobody has told it to stop.
   */
  servingNow(pod: ObjectKey): boolean {
    const { state } = this.ground;
    const known = state.byPod.get(pod);
    if (known?.stage === 'resting' && known.template.probes === undefined) return true;
    const worker = known && awake(state, known);
    if (worker?.stage !== 'running') return false;
    const serving = worker.containers.filter(({ role }) => role !== 'init');
    return serving.every((container) => this.prober.answersNow(container));
  }

  /** Something on the network was cut, degraded or mended: probes may see that. */
  networkChanged(): void {
    const { state } = this.ground;
    for (const worker of probedAmong(state, state.byPod)) this.prober.refreshPod(worker);
  }

  /** The processes of a pod were stopped, or go on: probes may see that. */
  refreshProbes(pod: ObjectKey): void {
    const worker = workerOf(this.ground.state, pod);
    if (worker !== undefined) this.prober.refreshPod(worker);
  }

  private failureChanged(pod: ObjectKey): void {
    const worker = workerOf(this.ground.state, pod);
    if (worker === undefined) return;
    this.prober.refreshPod(worker);
    this.statuses.syncSoon(worker);
  }

  private resend(worker: PodWorker): void {
    worker.sent = undefined;
    if (worker.stage === 'ended' && worker.tearingDown) this.termination.requestDeletion(worker);
    else this.statuses.sync(worker);
  }

  private exited(container: ContainerRecord): void {
    const { worker } = container;
    if (this.power.exited(worker.agent) || this.processes.defersExit(container)) return;
    this.prober.refreshPod(worker);
    if (worker.stage === 'terminating') this.ending(worker);
    else if (container.killedFor !== '') this.lifecycle.killed(container);
    else this.lifecycle.exitedByItself(container);
  }

  private ending(worker: PodWorker): void {
    this.termination.proceed(worker);
    this.evictions.podEnded(worker);
    this.shutdowns.podEnded(worker.agent);
  }

  /** Services have changed: a container whose ports are only assumed may have others now. */
  private listenAnew(pod: ObjectKey): void {
    const { state, behaviours, touch } = this.ground;
    const worker = workerOf(state, pod);
    if (worker === undefined) return;
    for (const container of worker.containers) {
      if (container.behaviour?.assumed !== true || !isAlive(container)) continue;
      const behaviour = behaviours.of(worker.pod, container.spec);
      container.behaviour = behaviour;
      container.process!.listen = behaviour.listen;
    }
    this.prober.refreshPod(worker);
    touch?.(worker.agent.node);
  }

  /** Forgets a pod of which nothing is left, and lets the next one of its name begin. */
  private drop(worker: PodWorker): void {
    const { state } = this.ground;
    const { agent, key } = worker;
    agent.workers.delete(worker.id);
    state.workers.delete(worker.id);
    if (state.byPod.get(key) === worker) state.byPod.delete(key);
    for (const container of worker.containers) {
      state.containers.delete(container.id);
      for (const { id } of container.probes) state.probes.delete(id);
    }
    const next = workerOf(state, key);
    if (next?.agent === agent && agent.running) this.lifecycle.unpark(next);
  }

  private agent(node: string): NodeAgent {
    const agent = this.ground.state.agents.get(node);
    if (agent === undefined) throw new RangeError(`there is no kubelet on ${node}`);
    return agent;
  }
}

/** No spread: each copy would be of a shape of its own, which every reader has to learn anew. */
function groundOf(options: KubeletOptions, resend: (worker: PodWorker) => void): KubeletGround {
  const { kernel, api } = options;
  const state = emptyState();
  return {
    kernel,
    api,
    timing: options.timing,
    network: options.network,
    behaviours: options.behaviours,
    servers: options.servers,
    featureGates: options.featureGates,
    settings: options.settings,
    touch: options.touch,
    state,
    unsent: new UnsentWrites({ kernel, api, state }, resend),
  };
}
