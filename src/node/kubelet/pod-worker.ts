// The records of a pod that a kubelet takes on.

import type { Container, ContainerStatus, Pod, PodStatus } from '../../apiserver/kinds/pod';
import type { ObjectKey } from '../../values/kube-object';
import { ZERO } from '../../values/time';
import type { Instant } from '../../values/time';
import type {
  ContainerRecord,
  ContainerRole,
  KubeletState,
  NodeAgent,
  PodWorker,
} from './kubelet-state';
import { newProbe } from './probes';
import type { ProbeState, ProbeType } from './probes';

/** In the order of their numbers. */
const PROBE_TYPES: readonly ProbeType[] = ['startup', 'liveness', 'readiness'];

const NO_STATUS: PodStatus = {};

/** A pod that comes to a node. */
interface Arrival {
  readonly agent: NodeAgent;
  readonly key: ObjectKey;
  readonly pod: Pod;
  readonly now: Instant;
}

/** Where numbers for records come from. */
interface Numbers {
  nextId: number;
}

/** A worker for the pod, with a record for each container and probe, entered everywhere. */
export function newWorker(
  state: KubeletState,
  { agent, key, pod, now }: Arrival,
  numbers: Numbers = state,
): PodWorker {
  const containers: ContainerRecord[] = [];
  const worker: PodWorker = {
    id: numbers.nextId++,
    agent,
    key,
    uid: pod.metadata.uid ?? '',
    pod,
    stage: 'starting',
    sandbox: undefined,
    containers,
    failures: state.podFailures.of(key),
    addedAt: now,
    tearingDown: false,
    parked: false,
    restartHeld: false,
    outcome: undefined,
    verdict: undefined,
    deadline: undefined,
    stored: true,
    removed: false,
    pulls: undefined,
    sent: undefined,
    unsent: false,
    relistAt: undefined,
    repairAt: undefined,
  };
  for (const spec of pod.spec.initContainers ?? []) {
    const role = spec.restartPolicy === 'Always' ? 'sidecar' : 'init';
    containers.push(newContainer(state, worker, { spec, role, now }, numbers));
  }
  for (const spec of pod.spec.containers) {
    containers.push(newContainer(state, worker, { spec, role: 'main', now }, numbers));
  }
  state.workers.set(worker.id, worker);
  if (numbers === state) {
    state.arrivals.addWorker(worker);
  } else {
    // Who has rested so far keeps his place.
    agent.workers.set(worker.id, worker);
    state.byPod.set(key, worker);
  }
  return worker;
}

function newContainer(
  state: KubeletState,
  worker: PodWorker,
  { spec, role, now }: { spec: Container; role: ContainerRole; now: Instant },
  numbers: Numbers,
): ContainerRecord {
  const probes: ProbeState[] = [];
  const container: ContainerRecord = {
    id: numbers.nextId++,
    worker,
    spec,
    role,
    attempt: 0,
    creating: false,
    process: undefined,
    behaviour: undefined,
    seen: { state: 'waiting' },
    seenAttempt: 0,
    last: undefined,
    restarts: earlierRestarts(worker, spec.name),
    started: false,
    inBackOff: false,
    backOff: ZERO,
    backOffAt: undefined,
    restartAt: undefined,
    pull: undefined,
    killedFor: '',
    killAt: undefined,
    probes,
  };
  state.containers.set(container.id, container);
  for (const type of PROBE_TYPES) {
    const given = spec[`${type}Probe`];
    if (given === undefined || role === 'init') continue;
    const probe = newProbe(numbers.nextId++, type, given, now);
    probes.push(probe);
    state.probes.set(probe.id, { probe, container });
  }
  return container;
}

/**
 * A kubelet that starts finds the dead containers of before in the runtime, and what it creates
 * is a restart of them. Zero for a container that never ran.
 */
function earlierRestarts({ pod }: PodWorker, name: string): number {
  const { containerStatuses, initContainerStatuses } = pod.status ?? NO_STATUS;
  if (containerStatuses === undefined && initContainerStatuses === undefined) return 0;
  const isMeant = (it: ContainerStatus): boolean => it.name === name;
  const known = containerStatuses?.find(isMeant) ?? initContainerStatuses?.find(isMeant);
  const hasRun = known?.state?.running !== undefined || known?.state?.terminated !== undefined;
  return known === undefined ? 0 : known.restartCount + (hasRun ? 1 : 0);
}
