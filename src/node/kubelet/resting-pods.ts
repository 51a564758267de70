// Pods that have been running for long when a scenario begins, and to which nothing has happened
// since. Most pods of a large cluster are of that kind for ever: each is one small record, and the
// first who has to do with it makes of that what any other pod has.

import type { Pod, PodStatus } from '../../apiserver/kinds/pod';
import type { Labels } from '../../values/labels';
import type { ObjectKey } from '../../values/kube-object';
import type { Behaviour } from '../../workloads/index';
import type { Lasting, PodSandbox } from '../pod-sandbox';
import type { KubeletState, NodeAgent, PodWorker } from './kubelet-state';
import type { CommonStatus } from './pod-status';
import { newWorker } from './pod-worker';
import type { ProbeState } from './probes';

/** What all pods have in common that were made from one template and came up at one instant. */
export interface RestingTemplate {
  readonly labels: Labels | undefined;
  readonly namespace: string | undefined;
  readonly owners: Pod['metadata']['ownerReferences'];
  readonly volumes: Pod['spec']['volumes'];
  readonly lasting: Lasting;
  /** What its containers do, in their order. */
  readonly behaviours: readonly Behaviour[];
  /** The probes of each of them: all succeed, and will until something happens. */
  readonly probes: readonly (readonly ProbeState[])[];
  readonly isProbed: boolean;
  /** Whether one of them is only assumed. */
  readonly isAssumed: boolean;
  readonly status: CommonStatus;
}

export interface RestingPod {
  readonly stage: 'resting';
  /** The number of its worker. Those of its containers follow. */
  readonly id: number;
  readonly agent: NodeAgent;
  readonly key: ObjectKey;
  readonly uid: string;
  readonly template: RestingTemplate;
  readonly sandbox: PodSandbox;
  /** The object as its kubelet knows it. */
  pod: Pod;
  readonly sent: PodStatus;
}

type Rest = Omit<RestingPod, 'stage' | 'id'>;

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
    .filter((it) => it.stage !== 'resting' || it.template.isProbed)
    .map((it) => awake(state, it));
}

/** Enters a pod that rests, and keeps the numbers for its worker, its containers and probes. */
export function letRest(state: KubeletState, pod: Rest): void {
  const id = state.nextId;
  state.nextId++;
  for (const probes of pod.template.probes) state.nextId += 1 + probes.length;
  enter(state, id, pod);
}

/** Forgets the records of a pod that has come up: it rests as well. */
export function layToRest(
  state: KubeletState,
  { id, agent, key, uid, pod, containers }: PodWorker,
  rest: Pick<RestingPod, 'template' | 'sandbox' | 'sent'>,
): void {
  state.workers.delete(id);
  for (const container of containers) {
    state.containers.delete(container.id);
    for (const probe of container.probes) state.probes.delete(probe.id);
  }
  state.podFailures.forget(key);
  enter(state, id, { agent, key, uid, pod, ...rest });
}

function enter(state: KubeletState, id: number, pod: Rest): void {
  const { agent, key, uid, template, sandbox, sent } = pod;
  const stage = 'resting';
  const resting: RestingPod = { stage, id, agent, key, uid, template, sandbox, pod: pod.pod, sent };
  agent.workers.later(id, resting);
  agent.unheard.push(resting);
  state.byPod.later(key, resting);
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
  const place = agent.unheard.indexOf(resting);
  if (place >= 0) agent.unheard.splice(place, 1);
  const { since } = template.lasting;
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
    const probes = template.probes[index]!;
    container.probes.forEach((probe, place) => {
      const { id } = probe;
      Object.assign(probe, probes[place], { id });
    });
  });
  return worker;
}
