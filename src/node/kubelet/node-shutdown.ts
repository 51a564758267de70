// The kubelet's graceful node shutdown: it holds the operating system up while it ends the pods,
// ordinary ones first, critical ones last.
// source: pkg/kubelet/nodeshutdown/{nodeshutdown_manager,nodeshutdown_manager_linux}.go

import { isCriticalPod } from '../../apiserver/kinds/pod-priority';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { later, seconds } from '../../values/time';
import type { Duration } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent, PodWorker, ShutdownGroup, Verdict } from './kubelet-state';
import type { NodeStatuses } from './node-status';
import type { PodTermination } from './pod-termination';
import { workersOn } from './resting-pods';

const PERIOD = 'kubelet.shutdownGracePeriod';
const CRITICAL = 'kubelet.shutdownGracePeriodCriticalPods';

const TERMINATED: Verdict = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  disrupts: true,
};

/** What a kubelet answers to pods that come while its node shuts down. */
export const SHUTTING_DOWN = {
  reason: 'NodeShutdown',
  message: 'Pod was rejected as the node is shutting down.',
} as const;

export interface ShutdownParts {
  readonly termination: PodTermination;
  readonly nodeStatuses: NodeStatuses;
  /** Nothing holds the operating system up any more. */
  released(agent: NodeAgent): void;
}

export class NodeShutdown {
  private readonly ground: KubeletGround;
  private readonly parts: ShutdownParts;
  private readonly groupEvent: EventKind;
  private readonly inhibitEvent: EventKind;

  constructor(ground: KubeletGround, parts: ShutdownParts) {
    this.ground = ground;
    this.parts = parts;
    const { kernel, state } = ground;
    const leavingAgent = (node: string | number): NodeAgent | undefined => {
      const agent = state.agents.get(String(node));
      return agent?.leaving === undefined ? undefined : agent;
    };
    const over = (node: string | number, deadline: string | number): void => {
      const agent = leavingAgent(node);
      if (agent?.running === true && agent.leaving?.deadline === deadline) this.next(agent);
    };
    const owner = (node: string | number): string => `kubelet@${node}`;
    this.groupEvent = kernel.declare('kubelet.shutdownGroup', over, { owner });
    this.inhibitEvent = kernel.declare('node.inhibitDelay', (node, epoch) => {
      const agent = leavingAgent(node);
      if (agent?.epoch === epoch) this.release(agent);
    });
  }

  /**
   * The operating system is about to shut down. Returns whether the kubelet holds it up: only one
   * that runs and was given time for it does.
   */
  begin(agent: NodeAgent): boolean {
    const { kernel, timing } = this.ground;
    const { node, actor, epoch } = agent;
    const period = timing.delay(PERIOD, 'gain', actor).least;
    const critical = timing.delay(CRITICAL, 'gain', actor).least;
    if (!agent.running || period === 0 || critical > period || !this.isEnabled()) return false;
    kernel.note(actor, 'noticed', `Node/${node}`, 'Shutdown manager detected shutdown event');
    const groups = this.groupsOf(agent, (period - critical) as Duration, critical);
    agent.leaving = { groups, current: undefined, deadline: kernel.now };
    this.parts.nodeStatuses.report(node);
    // The service manager goes on when the delay ends that the kubelet has asked for.
    kernel.after(period, Phase.agent, this.inhibitEvent, node, epoch, PERIOD);
    this.next(agent);
    return true;
  }

  /** A pod of the node may have ended: its group may be through. */
  podEnded(agent: NodeAgent): void {
    const { current } = agent.leaving ?? {};
    if (current !== undefined && this.isOver(agent, current)) this.next(agent);
  }

  /** The lock goes with the process that held it. */
  kubeletDied(agent: NodeAgent): void {
    if (agent.leaving !== undefined) this.release(agent);
  }

  private next(agent: NodeAgent): void {
    const { kernel } = this.ground;
    const [group, ...groups] = agent.leaving!.groups;
    if (group === undefined) {
      this.release(agent);
      return;
    }
    const deadline = later(kernel.now, group.grace);
    agent.leaving = { groups, current: undefined, deadline };
    for (const worker of this.workersOf(agent, group)) {
      const own = seconds(worker.pod.spec.terminationGracePeriodSeconds ?? 30);
      const grace = Math.min(own, group.grace) as Duration;
      this.parts.termination.condemn(worker, grace, TERMINATED);
    }
    if (this.isOver(agent, group)) {
      this.next(agent);
      return;
    }
    agent.leaving = { groups, current: group, deadline };
    const { node } = agent;
    kernel.schedule(deadline, Phase.agent, this.groupEvent, node, deadline, PERIOD);
  }

  private release(agent: NodeAgent): void {
    agent.leaving = undefined;
    this.parts.released(agent);
  }

  /** Pods below the critical priority are of the first group, however low theirs is. */
  private groupsOf(agent: NodeAgent, first: Duration, last: Duration): readonly ShutdownGroup[] {
    const { api, state } = this.ground;
    const { store } = api;
    const workers = workersOn(state, agent).filter(({ stage }) => stage !== 'ended');
    const isCritical = ({ pod }: PodWorker): boolean =>
      isCriticalPod(pod, (kind, key) => store.get(kind, key));
    const group = (grace: Duration, members: readonly PodWorker[]): ShutdownGroup => ({
      grace: seconds(Math.floor(grace / seconds(1))),
      workers: members.map(({ id }) => id),
    });
    return [
      group(
        first,
        workers.filter((it) => !isCritical(it)),
      ),
      group(last, workers.filter(isCritical)),
    ];
  }

  private isOver(agent: NodeAgent, group: ShutdownGroup): boolean {
    return this.workersOf(agent, group).every(({ stage }) => stage === 'ended');
  }

  private workersOf(agent: NodeAgent, { workers }: ShutdownGroup): readonly PodWorker[] {
    return workersOn(this.ground.state, agent).filter(({ id }) => workers.includes(id));
  }

  private isEnabled(): boolean {
    return this.ground.featureGates?.['GracefulNodeShutdown'] !== false;
  }
}
