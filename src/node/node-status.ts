// A kubelet corrects what the API says of its node: after an outage the control plane has written
// that nobody knows how the node is, and the kubelet knows.
// source: pkg/kubelet/kubelet_node_status.go syncNodeStatus, tryUpdateNodeStatus

import type { EventKind } from '../kernel/event-queue';
import { Phase } from '../kernel/phase';
import type { TimerName } from '../timing';
import type { Instant } from '../values/time';
import type { KubeletGround } from './kubelet-ground';
import type { NodeLeases } from './node-lease';

const PERIOD: TimerName = 'kubelet.nodeStatusUpdateFrequency';

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** What a kubelet says of its node that is sound. source: pkg/kubelet/nodestatus/setters.go */
const HEALTHY = [
  { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory' },
  { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure' },
  { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID' },
  { type: 'Ready', status: 'True', reason: 'KubeletReady' },
] as const;

/** What a fault makes it say. */
export const UNREADY = {
  type: 'Ready',
  status: 'False',
  reason: 'KubeletNotReady',
  message: 'the kubelet says so',
} as const;

/** What a kubelet says of its node, whose runtime answers. */
export function conditionsSaid(
  { nodeFailures }: KubeletGround['state'],
  node: string,
): readonly Condition[] {
  const isUnready = nodeFailures.unready.has(node);
  return HEALTHY.map((it) => (isUnready && it.type === 'Ready' ? UNREADY : it));
}

export class NodeStatuses {
  private readonly ground: KubeletGround;
  private readonly leases: NodeLeases;
  /** Nodes whose correction is under way. */
  private readonly due = new Set<string>();
  private readonly syncEvent: EventKind;

  constructor(ground: KubeletGround, leases: NodeLeases) {
    this.ground = ground;
    this.leases = leases;
    this.syncEvent = ground.kernel.declare(
      'kubelet.nodeStatus',
      (node) => this.sync(String(node)),
      {
        owner: (node) => `kubelet@${node}`,
      },
    );
    ground.api.observeCommits(({ object, key }) => {
      if (object?.kind === 'Node') this.lookAt(key);
    });
  }

  /** The API says something of the node, or the kubelet reaches the API again. */
  lookAt(node: string): void {
    const { kernel } = this.ground;
    if (this.due.has(node) || !this.speaks(node) || !this.isUnknown(node)) return;
    this.due.add(node);
    kernel.schedule(this.nextSync(node), Phase.agent, this.syncEvent, node, 0, PERIOD);
  }

  private sync(node: string): void {
    const { kernel, state, unsent } = this.ground;
    this.due.delete(node);
    if (!this.speaks(node) || !this.isUnknown(node)) return;
    const actor = `kubelet@${node}`;
    const said = conditionsSaid(state, node);
    const isReady = said.some(({ type, status }) => type === 'Ready' && status === 'True');
    const words = `kubelet is posting ${isReady ? 'ready' : 'not ready'} status`;
    kernel.note(actor, 'reported', `Node/${node}`, words);
    const conditions = this.conditionsOf(node).map((it) =>
      it.status === 'Unknown'
        ? { ...it, ...said.find(({ type }) => type === it.type), lastTransitionTime: kernel.now }
        : it,
    );
    const patch = { status: { conditions } };
    const agent = state.agents.get(node)!;
    unsent.writeNode(agent, { verb: 'patch', kind: 'Node', key: node, patch, actor });
  }

  /** Whether a kubelet runs there, and what it says is heard. */
  private speaks(node: string): boolean {
    const agent = this.ground.state.agents.get(node);
    return agent?.running === true && this.leases.isHealthy(agent);
  }

  private isUnknown(node: string): boolean {
    return this.conditionsOf(node).some(({ status }) => status === 'Unknown');
  }

  private conditionsOf(node: string): readonly Condition[] {
    const { store } = this.ground.api;
    const status = store.get('Node', node)?.status as { conditions?: Condition[] } | undefined;
    return status?.conditions ?? [];
  }

  /** The next tick of the kubelet's loop. */
  private nextSync(node: string): Instant {
    const { kernel, timing } = this.ground;
    const period = timing.delay(PERIOD).least;
    if (period === 0) return kernel.now;
    const phase = timing.phase(PERIOD, `kubelet@${node}`);
    return (phase + Math.ceil((kernel.now - phase) / period) * period) as Instant;
  }
}
