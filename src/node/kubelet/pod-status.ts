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

/**
 * The status as of now; the very one that was sent last where it says the same, and else with the
 * parts of that one that do. Conditions that other components set are kept.
 */
export function statusOf(worker: PodWorker, hostAddresses: readonly IP[], now: Instant): PodStatus {
  const { containers, sandbox, pod, sent } = worker;
  const phase = phaseOf(worker);
  const status: Drafted = { phase };
  // The words belong to the phase: a pod whose containers all exit with 0 has succeeded.
  if (phase === 'Failed' && worker.verdict !== undefined) {
    // source: pkg/kubelet/kubelet_pods.go generateAPIPodStatus
    status.reason = worker.verdict.reason;
    status.message = worker.verdict.message;
  }
  status.conditions = conditionsOf(worker, phase, now);
  if (hostAddresses[0] !== undefined) status.hostIP = hostAddresses[0];
  const knownHostIPs = sent?.hostIPs;
  const isKnown = knownHostIPs !== undefined && areThese(hostAddresses, knownHostIPs);
  status.hostIPs = isKnown ? knownHostIPs : hostIPsOf(hostAddresses);
  if (sandbox?.addresses[0] !== undefined) {
    status.podIP = sandbox.addresses[0];
    status.podIPs = addressesOf(sandbox.addresses, sent?.podIPs);
  }
  status.startTime = pod.status?.startTime ?? sent?.startTime ?? worker.addedAt;
  status.containerStatuses = statusesOf(containers, true, sent?.containerStatuses);
  const init = statusesOf(containers, false, sent?.initContainerStatuses);
  if (init.length > 0) status.initContainerStatuses = init;
  return sent !== undefined && isSame(status, sent) ? sent : status;
}

/** What the statuses of like pods have in common that run. */
export type CommonStatus = Required<
  Pick<PodStatus, 'phase' | 'conditions' | 'startTime' | 'containerStatuses'>
>;

/** The status of a pod that runs, at addresses of its own. */
export function statusWith(
  { phase, conditions, startTime, containerStatuses }: CommonStatus,
  hostAddresses: readonly IP[],
  addresses: readonly IP[],
): PodStatus {
  const hostIP = hostAddresses[0]!;
  const hostIPs = hostIPsOf(hostAddresses);
  const podIP = addresses[0]!;
  const podIPs = addresses.map((ip) => ({ ip }));
  // All at once: a status that grows field by field takes more room, and is slower to read.
  return { phase, conditions, hostIP, hostIPs, podIP, podIPs, startTime, containerStatuses };
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
    const before = previous?.[positionOf(type, previous)];
    const isSteady = before?.status === status;
    const lastTransitionTime = (isSteady ? before.lastTransitionTime : undefined) ?? now;
    const isKept =
      isSteady &&
      this.sent !== undefined &&
      before.lastTransitionTime === lastTransitionTime &&
      before.reason === words.reason &&
      before.message === words.message;
    // Most conditions are true, and say nothing.
    if (isKept) this.place(before, place);
    else if (words === NO_WORDS) this.place({ type, status, lastTransitionTime }, place);
    else this.place({ type, status, ...words, lastTransitionTime }, place);
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
  const statuses: ContainerStatus[] = [];
  let isKept = true;
  for (const container of containers) {
    if ((container.role === 'main') !== isMain) continue;
    const earlier = before?.[statuses.length];
    const status = containerStatus(container, earlier);
    isKept &&= status === earlier;
    statuses.push(status);
  }
  return isKept && before?.length === statuses.length ? before : statuses;
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
  const status = { name, image, ready, started, restartCount: restarts, state };
  return lastState === undefined ? status : { ...status, lastState };
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
