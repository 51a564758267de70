// A kubelet corrects what the API says of its node: after an outage the control plane has written
// that nobody knows how the node is, and the kubelet knows.
// source: pkg/kubelet/kubelet_node_status.go syncNodeStatus, tryUpdateNodeStatus

import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { TimerName } from '../../timing';
import type { Instant } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import { PRESSURES } from './node-failures';
import type { Pressure } from './node-failures';
import type { NodeLeases } from './node-lease';

const PERIOD: TimerName = 'kubelet.nodeStatusUpdateFrequency';

/** Those of nearly every node. */
const NO_PRESSURES: readonly Pressure[] = Object.freeze([]);

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
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

/** source: pkg/kubelet/nodeshutdown/nodeshutdown_manager_linux.go ShutdownStatus */
const LEAVING = { ...UNREADY, message: 'node is shutting down' } as const;

/** source: pkg/kubelet/nodestatus/setters.go MemoryPressureCondition and its like */
const UNDER_PRESSURE: Readonly<Record<Pressure, Pick<Condition, 'reason' | 'message'>>> = {
  MemoryPressure: {
    reason: 'KubeletHasInsufficientMemory',
    message: 'kubelet has insufficient memory available',
  },
  DiskPressure: { reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' },
  PIDPressure: {
    reason: 'KubeletHasInsufficientPID',
    message: 'kubelet has insufficient PID available',
  },
};

/** What the node is short of, as its kubelet has found or a fault makes it say. */
export function pressuresOf(
  { pressures, nodeFailures }: KubeletGround['state'],
  node: string,
): readonly Pressure[] {
  const found = pressures.get(node);
  let all = NO_PRESSURES;
  for (let index = 0; index < PRESSURES.length; index++) {
    const it = PRESSURES[index]!;
    if (found?.has(it) === true || nodeFailures[it].has(node)) all = [...all, it];
  }
  return all;
}

/** What a kubelet says of its node, whose runtime answers. */
export function conditionsSaid(state: KubeletGround['state'], node: string): readonly Condition[] {
  const isLeaving = state.agents.get(node)?.leaving !== undefined;
  const unready = isLeaving ? LEAVING : UNREADY;
  const isUnready = isLeaving || state.nodeFailures.unready.has(node);
  const pressures = pressuresOf(state, node);
  return HEALTHY.map((it): Condition => {
    if (it.type === 'Ready') return isUnready ? unready : it;
    return pressures.includes(it.type) ? { ...it, status: 'True', ...UNDER_PRESSURE[it.type] } : it;
  });
}

export class NodeStatuses {
  private readonly ground: KubeletGround;
  private readonly leases: NodeLeases;
  /** Nodes whose correction is under way. */
  private readonly due = new Set<string>();
  /** Nodes of whose pressures is to be reported. */
  private readonly pressureDue = new Set<string>();
  private readonly syncEvent: EventKind;
  private readonly pressureEvent: EventKind;

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
    this.pressureEvent = ground.kernel.declare(
      'kubelet.pressureStatus',
      (node) => this.reportPressures(String(node)),
      { owner: (node) => `kubelet@${node}` },
    );
    ground.api.observeCommits((version, kind) => {
      if (kind === 'Node' && version.object !== undefined) this.lookAt(version.key);
    });
  }

  /** The API says something of the node, or the kubelet reaches the API again. */
  lookAt(node: string): void {
    const { kernel } = this.ground;
    if (this.due.has(node) || !this.speaks(node) || !this.isUnknown(node)) return;
    this.due.add(node);
    kernel.schedule(this.nextReport(node), Phase.agent, this.syncEvent, node, 0, PERIOD);
  }

  /** The kubelet has found that its node is under pressure, or is so no more. */
  pressureChanged(node: string): void {
    const { kernel, state } = this.ground;
    if (this.pressureDue.has(node) || state.agents.get(node)?.running !== true) return;
    if (this.newlySaid(node, PRESSURES).length === 0) return;
    this.pressureDue.add(node);
    kernel.schedule(this.nextReport(node), Phase.agent, this.pressureEvent, node, 0, PERIOD);
  }

  /** The kubelet says how its node is now, without waiting for its loop. */
  report(node: string): void {
    this.write(node, this.newlySaid(node, [...PRESSURES, 'Ready']));
  }

  private reportPressures(node: string): void {
    this.pressureDue.delete(node);
    if (this.ground.state.agents.get(node)?.running === true) {
      this.write(node, this.newlySaid(node, PRESSURES));
    }
  }

  /** Conditions of these types that the API shows otherwise, and does not count as unknown. */
  private newlySaid(node: string, types: readonly string[]): readonly Condition[] {
    const known = this.conditionsOf(node);
    return conditionsSaid(this.ground.state, node).filter(({ type, status }) => {
      const absent = type === 'Ready' ? undefined : 'False';
      const before = known.find((it) => it.type === type)?.status ?? absent;
      return types.includes(type) && before !== status && before !== 'Unknown';
    });
  }

  private write(node: string, said: readonly Condition[]): void {
    const { kernel, state, unsent } = this.ground;
    const agent = state.agents.get(node)!;
    if (said.length === 0) return;
    const words = said.map(({ type, status, message }) => `${type}=${status} ${message ?? ''}`);
    kernel.note(agent.actor, 'reported', `Node/${node}`, words.join(', ').trim());
    const conditions = said.map((it) => ({ ...it, lastTransitionTime: kernel.now }));
    unsent.writeNode(agent, {
      verb: 'patch',
      kind: 'Node',
      key: node,
      patch: { status: { conditions } },
      patchType: 'strategic',
      actor: agent.actor,
    });
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
  private nextReport(node: string): Instant {
    const { kernel, state } = this.ground;
    return state.agents.get(node)!.ticks.nextStatusReport(kernel.now);
  }
}
