// The status of a pod as its kubelet writes it.
// source: pkg/kubelet/kubelet_pods.go (getPhase, convertStatusToAPIStatus), status/generate.go

import { equalJson } from '../../apiserver/json';
import type {
  Condition,
  ContainerState,
  ContainerStatus,
  Pod,
  PodStatus,
} from '../../apiserver/kinds/pod';
import { conditionOf } from '../../apiserver/kinds/pod';
import type { IP } from '../../values/ip';
import { deepFreeze } from '../../values/kube-object';
import type { Instant } from '../../values/time';
import { isDone } from './container-standing';
import { isReady } from './kubelet-state';
import type { ContainerRecord, PodWorker, Termination } from './kubelet-state';

type Words = Pick<PodStatus, 'reason' | 'message'>;
type Addresses = NonNullable<PodStatus['podIPs']>;
type Drafted = { -readonly [Field in keyof PodStatus]: PodStatus[Field] };

const NO_WORDS: Words = {};
const UNINITIALIZED: Words = { reason: 'ContainersNotInitialized' };
const NO_NAMES: readonly string[] = [];
const NO_CONDITIONS: readonly Condition[] = [];
const NO_STATUSES: readonly ContainerStatus[] = [];

/**
 * The status as of now; the very one that was sent last where it says the same, and else with the
 * parts of that one that do. Conditions that other components set are kept.
 */
export function statusOf(worker: PodWorker, hostAddresses: readonly IP[], now: Instant): PodStatus {
  const { containers, sandbox, pod, sent } = worker;
  const phase = phaseOf(worker);
  const conditions = conditionsOf(worker, phase, now);
  const knownHostIPs = sent?.hostIPs;
  const isKnown = knownHostIPs !== undefined && areThese(hostAddresses, knownHostIPs);
  const hostIPs = isKnown ? knownHostIPs : hostIPsOf(hostAddresses);
  const startTime = pod.status?.startTime ?? sent?.startTime ?? worker.addedAt;
  const containerStatuses = statusesOf(containers, true, sent?.containerStatuses);
  const init = statusesOf(containers, false, sent?.initContainerStatuses);
  const hostIP = hostAddresses[0];
  const podIP = sandbox?.addresses[0];
  const podIPs = sandbox && addressesOf(sandbox.addresses, sent?.podIPs);
  // The words belong to the phase: a pod whose containers all exit with 0 has succeeded.
  // source: pkg/kubelet/kubelet_pods.go generateAPIPodStatus
  const verdict = phase === 'Failed' ? worker.verdict : undefined;
  let status: Drafted;
  if (verdict === undefined && hostIP && podIP && podIPs && init.length === 0) {
    // All at once, as in statusWith.
    status = { phase, conditions, hostIP, hostIPs, podIP, podIPs, startTime, containerStatuses };
  } else {
    status = { phase };
    if (verdict !== undefined) {
      status.reason = verdict.reason;
      status.message = verdict.message;
    }
    status.conditions = conditions;
    if (hostIP !== undefined) status.hostIP = hostIP;
    status.hostIPs = hostIPs;
    if (podIP !== undefined) {
      status.podIP = podIP;
      status.podIPs = podIPs!;
    }
    status.startTime = startTime;
    status.containerStatuses = containerStatuses;
    if (init.length > 0) status.initContainerStatuses = init;
  }
  return sent !== undefined && isSame(status, sent) ? sent : status;
}

/** What the statuses of like pods have in common that run. */
export type CommonStatus = Required<
  Pick<PodStatus, 'phase' | 'conditions' | 'startTime' | 'containerStatuses'>
>;

/** The status of a pod that runs, at addresses of its own; frozen, as all that it is made of. */
export function statusWith(
  { phase, conditions, startTime, containerStatuses }: CommonStatus,
  hostAddresses: readonly IP[],
  addresses: readonly IP[],
): PodStatus {
  const hostIP = hostAddresses[0]!;
  const hostIPs = hostIPsOf(hostAddresses);
  const podIP = addresses[0]!;
  const podIPs: { readonly ip: IP }[] = [];
  for (const ip of addresses) podIPs.push(Object.freeze({ ip }));
  Object.freeze(podIPs);
  // All at once: a status that grows field by field takes more room, and is slower to read.
  return Object.freeze({
    phase,
    conditions,
    hostIP,
    hostIPs,
    podIP,
    podIPs,
    startTime,
    containerStatuses,
  });
}

/** By the addresses of a host: all pods on it say the same of it. */
const hostIPsBy = new WeakMap<readonly IP[], Addresses>();

function hostIPsOf(addresses: readonly IP[]): Addresses {
  let hostIPs = hostIPsBy.get(addresses);
  if (hostIPs === undefined) {
    hostIPs = deepFreeze(addresses.map((ip) => ({ ip })));
    hostIPsBy.set(addresses, hostIPs);
  }
  return hostIPs;
}

