// Who controls an object.

import type { Change } from '../apiserver/informer';
import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey, OwnerReference } from '../values/kube-object';

/** The one owner that controls the object. */
export function controllerOf(object: KubeObject | undefined): OwnerReference | undefined {
  const references = object?.metadata.ownerReferences;
  if (references === undefined) return undefined;
  for (const reference of references) if (reference.controller === true) return reference;
  return undefined;
}

/** Whether one of this kind controls what has changed, or did before. */
export function isControlled({ before, after }: Change, kind: string): boolean {
  if (controllerOf(after)?.kind === kind) return true;
  // Hardly any write of an object changes its owners.
  if (before === undefined || isOwnedAlike(before, after)) return false;
  return controllerOf(before)?.kind === kind;
}

function isOwnedAlike(a: KubeObject | undefined, b: KubeObject | undefined): boolean {
  return a?.metadata.ownerReferences === b?.metadata.ownerReferences;
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

const NOBODY: readonly ObjectKey[] = [];
const NOTHING: readonly KubeObject[] = [];

/** The keys of the controlling owners of this kind that a change concerns: before and after it. */
export function ownerKeys({ before, after }: Change, kind: string): readonly ObjectKey[] {
  return distinctKeys(ownerKey(before, kind), ownerKey(after, kind));
}

/** The key that was and the one that is, each where there is one. */
export function distinctKeys(
  was: ObjectKey | undefined,
  is: ObjectKey | undefined,
): readonly ObjectKey[] {
  if (was === undefined || was === is) return is === undefined ? NOBODY : [is];
  return is === undefined ? [was] : [was, is];
}

/** Objects by the identity of their controlling owner, in the order of their coming. */
export class OwnerIndex {
  private readonly kind: string | undefined;
  private readonly byOwner = new Map<string, Map<ObjectKey, KubeObject>>();

  /** Of what is owned by one kind, where one is named. */
  constructor(kind?: string) {
    this.kind = kind;
  }

  /** Tells of a change of an object. */
  update({ key, before, after }: Pick<Change, 'key' | 'before' | 'after'>): void {
    const is = this.ownerOf(after);
    const was = isOwnedAlike(before, after) ? is : this.ownerOf(before);
    if (was !== undefined && was !== is) this.byOwner.get(was)?.delete(key);
    if (is === undefined || after === undefined) return;
    const objects = this.byOwner.get(is);
    if (objects === undefined) this.byOwner.set(is, new Map([[key, after]]));
    else objects.set(key, after);
  }

  /** The objects that the owner of this identity controls. */
  ownedBy(uid: string | undefined): Iterable<KubeObject> {
    return this.byOwner.get(uid ?? '')?.values() ?? NOTHING;
  }

  /** How many there are. */
  countOf(uid: string | undefined): number {
    return this.byOwner.get(uid ?? '')?.size ?? 0;
  }

  clear(): void {
    this.byOwner.clear();
  }

  private ownerOf(object: KubeObject | undefined): string | undefined {
    const owner = controllerOf(object);
    return this.kind === undefined || owner?.kind === this.kind ? owner?.uid : undefined;
  }
}

/** An index of the objects that are there, of what is owned by one kind where one is named. */
export function ownedAmong(objects: Iterable<KubeObject>, kind?: string): OwnerIndex {
  const index = new OwnerIndex(kind);
  for (const after of objects) index.update({ key: keyOf(after), before: undefined, after });
  return index;
}
