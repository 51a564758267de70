// PodDisruptionBudget: how many pods of a set may be taken away on purpose at one time.

import type { KubeObject } from '../../values/kube-object';
import type { LabelSelector } from '../../values/labels';
import type { ManifestProblem } from '../../values/manifest-problem';
import type { Instant } from '../../values/time';
import { defineKind, error, noneOf } from './define';
import { validateMetadata } from './names';
import { conditionOf } from './pod';
import type { Condition } from './pod';
import { SELECTOR_FIELDS, validateSelector } from './selector-validation';
import { isIntOrPercent } from './workload';
import type { IntOrPercent } from './workload';

export interface PodDisruptionBudget extends KubeObject {
  readonly kind: 'PodDisruptionBudget';
  readonly spec: PodDisruptionBudgetSpec;
  readonly status?: PodDisruptionBudgetStatus;
}

export interface PodDisruptionBudgetSpec {
  readonly selector?: LabelSelector;
  /** At most one of the two. */
  readonly minAvailable?: IntOrPercent;
  readonly maxUnavailable?: IntOrPercent;
  readonly unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow';
}

export interface PodDisruptionBudgetStatus {
  readonly observedGeneration?: number;
  readonly expectedPods?: number;
  readonly desiredHealthy?: number;
  readonly currentHealthy?: number;
  readonly disruptionsAllowed?: number;
  /** Pods whose eviction was allowed and is not seen yet, with the instant, in microseconds. */
  readonly disruptedPods?: Readonly<Record<string, number>>;
  readonly conditions?: readonly Condition[];
}

/**
 * The condition that says whether a pod may be evicted now.
 * source: pkg/controller/disruption (pdbhelper.UpdateDisruptionAllowedCondition)
 */
export function allowedCondition(
  { status }: PodDisruptionBudget,
  allowed: number,
  now: Instant,
): Condition {
  const is = allowed > 0 ? 'True' : 'False';
  const before = conditionOf(status?.conditions, 'DisruptionAllowed');
  return {
    type: 'DisruptionAllowed',
    status: is,
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    lastTransitionTime: before?.status === is ? (before.lastTransitionTime ?? now) : now,
  };
}

/** source: pkg/apis/policy/validation/validation.go ValidatePodDisruptionBudgetSpec */
function validateSpec({ spec = {} }: PodDisruptionBudget): ManifestProblem[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const problems: ManifestProblem[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    problems.push(error('/spec', 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const [field, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value === undefined || isShare(value)) continue;
    problems.push(
      error(`/spec/${field}`, `${JSON.stringify(value)} is no number and no share up to 100%`),
    );
  }
  if (policy !== undefined && policy !== 'IfHealthyBudget' && policy !== 'AlwaysAllow') {
    const message = noneOf(policy, ['IfHealthyBudget', 'AlwaysAllow']);
    problems.push(error('/spec/unhealthyPodEvictionPolicy', message));
  }
  return [...problems, ...validateSelector(selector, '/spec/selector')];
}

function isShare(value: unknown): boolean {
  return isIntOrPercent(value) && (typeof value === 'number' || Number.parseInt(value, 10) <= 100);
}

export const podDisruptionBudget = defineKind({
  apiVersions: ['policy/v1'],
  removedVersions: { 'policy/v1beta1': '1.25' },
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  namespaced: true,
  fields: {
    spec: {
      selector: SELECTOR_FIELDS,
      minAvailable: true,
      maxUnavailable: true,
      unhealthyPodEvictionPolicy: true,
    },
  },
  defaults: (object) => ({ ...object, spec: object.spec ?? {} }),
  validate: (object) => [
    ...validateMetadata(object),
    ...validateSpec(object as PodDisruptionBudget),
  ],
});
