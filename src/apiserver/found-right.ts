// Objects that nobody needs to look at when they are created, as they were made of one that was
// found right.

import type { KubeObject, ObjectMeta } from '../values/kube-object';

/** The metadata that an object is created with whose owner is a controller's. */
export type OwnedMeta = Required<
  Pick<ObjectMeta, 'name' | 'namespace' | 'labels' | 'annotations' | 'ownerReferences'>
>;

/** What the API server adds to the metadata of what it stores first. */
export interface FirstMeta {
  readonly uid: string;
  readonly generation: number;
  readonly creationTimestamp: number;
  readonly resourceVersion: string;
}

/** An object that is complete and right by its making. Who makes it freezes its parts. */
export class FoundRight implements KubeObject {
  [field: string]: unknown;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: OwnedMeta;
  readonly spec: object;

  constructor(apiVersion: string, kind: string, metadata: OwnedMeta, spec: object) {
    this.apiVersion = apiVersion;
    this.kind = kind;
    this.metadata = metadata;
    this.spec = spec;
    Object.freeze(this);
  }

  /** The first version of such an object: field by field, as there are thousands of them. */
  static stored({ apiVersion, kind, metadata, spec }: FoundRight, first: FirstMeta): KubeObject {
    const { name, namespace, labels, annotations, ownerReferences } = metadata;
    const { uid, generation, creationTimestamp, resourceVersion } = first;
    const stored = Object.freeze({
      name,
      namespace,
      labels,
      annotations,
      ownerReferences,
      uid,
      generation,
      creationTimestamp,
      resourceVersion,
    });
    return Object.freeze({ apiVersion, kind, metadata: stored, spec });
  }
}
