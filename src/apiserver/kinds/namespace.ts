// Namespace: a part of the cluster with names of its own.

import type { KubeObject } from '../../values/kube-object';
import { defineKind } from './define';
import { validateMetadata } from './names';

export interface Namespace extends KubeObject {
  readonly kind: 'Namespace';
  /** `kubernetes` stands here until the namespace is empty. */
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: 'Active' | 'Terminating' };
}

/** The label by which policies select a namespace by its name. */
const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

export const namespace = defineKind({
  apiVersions: ['v1'],
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  fields: { spec: { finalizers: true } },
  /** source: pkg/apis/core/v1/defaults.go SetDefaults_Namespace; registry/core/namespace */
  defaults(object) {
    const { metadata, spec, status } = object as Namespace;
    const labels = { ...metadata.labels, [NAMESPACE_NAME_LABEL]: metadata.name };
    return {
      ...object,
      metadata: { ...metadata, labels },
      spec: { finalizers: ['kubernetes'], ...spec },
      status: { phase: 'Active', ...status },
    };
  },
  validate: validateMetadata,
});