/** Parts that say the same are the same, since they are kept. */
function isSame(one: PodStatus, other: PodStatus): boolean {
  return (
    one.containerStatuses === other.containerStatuses &&
    one.conditions === other.conditions &&
    one.initContainerStatuses === other.initContainerStatuses &&
    one.phase === other.phase &&
    one.podIPs === other.podIPs &&
    one.hostIPs === other.hostIPs &&
    one.startTime === other.startTime &&
    one.reason === other.reason &&
    one.message === other.message
  );
}

function addressesOf(addresses: readonly IP[], before: Addresses | undefined): Addresses {
  return before !== undefined && areThese(addresses, before)
    ? before
    : addresses.map((ip) => ({ ip }));
}

function areThese(addresses: readonly IP[], known: Addresses): boolean {
  for (let index = 0; index < addresses.length; index++) {
    if (known[index]?.ip !== addresses[index]) return false;
  }
  return known.length === addresses.length;
}

function phaseOf(worker: PodWorker): NonNullable<PodStatus['phase']> {
  if (worker.outcome !== undefined) return worker.outcome;
  if (!isInitialized(worker)) return 'Pending';
  for (const { role, seen, last } of worker.containers) {
    if (role === 'main' && seen.state === 'waiting' && last === undefined) return 'Pending';
  }
  return 'Running';
}

/** Whether all init containers are done and all sidecars have started. */
export function isInitialized({ containers }: PodWorker): boolean {
  for (const container of containers) {
    const { role, seen, started } = container;
    if (role === 'main') continue;
    const isUp = role === 'init' ? isDone(container) : started && seen.state !== 'waiting';
    if (!isUp) return false;
  }
  return true;
}

