// Power, boot and shutdown of nodes, as far as pods and their kubelet feel them.

import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import { processOwner } from '../../values/component';
import { later } from '../../values/time';
import type { ContainerRuntime } from './container-runtime';
import type { KubeletGround } from './kubelet-ground';
import { isAlive } from './kubelet-state';
import type { ContainerRecord, KubeletState, NodeAgent, PodWorker } from './kubelet-state';
import type { NodeLeases } from './node-lease';
import { conditionsSaid } from './node-status';
import { workersOn } from './resting-pods';

/** Told of a node at the instant at which it comes or goes. */
export interface PowerListener {
  /** The operating system is up, and the kubelet starts. */
  booted(node: string): void;
  /** A shutdown has come to its end: there is no power any more. */
  shutDown(node: string): void;
}

export class NodePower {
  private readonly ground: KubeletGround;
  private readonly runtime: ContainerRuntime;
  private readonly leases: NodeLeases;
  private readonly drop: (worker: PodWorker) => void;
  private readonly listener: PowerListener;
  private readonly bootEvent: EventKind;
  private readonly stopEvent: EventKind;

  constructor(
    ground: KubeletGround,
    runtime: ContainerRuntime,
    leases: NodeLeases,
    drop: (worker: PodWorker) => void,
    listener: PowerListener,
  ) {
    this.ground = ground;
    this.leases = leases;
    this.runtime = runtime;
    this.drop = drop;
    this.listener = listener;
    const { kernel, state } = ground;
    this.bootEvent = kernel.declare('kubelet.boot', (node, epoch) => {
      const agent = state.agents.get(String(node));
      if (agent?.epoch === epoch && agent.booting) this.booted(agent);
    });
    this.stopEvent = kernel.declare('node.stopTimeout', (node, epoch) => {
      const agent = state.agents.get(String(node));
      if (agent?.epoch === epoch && agent.stopping) this.endShutdown(agent);
    });
  }

  /** The power goes: no process, no sandbox, no memory is left. */
  off(agent: NodeAgent): void {
    const { kernel, network, servers, behaviours, touch, state } = this.ground;
    const { node } = agent;
    agent.epoch++;
    agent.booting = false;
    agent.stopping = false;
    agent.leaving = undefined;
    this.stopKubelet(agent);
    for (const worker of workersOn(state, agent)) {
      const { sandbox, key } = worker;
      if (sandbox !== undefined && !sandbox.hostNetwork) agent.leftovers.add(key);
      for (const container of worker.containers) loseProcess(container, kernel);
      worker.sandbox = undefined;
      servers.stop(key);
      behaviours.forget(worker.pod);
      this.drop(worker);
    }
    network.powerOff(node);
    touch?.(node);
  }

  /** The power comes back: firmware and operating system take their time, then the kubelet runs. */
  on(agent: NodeAgent): void {
    const isLeaving = agent.stopping || agent.leaving !== undefined;
    if ((agent.running && !isLeaving) || agent.booting) return;
    const { kernel, timing } = this.ground;
    // A shutdown under way ends where the power is cycled.
    if (isLeaving) this.off(agent);
    agent.epoch++;
    agent.booting = true;
    const delay = timing.draw('kubelet.nodeStart', agent.actor);
    const { node, epoch } = agent;
    kernel.after(delay, Phase.agent, this.bootEvent, node, epoch, 'kubelet.nodeStart');
  }

  /** The service manager ends everything: the kubelet first, then every process. */
  shutdown(agent: NodeAgent): void {
    const { kernel, timing, state } = this.ground;
    const { node, epoch } = agent;
    kernel.note(`machine@${node}`, 'shut down', `Node/${node}`, 'SIGTERM to every process');
    this.stopKubelet(agent);
    agent.stopping = true;
    const deadline = later(kernel.now, timing.delay('node.stopTimeout').least);
    kernel.schedule(deadline, Phase.agent, this.stopEvent, node, epoch, 'node.stopTimeout');
    for (const container of processesOn(state, agent)) {
      container.killAt = deadline;
      this.runtime.terminate(container);
    }
    this.exited(agent);
  }

  /**
   * A process on the node has exited. Returns whether there is no kubelet that could care; the
   * last exit of a shutdown ends it.
   */
  exited(agent: NodeAgent): boolean {
    if (agent.stopping && processesOn(this.ground.state, agent).length === 0)
      this.endShutdown(agent);
    return !agent.running;
  }

  private endShutdown(agent: NodeAgent): void {
    const { node } = agent;
    this.ground.kernel.note(`machine@${node}`, 'lost power', `Node/${node}`, 'it has shut down');
    this.off(agent);
    this.listener.shutDown(node);
  }

  private stopKubelet(agent: NodeAgent): void {
    if (!agent.running) return;
    this.leases.stopped(agent);
    agent.running = false;
    agent.informer.hold();
    this.leases.tell(agent);
  }

  private booted(agent: NodeAgent): void {
    const { kernel, network, unsent, touch, state } = this.ground;
    const { node, actor } = agent;
    kernel.note(`machine@${node}`, 'booted', `Node/${node}`);
    network.powerOn(node);
    agent.booting = false;
    agent.running = true;
    agent.startedAt = kernel.now;
    this.listener.booted(node);
    this.leases.started(agent);
    // The CNI's address files survived on disk: what they hold is freed before it is used anew.
    for (const pod of agent.leftovers) network.detachPod(node, pod);
    agent.leftovers.clear();
    const said = conditionsSaid(state, node);
    const conditions = said.map((it) => ({ ...it, lastTransitionTime: kernel.now }));
    unsent.writeNode(agent, {
      verb: 'patch',
      kind: 'Node',
      key: node,
      actor,
      patch: { status: { conditions } },
    });
    agent.informer.reset();
    agent.informer.relist();
    touch?.(node);
  }
}

function processesOn(state: KubeletState, agent: NodeAgent): ContainerRecord[] {
  return workersOn(state, agent).flatMap(({ containers }) => containers.filter(isAlive));
}

/** Without power there is nothing left to exit: the process is just gone. */
function loseProcess({ process, worker, spec }: ContainerRecord, kernel: Kernel): void {
  if (process === undefined || process.state === 'exited') return;
  const owner = processOwner(worker.key, spec.name);
  for (const token of process.stoppedBy) kernel.resume(owner, token);
  process.stoppedBy.clear();
  process.state = 'exited';
  process.exitedAt = kernel.now;
}
