// The eviction subresource: a pod is deleted if its PodDisruptionBudget has a disruption to give.
// source: pkg/registry/core/pod/storage/eviction.go

import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { matchesSelector } from '../values/labels';
import type { Instant } from '../values/time';
import { disruptionTarget, isPodReady, withCondition } from './kinds/pod';
import type { Condition, Pod } from './kinds/pod';
import { allowedCondition } from './kinds/poddisruptionbudget';
import type { PodDisruptionBudget } from './kinds/poddisruptionbudget';
import type { Store } from './store';

export type EvictionVerdict =
  | { readonly is: 'free' }
  /** Allowed, and the budget has one disruption less. */
  | {
      readonly is: 'counted';
      readonly budget: { readonly kind: string; readonly key: ObjectKey; readonly status: unknown };
    }
  | {
      readonly is: 'refused';
      readonly result: 'too-many-requests' | 'internal-error';
      readonly reason: string;
    };

const FREE: EvictionVerdict = { is: 'free' };

/** What becomes of a request to evict this pod now. */
export function judgeEviction(store: Store, object: KubeObject, now: Instant): EvictionVerdict {
  const pod = object as Pod;
  if (mayIgnoreBudgets(pod)) return FREE;
  const budgets = budgetsOf(store, pod);
  const [budget] = budgets;
  if (budget === undefined) return FREE;
  if (budgets.length > 1) {
    const reason =
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not ' +
      'support.';
    return { is: 'refused', result: 'internal-error', reason };
  }
  if (!isPodReady(pod) && mayGoUnready(budget)) return FREE;
  return drawUpon(budget, pod, now);
}

/** What an evicted pod is told. source: eviction.go addConditionAndDeletePod */
export function evicted(now: Instant): Condition {
  return disruptionTarget('EvictionByEvictionAPI', 'Eviction API: evicting', now);
}

/** source: canIgnorePDB */
function mayIgnoreBudgets({ metadata, status }: Pod): boolean {
  const phase = status?.phase ?? 'Pending';
  return phase !== 'Running' && phase !== 'Unknown'
    ? true
    : metadata.deletionTimestamp !== undefined;
}

function budgetsOf(store: Store, pod: Pod): readonly PodDisruptionBudget[] {
  const budgets = [...store.list('PodDisruptionBudget')] as PodDisruptionBudget[];
  return budgets.filter(({ metadata, spec }) => {
    if (metadata.namespace !== pod.metadata.namespace) return false;
    // An empty selector selects every pod of the namespace, an absent one none.
    // source: policy/v1 PodDisruptionBudgetSpec.Selector
    return spec.selector !== undefined && matchesSelector(pod.metadata.labels, spec.selector);
  });
}

/** A pod that is not ready counts for nothing; whether it may go is the budget's policy. */
function mayGoUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const desired = status?.desiredHealthy ?? 0;
  return desired > 0 && (status?.currentHealthy ?? 0) >= desired;
}

/** source: checkAndDecrement */
function drawUpon(budget: PodDisruptionBudget, pod: Pod, now: Instant): EvictionVerdict {
  const { metadata, status = {} } = budget;
  const violated = "Cannot evict pod as it would violate the pod's disruption budget.";
  const refuse = (cause: string): EvictionVerdict => ({
    is: 'refused',
    result: 'too-many-requests',
    reason: `${violated} ${cause}`,
  });
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return refuse(`The disruption budget ${metadata.name} is still being processed by the server.`);
  }
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = status;
  if (disruptionsAllowed <= 0) {
    const has = `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
    return refuse(`The disruption budget ${metadata.name} ${has}`);
  }
  const left = disruptionsAllowed - 1;
  const conditions =
    left > 0
      ? status.conditions
      : withCondition(status.conditions, allowedCondition(budget, left, now));
  return {
    is: 'counted',
    budget: {
      kind: 'PodDisruptionBudget',
      key: keyOf(budget),
      status: {
        ...status,
        disruptionsAllowed: left,
        disruptedPods: { ...status.disruptedPods, [pod.metadata.name]: now },
        ...(conditions && { conditions }),
      },
    },
  };
}
