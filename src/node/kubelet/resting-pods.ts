// Pods that have been running for long when a scenario begins, and to which nothing has happened
// since. Most pods of a large cluster are of that kind for ever: each is one small record, and the
// first who has to do with it makes of that what any other pod has.

import type { Pod, PodStatus } from '../../apiserver/kinds/pod';
import { LatePod } from '../../apiserver/late-pod';
import type { Labels } from '../../values/labels';
import type { IP } from '../../values/ip';
import type { ObjectKey } from '../../values/kube-object';
import type { Behaviour } from '../../workloads/index';
import { PodSandbox } from '../pod-sandbox';
import type { Lasting } from '../pod-sandbox';
import type { KubeletState, NodeAgent, PodWorker } from './kubelet-state';
import type { CommonStatus } from './pod-status';
import { newWorker } from './pod-worker';
import type { ProbeState } from './probes';

/** What all pods have in common that were made from one template and came up at one instant. */
export interface RestingTemplate extends CommonStatus, Lasting {
  readonly labels: Labels | undefined;
  readonly namespace: string | undefined;
  readonly owners: Pod['metadata']['ownerReferences'];
  readonly volumes: Pod['spec']['volumes'];
  /** What its containers do, in their order, and when that was read (Behaviours.turn). */
  readonly behaviours: readonly Behaviour[];
  readonly turn: number;
  /** The probes of each of them, if any has one: all succeed, and will until something happens. */
  readonly probes: readonly (readonly ProbeState[])[] | undefined;
  /** Whether one of them is only assumed. */
  readonly isAssumed: boolean;
}

export class RestingPod {
  readonly stage = 'resting';
  readonly agent: NodeAgent;
  readonly key: ObjectKey;
  readonly template: RestingTemplate;
  readonly sandbox: PodSandbox;
  /** The number of its worker. Those of its containers follow. */
  id = -1;
  /** The object as its kubelet knows it, which is put together for whoever asks. */
  private known: Pod | LatePod;
  /** The status that it was stored with; undefined where it is that of the object. */
  private readonly said: PodStatus | undefined;

  constructor(
    agent: NodeAgent,
    key: ObjectKey,
    template: RestingTemplate,
    sandbox: PodSandbox,
    known: Pod | LatePod,
    said?: PodStatus,
  ) {
    this.agent = agent;
    this.key = key;
    this.template = template;
    this.sandbox = sandbox;
    this.known = known;
    this.said = said;
  }

  get pod(): Pod {
    return this.known instanceof LatePod ? this.known.object : this.known;
  }

  set pod(pod: Pod) {
    this.known = pod;
  }

  get uid(): string {
    return this.known instanceof LatePod ? this.known.uid : (this.known.metadata.uid ?? '');
  }

  get sent(): PodStatus {
    return this.said ?? this.pod.status!;
  }

  /** Whether this is the very object that it came with. */
  isOf(late: LatePod | undefined): boolean {
    return late !== undefined && this.known === late;
  }
}

/** The newest worker of a pod. */
export function workerOf(state: KubeletState, pod: ObjectKey): PodWorker | undefined {
  const known = state.byPod.get(pod);
  return known && awake(state, known);
}

/** All workers on a node, in the order in which their pods came. */
export function workersOn(state: KubeletState, { workers }: NodeAgent): readonly PodWorker[] {
  return [...workers.values()].map((it) => awake(state, it));
}

/** The same without pods that rest: they run, and nothing is to be said of them. */
export function awakeAmong(all: ReadonlyMap<unknown, PodWorker | RestingPod>): PodWorker[] {
  const workers: PodWorker[] = [];
  for (const it of all.values()) if (it.stage !== 'resting') workers.push(it);
  return workers;
}

/** All workers that may have probes: those that are awake, and of the others whoever has one. */
export function probedAmong(
  state: KubeletState,
  all: ReadonlyMap<unknown, PodWorker | RestingPod>,
): PodWorker[] {
  return [...all.values()]
    .filter((it) => it.stage !== 'resting' || it.template.probes !== undefined)
    .map((it) => awake(state, it));
}

/** The numbers of the worker of a pod that rests, and of its containers and probes, are kept. */
export function keepNumbers(state: KubeletState, { behaviours, probes }: RestingTemplate): number {
  const id = state.nextId;
  state.nextId += 1 + behaviours.length;
  if (probes !== undefined) for (const all of probes) state.nextId += all.length;
  return id;
}

/** Forgets the records of a pod that has come up: it rests as well. */
export function layToRest(
  state: KubeletState,
  { id, agent, key, pod, containers }: PodWorker,
  { template, sandbox, sent }: Pick<RestingPod, 'template' | 'sandbox' | 'sent'>,
): void {
  state.workers.delete(id);
  for (const container of containers) {
    state.containers.delete(container.id);
    for (const probe of container.probes) state.probes.delete(probe.id);
  }
  state.podFailures.forget(key);
  letRest(state, id, new RestingPod(agent, key, template, sandbox, pod, sent));
}

/** Enters a pod that rests. */
export function letRest(state: KubeletState, id: number, resting: RestingPod): void {
  const { agent, key } = resting;
  resting.id = id;
  agent.workers.later(id, resting);
  state.byPod.later(key, resting);
}

/** The network namespace of a pod in which all runs that its template says. */
export function sandboxFor(
  { node, machine }: NodeAgent,
  podKey: ObjectKey,
  uid: string | LatePod,
  addresses: readonly IP[],
  lasting: RestingTemplate,
): PodSandbox {
  const pod = { podKey, uid, node, addresses, hostNetwork: false, lasting };
  const sandbox = new PodSandbox(pod);
  machine.installSandbox(sandbox);
  return sandbox;
}

/** The worker of a pod, whether it has rested so far or not. */
export function awake(state: KubeletState, known: PodWorker | RestingPod): PodWorker {
  return known.stage === 'resting' ? wake(state, known) : known;
}

/**
 * The records that the pod would have by now, had it come up by itself: with the numbers that were
 * kept for them, in the places of the one that rested. Both tell in which order pods came.
 */
function wake(state: KubeletState, resting: RestingPod): PodWorker {
  const { id, agent, key, pod, sandbox, template, sent } = resting;
  const { since } = template;
  const worker = newWorker(state, { agent, key, pod, now: since }, { nextId: id });
  worker.stage = 'running';
  worker.sandbox = sandbox;
  worker.sent = sent;
  sandbox.heed(worker.failures);
  worker.containers.forEach((container, index) => {
    agent.images.add(container.spec.image ?? '');
    container.attempt = 1;
    container.process = sandbox.processes.get(container.spec.name);
    container.behaviour = template.behaviours[index];
    container.seen = { state: 'running', startedAt: since };
    container.seenAttempt = 1;
    container.started = true;
    container.restarts = 0;
    const probes = template.probes?.[index];
    container.probes.forEach((probe, place) => {
      const { id } = probe;
      Object.assign(probe, probes![place], { id });
    });
  });
  return worker;
}
