// The status of a pod as its kubelet writes it.
// source: pkg/kubelet/kubelet_pods.go (getPhase, convertStatusToAPIStatus), status/generate.go

import type {
  Condition,
  ContainerState,
  ContainerStatus,
  PodStatus,
} from '../../apiserver/kinds/pod';
import { conditionOf } from '../../apiserver/kinds/pod';
import type { IP } from '../../values/ip';
import type { Instant } from '../../values/time';
import { isReady } from './kubelet-state';
import type { ContainerRecord, PodWorker, Seen, Verdict } from './kubelet-state';

/** The status as of now. Conditions that other components set are kept. */
export function statusOf(worker: PodWorker, hostAddresses: readonly IP[], now: Instant): PodStatus {
  const { containers, sandbox, pod } = worker;
  const phase = phaseOf(worker);
  const statuses = (roles: readonly string[]) =>
    containers.filter(({ role }) => roles.includes(role)).map((it) => containerStatus(it));
  const init = statuses(['init', 'sidecar']);
  return {
    phase,
    // The words belong to the phase: a pod whose containers all exit with 0 has succeeded.
    ...(phase === 'Failed' && worker.verdict !== undefined ? wordsOf(worker.verdict) : {}),
    conditions: conditionsOf(worker, phase, now),
    ...(hostAddresses[0] === undefined ? {} : { hostIP: hostAddresses[0] }),
    hostIPs: hostAddresses.map((ip) => ({ ip })),
    ...(sandbox?.addresses[0] === undefined
      ? {}
      : { podIP: sandbox.addresses[0], podIPs: sandbox.addresses.map((ip) => ({ ip })) }),
    startTime: pod.status?.startTime ?? worker.sent?.startTime ?? worker.addedAt,
    containerStatuses: statuses(['main']),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
  };
}

/** source: pkg/kubelet/kubelet_pods.go generateAPIPodStatus */
function wordsOf({ reason, message }: Verdict): Pick<PodStatus, 'reason' | 'message'> {
  return { reason, message };
}

function phaseOf(worker: PodWorker): NonNullable<PodStatus['phase']> {
  if (worker.outcome !== undefined) return worker.outcome;
  if (!isInitialized(worker)) return 'Pending';
  const mains = worker.containers.filter(({ role }) => role === 'main');
  const isUntouched = mains.some(
    ({ seen, last }) => seen.state === 'waiting' && last === undefined,
  );
  return isUntouched ? 'Pending' : 'Running';
}

/** Whether all init containers are done and all sidecars have started. */
export function isInitialized({ containers }: PodWorker): boolean {
  return containers.every(({ role, seen, started }) => {
    if (role === 'init') return seen.state === 'terminated' && seen.exitCode === 0;
    return role === 'main' || (started && seen.state !== 'waiting');
  });
}

function conditionsOf(worker: PodWorker, phase: string, now: Instant): Condition[] {
  const { containers, pod } = worker;
  const serving = containers.filter(({ role }) => role !== 'init');
  const unready = serving.filter((it) => !isReady(it)).map(({ spec }) => spec.name);
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const why = isOver
    ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : {
        reason: 'ContainersNotReady',
        message: `containers with unready status: [${unready.join(' ')}]`,
      };
  const areReady = !isOver && unready.length === 0;
  const closed = (pod.spec.readinessGates ?? [])
    .map(({ conditionType }) => conditionType)
    .filter((type) => conditionOf(pod.status?.conditions, type)?.status !== 'True');
  const gates = {
    reason: 'ReadinessGatesNotReady',
    message: `the status of pod readiness gates is not "True": ${closed.join(', ')}`,
  };
  const own: readonly Condition[] = [
    condition('PodReadyToStartContainers', worker.sandbox !== undefined),
    condition('Initialized', isInitialized(worker), { reason: 'ContainersNotInitialized' }),
    condition('Ready', areReady && closed.length === 0, areReady ? gates : why),
    condition('ContainersReady', areReady, why),
    condition('PodScheduled', true),
    ...(isOver && worker.verdict?.disrupts === true ? [disrupted(worker.verdict)] : []),
  ];
  const known = worker.pod.status?.conditions ?? worker.sent?.conditions;
  const previous = worker.sent?.conditions ?? known;
  const all = [...(known ?? [])];
  for (const it of own) {
    const before = conditionOf(previous, it.type);
    const since = before?.status === it.status ? before.lastTransitionTime : undefined;
    const index = all.findIndex(({ type }) => type === it.type);
    all[index < 0 ? all.length : index] = { ...it, lastTransitionTime: since ?? now };
  }
  return all;
}

/** source: pkg/apis/core/types.go DisruptionTarget, PodReasonTerminationByKubelet */
function disrupted({ message }: Verdict): Condition {
  return { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message };
}

function condition(
  type: string,
  holds: boolean,
  otherwise: Pick<Condition, 'reason' | 'message'> = {},
): Condition {
  return holds ? { type, status: 'True' } : { type, status: 'False', ...otherwise };
}

function containerStatus(container: ContainerRecord): ContainerStatus {
  const { spec, seen, last, restarts, started } = container;
  const isHeldBack = container.inBackOff || container.pull !== undefined;
  const lastState = isHeldBack && seen.state === 'terminated' ? seen : last;
  return {
    name: spec.name,
    image: spec.image ?? '',
    ready: container.role === 'init' ? isDone(seen) : isReady(container),
    started: seen.state === 'running' && started,
    restartCount: restarts,
    state: stateOf(container),
    ...(lastState === undefined ? {} : { lastState: terminatedState(lastState) }),
  };
}

function isDone(seen: Seen): boolean {
  return seen.state === 'terminated' && seen.exitCode === 0;
}

function stateOf({
  seen,
  inBackOff,
  backOff,
  pull,
  worker,
  spec,
}: ContainerRecord): ContainerState {
  if (inBackOff) {
    const message = `back-off ${backOff / 1_000_000}s restarting failed container`;
    return { waiting: { reason: 'CrashLoopBackOff', message } };
  }
  if (pull !== undefined) {
    const { error } = pull;
    const does = error === 'ErrImagePull' ? 'failed to pull' : 'back-off pulling';
    return { waiting: { reason: error, message: `${does} image "${spec.image ?? ''}"` } };
  }
  switch (seen.state) {
    case 'waiting': {
      const isInitializing = worker.containers.some(({ role }) => role !== 'main');
      return { waiting: { reason: isInitializing ? 'PodInitializing' : 'ContainerCreating' } };
    }
    case 'running':
      return { running: { startedAt: seen.startedAt } };
    case 'terminated':
      return terminatedState(seen);
  }
}

function terminatedState(seen: Extract<Seen, { state: 'terminated' }>): ContainerState {
  const { exitCode, reason, startedAt, finishedAt } = seen;
  return { terminated: { exitCode, reason, startedAt, finishedAt } };
}
