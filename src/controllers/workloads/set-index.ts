// The ReplicaSets of each Deployment: hardly any has more than one or two.

import type { Change } from '../../apiserver/informer';
import type { ReplicaSet } from '../../apiserver/kinds/replicaset';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { controllerOf, distinctKeys, NOBODY, ownerKey } from '../owner';

const OWNER = 'Deployment';
const NONE: readonly ReplicaSet[] = [];

export class SetIndex {
  /** By the identity of the Deployment. */
  private readonly byOwner = new Map<string, Owned>();

  /** Tells of a change of a set; returns the keys of the Deployments that it concerns. */
  update({ before, after }: Change): readonly ObjectKey[] {
    const was = before && this.placeOf(before);
    // Hardly any write of a set changes its owners.
    const isAsBefore = before?.metadata.ownerReferences === after?.metadata.ownerReferences;
    const is = isAsBefore ? was : after && this.placeOf(after);
    // Who is given to its owner once more has come anew.
    if (!isAsBefore || after === undefined) was?.remove(before!);
    is?.put(after as ReplicaSet);
    if (was === undefined || was === is) return is?.keys ?? NOBODY;
    return distinctKeys(was.keys[0], is?.keys[0]);
  }

  /** Those of the Deployment of this identity. The list is good until the next change. */
  of(uid: string | undefined): readonly ReplicaSet[] {
    return this.byOwner.get(uid ?? '')?.sets ?? NONE;
  }

  clear(): void {
    this.byOwner.clear();
  }

  /** Where sets stand that have the owner of this one; undefined for nowhere. */
  private placeOf(set: KubeObject): Owned | undefined {
    const owner = controllerOf(set);
    if (owner?.kind !== OWNER) return undefined;
    let owned = this.byOwner.get(owner.uid);
    if (owned === undefined) this.byOwner.set(owner.uid, (owned = new Owned(set)));
    return owned;
  }
}

/** The sets of one Deployment, in the order of their coming. */
class Owned {
  /** The Deployment's own key, in a list of one. */
  readonly keys: readonly ObjectKey[];
  sets = NONE;

  constructor(one: KubeObject) {
    this.keys = Object.freeze([ownerKey(one, OWNER)!]);
  }

  put(set: ReplicaSet): void {
    const index = this.indexOf(set);
    if (index >= 0) (this.sets as ReplicaSet[])[index] = set;
    // A list that has grown has room for many more.
    else this.sets = this.sets.concat(set);
  }

  remove(set: KubeObject): void {
    const index = this.indexOf(set);
    this.sets = this.sets.filter((_, at) => at !== index);
  }

  private indexOf({ metadata }: KubeObject): number {
    const { sets } = this;
    for (let index = 0; index < sets.length; index++) {
      const { name, namespace } = sets[index]!.metadata;
      if (name === metadata.name && namespace === metadata.namespace) return index;
    }
    return -1;
  }
}
