// StatefulSet: pods with names that stay, one after the other.

import type { KubeObject } from '../../values/kube-object';
import type { ManifestProblem } from '../../values/manifest-problem';
import { equalJson } from '../json';
import { complete, defineKind, error, noneOf } from './define';
import { defaultTemplate, TEMPLATE_FIELDS, validateWorkload } from './workload';
import type { ReplicaStatus, WorkloadSpec } from './workload';

export interface StatefulSet extends KubeObject {
  readonly kind: 'StatefulSet';
  readonly spec: StatefulSetSpec;
  readonly status?: ReplicaStatus & {
    readonly currentReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
  };
}

export interface StatefulSetSpec extends WorkloadSpec {
  readonly serviceName?: string;
  readonly podManagementPolicy?: 'OrderedReady' | 'Parallel';
  readonly updateStrategy?: {
    readonly type?: 'RollingUpdate' | 'OnDelete';
    readonly rollingUpdate?: { readonly partition?: number };
  };
  readonly ordinals?: { readonly start?: number };
}

const MUTABLE = new Set([
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
  'revisionHistoryLimit',
]);

/** source: pkg/apis/apps/v1/defaults.go SetDefaults_StatefulSet */
function defaults(object: KubeObject): KubeObject {
  const given = (object as StatefulSet).spec;
  const spec = complete<StatefulSetSpec>(given, {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    revisionHistoryLimit: 10,
    minReadySeconds: 0,
  });
  const strategy = complete(spec.updateStrategy, { type: 'RollingUpdate' as const });
  const updateStrategy =
    strategy.type === 'RollingUpdate'
      ? { ...strategy, rollingUpdate: complete(strategy.rollingUpdate, { partition: 0 }) }
      : strategy;
  return { ...object, spec: { ...spec, updateStrategy, template: defaultTemplate(spec.template) } };
}

function validateOrder({ spec }: StatefulSet): ManifestProblem[] {
  if (['OrderedReady', 'Parallel'].includes(spec.podManagementPolicy ?? '')) return [];
  const message = noneOf(spec.podManagementPolicy, ['OrderedReady', 'Parallel']);
  return [error('/spec/podManagementPolicy', message)];
}

/** source: pkg/apis/apps/validation/validation.go ValidateStatefulSetUpdate */
function validateChange(object: KubeObject, previous: KubeObject): ManifestProblem[] {
  const [now, before] = [object.spec, previous.spec] as Record<string, unknown>[];
  const fields = [...new Set([...Object.keys(now!), ...Object.keys(before!)])];
  return fields
    .filter((field) => !MUTABLE.has(field) && !equalJson(now![field], before![field]))
    .map((field) => error(`/spec/${field}`, 'may not change in a StatefulSet'));
}

export const statefulset = defineKind({
  apiVersions: ['apps/v1'],
  removedVersions: { 'apps/v1beta1': '1.16', 'apps/v1beta2': '1.16' },
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  namespaced: true,
  fields: {
    spec: {
      replicas: true,
      selector: true,
      template: TEMPLATE_FIELDS,
      serviceName: true,
      podManagementPolicy: true,
      updateStrategy: {
        type: true,
        rollingUpdate: { partition: true, maxUnavailable: 'one pod is replaced at a time' },
      },
      ordinals: { start: true },
      minReadySeconds: true,
      revisionHistoryLimit: true,
      persistentVolumeClaimRetentionPolicy: true,
      volumeClaimTemplates: true,
    },
  },
  defaults,
  validate: (object) => [...validateWorkload(object), ...validateOrder(object as StatefulSet)],
  validateChange,
});
