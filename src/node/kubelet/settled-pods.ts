// Pods of a cluster that starts settled. They have been running for long when anybody looks, so a
// kubelet has them in one step instead of through a dozen events: a sandbox for each, in the order
// in which the pods come, and processes for those whose start takes no time and cannot fail. Every
// other pod lives through its start in that sandbox.

import { conditionOf } from '../../apiserver/kinds/pod';
import type { Pod, PodStatus } from '../../apiserver/kinds/pod';
import type { TimerName } from '../../timing';
import type { ListenSpec } from '../../values/cluster-spec';
import { keyOf } from '../../values/kube-object';
import { ZERO } from '../../values/time';
import { rejectionOf } from './kubelet-admission';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent } from './kubelet-state';
import type { PodLifecycle } from './pod-lifecycle';
import { newWorker } from './pod-worker';
import type { StatusManager } from './status-manager';

/** What a start waits for; a scenario may set any of them. */
const WAITS: readonly TimerName[] = [
  'kubelet.volumesReady',
  'kubelet.sandboxStart',
  'kubelet.containerStart',
];

export class SettledPods {
  private readonly ground: KubeletGround;
  private readonly lifecycle: PodLifecycle;
  private readonly statuses: StatusManager;

  constructor(ground: KubeletGround, lifecycle: PodLifecycle, statuses: StatusManager) {
    this.ground = ground;
    this.lifecycle = lifecycle;
    this.statuses = statuses;
  }

  /**
   * The pod, bound to the agent's node and about to be stored, is there. Returns the status that
   * it is to be stored with; undefined where it has yet to come up.
   */
  take(agent: NodeAgent, pod: Pod): PodStatus | undefined {
    const { touch } = this.ground;
    if (!this.isTaken(agent, pod)) return undefined;
    const key = keyOf(pod);
    const attachment = this.lifecycle.attach(agent.node, pod);
    if (!attachment.ok) return undefined;
    const worker = newWorker(this.ground, agent, key, pod);
    this.lifecycle.occupy(worker, attachment.addresses);
    touch?.(agent.node);
    if (!isBound(pod) || !this.isPlain(pod)) {
      this.lifecycle.sync(worker);
      return undefined;
    }
    worker.stored = false;
    this.lifecycle.runAtOnce(worker);
    worker.stored = true;
    return this.statuses.initial(worker);
  }

  private isTaken(agent: NodeAgent, pod: Pod): boolean {
    const { ground } = this;
    const isUp = agent.running && !agent.stopping && !agent.booting;
    if (!isUp || ground.state.byPod.has(keyOf(pod)) || !this.isInNoTime(agent)) return false;
    return rejectionOf(ground, agent, pod) === undefined;
  }

  private isInNoTime({ actor }: NodeAgent): boolean {
    return WAITS.every((name) => this.ground.timing.draw(name, actor) === ZERO);
  }

  /** Whether its containers come up all at once, without a look at anything but themselves. */
  private isPlain(pod: Pod): boolean {
    // On the network of the host, others may have the port already.
    if (pod.spec.hostNetwork === true) return false;
    if (pod.spec.initContainers !== undefined || isInRow(pod)) return false;
    const behaviours = pod.spec.containers.map((it) => this.ground.behaviours.of(pod, it));
    const isLasting = behaviours.every(({ ending }) => ending === undefined);
    return isLasting && areApart(behaviours.flatMap(({ listen }) => listen));
  }
}

/** Whether the next pod is created only when this one is ready. */
function isInRow({ metadata }: Pod): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === 'StatefulSet') === true;
}

/** Whether the scheduler has put it there: then all is known that says what runs in it. */
function isBound(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, 'PodScheduled')?.status === 'True';
}

/** Whether no two of them want the same port. */
function areApart(ports: readonly ListenSpec[]): boolean {
  return new Set(ports.map(({ protocol, port }) => `${protocol}/${port}`)).size === ports.length;
}