function conditionsOf(worker: PodWorker, phase: string, now: Instant): readonly Condition[] {
  const { containers, pod, verdict } = worker;
  const unready = unreadyOf(containers);
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const areReady = !isOver && unready.length === 0;
  const closed = closedGatesOf(pod);
  let why: Words = NO_WORDS;
  if (isOver) {
    why = { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' };
  } else if (!areReady) {
    const message = `containers with unready status: [${unready.join(' ')}]`;
    why = { reason: 'ContainersNotReady', message };
  }
  const draft = new ConditionDraft(worker, now);
  draft.set('PodReadyToStartContainers', worker.sandbox !== undefined, NO_WORDS);
  draft.set('Initialized', isInitialized(worker), UNINITIALIZED);
  const isOpen = closed.length === 0;
  draft.set('Ready', areReady && isOpen, areReady && !isOpen ? gatesNotReady(closed) : why);
  draft.set('ContainersReady', areReady, why);
  draft.set('PodScheduled', true, NO_WORDS);
  if (isOver && verdict?.disrupts === true) {
    // source: pkg/apis/core/types.go DisruptionTarget, PodReasonTerminationByKubelet
    const words = { reason: 'TerminationByKubelet', message: verdict.message };
    draft.put('DisruptionTarget', 'True', words);
  }
  return draft.done();
}

/** Names of the containers that serve and are not ready. */
function unreadyOf(containers: readonly ContainerRecord[]): readonly string[] {
  let names: string[] | undefined;
  for (const it of containers) {
    if (it.role !== 'init' && !isReady(it)) (names ??= []).push(it.spec.name);
  }
  return names ?? NO_NAMES;
}

/** The conditions that the pod waits for by its own spec, and that nobody has made true. */
function closedGatesOf({ spec, status }: Pod): readonly string[] {
  if (spec.readinessGates === undefined) return NO_NAMES;
  return spec.readinessGates
    .map(({ conditionType }) => conditionType)
    .filter((type) => conditionOf(status?.conditions, type)?.status !== 'True');
}

function gatesNotReady(closed: readonly string[]): Words {
  return {
    reason: 'ReadinessGatesNotReady',
    message: `the status of pod readiness gates is not "True": ${closed.join(', ')}`,
  };
}

/** The conditions of a pod in the making: its kubelet's own in the place of known ones. */
class ConditionDraft {
  /** What is known; a copy as soon as it changes. */
  private all: readonly Condition[];
  private changed: Condition[] | undefined;
  private readonly sent: readonly Condition[] | undefined;
  /** Whose instants of transition hold on. */
  private readonly previous: readonly Condition[] | undefined;
  private readonly now: Instant;

  constructor({ pod, sent }: PodWorker, now: Instant) {
    const known = pod.status?.conditions ?? sent?.conditions;
    this.all = known ?? NO_CONDITIONS;
    this.changed = undefined;
    this.sent = sent?.conditions;
    this.previous = this.sent ?? known;
    this.now = now;
  }

  set(type: string, holds: boolean, otherwise: Words): void {
    if (holds) this.put(type, 'True', NO_WORDS);
    else this.put(type, 'False', otherwise);
  }

  put(type: string, status: Condition['status'], words: Words): void {
    const { all, previous, now } = this;
    const index = positionOf(type, all);
    const place = index < 0 ? all.length : index;
    // Nearly always it is in the same place of both.
    const known = previous?.[place];
    const before = known?.type === type ? known : previous?.[positionOf(type, previous)];
    const isSteady = before?.status === status;
    const lastTransitionTime = (isSteady ? before.lastTransitionTime : undefined) ?? now;
    const isKept =
      isSteady &&
      this.sent !== undefined &&
      before.lastTransitionTime === lastTransitionTime &&
      before.reason === words.reason &&
      before.message === words.message;
    this.place(isKept ? before : newCondition(type, status, words, lastTransitionTime), place);
  }

  private place(condition: Condition, place: number): void {
    if (this.all[place] === condition) return;
    if (this.changed === undefined) this.all = this.changed = this.all.slice();
    this.changed[place] = condition;
  }

  /** What was sent, where nothing is new. */
  done(): readonly Condition[] {
    const { all, sent } = this;
    if (sent === all || sent?.length !== all.length) return all;
    for (let index = 0; index < all.length; index++) {
      // Conditions of others may have come anew with the same words.
      if (!equalJson(all[index], sent[index])) return all;
    }
    return sent;
  }
}

/** Written out for each number of words: a spread makes an object that is slow to read. */
function newCondition(
  type: string,
  status: Condition['status'],
  { reason, message }: Words,
  lastTransitionTime: number,
): Condition {
  if (reason === undefined) return { type, status, lastTransitionTime };
  if (message === undefined) return { type, status, reason, lastTransitionTime };
  return { type, status, reason, message, lastTransitionTime };
}

function positionOf(type: string, conditions: readonly Condition[]): number {
  for (let index = 0; index < conditions.length; index++) {
    if (conditions[index]!.type === type) return index;
  }
  return -1;
}

/** The statuses of the main containers, or of all others: those before where they say the same. */
function statusesOf(
  containers: readonly ContainerRecord[],
  isMain: boolean,
  before: readonly ContainerStatus[] | undefined,
): readonly ContainerStatus[] {
  // Made for the first that says something else than before.
  let statuses: ContainerStatus[] | undefined;
  let count = 0;
  for (const container of containers) {
    if ((container.role === 'main') !== isMain) continue;
    const earlier = before?.[count];
    const status = containerStatus(container, earlier);
    if (statuses !== undefined) statuses.push(status);
    else if (status !== earlier) statuses = before ? [...before.slice(0, count), status] : [status];
    count++;
  }
  if (statuses !== undefined) return statuses;
  return before?.length === count ? before : (before?.slice(0, count) ?? NO_STATUSES);
}

/** The status of a container; `before` where that says the same. */
function containerStatus(
  container: ContainerRecord,
  before: ContainerStatus | undefined,
): ContainerStatus {
  const { spec, seen, last, restarts, role } = container;
  const isHeldBack = container.inBackOff || container.pull !== undefined;
  const ending = isHeldBack && seen.state === 'terminated' ? seen : last;
  const ready = role === 'init' ? isDone(container) : isReady(container);
  const started = seen.state === 'running' && container.started;
  const state = stateOf(container, before?.state);
  const lastState = ending && terminated(ending, before?.lastState);
  const isKept =
    before !== undefined &&
    before.state === state &&
    before.lastState === lastState &&
    before.ready === ready &&
    before.started === started &&
    before.restartCount === restarts;
  if (isKept) return before;
  const { name, image = '' } = spec;
  // Written out twice: a spread makes an object that is slow to make and to read.
  return lastState === undefined
    ? { name, image, ready, started, restartCount: restarts, state }
    : { name, image, ready, started, restartCount: restarts, state, lastState };
}

function stateOf(container: ContainerRecord, before: ContainerState | undefined): ContainerState {
  const { seen, backOff, pull, worker, spec } = container;
  if (container.inBackOff) {
    const message = `back-off ${backOff / 1_000_000}s restarting failed container`;
    return waiting('CrashLoopBackOff', message, before);
  }
  if (pull !== undefined) {
    const { error } = pull;
    const does = error === 'ErrImagePull' ? 'failed to pull' : 'back-off pulling';
    return waiting(error, `${does} image "${spec.image ?? ''}"`, before);
  }
  switch (seen.state) {
    case 'waiting': {
      const isInitializing = worker.containers.some(({ role }) => role !== 'main');
      const reason = isInitializing ? 'PodInitializing' : 'ContainerCreating';
      return waiting(reason, undefined, before);
    }
    case 'running':
      return before?.running?.startedAt === seen.startedAt
        ? before
        : { running: { startedAt: seen.startedAt } };
    case 'terminated':
      return terminated(seen, before);
  }
}

function waiting(
  reason: string,
  message: string | undefined,
  before: ContainerState | undefined,
): ContainerState {
  const known = before?.waiting;
  if (known?.reason === reason && known.message === message) return before!;
  return { waiting: message === undefined ? { reason } : { reason, message } };
}

function terminated(
  { exitCode, reason, startedAt, finishedAt }: Termination,
  before: ContainerState | undefined,
): ContainerState {
  const known = before?.terminated;
  const isKept =
    known?.finishedAt === finishedAt &&
    known.startedAt === startedAt &&
    known.exitCode === exitCode &&
    known.reason === reason;
  return isKept ? before! : { terminated: { exitCode, reason, startedAt, finishedAt } };
}
