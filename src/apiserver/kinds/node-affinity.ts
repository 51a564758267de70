// Which nodes a pod demands: `nodeSelector` and required node affinity.
// source: staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go

import type { KubeObject } from '../../values/kube-object';
import { matchesLabels } from '../../values/labels';
import type { Labels } from '../../values/labels';

export interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
    };
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly unknown[];
  };
  readonly podAffinity?: unknown;
  readonly podAntiAffinity?: unknown;
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly NodeRequirement[];
  /** Only `metadata.name` is a field. */
  readonly matchFields?: readonly NodeRequirement[];
}

export interface NodeRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values?: readonly string[];
}

/** Whether the node is one of those that the pod demands. */
export function matchesNode(
  pod: { readonly nodeSelector?: Labels; readonly affinity?: Affinity },
  node: KubeObject,
): boolean {
  const labels = node.metadata.labels ?? {};
  if (!matchesLabels(labels, pod.nodeSelector ?? {})) return false;
  const required = pod.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  const fields = { 'metadata.name': node.metadata.name };
  // The terms are alternatives; the lines of one term hold together; an empty term matches nothing.
  return required.nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    if (!matchExpressions.every((line) => matchesLine(labels, line))) return false;
    return matchFields.every((line) => matchesLine(fields, line));
  });
}

function matchesLine(labels: Labels, { key, operator, values = [] }: NodeRequirement): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return wholeNumber(value) > wholeNumber(values[0]);
    case 'Lt':
      return wholeNumber(value) < wholeNumber(values[0]);
  }
}

/** Not a number, and so neither above nor below any other, where the text is no whole one. */
function wholeNumber(text = ''): number {
  return /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
}
