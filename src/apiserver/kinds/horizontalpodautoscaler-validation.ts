// What is wrong with a HorizontalPodAutoscaler.
// source: pkg/apis/autoscaling/validation/validation.go ValidateHorizontalPodAutoscaler

import type { ManifestProblem } from '../../values/manifest-problem';
import { millicores } from '../../values/millicores';
import { error, noneOf, quote, warning } from './define';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  ScalingPolicy,
  ScalingRules,
} from './horizontalpodautoscaler';
import { validateMetadata } from './names';
import { isCount } from './workload';

/** source: validation.go MaxPeriodSeconds, MaxStabilizationWindowSeconds */
const PERIOD_MOST = 1_800;
const WINDOW_MOST = 3_600;

const METRICS = ['Resource', 'ContainerResource', 'Pods', 'Object', 'External'];
const TARGETS = ['Utilization', 'Value', 'AverageValue'];
const SELECTIONS = ['Max', 'Min', 'Disabled'];

/** Problems of a completed autoscaler. */
export function validateAutoscaler(autoscaler: HorizontalPodAutoscaler): ManifestProblem[] {
  const { scaleTargetRef: target, minReplicas, maxReplicas, metrics, behavior } = autoscaler.spec;
  const problems = validateMetadata(autoscaler);
  for (const field of ['kind', 'name'] as const) {
    if (!target?.[field]) problems.push(error(`/spec/scaleTargetRef/${field}`, 'is required'));
  }
  if (!isPositive(minReplicas)) {
    problems.push(error('/spec/minReplicas', 'must be a whole number of at least 1'));
  }
  if (!isPositive(maxReplicas)) {
    problems.push(error('/spec/maxReplicas', 'must be a whole number of at least 1'));
  } else if (maxReplicas < (minReplicas ?? 1)) {
    problems.push(error('/spec/maxReplicas', 'must not be less than minReplicas'));
  }
  problems.push(
    ...(metrics ?? []).flatMap((metric, index) => metricProblems(metric, `/spec/metrics/${index}`)),
    ...rulesProblems(behavior?.scaleUp, '/spec/behavior/scaleUp'),
    ...rulesProblems(behavior?.scaleDown, '/spec/behavior/scaleDown'),
  );
  return problems;
}

function metricProblems({ type, resource }: MetricSpec, path: string): ManifestProblem[] {
  if (!METRICS.includes(type)) {
    return [error(`${path}/type`, noneOf(type, METRICS))];
  }
  if (type !== 'Resource') return [];
  if (!resource?.name) return [error(`${path}/resource`, 'is required')];
  if (typeof resource.name !== 'string') {
    return [error(`${path}/resource/name`, `must be a string, is ${quote(resource.name)}`)];
  }
  const { type: kind, averageUtilization: share, averageValue: value } = resource.target ?? {};
  const place = `${path}/resource/target`;
  if (kind === undefined || !TARGETS.includes(kind)) {
    return [error(`${place}/type`, `must be one of ${TARGETS.join(', ')}`)];
  }
  if ((share === undefined) === (value === undefined)) {
    return [error(place, 'write one of averageUtilization and averageValue')];
  }
  if (share !== undefined && !isPositive(share)) {
    return [error(`${place}/averageUtilization`, 'must be a whole number of at least 1')];
  }
  if (resource.name !== 'cpu') {
    const sentence = `not modelled: nobody says how much ${resource.name} pods use`;
    return [warning(`${path}/resource/name`, sentence)];
  }
  if (value === undefined || millicores(value) > 0) return [];
  return [error(`${place}/averageValue`, `${quote(value)} is no quantity of CPU above 0`)];
}

function rulesProblems(rules: ScalingRules | undefined, path: string): ManifestProblem[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: span = 0, selectPolicy = 'Max', policies = [] } = rules;
  const problems: ManifestProblem[] = [];
  if (!isCount(span) || span > WINDOW_MOST) {
    const message = `must be a whole number of 0 to ${WINDOW_MOST} seconds`;
    problems.push(error(`${path}/stabilizationWindowSeconds`, message));
  }
  if (!SELECTIONS.includes(selectPolicy)) {
    const message = noneOf(selectPolicy, SELECTIONS);
    problems.push(error(`${path}/selectPolicy`, message));
  }
  if (policies.length === 0) problems.push(error(`${path}/policies`, 'must name one at least'));
  problems.push(
    ...policies.flatMap((policy, index) => policyProblems(policy, `${path}/policies/${index}`)),
  );
  return problems;
}

function policyProblems(policy: ScalingPolicy, path: string): ManifestProblem[] {
  const { type, value, periodSeconds } = policy;
  const problems: ManifestProblem[] = [];
  if (type !== 'Pods' && type !== 'Percent') {
    problems.push(error(`${path}/type`, noneOf(type, ['Pods', 'Percent'])));
  }
  if (!isPositive(value)) problems.push(error(`${path}/value`, 'must be above 0'));
  if (!isPositive(periodSeconds) || periodSeconds > PERIOD_MOST) {
    problems.push(error(`${path}/periodSeconds`, `must be 1 to ${PERIOD_MOST} seconds`));
  }
  return problems;
}

function isPositive(value: unknown): value is number {
  return isCount(value) && value > 0;
}
