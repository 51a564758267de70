// What a Deployment's conditions say of its rollout: whether it gets on, is through, or has made
// no progress for too long.
// source: pkg/controller/deployment/progress.go; pkg/controller/deployment/util/deployment_util.go

import type { Deployment } from '../../apiserver/kinds/deployment';
import { conditionOf, withCondition } from '../../apiserver/kinds/pod';
import type { Condition } from '../../apiserver/kinds/pod';
import type { ReplicaStatus } from '../../apiserver/kinds/workload';
import { later, seconds } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { wantedReplicas } from './rollout';

/** What the controller does in this pass. */
export type Activity = 'creates' | 'rolls out' | 'scales';

/** A deadline of this many seconds means none. source: HasProgressDeadline */
const NO_DEADLINE = 2_147_483_647;
const COMPLETE = 'NewReplicaSetAvailable';
const TIMED_OUT = 'ProgressDeadlineExceeded';
/** source: requeueStuckDeployment (a second more than the deadline, against skew) */
const MARGIN = seconds(1);

/** The counters of the next status, without its conditions. */
export type Counts = Omit<ReplicaStatus, 'conditions'>;

/** The conditions after this pass. */
export function progressConditions(
  owner: Deployment,
  next: Counts,
  isAvailable: boolean,
  activity: Activity,
  now: Instant,
): readonly Condition[] {
  const available = isAvailable ? AVAILABLE : UNAVAILABLE;
  const before = setCondition(owner.status?.conditions ?? [], available, now);
  if (!hasDeadline(owner)) return before.filter(({ type }) => type !== 'Progressing');
  const progress = progressOf(owner, next, activity, now);
  return progress === undefined ? before : setCondition(before, progress, now);
}

/** Whether the rollout is through and `next` says so: nothing is left to be said or awaited. */
export function isThrough(owner: Deployment, next: ReplicaStatus): boolean {
  if (!isComplete(owner, next)) return false;
  return !hasDeadline(owner) || conditionOf(next.conditions, 'Progressing')?.reason === COMPLETE;
}

/** When a rollout that makes no progress is to be looked at again; undefined: it need not be. */
export function deadlineOf(owner: Deployment, next: Counts): Instant | undefined {
  const current = conditionOf(owner.status?.conditions, 'Progressing');
  if (!hasDeadline(owner) || current === undefined || owner.spec.paused) return undefined;
  if (isComplete(owner, next) || current.reason === TIMED_OUT) return undefined;
  return later(expiryOf(owner, current), MARGIN);
}

interface Change extends Pick<Condition, 'type' | 'status'> {
  readonly reason: string;
  /** Whether the same condition counts as a new one: progress was made. */
  readonly isNews: boolean;
}

function change(type: string, status: Condition['status'], reason: string): Change {
  return Object.freeze({ type, status, reason, isNews: false });
}

const AVAILABLE = change('Available', 'True', 'MinimumReplicasAvailable');
const UNAVAILABLE = change('Available', 'False', 'MinimumReplicasUnavailable');
const CREATED = change('Progressing', 'True', 'NewReplicaSetCreated');
const FOUND = change('Progressing', 'True', 'FoundNewReplicaSet');
const COMPLETED = change('Progressing', 'True', COMPLETE);
/** The same again counts as news. */
const PROGRESSED: Change = Object.freeze({
  ...change('Progressing', 'True', 'ReplicaSetUpdated'),
  isNews: true,
});
const STUCK = change('Progressing', 'False', TIMED_OUT);
const PAUSED = change('Progressing', 'Unknown', 'DeploymentPaused');
const RESUMED = change('Progressing', 'Unknown', 'DeploymentResumed');

function progressOf(
  owner: Deployment,
  next: Counts,
  activity: Activity,
  now: Instant,
): Change | undefined {
  const current = conditionOf(owner.status?.conditions, 'Progressing');
  const paused = pausedChange(owner, current);
  if (paused !== undefined) return paused;
  if (activity === 'scales') return undefined;
  if (activity === 'creates') return CREATED;
  if (current === undefined) return FOUND;
  if (next.replicas === next.updatedReplicas && current.reason === COMPLETE) return undefined;
  if (isComplete(owner, next)) return COMPLETED;
  if (hasProgressed(owner.status ?? {}, next)) return PROGRESSED;
  if (current.reason === COMPLETE || expiryOf(owner, current) >= now) return undefined;
  return STUCK;
}

/** source: pkg/controller/deployment/sync.go checkPausedConditions */
function pausedChange({ spec }: Deployment, current: Condition | undefined): Change | undefined {
  if (current?.reason === TIMED_OUT) return undefined;
  const wasPaused = current?.reason === 'DeploymentPaused';
  if (spec.paused === true && !wasPaused) return PAUSED;
  if (spec.paused !== true && wasPaused) return RESUMED;
  return undefined;
}

/** source: DeploymentComplete */
function isComplete(owner: Deployment, next: Counts): boolean {
  const wanted = wantedReplicas(owner);
  return (
    next.updatedReplicas === wanted &&
    next.replicas === wanted &&
    next.availableReplicas === wanted &&
    (next.observedGeneration ?? 0) >= (owner.metadata.generation ?? 0)
  );
}

/** source: DeploymentProgressing */
function hasProgressed(before: Counts, next: Counts): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: Counts): number => replicas - updatedReplicas;
  const grows = (field: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'): boolean =>
    (next[field] ?? 0) > (before[field] ?? 0);
  return (
    grows('updatedReplicas') ||
    old(next) < old(before) ||
    grows('readyReplicas') ||
    grows('availableReplicas')
  );
}

function hasDeadline({ spec }: Deployment): boolean {
  return (spec.progressDeadlineSeconds ?? NO_DEADLINE) !== NO_DEADLINE;
}

function expiryOf({ spec }: Deployment, { lastUpdateTime = 0 }: Condition): Instant {
  const deadline: Duration = seconds(spec.progressDeadlineSeconds ?? NO_DEADLINE);
  return later(lastUpdateTime as Instant, deadline);
}

/** source: SetDeploymentCondition */
function setCondition(
  conditions: readonly Condition[],
  { type, status, reason, isNews }: Change,
  now: Instant,
): readonly Condition[] {
  const before = conditionOf(conditions, type);
  const isSame = before?.status === status && before.reason === reason;
  if (isSame && !isNews) return conditions;
  const since = before?.status === status ? before.lastTransitionTime : undefined;
  const lastTransitionTime = since ?? now;
  return withCondition(conditions, {
    type,
    status,
    reason,
    lastUpdateTime: now,
    lastTransitionTime,
  });
}
