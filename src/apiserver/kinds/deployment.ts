// Deployment: a set of interchangeable pods that is updated step by step.

import { copyWith } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import type { ManifestProblem } from '../../values/manifest-problem';
import { complete, defineKind, error, noneOf } from './define';
import {
  defaultTemplate,
  isIntOrPercent,
  resolveIntOrPercent,
  TEMPLATE_FIELDS,
  validateSelectorStays,
  validateWorkload,
} from './workload';
import type { IntOrPercent, ReplicaStatus, WorkloadSpec } from './workload';

export interface Deployment extends KubeObject {
  readonly kind: 'Deployment';
  readonly spec: DeploymentSpec;
  readonly status?: ReplicaStatus;
}

export interface DeploymentSpec extends WorkloadSpec {
  readonly strategy?: DeploymentStrategy;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
}

export interface DeploymentStrategy {
  readonly type?: 'RollingUpdate' | 'Recreate';
  readonly rollingUpdate?: {
    readonly maxSurge?: IntOrPercent;
    readonly maxUnavailable?: IntOrPercent;
  };
}

/** source: pkg/apis/apps/v1/defaults.go SetDefaults_Deployment */
function defaults(object: KubeObject): KubeObject {
  const given = (object as Deployment).spec;
  const spec = complete<DeploymentSpec>(given, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    minReadySeconds: 0,
  });
  const strategy = defaultStrategy(spec.strategy);
  const template = defaultTemplate(spec.template);
  return copyWith(object, { spec: copyWith(spec, { strategy, template }) });
}

function defaultStrategy(given: DeploymentStrategy | undefined): DeploymentStrategy {
  const strategy = complete<DeploymentStrategy>(given, { type: 'RollingUpdate' });
  if (strategy.type !== 'RollingUpdate') return strategy;
  const share = { maxSurge: '25%', maxUnavailable: '25%' };
  return copyWith(strategy, { rollingUpdate: complete(strategy.rollingUpdate, share) });
}

function validateStrategy({ spec }: Deployment): ManifestProblem[] {
  const { type, rollingUpdate } = spec.strategy!;
  if (type !== 'RollingUpdate' && type !== 'Recreate') {
    return [error('/spec/strategy/type', noneOf(type, ['RollingUpdate', 'Recreate']))];
  }
  if (type === 'Recreate') {
    if (rollingUpdate === undefined) return [];
    return [error('/spec/strategy/rollingUpdate', 'may not be given where the type is Recreate')];
  }
  const { maxSurge, maxUnavailable } = rollingUpdate!;
  for (const [field, value] of Object.entries({ maxSurge, maxUnavailable })) {
    if (isIntOrPercent(value)) continue;
    return [
      error(
        `/spec/strategy/rollingUpdate/${field}`,
        `${JSON.stringify(value)} is no number or share`,
      ),
    ];
  }
  const both = [maxSurge!, maxUnavailable!].every((it) => resolveIntOrPercent(it, 100, 'up') === 0);
  if (!both) return [];
  return [error('/spec/strategy/rollingUpdate', 'maxSurge and maxUnavailable may not both be 0')];
}

export const deployment = defineKind({
  apiVersions: ['apps/v1'],
  removedVersions: { 'extensions/v1beta1': '1.16', 'apps/v1beta1': '1.16', 'apps/v1beta2': '1.16' },
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  namespaced: true,
  fields: {
    spec: {
      replicas: true,
      selector: true,
      template: TEMPLATE_FIELDS,
      strategy: { type: true, rollingUpdate: { maxSurge: true, maxUnavailable: true } },
      minReadySeconds: true,
      revisionHistoryLimit: true,
      paused: true,
      progressDeadlineSeconds: true,
    },
  },
  defaults,
  validate: (object, previous) => [
    ...validateWorkload(object, previous),
    ...validateStrategy(object as Deployment),
  ],
  validateChange: validateSelectorStays,
});
