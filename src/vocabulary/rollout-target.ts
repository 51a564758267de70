// The workload whose template an administrator changes, as it is now.

import type { Cluster } from '../cluster/cluster';
import { ROLLOUT_KINDS } from './rollout-status';
import { objectOf, UnknownTargetError } from './targets';

export interface TemplateContainer {
  readonly name: string;
}

export interface RolloutTarget {
  readonly kind: string;
  readonly key: string;
  readonly paused: boolean;
  readonly containers: readonly TemplateContainer[];
}

/** Throws UnknownTargetError for what has no rollouts, or is not there. */
export function workloadOf(cluster: Cluster, text: string): RolloutTarget {
  const { kind, key } = objectOf(cluster, text);
  if (!ROLLOUT_KINDS.includes(kind)) {
    throw new UnknownTargetError(`a ${kind} has no rollout: ${ROLLOUT_KINDS.join(', ')} have`);
  }
  const object = cluster.api.store.get(kind, key);
  if (object === undefined) throw new UnknownTargetError(`there is no ${kind} ${key} now`);
  const spec = object.spec as {
    readonly paused?: boolean;
    readonly template: { readonly spec: { readonly containers: readonly TemplateContainer[] } };
  };
  return { kind, key, paused: spec.paused === true, containers: spec.template.spec.containers };
}
