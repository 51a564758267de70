// Whether a kubelet renews its lease, and what it does about it when it cannot: without an event
// for each renewal, only for the end and the return of them.
// source: component-helpers/apimachinery/lease/controller.go (retryUpdateLease,
// onRepeatedHeartbeatFailure); cmd/kubelet/app/server.go (closeAllConns, under DISABLE_HTTP2)

import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { Instant } from '../../values/time';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent } from './kubelet-state';
import { distrustAt, leaseReturn } from './lease-return';
import type { Outage } from './lease-return';
import { LossyRenewals } from './lossy-renewals';

export class NodeLeases {
  private readonly ground: KubeletGround;
  private readonly changed: (node: string) => void;
  /** Kubelets whose renewals do not get through, or whose process is stopped. */
  private readonly outages = new Map<string, Outage>();
  private readonly renewedEvent: EventKind;
  private readonly distrustEvent: EventKind;
  private readonly lossy: LossyRenewals;

  /** `changed` is told when a node begins or ceases to renew. */
  constructor(ground: KubeletGround, changed: (node: string) => void) {
    this.ground = ground;
    this.changed = changed;
    const { kernel, api, state } = ground;
    const owner = (node: string | number): string => `kubelet@${node}`;
    this.renewedEvent = kernel.declare(
      'kubelet.leaseRenewed',
      (node) => this.renewed(state.agents.get(String(node))!),
      { owner },
    );
    this.distrustEvent = kernel.declare(
      'kubelet.heartbeatsFailed',
      (node, firstTry) => {
        const outage = this.outages.get(String(node));
        if (outage?.firstTry === firstTry) api.reconnect(`kubelet@${node}`);
      },
      { owner, background: true },
    );
    this.lossy = new LossyRenewals(ground, {
      isBeating: (agent) => agent.running && this.isHealthy(agent),
      late: (agent, firstTry, lastRenewal) => this.delayed(agent, firstTry, lastRenewal),
      arrived: (agent) => this.renewed(agent),
    });
    api.onPath((actor, isOpen) => {
      const agent = agentOf(state.agents, actor);
      if (agent === undefined) return;
      if (isOpen) this.pathOpened(agent);
      else this.interrupt(agent);
    });
  }

  /** Whether the renewals of a kubelet that runs get through. */
  isHealthy(agent: NodeAgent): boolean {
    return !this.outages.has(agent.node);
  }

  /** The kubelet starts: it renews at once, if it reaches the API server. */
  started(agent: NodeAgent): void {
    const { kernel, api } = this.ground;
    const cut = api.cutOf(agent.actor);
    if (cut === undefined) this.outages.delete(agent.node);
    else this.outages.set(agent.node, { actor: agent.actor, cut, firstTry: kernel.now });
    this.changed(agent.node);
    if (cut === undefined) this.lossy.watch(agent);
  }

  /** The process dies: its last renewal stands. */
  stopped(agent: NodeAgent): void {
    const { kernel } = this.ground;
    this.lossy.forget(agent);
    if (this.outages.delete(agent.node)) return;
    agent.lastRenewal = agent.ticks.lastRenewal(agent.startedAt, kernel.now);
  }

  /** Tells the control plane's view of heartbeats that something about a node has changed. */
  tell({ node }: NodeAgent): void {
    this.changed(node);
  }

  /** The process is stopped, or its path is: renewals end after the last one that got through. */
  interrupt(agent: NodeAgent): void {
    const { kernel, api, timing } = this.ground;
    const { node, actor, ticks } = agent;
    const known = this.outages.get(node);
    if (!agent.running || (known !== undefined && known.isLossy !== true)) return;
    this.lossy.forget(agent);
    agent.lastRenewal =
      (known && agent.lastRenewal) ?? ticks.lastRenewal(agent.startedAt, kernel.now);
    const firstTry = known?.firstTry ?? ticks.nextRenewal(agent.lastRenewal, kernel.now);
    const outage: Outage = { actor, cut: api.cutOf(actor) ?? 'refused', firstTry };
    this.outages.set(node, outage);
    const at = distrustAt(outage, timing);
    if (at !== undefined) {
      const timer = 'kubelet.leaseRequestTimeout';
      kernel.schedule(at, Phase.agent, this.distrustEvent, node, firstTry, timer);
    }
    this.changed(node);
  }

  /** A stopped process goes on: its timers have expired, so it renews at once. */
  resume(agent: NodeAgent): void {
    const { kernel, api } = this.ground;
    if (!this.outages.has(agent.node) || api.cutOf(agent.actor) !== undefined) return;
    kernel.schedule(kernel.now, Phase.agent, this.renewedEvent, agent.node);
  }

  /** The renewal that is due is lost at first; until it arrives, the last one counts. */
  private delayed(agent: NodeAgent, firstTry: Instant, lastRenewal: Instant): void {
    agent.lastRenewal = lastRenewal;
    const { node, actor } = agent;
    this.outages.set(node, { actor, cut: 'silent', firstTry, isLossy: true });
    this.changed(node);
  }

  private pathOpened(agent: NodeAgent): void {
    const { kernel, timing } = this.ground;
    const { node } = agent;
    const outage = this.outages.get(node);
    if (outage === undefined) return;
    const { at, timer } = leaseReturn(outage, kernel.now, timing);
    kernel.schedule(at, Phase.agent, this.renewedEvent, node, 0, timer);
  }

  private renewed(agent: NodeAgent): void {
    const { kernel, api } = this.ground;
    const { node, actor } = agent;
    if (!agent.running || api.cutOf(actor) !== undefined || !this.outages.delete(node)) return;
    agent.startedAt = kernel.now;
    kernel.note(actor, 'renewed', `Lease/kube-node-lease/${node}`);
    this.changed(node);
    this.lossy.watch(agent);
  }
}

function agentOf(agents: ReadonlyMap<string, NodeAgent>, actor: string): NodeAgent | undefined {
  return actor.startsWith('kubelet@') ? agents.get(actor.slice('kubelet@'.length)) : undefined;
}
