// ReplicationController: the ReplicaSet of the first days, with a plain mapping as its selector.

import type { KubeObject } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import { complete, defineKind } from './define';
import { defaultTemplate, TEMPLATE_FIELDS, validateWorkload } from './workload';
import type { PodTemplate, ReplicaStatus } from './workload';

export interface ReplicationController extends KubeObject {
  readonly kind: 'ReplicationController';
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector?: Labels;
    readonly template: PodTemplate;
  };
  readonly status?: ReplicaStatus;
}

export const replicationcontroller = defineKind({
  apiVersions: ['v1'],
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  namespaced: true,
  fields: {
    spec: { replicas: true, selector: true, template: TEMPLATE_FIELDS, minReadySeconds: true },
  },
  /** source: pkg/apis/core/v1/defaults.go SetDefaults_ReplicationController */
  defaults(object) {
    const given = (object as ReplicationController).spec;
    const template = defaultTemplate(given?.template);
    const selector = template.metadata?.labels ?? {};
    const spec = complete(given, { replicas: 1, minReadySeconds: 0, selector });
    return { ...object, spec: { ...spec, template } };
  },
  validate(object) {
    const { spec } = object as ReplicationController;
    return validateWorkload({
      ...object,
      spec: { ...spec, selector: { matchLabels: spec.selector ?? {} } },
    });
  },
});
