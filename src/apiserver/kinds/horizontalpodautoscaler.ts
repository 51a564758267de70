// HorizontalPodAutoscaler: how many pods a workload has, by what they use.

import type { KubeObject } from '../../values/kube-object';
import { complete, defineKind } from './define';
import type { FieldTable } from './fields';
import { validateAutoscaler } from './horizontalpodautoscaler-validation';
import type { Condition } from './pod';

export interface HorizontalPodAutoscaler extends KubeObject {
  readonly kind: 'HorizontalPodAutoscaler';
  readonly spec: AutoscalerSpec;
  readonly status?: AutoscalerStatus;
}

export interface AutoscalerSpec {
  readonly scaleTargetRef: {
    readonly apiVersion?: string;
    readonly kind: string;
    readonly name: string;
  };
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  readonly metrics?: readonly MetricSpec[];
  readonly behavior?: { readonly scaleUp?: ScalingRules; readonly scaleDown?: ScalingRules };
  /** Of autoscaling/v1 alone. */
  readonly targetCPUUtilizationPercentage?: number;
}

export interface MetricSpec {
  readonly type: 'Resource' | 'ContainerResource' | 'Pods' | 'Object' | 'External';
  readonly resource?: { readonly name: string; readonly target: MetricTarget };
}

export interface MetricTarget {
  readonly type: 'Utilization' | 'AverageValue' | 'Value';
  /** In percent of what the containers request. */
  readonly averageUtilization?: number;
  /** A quantity: `500m`. */
  readonly averageValue?: string | number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number;
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled';
  readonly policies?: readonly ScalingPolicy[];
}

/** At most so many pods, or so many percent of them, within the period. */
export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodSeconds: number;
}

/** Times in whole microseconds. */
export interface AutoscalerStatus {
  readonly observedGeneration?: number;
  readonly lastScaleTime?: number;
  readonly currentReplicas?: number;
  readonly desiredReplicas?: number;
  readonly currentMetrics?: readonly unknown[];
  readonly conditions?: readonly Condition[];
}

/** source: pkg/apis/autoscaling/v2/defaults.go (GenerateHPAScaleUpRules, …ScaleDownRules) */
const PERCENT: ScalingPolicy = { type: 'Percent', value: 100, periodSeconds: 15 };
const SCALE_UP: ScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, PERCENT],
};
const SCALE_DOWN: ScalingRules = { selectPolicy: 'Max', policies: [PERCENT] };

/** source: pkg/apis/autoscaling/v2/defaults.go SetDefaults_HorizontalPodAutoscaler */
const DEFAULT_UTILIZATION = 80;

/** The rules are filled in only where some are given. Objects of autoscaling/v1 become v2. */
function defaults(object: KubeObject): KubeObject {
  const given = (object as HorizontalPodAutoscaler).spec as AutoscalerSpec | undefined;
  const { targetCPUUtilizationPercentage: percent, ...own } = given ?? ({} as AutoscalerSpec);
  const averageUtilization = percent ?? DEFAULT_UTILIZATION;
  const target: MetricTarget = { type: 'Utilization', averageUtilization };
  const metrics: readonly MetricSpec[] = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  const isGiven = (own.metrics ?? []).length > 0;
  const kept = percent === undefined && given !== undefined ? given : own;
  const spec = complete<AutoscalerSpec>(isGiven ? kept : { ...kept, metrics }, { minReplicas: 1 });
  const { behavior } = spec;
  const ruled = behavior && {
    scaleUp: complete(behavior.scaleUp, SCALE_UP),
    scaleDown: complete(behavior.scaleDown, SCALE_DOWN),
  };
  const served = { ...object, apiVersion: 'autoscaling/v2' };
  return { ...served, spec: ruled === undefined ? spec : { ...spec, behavior: ruled } };
}

const RULES: FieldTable = {
  stabilizationWindowSeconds: true,
  selectPolicy: true,
  policies: [{ type: true, value: true, periodSeconds: true }],
  tolerance: 'the tolerance is 10 % for every autoscaler',
};

const NO_METRIC = 'nobody says what it is, so the metric counts as one that cannot be had';

export const horizontalPodAutoscaler = defineKind({
  apiVersions: ['autoscaling/v2', 'autoscaling/v1'],
  removedVersions: { 'autoscaling/v2beta1': '1.25', 'autoscaling/v2beta2': '1.26' },
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  namespaced: true,
  fields: {
    spec: {
      scaleTargetRef: { apiVersion: true, kind: true, name: true },
      minReplicas: true,
      maxReplicas: true,
      targetCPUUtilizationPercentage: true,
      metrics: [
        {
          type: true,
          resource: {
            name: true,
            target: { type: true, averageUtilization: true, averageValue: true },
          },
          containerResource: NO_METRIC,
          pods: NO_METRIC,
          object: NO_METRIC,
          external: NO_METRIC,
        },
      ],
      behavior: { scaleUp: RULES, scaleDown: RULES },
    },
  },
  defaults,
  validate: (object) => validateAutoscaler(object as HorizontalPodAutoscaler),
});
