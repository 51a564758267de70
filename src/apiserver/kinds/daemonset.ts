// DaemonSet: one pod on each node that fits.

import type { KubeObject } from '../../values/kube-object';
import { complete, defineKind } from './define';
import {
  defaultTemplate,
  TEMPLATE_FIELDS,
  validateSelectorStays,
  validateWorkload,
} from './workload';
import type { IntOrPercent, WorkloadSpec } from './workload';

export interface DaemonSet extends KubeObject {
  readonly kind: 'DaemonSet';
  readonly spec: DaemonSetSpec;
  readonly status?: {
    readonly desiredNumberScheduled?: number;
    readonly currentNumberScheduled?: number;
    readonly numberReady?: number;
    readonly updatedNumberScheduled?: number;
    readonly observedGeneration?: number;
  };
}

export interface DaemonSetSpec extends WorkloadSpec {
  readonly updateStrategy?: {
    readonly type?: 'RollingUpdate' | 'OnDelete';
    readonly rollingUpdate?: {
      readonly maxUnavailable?: IntOrPercent;
      readonly maxSurge?: IntOrPercent;
    };
  };
}

/** source: pkg/apis/apps/v1/defaults.go SetDefaults_DaemonSet */
function defaults(object: KubeObject): KubeObject {
  const given = (object as DaemonSet).spec;
  const spec = complete<DaemonSetSpec>(given, { revisionHistoryLimit: 10, minReadySeconds: 0 });
  const strategy = complete(spec.updateStrategy, { type: 'RollingUpdate' as const });
  const bounds = { maxUnavailable: 1, maxSurge: 0 };
  const updateStrategy =
    strategy.type === 'RollingUpdate'
      ? { ...strategy, rollingUpdate: complete(strategy.rollingUpdate, bounds) }
      : strategy;
  return { ...object, spec: { ...spec, updateStrategy, template: defaultTemplate(spec.template) } };
}

export const daemonset = defineKind({
  apiVersions: ['apps/v1'],
  removedVersions: { 'extensions/v1beta1': '1.16', 'apps/v1beta2': '1.16' },
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  namespaced: true,
  fields: {
    spec: {
      selector: true,
      template: TEMPLATE_FIELDS,
      updateStrategy: {
        type: true,
        rollingUpdate: {
          maxUnavailable: true,
          maxSurge: 'the old pod of a node goes before the new one comes',
        },
      },
      minReadySeconds: true,
      revisionHistoryLimit: true,
    },
  },
  defaults,
  validate: validateWorkload,
  validateChange: validateSelectorStays,
});
