// Who controls an object.

import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey, OwnerReference } from '../values/kube-object';

/** The one owner that controls the object. */
export function controllerOf(object: KubeObject | undefined): OwnerReference | undefined {
  return object?.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** The reference that makes `owner` the controller of what carries it. */
export function controllerReference(owner: KubeObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true };
}

/** The key of the controlling owner, if it is of this kind. */
export function ownerKey(object: KubeObject | undefined, kind: string): ObjectKey | undefined {
  const reference = controllerOf(object);
  if (reference === undefined || reference.kind !== kind) return undefined;
  const { namespace } = object!.metadata;
  return namespace === undefined ? reference.name : `${namespace}/${reference.name}`;
}

/** Objects by the identity of their controlling owner, in the order of their coming. */
export class OwnerIndex {
  private readonly byOwner = new Map<string, Map<ObjectKey, KubeObject>>();

  /** Tells of a change of an object. */
  update(before: KubeObject | undefined, after: KubeObject | undefined): void {
    const was = controllerOf(before)?.uid;
    const is = controllerOf(after)?.uid;
    if (was !== undefined && was !== is) this.byOwner.get(was)?.delete(keyOf(before!));
    if (was !== undefined && after === undefined) this.byOwner.get(was)?.delete(keyOf(before!));
    if (is === undefined || after === undefined) return;
    const objects = this.byOwner.get(is) ?? new Map<ObjectKey, KubeObject>();
    this.byOwner.set(is, objects.set(keyOf(after), after));
  }

  /** The objects that the owner of this identity controls. */
  ownedBy(uid: string | undefined): KubeObject[] {
    return [...(this.byOwner.get(uid ?? '')?.values() ?? [])];
  }

  clear(): void {
    this.byOwner.clear();
  }
}
