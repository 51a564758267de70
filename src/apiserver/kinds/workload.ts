// What Deployments, ReplicaSets, StatefulSets and DaemonSets have in common: a selector and a
// template for pods.
// source: pkg/apis/apps/validation/validation.go ValidatePodTemplateSpecForReplicaSet

import { copyWith } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import { matchesSelector } from '../../values/labels';
import type { Labels, LabelSelector } from '../../values/labels';
import type { ManifestProblem } from '../../values/manifest-problem';
import { equalJson } from '../json';
import { error } from './define';
import type { FieldTable } from './fields';
import { validateLabels, validateMetadata } from './names';
import type { Condition, PodSpec } from './pod';
import { defaultPodSpec } from './pod-defaults';
import { POD_SPEC_FIELDS } from './pod-fields';
import { isFlawless, validatePodSpec } from './pod-validation';

export interface PodTemplate {
  readonly metadata?: {
    readonly name?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  readonly spec: PodSpec;
}

/** The part of a workload's spec that is the same in all of them. */
export interface WorkloadSpec {
  readonly replicas?: number;
  readonly selector?: LabelSelector;
  readonly template: PodTemplate;
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
}

export interface Workload extends KubeObject {
  readonly spec: WorkloadSpec;
}

export interface ReplicaStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly updatedReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly conditions?: readonly Condition[];
}

/** A number, or a share of the replicas: `25%`. */
export type IntOrPercent = number | string;

export const TEMPLATE_FIELDS: FieldTable = {
  metadata: {
    name: true,
    namespace: true,
    labels: true,
    annotations: true,
    creationTimestamp: true,
    finalizers: true,
  },
  spec: POD_SPEC_FIELDS,
};

export function defaultTemplate(template: PodTemplate | undefined): PodTemplate {
  if (template?.spec && isFlawless(template.spec)) return template;
  const spec = defaultPodSpec(template?.spec);
  if (template === undefined) return { spec };
  return spec === template.spec ? template : copyWith(template, { spec });
}

/** Problems of names, selector, replicas and template of a completed workload. */
export function validateWorkload(object: KubeObject, previous?: KubeObject): ManifestProblem[] {
  const { selector, template, replicas, minReadySeconds } = (object as Workload).spec;
  const problems = validateMetadata(object, previous);
  if (replicas !== undefined && !isCount(replicas)) {
    problems.push(error('/spec/replicas', `${JSON.stringify(replicas)} is no number of replicas`));
  }
  if (minReadySeconds !== undefined && !isCount(minReadySeconds)) {
    problems.push(error('/spec/minReadySeconds', 'must be a whole number of seconds'));
  }
  const labels = template.metadata?.labels;
  if (selector === undefined || isEmptySelector(selector)) {
    const hint = labels && `for example matchLabels: ${JSON.stringify(labels)}`;
    problems.push(error('/spec/selector', 'is required and must not be empty', hint));
  } else if (!matchesSelector(labels, selector)) {
    problems.push(
      error('/spec/template/metadata/labels', 'the selector does not match these labels'),
    );
  }
  problems.push(
    ...validateLabels(labels, '/spec/template/metadata/labels'),
    ...validatePodSpec(template.spec, '/spec/template/spec'),
    ...validateRestartPolicy(template.spec),
  );
  return problems;
}

/** source: pkg/apis/apps/validation/validation.go ValidateDeploymentUpdate */
export function validateSelectorStays(object: KubeObject, previous: KubeObject): ManifestProblem[] {
  const now = (object as Workload).spec.selector;
  const before = (previous as Workload).spec.selector;
  return equalJson(now, before) ? [] : [error('/spec/selector', 'the selector may not change')];
}

export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

export function isIntOrPercent(value: unknown): value is IntOrPercent {
  return isCount(value) || (typeof value === 'string' && /^\d+%$/.test(value));
}

/** How many of `total` are meant; a share is rounded up or down as its user says. */
export function resolveIntOrPercent(
  value: IntOrPercent,
  total: number,
  rounding: 'up' | 'down',
): number {
  if (typeof value === 'number') return value;
  const exact = Number.parseInt(value, 10) * total;
  return rounding === 'up' ? Math.ceil(exact / 100) : Math.floor(exact / 100);
}

function isEmptySelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}

function validateRestartPolicy({ restartPolicy }: PodSpec): ManifestProblem[] {
  if (restartPolicy === 'Always') return [];
  return [error('/spec/template/spec/restartPolicy', 'must be Always in a template of this kind')];
}
