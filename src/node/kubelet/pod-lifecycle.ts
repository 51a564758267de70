// How a pod lives on its node: volumes, sandbox, init containers, sidecars, containers, and what
// happens when one of them exits.
// source: pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions, SyncPod, doBackOff)

import type { Pod } from '../../apiserver/kinds/pod';
import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { later, seconds } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import type { IP } from '../../values/ip';
import type { ObjectKey } from '../../values/kube-object';
import type { Attachment } from '../cni/index';
import type { ContainerRuntime } from './container-runtime';
import {
  finishedAt,
  hasRun,
  isBusy,
  isDone,
  isKnown,
  isOver,
  isUp,
  mayRestart,
  needsStart,
} from './container-standing';
import { ImagePulls } from './image-pulls';
import type { KubeletGround } from './kubelet-ground';
import { relistsOnDemand, subjectOf } from './kubelet-ground';
import { isAlive, ownerOfContainer, ownerOfWorker } from './kubelet-state';
import type { ContainerRecord, NodeAgent, PodWorker } from './kubelet-state';
import { PodSandbox } from '../pod-sandbox';
import { recordEnd } from './pod-termination';
import type { PodTermination } from './pod-termination';
import type { Prober } from './prober';
import type { ProbeState } from './probes';
import type { StatusManager } from './status-manager';

export interface LifecycleParts {
  readonly runtime: ContainerRuntime;
  readonly prober: Prober;
  readonly statuses: StatusManager;
  readonly termination: PodTermination;
}

export class PodLifecycle {
  private readonly ground: KubeletGround;
  private readonly parts: LifecycleParts;
  private readonly volumesEvent: EventKind;
  private readonly sandboxEvent: EventKind;
  private readonly startedEvent: EventKind;
  private readonly relistEvent: EventKind;
  private readonly backOffEvent: EventKind;
  private readonly crashLoopEvent: EventKind;
  private readonly pulls: ImagePulls;

  constructor(ground: KubeletGround, parts: LifecycleParts) {
    this.ground = ground;
    this.parts = parts;
    this.pulls = new ImagePulls(ground, {
      changed: (worker) => parts.statuses.sync(worker),
      retry: (worker) => this.sync(worker),
    });
    const { kernel } = ground;
    this.volumesEvent = this.declare('kubelet.volumes', (worker) => this.volumesReady(worker));
    const make = (worker: PodWorker): void => this.makeSandbox(worker);
    this.sandboxEvent = this.declare('kubelet.sandbox', make, callOf);
    const relist = (worker: PodWorker, at: unknown): void => {
      if (worker.relistAt === at) this.relist(worker);
    };
    this.relistEvent = this.declare('kubelet.relist', relist, callOf);
    const owner = ownerOfContainer(ground.state);
    const runtime = (id: EventArgument): string | undefined => callOf(owner(id));
    const started = (id: EventArgument, attempt: EventArgument): void => {
      const container = ground.state.containers.get(Number(id));
      if (container?.creating === true && container.attempt + 1 === attempt)
        this.started(container);
    };
    this.startedEvent = kernel.declare('kubelet.started', started, { owner: runtime });
    const restart = (id: EventArgument, at: EventArgument): void => {
      const container = ground.state.containers.get(Number(id));
      if (container?.restartAt === at) this.sync(container.worker);
    };
    this.backOffEvent = kernel.declare('kubelet.backOff', restart, { owner });
    // A container that ends by itself every time loops for ever: that does not keep a run busy.
    this.crashLoopEvent = kernel.declare('kubelet.crashLoop', restart, { owner, background: true });
  }

  /** Images can be pulled on the node again. */
  imagesMended(node: string): void {
    this.pulls.mended(node);
  }

  /** Takes a new pod on. */
  begin(worker: PodWorker): void {
    const { kernel, timing } = this.ground;
    const delay = timing.draw('kubelet.volumesReady', worker.agent.actor);
    kernel.after(delay, Phase.agent, this.volumesEvent, worker.id, 0, 'kubelet.volumesReady');
  }

  /** An earlier pod of the same name has left the node. */
  unpark(worker: PodWorker): void {
    if (!worker.parked) return;
    worker.parked = false;
    this.makeSandbox(worker);
  }

