// Node: a machine as the API knows it.

import type { Taint } from '../../values/cluster-spec';
import type { KubeObject } from '../../values/kube-object';
import { defineKind } from './define';
import { validateMetadata } from './names';
import type { Condition, Toleration } from './pod';

export interface Node extends KubeObject {
  readonly kind: 'Node';
  readonly spec?: NodeSpec;
  readonly status?: NodeStatus;
}

export interface NodeSpec {
  readonly podCIDR?: string;
  /** One range per family. */
  readonly podCIDRs?: readonly string[];
  /** Cordoned. */
  readonly unschedulable?: boolean;
  readonly taints?: readonly Taint[];
}

export interface NodeStatus {
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly conditions?: readonly Condition[];
  readonly capacity?: Readonly<Record<string, string | number>>;
  readonly allocatable?: Readonly<Record<string, string | number>>;
}

/** The label that tells the zone of a node. */
const ZONE_LABEL = 'topology.kubernetes.io/zone';

export function zoneOf(node: KubeObject | undefined): string | undefined {
  return node?.metadata.labels?.[ZONE_LABEL];
}

/**
 * Whether a toleration accepts a taint. An absent effect accepts all effects.
 * source: staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go ToleratesTaint
 */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key, operator = 'Equal', value = '', effect } = toleration;
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  return operator === 'Exists' || value === (taint.value ?? '');
}

export const node = defineKind({
  apiVersions: ['v1'],
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  fields: {
    spec: {
      podCIDR: true,
      podCIDRs: true,
      unschedulable: true,
      taints: [{ key: true, value: true, effect: true, timeAdded: true }],
      providerID: true,
      externalID: true,
      configSource: true,
    },
  },
  defaults: (object) => object,
  validate: validateMetadata,
});
