// How many replicas each ReplicaSet of a Deployment is to have next: the arithmetic of rollouts.
// source: pkg/controller/deployment/{rolling,sync}.go, util/deployment_util.go

import type { Deployment } from '../../apiserver/kinds/deployment';
import type { ReplicaSet } from '../../apiserver/kinds/replicaset';
import { resolveIntOrPercent } from '../../apiserver/kinds/workload';

export const REVISION = 'deployment.kubernetes.io/revision';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** A change of one ReplicaSet's size. */
export interface Scale {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

const NO_SCALES: readonly Scale[] = [];

export function replicasOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

export function wantedReplicas({ spec }: Deployment): number {
  return spec.replicas ?? 1;
}

function availableOf({ status }: ReplicaSet): number {
  return status?.availableReplicas ?? 0;
}

function sum(sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number): number {
  let total = 0;
  for (const set of sets) total += of(set);
  return total;
}

/** How far a rollout may step outside of the wanted number, in pods. */
export interface Bounds {
  readonly surge: number;
  readonly unavailable: number;
}

/** What a spec asks for, which every pass asks several times. */
const known = new WeakMap<Deployment['spec'], Bounds>();

/**
 * How many pods there may be more, and how many may be missing. A surge is rounded up, an
 * unavailability down; if both came to nothing one pod may be missing.
 * source: pkg/controller/deployment/util/deployment_util.go ResolveFenceposts
 */
export function bounds(deployment: Deployment): Bounds {
  let found = known.get(deployment.spec);
  if (found === undefined) known.set(deployment.spec, (found = readBounds(deployment)));
  return found;
}

function readBounds(deployment: Deployment): Bounds {
  const { strategy } = deployment.spec;
  if (strategy?.type === 'Recreate') return { surge: 0, unavailable: 0 };
  const total = wantedReplicas(deployment);
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {};
  const surge = resolveIntOrPercent(maxSurge, total, 'up');
  const unavailable = Math.min(resolveIntOrPercent(maxUnavailable, total, 'down'), total);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** The size of the new ReplicaSet: up as far as the surge allows, or down to what is wanted. */
export function nextOfNew(deployment: Deployment, current: number, allReplicas: number): number {
  const wanted = wantedReplicas(deployment);
  if (current >= wanted || deployment.spec.strategy?.type === 'Recreate') return wanted;
  const room = wanted + bounds(deployment).surge - allReplicas;
  return room <= 0 ? current : current + Math.min(room, wanted - current);
}

/** source: pkg/controller/deployment/rolling.go reconcileNewReplicaSet */
export function scaleNew(
  deployment: Deployment,
  fresh: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly Scale[] {
  const all = replicasOf(fresh) + sum(old, replicasOf);
  const replicas = nextOfNew(deployment, replicasOf(fresh), all);
  return replicas === replicasOf(fresh) ? NO_SCALES : [{ set: fresh, replicas }];
}

/**
 * Takes pods from the old sets, unhealthy ones first, so that never fewer are available than the
 * strategy allows.
 * source: pkg/controller/deployment/rolling.go reconcileOldReplicaSets
 */
export function scaleOld(
  deployment: Deployment,
  fresh: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly Scale[] {
  if (sum(old, replicasOf) === 0) return NO_SCALES;
  const minAvailable = wantedReplicas(deployment) - bounds(deployment).unavailable;
  const freshUnavailable = replicasOf(fresh) - availableOf(fresh);
  const spare = sum([fresh, ...old], replicasOf) - minAvailable - freshUnavailable;
  if (spare <= 0) return NO_SCALES;
  const sizes = new Map(old.map((set) => [set, replicasOf(set)]));
  let unhealthy = spare;
  for (const set of old) {
    const taken = Math.min(unhealthy, Math.max(0, replicasOf(set) - availableOf(set)));
    sizes.set(set, replicasOf(set) - taken);
    unhealthy -= taken;
  }
  let healthy = sum([fresh, ...old], availableOf) - minAvailable;
  for (const set of old) {
    const taken = Math.min(Math.max(0, healthy), sizes.get(set)!);
    sizes.set(set, sizes.get(set)! - taken);
    healthy -= taken;
  }
  return changesOf(sizes);
}

/** Whether a ReplicaSet was sized for another number of replicas than is wanted now. */
export function isScaling(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  const wanted = wantedReplicas(deployment);
  for (const set of sets) {
    const desired = set.metadata.annotations?.[DESIRED_REPLICAS];
    if (replicasOf(set) > 0 && desired !== undefined && Number(desired) !== wanted) return true;
  }
  return false;
}

/**
 * Follows a change of the wanted number: the one active set takes it all; in the middle of a
 * rollout each set takes its share.
 * source: pkg/controller/deployment/sync.go scale
 */
export function scaleAll(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Scale[] {
  const wanted = wantedReplicas(deployment);
  const all = fresh === undefined ? old : [...old, fresh];
  const active = all.filter((set) => replicasOf(set) > 0);
  const only =
    active.length === 1 ? active[0] : active.length === 0 ? (fresh ?? old.at(-1)) : undefined;
  if (active.length <= 1) {
    return only === undefined || replicasOf(only) === wanted
      ? []
      : [{ set: only, replicas: wanted }];
  }
  if (fresh !== undefined && isSaturated(deployment, fresh)) {
    return changesOf(new Map(old.map((set) => [set, 0])));
  }
  return deployment.spec.strategy?.type === 'Recreate' ? [] : proportional(deployment, active);
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const wanted = wantedReplicas(deployment);
  const desired = Number(set.metadata.annotations?.[DESIRED_REPLICAS]);
  return replicasOf(set) === wanted && desired === wanted && availableOf(set) === wanted;
}

function proportional(deployment: Deployment, active: readonly ReplicaSet[]): Scale[] {
  const wanted = wantedReplicas(deployment);
  const allowed = wanted > 0 ? wanted + bounds(deployment).surge : 0;
  const toAdd = allowed - sum(active, replicasOf);
  // The largest first; of equals the newest when there is more to give, else the oldest.
  const order = toAdd > 0 ? [...active].reverse() : [...active];
  order.sort((a, b) => replicasOf(b) - replicasOf(a));
  const sizes = new Map(order.map((set) => [set, replicasOf(set)]));
  let added = 0;
  for (const set of order) {
    const share = shareOf(deployment, set, allowed);
    const rest = toAdd - added;
    if (rest === 0) break;
    const part = toAdd > 0 ? Math.min(share, rest) : Math.max(share, rest);
    sizes.set(set, replicasOf(set) + part);
    added += part;
  }
  const [first] = order;
  sizes.set(first!, Math.max(0, sizes.get(first!)! + toAdd - added));
  return changesOf(sizes);
}

function shareOf(deployment: Deployment, set: ReplicaSet, allowed: number): number {
  if (wantedReplicas(deployment) === 0) return -replicasOf(set);
  const before =
    Number(set.metadata.annotations?.[MAX_REPLICAS]) || deployment.status?.replicas || 1;
  return Math.round((replicasOf(set) * allowed) / before) - replicasOf(set);
}

function changesOf(sizes: ReadonlyMap<ReplicaSet, number>): Scale[] {
  return [...sizes]
    .filter(([set, replicas]) => replicas !== replicasOf(set))
    .map(([set, replicas]) => ({ set, replicas }));
}
