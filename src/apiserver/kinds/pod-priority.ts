// How important a pod is to its cluster, and what it has asked for.

import type { KubeObject } from '../../values/kube-object';
import { bytes } from '../../values/bytes';
import type { Container, Pod } from './pod';

/** Reads the objects that give classes their values. */
export type ReadObject = (kind: string, key: string) => KubeObject | undefined;

/** source: pkg/apis/scheduling/types.go HighestUserDefinablePriority, SystemCriticalPriority */
const SYSTEM_CRITICAL = 2_000_000_000;

/** Classes that every cluster has. source: pkg/apis/scheduling/v1/helpers.go */
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  'system-cluster-critical': SYSTEM_CRITICAL,
  'system-node-critical': SYSTEM_CRITICAL + 1_000,
};

/** The pod's own priority, else the one of its class, else 0. */
export function priorityOf({ spec }: Pod, read: ReadObject): number {
  const { priority, priorityClassName: name = '' } = spec;
  if (priority !== undefined) return priority;
  const known = SYSTEM_CLASSES[name];
  if (known !== undefined || name === '') return known ?? 0;
  const value = (read('PriorityClass', name) as { readonly value?: unknown } | undefined)?.value;
  return typeof value === 'number' ? value : 0;
}

/**
 * Whether the kubelet spares the pod: it is static, or belongs to the system.
 * source: pkg/kubelet/types/pod_update.go IsCriticalPod
 */
export function isCriticalPod(pod: Pod, read: ReadObject): boolean {
  const isMirror = pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
  return isMirror || priorityOf(pod, read) >= SYSTEM_CRITICAL;
}

/**
 * Whether the pod asks for nothing: no container has a request or a limit.
 * source: pkg/apis/core/v1/helper/qos/qos.go ComputePodQOS
 */
export function isBestEffort({ spec }: Pod): boolean {
  const asks = ({ resources }: Container): boolean =>
    [resources?.requests, resources?.limits].some((it) =>
      [it?.['cpu'], it?.['memory']].some((quantity) => quantity !== undefined),
    );
  return ![...spec.containers, ...(spec.initContainers ?? [])].some(asks);
}

/**
 * Bytes that the pod requests: the sum of its containers, or what one init container needs more.
 * source: pkg/api/v1/resource/helpers.go GetResourceRequestQuantity
 */
export function requestedBytes({ spec }: Pod, resource: string): number {
  const requestOf = ({ resources }: Container): number =>
    bytes(resources?.requests?.[resource] ?? resources?.limits?.[resource]);
  const sum = spec.containers.map(requestOf).reduce((all, it) => all + it, 0);
  return Math.max(sum, ...(spec.initContainers ?? []).map(requestOf));
}
