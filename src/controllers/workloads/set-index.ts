// The ReplicaSets of each Deployment: hardly any has more than one or two.

import type { Change } from '../../apiserver/informer';
import type { DeploymentSpec } from '../../apiserver/kinds/deployment';
import type { ReplicaSet } from '../../apiserver/kinds/replicaset';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import { controllerOf, distinctKeys, NOBODY, ownerKey } from '../owner';

const OWNER = 'Deployment';
export const NO_SETS: readonly ReplicaSet[] = Object.freeze([]);

export class SetIndex {
  /** By the identity of the Deployment. */
  private readonly byOwner = new Map<string, OwnedSets>();

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

  /** Those of the Deployment of this identity; undefined where it never had any. */
  of(uid: string | undefined): OwnedSets | undefined {
    return this.byOwner.get(uid ?? '');
  }

  clear(): void {
    this.byOwner.clear();
  }

  /** Where sets stand that have the owner of this one; undefined for nowhere. */
  private placeOf(set: KubeObject): OwnedSets | undefined {
    const owner = controllerOf(set);
    if (owner?.kind !== OWNER) return undefined;
    let owned = this.byOwner.get(owner.uid);
    if (owned === undefined) this.byOwner.set(owner.uid, (owned = new OwnedSets(set)));
    return owned;
  }
}

/** The sets of one Deployment, in the order of their coming. */
export class OwnedSets {
  /** The Deployment's own key, in a list of one. */
  readonly keys: readonly ObjectKey[];
  /** The list is good until the next change. */
  sets = NO_SETS;
  /** What a look read that found nothing to do: of the Deployment, and of its only set. */
  private wanted: DeploymentSpec | undefined;
  private spec: ReplicaSet['spec'] | undefined;
  private annotations: Labels | undefined;

  constructor(one: KubeObject) {
    this.keys = Object.freeze([ownerKey(one, OWNER)!]);
  }

  /** Notes that nothing was to be done about the only set, for a Deployment of this spec. */
  settle(wanted: DeploymentSpec): void {
    const { spec, metadata } = this.sets[0]!;
    this.wanted = wanted;
    this.spec = spec;
    this.annotations = metadata.annotations;
  }

  /** The only set, where a look would read what that one did; otherwise undefined. */
  settled(wanted: DeploymentSpec): ReplicaSet | undefined {
    if (wanted !== this.wanted || this.sets.length !== 1) return undefined;
    const only = this.sets[0]!;
    const isAsBefore = only.spec === this.spec && only.metadata.annotations === this.annotations;
    return isAsBefore ? only : undefined;
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