  /** A process has exited by itself: the kubelet learns of it at its next relist. */
  exitedByItself({ worker }: ContainerRecord): void {
    const { kernel } = this.ground;
    const at = worker.agent.ticks.nextRelist(kernel.now);
    this.relistBy(worker, at, 'kubelet.plegRelistPeriod');
  }

  /** Liveness or startup gave up on a container: end it, then start it anew. */
  restartUnhealthy(container: ContainerRecord, probe: ProbeState): void {
    const { kernel } = this.ground;
    const { worker, spec } = container;
    if (worker.stage !== 'running' || !isAlive(container) || container.killedFor !== '') return;
    container.killedFor = probe.type;
    const grace = probe.grace ?? worker.pod.spec.terminationGracePeriodSeconds ?? 30;
    const detail = `container "${spec.name}" failed its ${probe.type} probe`;
    kernel.note(worker.agent.actor, 'killed', subjectOf(worker), detail);
    this.parts.runtime.stop(container, later(kernel.now, seconds(Math.max(1, grace))));
  }

  /**
   * The runtime has ended a container that the kubelet told it to. What happens next compares
   * with the exit before this one: the kubelet looks at the state from before its own kill.
   */
  killed(container: ContainerRecord): void {
    const before = container.last?.finishedAt;
    recordEnd(container);
    this.parts.prober.refresh(container);
    this.parts.statuses.sync(container.worker);
    if (mayRestart(container) && !isBusy(container.worker)) this.tryStart(container, before);
    this.sync(container.worker);
  }

  /**
   * Does what the pod's state asks for: the next container to start, or the end of the pod. One
   * container starts after the other.
   */
  sync(worker: PodWorker): void {
    if (worker.stage !== 'running' || worker.sandbox === undefined || isBusy(worker)) return;
    // Once a container of the pod has run, a sidecar that is down holds nobody up any more.
    const isInitialized = worker.containers.some(hasRun);
    for (const container of worker.containers) {
      if (isOver(container)) {
        if (container.role === 'init' && !isDone(container)) this.end(worker, 'Failed');
        if (worker.stage !== 'running') return;
        continue;
      }
      if (needsStart(container)) {
        if (mayRestart(container)) this.tryStart(container, finishedAt(container));
        if (isBusy(worker)) return;
      }
      // What comes after an init container waits for its end, after a sidecar for its start.
      if (container.role === 'init') return;
      const isReady = isUp(container) && container.started;
      if (container.role === 'sidecar' && !isInitialized && !isReady) return;
    }
    this.endIfOver(worker);
  }

  private volumesReady(worker: PodWorker): void {
    if (worker.stage !== 'starting') return;
    const { kernel, timing } = this.ground;
    const delay = timing.draw('kubelet.sandboxStart', worker.agent.actor);
    kernel.after(delay, Phase.agent, this.sandboxEvent, worker.id, 0, 'kubelet.sandboxStart');
  }

  private makeSandbox(worker: PodWorker): void {
    const { kernel, timing, touch } = this.ground;
    const { agent, key, pod } = worker;
    if (worker.stage !== 'starting') return;
    if (isInTheWay(agent, key)) {
      worker.parked = true;
      return;
    }
    const attachment = this.attach(agent, key, pod);
    if (!attachment.ok) {
      const why = `FailedCreatePodSandBox: ${attachment.error}`;
      kernel.note(agent.actor, 'failed', subjectOf(worker), why);
      const timer = 'kubelet.syncErrorBackOff';
      const delay = timing.draw(timer, agent.actor);
      kernel.after(delay, Phase.agent, this.sandboxEvent, worker.id, 0, timer);
      return;
    }
    const { addresses } = attachment;
    this.occupy(worker, addresses);
    kernel.note(agent.actor, 'prepared', subjectOf(worker), `sandbox with ${addresses.join(', ')}`);
    touch?.(agent.node);
    this.sync(worker);
  }

