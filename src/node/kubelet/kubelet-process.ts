// The kubelet itself as a process that can die, come back and be stopped, while the containers of
// its node run on: what it forgets, and what it finds when it looks again.
// source: pkg/kubelet/kubelet.go (Run, HandlePodCleanups), pkg/kubelet/prober/worker.go (run)

import type { EventKind } from '../../kernel/event-queue';
import { isAtLeast } from '../../values/kube-version';
import { Phase } from '../../kernel/phase';
import { ZERO } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import { isAlive } from './kubelet-state';
import type { ContainerRecord, NodeAgent, PodWorker } from './kubelet-state';
import type { NodeLeases } from './node-lease';
import type { PodLifecycle } from './pod-lifecycle';
import type { PodTermination } from './pod-termination';
import type { Prober } from './prober';
import { resetProbe } from './probes';
import { awake, probedAmong, workersOn } from './resting-pods';

export interface ProcessParts {
  readonly prober: Prober;
  readonly lifecycle: PodLifecycle;
  readonly termination: PodTermination;
  readonly leases: NodeLeases;
  /** The process is gone. */
  died(agent: NodeAgent): void;
  /** The pod is not in the API any more. */
  removed(worker: PodWorker): void;
  /** A process has exited, and the kubelet may act upon it now. */
  exited(container: ContainerRecord): void;
}

export class KubeletProcesses {
  private readonly ground: KubeletGround;
  private readonly parts: ProcessParts;
  private readonly exitEvent: EventKind;

  constructor(ground: KubeletGround, parts: ProcessParts) {
    this.ground = ground;
    this.parts = parts;
    const { kernel, api, state } = ground;
    this.exitEvent = kernel.declare(
      'kubelet.exitSeen',
      (id) => {
        const container = state.containers.get(Number(id));
        if (container !== undefined) parts.exited(container);
      },
      { owner: (id) => state.containers.get(Number(id))?.worker.agent.actor },
    );
    api.onView((actor, isCurrent) => {
      const agent = state.agents.get(actor.replace(/^kubelet@/, ''));
      if (isCurrent && agent?.actor === actor) this.removeOrphans(agent);
    });
  }

  /** The process dies. Containers, sandboxes and addresses stay as they are. */
  kill(node: string): void {
    const { kernel } = this.ground;
    const agent = this.agent(node);
    if (!agent.running) return;
    kernel.note(agent.actor, 'exited', `Node/${node}`, 'killed');
    this.parts.leases.stopped(agent);
    agent.running = false;
    agent.informer.hold();
    for (const worker of this.workersOn(agent)) forget(worker);
    this.parts.leases.tell(agent);
    this.parts.died(agent);
  }

  /** A new process: it lists its pods, asks the runtime what runs, and goes on from there. */
  start(node: string): void {
    const { kernel } = this.ground;
    const agent = this.agent(node);
    if (agent.running || agent.booting || agent.stopping) return;
    kernel.note(agent.actor, 'started', `Node/${node}`);
    agent.running = true;
    agent.startedAt = kernel.now;
    this.parts.leases.started(agent);
    for (const worker of this.workersOn(agent)) this.takeOver(worker);
    agent.informer.reset();
    agent.informer.relist();
    this.removeOrphans(agent);
  }

  /** Before the process is stopped: what has happened so far counts. */
  pause(node: string): void {
    const agent = this.agent(node);
    for (const worker of this.probedOn(agent)) this.parts.prober.refreshPod(worker);
    this.parts.leases.interrupt(agent);
  }

  /** The process goes on. */
  resume(node: string): void {
    const agent = this.agent(node);
    for (const worker of this.probedOn(agent)) this.parts.prober.skipTicks(worker);
    this.parts.leases.resume(agent);
  }

  /** Whether the kubelet is stopped; it then learns of the exit when it goes on. */
  defersExit(container: ContainerRecord): boolean {
    const { kernel } = this.ground;
    if (!kernel.isPaused(container.worker.agent.actor)) return false;
    kernel.after(ZERO, Phase.agent, this.exitEvent, container.id);
    return true;
  }

  isRunning(node: string): boolean {
    return this.agent(node).running;
  }

  private takeOver(worker: PodWorker): void {
    const { lifecycle, termination, prober } = this.parts;
    const { timing } = this.ground;
    if (worker.stage === 'starting') lifecycle.begin(worker);
    if (worker.stage === 'terminating') termination.proceed(worker);
    if (worker.stage !== 'running') return;
    // Until 1.35 a restart of the kubelet made containers unready until their next probe.
    // source: pkg/features/kube_features.go ChangeContainerStatusOnKubeletRestart (off in 1.35)
    const keepsResults = isAtLeast(timing.versions.of(worker.agent.actor), '1.35');
    for (const container of worker.containers) {
      for (const probe of container.probes) {
        probe.baseProfile = '';
        probe.due = undefined;
        if (!keepsResults && isAlive(container)) resetProbe(probe);
      }
    }
    worker.addedAt = this.ground.kernel.now;
    prober.skipTicks(worker);
    // Its probes begin anew, also those of containers that are as the process before left them.
    prober.refreshPod(worker);
    lifecycle.relistSoon(worker);
  }

  /** What runs here though its pod is gone from the API is ended. */
  private removeOrphans(agent: NodeAgent): void {
    if (!agent.running || !agent.informer.isListed || agent.informer.isHeld) return;
    for (const known of agent.workers.values()) {
      const object = agent.informer.get(known.key);
      if (object !== undefined && (object.metadata.uid ?? '') === known.uid) continue;
      const worker = awake(this.ground.state, known);
      if (!worker.removed) this.parts.removed(worker);
    }
  }

  private probedOn(agent: NodeAgent): readonly PodWorker[] {
    return probedAmong(this.ground.state, agent.workers);
  }

  private workersOn(agent: NodeAgent): readonly PodWorker[] {
    return workersOn(this.ground.state, agent);
  }

  private agent(node: string): NodeAgent {
    const agent = this.ground.state.agents.get(node);
    if (agent === undefined) throw new RangeError(`there is no kubelet on ${node}`);
    return agent;
  }
}

/** What was in the memory of the process alone. */
function forget(worker: PodWorker): void {
  worker.relistAt = undefined;
  worker.repairAt = undefined;
  worker.sent = undefined;
  worker.tearingDown = false;
  worker.unsent = false;
  worker.pulls = undefined;
  for (const container of worker.containers) {
    container.creating = false;
    container.inBackOff = false;
    container.backOff = ZERO;
    container.backOffAt = undefined;
    container.restartAt = undefined;
    container.pull = undefined;
  }
}
