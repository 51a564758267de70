// ReplicaSet: a number of equal pods.

import { copyWith } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import { complete, defineKind } from './define';
import {
  defaultTemplate,
  TEMPLATE_FIELDS,
  validateSelectorStays,
  validateWorkload,
} from './workload';
import type { ReplicaStatus, WorkloadSpec } from './workload';

export interface ReplicaSet extends KubeObject {
  readonly kind: 'ReplicaSet';
  readonly spec: WorkloadSpec;
  readonly status?: ReplicaStatus;
}

export const replicaset = defineKind({
  apiVersions: ['apps/v1'],
  removedVersions: { 'extensions/v1beta1': '1.16', 'apps/v1beta2': '1.16' },
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  namespaced: true,
  fields: {
    spec: { replicas: true, selector: true, template: TEMPLATE_FIELDS, minReadySeconds: true },
  },
  /** source: pkg/apis/apps/v1/defaults.go SetDefaults_ReplicaSet */
  defaults(object) {
    const given = (object as ReplicaSet).spec;
    const spec = complete<WorkloadSpec>(given, { replicas: 1, minReadySeconds: 0 });
    const template = defaultTemplate(spec.template);
    if (spec === given && template === given.template) return object;
    return copyWith(object, { spec: copyWith(spec, { template }) });
  },
  validate: validateWorkload,
  validateChange: validateSelectorStays,
});