  /** The sandbox of the pod stands, with these addresses. */
  occupy(worker: PodWorker, addresses: readonly IP[]): void {
    const { agent, key: podKey, uid, pod, failures: refusals } = worker;
    const { node } = agent;
    const hostNetwork = pod.spec.hostNetwork === true;
    worker.sandbox = new PodSandbox({ podKey, uid, node, addresses, hostNetwork, refusals });
    agent.machine.installSandbox(worker.sandbox);
    this.ground.state.arrivals.addSandbox(worker.sandbox);
    worker.stage = 'running';
  }

  /** Every container of the pod runs, and the kubelet has seen so: nobody waits for either. */
  runAtOnce(worker: PodWorker): void {
    for (const container of worker.containers) this.launch(container);
    for (const container of worker.containers) this.seeRunning(container, this.ground.kernel.now);
  }

  /** An address for the pod, or those of its host, or why there is none. `isNew`: see cni. */
  attach({ node, machine }: NodeAgent, key: ObjectKey, pod: Pod, isNew = false): Attachment {
    const { network, state } = this.ground;
    if (pod.spec.hostNetwork === true) return { ok: true, addresses: machine.addresses };
    if (!state.nodeFailures.podNetwork.has(node)) return network.attachPod(node, key, isNew);
    return { ok: false, error: 'the network plug-in failed to set up the pod (CNI ADD)' };
  }

  /** The same for one of those that arrive: the place of its addresses, where it needs no more. */
  attachNext({ node, machine }: NodeAgent): number | undefined {
    const { network, state } = this.ground;
    if (state.nodeFailures.podNetwork.has(node)) return undefined;
    return network.attachNext(machine, state.arrivals);
  }

  /**
   * Starts a container unless it is in back-off. The first restart is free; each further one
   * waits twice as long as the one before, counted from the exit, and a long enough time without
   * an exit forgets the count. The jitter with which a busy kubelet comes late is not modelled.
   */
  private tryStart(container: ContainerRecord, exitedAt: Instant | undefined): void {
    const { kernel, timing } = this.ground;
    const { now } = kernel;
    if (exitedAt !== undefined) {
      const { actor } = container.worker.agent;
      const max = timing.delay('kubelet.crashLoopBackOffMax', 'gain', actor).least;
      const { backOffAt, backOff } = container;
      const isForgotten = backOffAt === undefined || exitedAt - backOffAt > 2 * max;
      if (!isForgotten && now < exitedAt + backOff) {
        this.waitForBackOff(container, later(exitedAt, backOff));
        return;
      }
      const first = Math.min(timing.delay('kubelet.crashLoopBackOff').least, max);
      container.backOff = (isForgotten ? first : Math.min(backOff * 2, max)) as Duration;
      container.backOffAt = now;
    }
    container.inBackOff = false;
    container.restartAt = undefined;
    if (!this.pulls.hasImage(container)) return;
    container.creating = true;
    const delay = timing.draw('kubelet.containerStart', container.worker.agent.actor);
    const { id, attempt } = container;
    kernel.after(delay, Phase.agent, this.startedEvent, id, attempt + 1, 'kubelet.containerStart');
  }

  private waitForBackOff(container: ContainerRecord, until: Instant): void {
    if (container.restartAt === until) return;
    const { kernel } = this.ground;
    container.inBackOff = true;
    container.restartAt = until;
    const kind =
      container.behaviour?.ending === undefined ? this.backOffEvent : this.crashLoopEvent;
    kernel.schedule(until, Phase.agent, kind, container.id, until, 'kubelet.crashLoopBackOff');
    this.parts.statuses.sync(container.worker);
  }

  private started(container: ContainerRecord): void {
    const { kernel } = this.ground;
    const { worker, spec } = container;
    const verb = container.attempt > 0 ? 'restarted' : 'started';
    kernel.note(worker.agent.actor, verb, subjectOf(worker), `container "${spec.name}"`);
    this.launch(container);
    this.relistAfterOwnWork(worker);
    this.sync(worker);
  }

  /** The next process of the container runs. */
  private launch(container: ContainerRecord): void {
    container.creating = false;
    container.worker.agent.images.add(container.spec.image ?? '');
    container.attempt++;
    if (container.attempt > 1) container.restarts++;
    this.parts.runtime.start(container);
  }

