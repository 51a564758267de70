// Who writes routes of the network plug-in again that somebody has deleted, and when: the agent of
// the node compares what should be with what is from time to time, or never.

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { Network } from '../network/index';
import { Loop, tickAfter } from '../timing';
import type { TimerName, Timing } from '../timing';
import type { ClusterSpec } from '../values/cluster-spec';
import type { Component } from '../values/component';
import { between, seconds } from '../values/time';
import type { Duration } from '../values/time';
import type { Components } from './components/components';

export interface RouteUpkeepContext {
  readonly kernel: Kernel;
  readonly spec: ClusterSpec;
  readonly timing: Timing;
  readonly network: Network;
  readonly components: Components;
  readonly touch: () => void;
}

/** How often it is asked whether an agent that was dead lives again. */
const DEAD_AGENT = seconds(1);

export class RouteUpkeep {
  /** When the agents look; `never`, or undefined where that is not modelled. */
  readonly timer: TimerName | 'never' | undefined;
  private readonly context: RouteUpkeepContext;
  private readonly lookEvent: EventKind;
  /** The looks of the agent of each node. */
  private readonly loops = new Map<string, Loop>();

  constructor(context: RouteUpkeepContext) {
    const { kernel, network, spec } = context;
    this.context = context;
    this.timer = network.plugin.routeUpkeep?.(spec.cni.options);
    this.lookEvent = kernel.declare('cni.routes', (node) => this.look(String(node)), {
      owner: (node) => this.actorOn(String(node)),
    });
  }

  /** Routes of the node are gone. */
  lost(node: string, count: number): void {
    const { kernel, touch } = this.context;
    kernel.note(`machine@${node}`, 'lost', 'routes', `${count} to other nodes`);
    this.lookLater(node);
    touch();
  }

  private lookLater(node: string): void {
    const { kernel, timing } = this.context;
    const { timer } = this;
    if (timer === undefined || timer === 'never') return;
    const known = this.loops.get(node);
    const loop = known ?? new Loop(timing, timer, this.actorOn(node));
    if (known === undefined) this.loops.set(node, loop);
    this.lookIn(between(kernel.now, tickAfter(loop.ticks, kernel.now)), node, timer);
  }

  private lookIn(wait: Duration, node: string, timer: TimerName): void {
    this.context.kernel.after(wait, Phase.agent, this.lookEvent, node, 0, timer);
  }

  private look(node: string): void {
    const { components, kernel, network, touch } = this.context;
    const agent = this.agentOn(node);
    // A process that is dead looks when it lives again.
    if (agent !== undefined && !components.isRunning(agent)) {
      return this.lookIn(DEAD_AGENT, node, this.timer as TimerName);
    }
    if (!network.machines.get(node)!.routing.recover()) return;
    kernel.note(this.actorOn(node), 'restored', 'routes');
    touch();
  }

  private agentOn(node: string): Component | undefined {
    return this.context.components.on(node).find(({ name }) => name === 'cni');
  }

  private actorOn(node: string): string {
    return this.agentOn(node)?.actor ?? `cni@${node}`;
  }
}
