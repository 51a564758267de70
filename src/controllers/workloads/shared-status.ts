// Statuses that say the same are one object, where they are made one after the other: Deployments
// that come about together all say the same, and so do their ReplicaSets.

import type { Condition } from '../../apiserver/kinds/pod';
import type { ReplicaStatus } from '../../apiserver/kinds/workload';
import { deepFreeze } from '../../values/kube-object';

/** As many as come in turns, while workloads of several sizes come about. */
const MOST = 8;
/**
 * The last ones of all clusters, in a row: each takes the place of the oldest. What a cluster does
 * must not hang on which of two equal ones it gets.
 */
const recent: ReplicaStatus[] = [];
let next = 0;

/** One that says the same, if it is one of the last, or this one, frozen to its depth. */
export function sharedStatus(status: ReplicaStatus): ReplicaStatus {
  for (const known of recent) if (saysSame(known, status)) return known;
  recent[next] = deepFreeze(status);
  next = (next + 1) % MOST;
  return status;
}

function saysSame(a: ReplicaStatus, b: ReplicaStatus): boolean {
  return (
    a.replicas === b.replicas &&
    a.readyReplicas === b.readyReplicas &&
    a.availableReplicas === b.availableReplicas &&
    a.updatedReplicas === b.updatedReplicas &&
    a.unavailableReplicas === b.unavailableReplicas &&
    a.observedGeneration === b.observedGeneration &&
    sayConditionsSame(a.conditions, b.conditions)
  );
}

function sayConditionsSame(
  a: readonly Condition[] | undefined,
  b: readonly Condition[] | undefined,
): boolean {
  if (a === b) return true;
  if (a === undefined || a.length !== b?.length) return false;
  for (let at = 0; at < a.length; at++) if (!saysConditionSame(a[at]!, b[at]!)) return false;
  return true;
}

function saysConditionSame(a: Condition, b: Condition): boolean {
  return (
    a.type === b.type &&
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.lastUpdateTime === b.lastUpdateTime &&
    a.lastTransitionTime === b.lastTransitionTime
  );
}
