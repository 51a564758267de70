// What kubelets could not tell the API server, and when they try again: the status manager goes
// over all pods every so often.
// source: pkg/kubelet/status/status_manager.go syncBatch

import type { ApiRequest } from '../../apiserver/api-server';
import type { EventArgument, EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { Effect } from '../../timing';
import type { KubeletOptions } from './kubelet-ground';
import type { KubeletState, NodeAgent, PodWorker } from './kubelet-state';
import { awakeAmong } from './resting-pods';

interface UnsentGround extends Pick<KubeletOptions, 'kernel' | 'api'> {
  readonly state: KubeletState;
}

type Draft = { -readonly [Field in keyof ApiRequest]: ApiRequest[Field] };

const PERIOD = 'kubelet.statusSyncPeriod';

export class UnsentWrites {
  private readonly ground: UnsentGround;
  private readonly lostEvent: EventKind;
  private readonly nodeLostEvent: EventKind;
  private readonly resendEvent: EventKind;
  /** Conditions of nodes that were not written. */
  private readonly nodes = new Map<string, ApiRequest>();
  /** What was said of each node last. */
  private readonly said = new Map<string, ApiRequest>();

  /** `resend` writes about a pod what is true of it now. */
  constructor(ground: UnsentGround, resend: (worker: PodWorker) => void) {
    this.ground = ground;
    const { kernel, api, state } = ground;
    const lost = (id: EventArgument): void => {
      const worker = state.workers.get(Number(id));
      if (worker === undefined) return;
      worker.unsent = true;
      if (api.cutOf(worker.agent.actor) === undefined) this.plan(worker.agent);
    };
    const owner = (id: EventArgument) => state.workers.get(Number(id))?.agent.actor;
    this.lostEvent = kernel.declare('kubelet.writeLost', lost, { owner });
    const nodeLost = (node: EventArgument): void => {
      const agent = state.agents.get(String(node));
      const request = this.said.get(String(node));
      if (agent === undefined || request === undefined) return;
      this.nodes.set(agent.node, request);
      if (api.cutOf(agent.actor) === undefined) this.plan(agent);
    };
    this.nodeLostEvent = kernel.declare('kubelet.nodeWriteLost', nodeLost, {
      owner: (node) => `kubelet@${node}`,
    });
    const again = (node: EventArgument): void => {
      const agent = state.agents.get(String(node));
      if (agent?.running !== true || api.cutOf(agent.actor) !== undefined) return;
      const request = this.nodes.get(agent.node);
      if (request !== undefined) this.writeNode(agent, request);
      for (const worker of awakeAmong(agent.workers)) {
        if (!worker.unsent) continue;
        worker.unsent = false;
        resend(worker);
      }
    };
    this.resendEvent = kernel.declare('kubelet.resend', again, {
      owner: (node) => `kubelet@${node}`,
    });
    api.onPath((actor, isOpen) => {
      const agent = state.agents.get(actor.replace(/^kubelet@/, ''));
      if (isOpen && agent?.actor === actor) this.plan(agent);
    });
  }

  /** Writes about a pod; what never arrives is written again at a later pass. */
  patch({ id, key, uid, agent }: PodWorker, patch: unknown, effect: Effect): void {
    const lost = { kind: this.lostEvent, a: id };
    const { actor } = agent;
    const request: Draft = { verb: 'patch', kind: 'Pod', key, actor, effect, patch, lost };
    if (uid !== '') request.uid = uid;
    this.ground.api.submit(request);
  }

  /** Has a pod's object removed at once. */
  delete({ id, key, uid, agent }: PodWorker): void {
    const lost = { kind: this.lostEvent, a: id };
    const { actor } = agent;
    const asked = { grace: 0, effect: 'loss' } as const;
    const request: Draft = { verb: 'delete', kind: 'Pod', key, actor, ...asked, lost };
    if (uid !== '') request.uid = uid;
    this.ground.api.submit(request);
  }

  /** Writes about the node itself. */
  writeNode(agent: NodeAgent, request: ApiRequest): void {
    const { api } = this.ground;
    if (api.cutOf(agent.actor) === undefined) this.nodes.delete(agent.node);
    else this.nodes.set(agent.node, request);
    this.said.set(agent.node, request);
    api.submit({ ...request, lost: { kind: this.nodeLostEvent, a: agent.node } });
  }

  private plan(agent: NodeAgent): void {
    const { kernel } = this.ground;
    const hasAny = awakeAmong(agent.workers).some(({ unsent }) => unsent);
    if (!hasAny && !this.nodes.has(agent.node)) return;
    const at = agent.ticks.nextStatusSync(kernel.now);
    kernel.schedule(at, Phase.agent, this.resendEvent, agent.node, 0, PERIOD);
  }
}
