// When a kubelet says that its node is not ready, and when it says so no more: its container
// runtime does not answer, or a fault makes it say so. The lease is renewed all the while.
// source: pkg/kubelet/kubelet.go updateRuntimeUp; runtime.go runtimeErrors;
// pkg/kubelet/kubelet_node_status.go syncNodeStatus

import type { Node } from '../../apiserver/kinds/node';
import { conditionOf } from '../../apiserver/kinds/pod';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { TimerName } from '../../timing';
import { later } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import { UNREADY } from './node-status';

const DOWN: TimerName = 'kubelet.runtimeDown';
const STATUS: TimerName = 'kubelet.nodeStatusUpdateFrequency';

interface Said {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

const READY: Said = {
  status: 'True',
  reason: 'KubeletReady',
  message: 'kubelet is posting ready status',
};
const RUNTIME_DOWN: Said = {
  status: 'False',
  reason: 'KubeletNotReady',
  message: 'container runtime is down',
};

export class RuntimeHealth {
  private readonly ground: KubeletGround;
  /** Grows whenever a runtime falls silent or answers again, by node. */
  private readonly turns = new Map<string, number>();
  /** Nodes whose condition says that their runtime is down. */
  private readonly reported = new Set<string>();
  private readonly reportEvent: EventKind;
  private readonly failureEvent: EventKind;

  constructor(ground: KubeletGround) {
    this.ground = ground;
    this.reportEvent = ground.kernel.declare(
      'kubelet.runtimeHealth',
      (node, turn) => {
        if (this.turns.get(String(node)) === turn) this.report(String(node), turn % 2 === 0);
      },
      { owner: (node) => `kubelet@${node}` },
    );
    this.failureEvent = ground.kernel.declare(
      'kubelet.unreadyReport',
      (node) => this.reportFailure(String(node)),
      { owner: (node) => `kubelet@${node}` },
    );
  }

  /** A fault makes the kubelet say that its node is not ready, or does so no longer. */
  failureChanged(node: string): void {
    const { kernel, state } = this.ground;
    const at = state.agents.get(node)?.ticks.nextStatusReport(kernel.now);
    if (at === undefined) return;
    kernel.schedule(at, Phase.agent, this.failureEvent, node, 0, STATUS);
  }

  /** The runtime of the node answers no longer, or again. */
  changed(node: string, answers: boolean): void {
    const { kernel, state, timing } = this.ground;
    const turns = this.turns.get(node) ?? 0;
    if ((turns % 2 === 0) === answers) return;
    this.turns.set(node, turns + 1);
    const ticks = state.agents.get(node)?.ticks;
    if (ticks === undefined || (answers && !this.reported.has(node))) return;
    const known = answers
      ? ticks.nextRuntimeLook(kernel.now)
      : later(ticks.lastRuntimeLook(kernel.now), timing.wait(DOWN, `kubelet@${node}`));
    const at = ticks.nextStatusReport(known > kernel.now ? known : kernel.now);
    const timer = answers ? STATUS : DOWN;
    kernel.schedule(at, Phase.agent, this.reportEvent, node, turns + 1, timer);
  }

  /** The node was switched off: what its kubelet said of the runtime is void. */
  forget(node: string): void {
    this.turns.delete(node);
    this.reported.delete(node);
  }

  private report(node: string, isUp: boolean): void {
    const { state } = this.ground;
    if (state.agents.get(node)?.running !== true) return;
    if (isUp) this.reported.delete(node);
    else this.reported.add(node);
    if (!state.nodeFailures.unready.has(node)) this.write(node, isUp ? READY : RUNTIME_DOWN);
  }

  private reportFailure(node: string): void {
    const { api, state } = this.ground;
    const isUnready = state.nodeFailures.unready.has(node);
    const said = isUnready ? UNREADY : this.reported.has(node) ? RUNTIME_DOWN : READY;
    const object = api.store.get('Node', node) as Node | undefined;
    const known = conditionOf(object?.status?.conditions, 'Ready')?.status;
    // What the control plane itself has written is corrected by whoever corrects that.
    if (known !== said.status && known !== 'Unknown') this.write(node, said);
  }

  private write(node: string, said: Said): void {
    const { kernel, state, unsent } = this.ground;
    const agent = state.agents.get(node);
    // A kubelet that ends its pods says that it shuts down, whatever else there is to say.
    if (agent?.running !== true || agent.leaving !== undefined) return;
    kernel.note(agent.actor, 'reported', `Node/${node}`, said.message);
    const condition = { type: 'Ready', ...said, lastTransitionTime: kernel.now };
    unsent.writeNode(agent, {
      verb: 'patch',
      kind: 'Node',
      key: node,
      patch: { status: { conditions: [condition] } },
      patchType: 'strategic',
      actor: agent.actor,
    });
  }
}
