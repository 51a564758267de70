// Pods that have come to rest while a cluster settled, and of which nobody has asked for anything
// since. A pod is known in five places of its node and its cluster; whoever looks into one of them
// has them all entered, and until then there are none.

import type { LatePod } from '../../apiserver/late-pod';
import type { ObjectKey } from '../../values/kube-object';
import type { LateMap } from '../../values/late-map';
import type { NodeAgent, PodWorker } from './kubelet-state';
import { RestingPod, sandboxFor } from './resting-pods';
import type { RestingTemplate } from './resting-pods';

/** Fields of an entry. */
const FIELDS = 3;

export class Arrivals {
  private readonly agents: ReadonlyMap<string, NodeAgent>;
  private readonly byPod: LateMap<ObjectKey, PodWorker | RestingPod>;
  /** Pods in the order of their coming, each with its template and its number behind it. */
  private waiting: (LatePod | RestingTemplate | number)[] = [];

  constructor(
    agents: ReadonlyMap<string, NodeAgent>,
    byPod: LateMap<ObjectKey, PodWorker | RestingPod>,
  ) {
    this.agents = agents;
    this.byPod = byPod;
    byPod.fillFrom(this);
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  add(pod: LatePod, template: RestingTemplate, id: number): void {
    this.waiting.push(pod, template, id);
  }

  /** Somebody asks: they are as any pod at rest. */
  enter(): void {
    const { waiting } = this;
    // Whoever forks a cluster asks each time: without anybody to enter nothing is written.
    if (waiting.length === 0) return;
    this.waiting = [];
    for (let at = 0; at < waiting.length; at += FIELDS) {
      const pod = waiting[at] as LatePod;
      const template = waiting[at + 1] as RestingTemplate;
      const { key, host, addresses } = pod;
      const agent = this.agents.get(host.node)!;
      const { machine } = agent;
      // A node that has got other ranges since knows nothing of what it gave out before.
      if (machine.host === host) machine.podRow?.note(key, addresses);
      const sandbox = sandboxFor(agent, key, pod, addresses, template);
      const resting = new RestingPod(agent, key, template, sandbox, pod);
      resting.id = waiting[at + 2] as number;
      agent.workers.later(resting.id, resting);
      this.byPod.later(key, resting);
    }
  }
}
