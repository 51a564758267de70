// What a Deployment's status says of the pods of its ReplicaSets.
// source: pkg/controller/deployment/sync.go calculateStatus

import type { Deployment } from '../../apiserver/kinds/deployment';
import type { Condition } from '../../apiserver/kinds/pod';
import type { ReplicaSet } from '../../apiserver/kinds/replicaset';
import type { ReplicaStatus } from '../../apiserver/kinds/workload';
import type { Instant } from '../../values/time';
import { progressConditions } from './deployment-progress';
import type { Activity, Counts } from './deployment-progress';
import { bounds, replicasOf, wantedReplicas } from './rollout';

/** The status after this pass. `fresh`: the set of the template of now. */
export function statusOf(
  owner: Deployment,
  sets: readonly ReplicaSet[],
  fresh: ReplicaSet | undefined,
  activity: Activity,
  now: Instant,
): ReplicaStatus {
  let sized = 0;
  let replicas = 0;
  let readyReplicas = 0;
  let availableReplicas = 0;
  for (const set of sets) {
    sized += replicasOf(set);
    replicas += set.status?.replicas ?? 0;
    readyReplicas += set.status?.readyReplicas ?? 0;
    availableReplicas += set.status?.availableReplicas ?? 0;
  }
  const wanted = wantedReplicas(owner);
  const isAvailable =
    availableReplicas >= wanted || availableReplicas >= wanted - bounds(owner).unavailable;
  const next: Counts & { conditions: readonly Condition[] } = {
    observedGeneration: owner.metadata.generation ?? 0,
    replicas,
    updatedReplicas: fresh?.status?.replicas ?? 0,
    readyReplicas,
    availableReplicas,
    unavailableReplicas: Math.max(0, sized - availableReplicas),
    conditions: NO_CONDITIONS,
  };
  next.conditions = progressConditions(owner, next, isAvailable, activity, now);
  return next;
}

const NO_CONDITIONS: readonly Condition[] = [];
