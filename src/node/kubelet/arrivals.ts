// Pods that have come to rest while a cluster settled, and of which nobody has asked for anything
// since. A pod is known in five places of its node and its cluster; whoever looks into one of them
// has them all entered, and until then there are none.

import { LatePod } from '../../apiserver/late-pod';
import type { ObjectKey } from '../../values/kube-object';
import type { LateMap } from '../../values/late-map';
import { PodSandbox } from '../pod-sandbox';
import type { NodeAgent, PodWorker } from './kubelet-state';
import { RestingPod, sandboxFor } from './resting-pods';
import type { RestingTemplate } from './resting-pods';

/** Fields of an entry. */
const FIELDS = 3;

export class Arrivals {
  private readonly agents: ReadonlyMap<string, NodeAgent>;
  private readonly byPod: LateMap<ObjectKey, PodWorker | RestingPod>;
  /** Pods in the order of their coming, each with its template and its number behind it. */
  private waiting: (LatePod | PodWorker | PodSandbox | RestingTemplate | number | undefined)[] = [];
  /** The revision of the first of them that rests. */
  private since = Number.POSITIVE_INFINITY;

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
    if (pod.revision < this.since) this.since = pod.revision;
    this.waiting.push(pod, template, id);
  }

  /** Whether the pod has come, and nobody has asked for it. */
  holds({ revision }: LatePod): boolean {
    return revision >= this.since;
  }

  /**
   * A pod has come that does not rest: it is found at once, and stands behind those that came
   * before it when these are entered.
   */
  addWorker(worker: PodWorker): void {
    const { agent, id, key } = worker;
    if (!this.isEmpty) this.waiting.push(worker, undefined, id);
    agent.workers.later(id, worker);
    this.byPod.later(key, worker);
  }

  /** The same of a sandbox of such a pod. */
  addSandbox(sandbox: PodSandbox): void {
    if (!this.isEmpty) this.waiting.push(sandbox, undefined, undefined);
  }

  /** Somebody asks: they are as any pod at rest. */
  enter(): void {
    const { waiting } = this;
    // Whoever forks a cluster asks each time: without anybody to enter nothing is written.
    if (waiting.length === 0) return;
    this.waiting = [];
    this.since = Number.POSITIVE_INFINITY;
    for (let at = 0; at < waiting.length; at += FIELDS) {
      const one = waiting[at] as LatePod | PodWorker | PodSandbox;
      if (one instanceof LatePod) {
        this.enterOne(one, waiting[at + 1] as RestingTemplate, waiting[at + 2] as number);
      } else if (one instanceof PodSandbox) {
        this.agents.get(one.node)!.machine.putLast(one);
      } else {
        this.putBehind(one);
      }
    }
  }

  private enterOne(pod: LatePod, template: RestingTemplate, id: number): void {
    const { key, host, addresses } = pod;
    const agent = this.agents.get(host.node)!;
    const { machine } = agent;
    // A node that has got other ranges since knows nothing of what it gave out before.
    if (machine.host === host) machine.podRow?.note(key, addresses);
    const sandbox = sandboxFor(agent, key, pod, addresses, template);
    const resting = new RestingPod(agent, key, template, sandbox, pod);
    resting.id = id;
    agent.workers.later(id, resting);
    this.byPod.later(key, resting);
  }

  /** Whoever stands for the pod by now comes after all that were entered so far. */
  private putBehind({ agent, id, key }: PodWorker): void {
    const now = agent.workers.get(id);
    if (now === undefined) return;
    agent.workers.putLast(id);
    if (this.byPod.get(key) === now) this.byPod.putLast(key);
  }
}