  /** A kubelet that starts asks the runtime what runs. */
  relistSoon(worker: PodWorker): void {
    const { kernel, timing } = this.ground;
    const cost = timing.draw('kubelet.plegRelistCost', worker.agent.actor);
    this.relistBy(worker, later(kernel.now, cost), 'kubelet.plegRelistCost');
  }

  private relistAfterOwnWork(worker: PodWorker): void {
    const { kernel, timing } = this.ground;
    const { agent } = worker;
    if (relistsOnDemand(this.ground, agent.actor)) {
      const cost = timing.draw('kubelet.plegRelistCost', agent.actor);
      this.relistBy(worker, later(kernel.now, cost), 'kubelet.plegRelistCost');
    } else {
      this.relistBy(worker, agent.ticks.nextRelist(kernel.now), 'kubelet.plegRelistPeriod');
    }
  }

  /** Sees to it that the pod's containers are listed at `at` or earlier. */
  private relistBy(worker: PodWorker, at: Instant, timer: string): void {
    if (worker.relistAt !== undefined && worker.relistAt <= at) return;
    worker.relistAt = at;
    this.ground.kernel.schedule(at, Phase.agent, this.relistEvent, worker.id, at, timer);
  }

  /** Compares what runs with what the kubelet knew, and acts on the difference. */
  private relist(worker: PodWorker): void {
    worker.relistAt = undefined;
    if (!worker.agent.running || worker.stage === 'ended') return;
    for (const container of worker.containers) {
      if (container.process === undefined || isKnown(container)) continue;
      if (isAlive(container)) this.seeRunning(container, container.process.startedAt);
      else this.seeExit(container, container.process.exitCode);
    }
    this.parts.statuses.sync(worker);
    this.sync(worker);
  }

  private seeRunning(container: ContainerRecord, startedAt: Instant): void {
    if (container.seen.state === 'terminated') container.last = container.seen;
    container.seen = { state: 'running', startedAt };
    container.seenAttempt = container.attempt;
    this.parts.prober.containerUp(container);
  }

  private seeExit(container: ContainerRecord, exitCode: number): void {
    const { kernel } = this.ground;
    const { worker, spec } = container;
    const detail = `container "${spec.name}" exited with code ${exitCode}`;
    kernel.note(worker.agent.actor, 'noticed', subjectOf(worker), detail);
    recordEnd(container);
    this.parts.prober.refresh(container);
  }

  private endIfOver(worker: PodWorker): void {
    let areDone = true;
    for (const container of worker.containers) {
      if (container.role !== 'main') continue;
      if (!isOver(container)) return;
      areDone &&= isDone(container);
    }
    this.end(worker, areDone ? 'Succeeded' : 'Failed');
  }

  private end(worker: PodWorker, outcome: 'Succeeded' | 'Failed'): void {
    worker.outcome = outcome;
    const grace = worker.pod.spec.terminationGracePeriodSeconds ?? 30;
    const why = `its containers are done: ${outcome}`;
    this.parts.termination.begin(worker, seconds(Math.max(1, grace)), why);
  }

  private declare(
    name: string,
    act: (worker: PodWorker, b: unknown) => void,
    ownerFor: (kubelet: string | undefined) => string | undefined = (kubelet) => kubelet,
  ): EventKind {
    const { kernel, state } = this.ground;
    const whileRunning = (id: EventArgument, b: EventArgument): void => {
      const worker = state.workers.get(Number(id));
      if (worker !== undefined && worker.agent.running) act(worker, b);
    };
    return kernel.declare(name, whileRunning, {
      owner: (id) => ownerFor(ownerOfWorker(state)(id)),
    });
  }
}

/** Who acts where a kubelet waits for its runtime: both have to go on for that. */
function callOf(kubelet: string | undefined): string | undefined {
  return kubelet?.replace(/^kubelet@/, 'cri@');
}

/** Whether an earlier pod of the name still has a sandbox on the node. */
function isInTheWay({ workers }: NodeAgent, pod: ObjectKey): boolean {
  for (const { key, sandbox } of workers.values()) {
    if (sandbox !== undefined && key === pod) return true;
  }
  return false;
}
