// Whether a rollout is complete, as `kubectl rollout status` judges it.
// source: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go

import type { KubeObject } from '../values/kube-object';

/** The kinds that have rollouts. */
export const ROLLOUT_KINDS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

interface Status {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  readonly desiredNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  readonly numberReady?: number;
}

interface Spec {
  readonly replicas?: number;
  readonly updateStrategy?: {
    readonly rollingUpdate?: { readonly partition?: number };
  };
}

/** Whether nothing of the object's newest template is left to be rolled out. */
export function isRolledOut({ kind, metadata, spec, status }: KubeObject): boolean {
  const now = (status ?? {}) as Status;
  if ((now.observedGeneration ?? 0) < (metadata.generation ?? 0)) return false;
  const wanted = (spec ?? {}) as Spec;
  switch (kind) {
    case 'Deployment':
      return isDeploymentComplete(wanted, now);
    case 'StatefulSet':
      return isStatefulSetComplete(wanted, now);
    default:
      return isDaemonSetComplete(now);
  }
}

function isDeploymentComplete({ replicas = 1 }: Spec, status: Status): boolean {
  const { updatedReplicas = 0, replicas: all = 0, availableReplicas = 0 } = status;
  return (
    updatedReplicas >= replicas && all <= updatedReplicas && availableReplicas >= updatedReplicas
  );
}

function isStatefulSetComplete({ replicas = 1, updateStrategy }: Spec, status: Status): boolean {
  if ((status.readyReplicas ?? 0) < replicas) return false;
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0;
  if (partition > 0) return (status.updatedReplicas ?? 0) >= replicas - partition;
  return status.updateRevision === status.currentRevision;
}

function isDaemonSetComplete(status: Status): boolean {
  const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled = 0 } = status;
  return updatedNumberScheduled >= wanted && (status.numberAvailable ?? 0) >= wanted;
}
