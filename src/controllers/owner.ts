// Who controls an object.

import type { Change } from '../apiserver/informer';
import { LatePod, patternAfter, patternOf } from '../apiserver/late-pod';
import { PodRun, podsIn } from '../apiserver/pod-run';
import type { Version } from '../apiserver/store';
import type { KubeObject, ObjectKey, OwnerReference } from '../values/kube-object';
import { Roll } from '../values/roll';

/** The one owner that controls the object. */
export function controllerOf(object: KubeObject | undefined): OwnerReference | undefined {
  const references = object?.metadata.ownerReferences;
  if (references === undefined) return undefined;
  // V8 makes an object for each step of an iterator over a frozen list.
  for (let index = 0; index < references.length; index++) {
    if (references[index]!.controller === true) return references[index];
  }
  return undefined;
}

/** Whether one of this kind controls what has changed, or did before. */
export function isControlled(change: Change, kind: string): boolean {
  const { before } = change;
  const after = patternAfter(change);
  if (controllerOf(after)?.kind === kind) return true;
  // Hardly any write of an object changes its owners.
  if (before === undefined || isOwnedAlike(before, after)) return false;
  return controllerOf(before)?.kind === kind;
}

/** Whether none of the changes is of what one of this kind controls, or did before. */
export function areForeign(changes: readonly Change[], kind: string): boolean {
  // What one template brings comes one after the other, and shares its references.
  let foreign: readonly OwnerReference[] | undefined;
  for (const change of changes) {
    const { before } = change;
    const after = patternAfter(change);
    const references = after?.metadata.ownerReferences;
    const isKnown = references !== undefined && references === foreign;
    if (isKnown && (before === undefined || isOwnedAlike(before, after))) continue;
    if (isControlled(change, kind)) return false;
    foreign = references;
  }
  return true;
}

function isOwnedAlike(a: KubeObject | undefined, b: KubeObject | undefined): boolean {
  return a?.metadata.ownerReferences === b?.metadata.ownerReferences;
}

/** The reference that makes `owner` the controller of what carries it. */
export function controllerReference(owner: KubeObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  const { name, uid = '' } = metadata;
  return Object.freeze({ apiVersion, kind, name, uid, controller: true });
}

/** The key of the controlling owner, if it is of this kind. */
export function ownerKey(object: KubeObject | undefined, kind: string): ObjectKey | undefined {
  const reference = controllerOf(object);
  if (reference === undefined || reference.kind !== kind) return undefined;
  const { namespace } = object!.metadata;
  return namespace === undefined ? reference.name : `${namespace}/${reference.name}`;
}

/** The answer where a change concerns nobody. */
export const NOBODY: readonly ObjectKey[] = Object.freeze([]);
const NOTHING: readonly never[] = [];

/** The keys of the controlling owners of this kind that a change concerns: before and after it. */
export function ownerKeys({ before, after }: Change, kind: string): readonly ObjectKey[] {
  const is = ownerKey(after, kind);
  // Hardly any write of an object changes its owners.
  const was = isOwnedAlike(before, after) ? is : ownerKey(before, kind);
  return distinctKeys(was, is);
}

/** The key that was and the one that is, each where there is one. */
export function distinctKeys(
  was: ObjectKey | undefined,
  is: ObjectKey | undefined,
): readonly ObjectKey[] {
  if (was === undefined || was === is) return is === undefined ? NOBODY : [is];
  return is === undefined ? [was] : [was, is];
}

/** Who controls an object, as somebody sees it who asks for owners of one kind. */
export interface Ownership {
  /** Whether nobody controls it. */
  readonly isOrphan: boolean;
  /** The key of the controlling owner, if it is of the kind: a list of one, or of none. */
  readonly keys: readonly ObjectKey[];
}

interface Read extends Ownership {
  readonly references: readonly OwnerReference[] | undefined;
  readonly namespace: string | undefined;
}

/** Reads the owners of objects; those that share their references share the answer. */
export class Ownerships {
  private readonly kind: string;
  private last: Read | undefined;

  constructor(kind: string) {
    this.kind = kind;
  }

  of(object: KubeObject): Ownership {
    const { ownerReferences: references, namespace } = object.metadata;
    const { last } = this;
    const isKnown = last?.references === references && last?.namespace === namespace;
    if (last !== undefined && isKnown) return last;
    const key = ownerKey(object, this.kind);
    const keys = key === undefined ? NOBODY : Object.freeze([key]);
    const isOrphan = controllerOf(object) === undefined;
    return (this.last = Object.freeze({ references, namespace, isOrphan, keys }));
  }
}

/** An object, or what it is made from when somebody reads it. */
export type Held = KubeObject | LatePod;

/** What is held, with its object made. */
function objectOf(held: Held): KubeObject {
  return held instanceof LatePod ? held.object : held;
}

/** One that is held, or several of one series that came one after the other. */
export type HeldAlike = Held | PodRun;

/** What is held, or what all of its series say: see LatePod.pattern. */
export function patternOfAlike(held: HeldAlike): KubeObject {
  return held instanceof LatePod || held instanceof PodRun ? held.pattern : held;
}

export function countOfAlike(held: HeldAlike): number {
  return held instanceof PodRun ? held.count : 1;
}

/** Each with its object made. */
export function objectsAlike(held: HeldAlike): readonly KubeObject[] {
  return held instanceof PodRun ? podsIn([held]).map(objectOf) : [objectOf(held)];
}

/** What one owner controls. */
class Owned {
  /** The key of the owner, in a list of one. */
  readonly keys: readonly ObjectKey[];
  /** In which all came, until somebody looks for one of them or another one comes by itself. */
  private runs: readonly PodRun[] = NOTHING;
  private roll: Roll<Held> | undefined;

  constructor(owner: ObjectKey) {
    this.keys = Object.freeze([owner]);
  }

  get size(): number {
    if (this.roll !== undefined) return this.roll.size;
    let size = 0;
    for (const { count } of this.runs) size += count;
    return size;
  }

  addRun(run: PodRun): void {
    const { roll, runs } = this;
    if (roll === undefined) this.runs = runs.concat(run);
    else for (let index = 0; index < run.count; index++) roll.add(run.keyAt(index), run.at(index));
  }

  get byKey(): Roll<Held> {
    if (this.roll === undefined) {
      const pods = podsIn(this.runs);
      this.roll = new Roll();
      for (const pod of pods) this.roll.add(pod.key, pod);
      this.runs = NOTHING;
    }
    return this.roll;
  }

  all(): readonly Held[] {
    return this.roll?.all() ?? podsIn(this.runs);
  }

  allAlike(): readonly HeldAlike[] {
    return this.roll?.all() ?? this.runs;
  }
}

/** Objects by the identity of their controlling owner, in the order of their coming. */
export class OwnerIndex {
  private readonly kind: string | undefined;
  private readonly byOwner = new Map<string, Owned>();
  /** The references of what came last, and where it stands; undefined for nowhere. */
  private lastReferences: readonly OwnerReference[] | undefined;
  private lastPlace: Owned | undefined;

  /** Of what is owned by one kind, where one is named. */
  constructor(kind?: string) {
    this.kind = kind;
  }

  /** Tells of a change of an object. */
  update(change: Omit<Change, 'cause'>): void {
    const { key, before, late } = change;
    const after = patternAfter(change);
    const isAsBefore = before === undefined || isOwnedAlike(before, after);
    if (!isAsBefore || after === undefined) this.ownersOf(before)?.byKey.delete(key);
    if (after !== undefined) this.ownersOf(after)?.byKey.set(key, late ?? after);
  }

  /** Tells of an object that is there. */
  add(version: Version): void {
    this.ownersOf(patternOf(version))?.byKey.set(version.key, version.late ?? version.object!);
  }

  /**
   * Tells of pods that have come, of one series. Returns the key of their owner, in the same list
   * each time, or none.
   */
  addRun(run: PodRun): readonly ObjectKey[] {
    const place = this.ownersOf(run.pattern);
    place?.addRun(run);
    return place?.keys ?? NOBODY;
  }

  /** The objects that the owner of this identity controls. */
  ownedBy(uid: string | undefined): readonly KubeObject[] {
    return this.heldBy(uid).map(objectOf);
  }

  /** The same for who may do without their objects. */
  heldBy(uid: string | undefined): readonly Held[] {
    return this.byOwner.get(uid ?? '')?.all() ?? NOTHING;
  }

  /** The same for who looks at those that are alike once. */
  heldAlike(uid: string | undefined): readonly HeldAlike[] {
    return this.byOwner.get(uid ?? '')?.allAlike() ?? NOTHING;
  }

  /** How many there are. */
  countOf(uid: string | undefined): number {
    return this.byOwner.get(uid ?? '')?.size ?? 0;
  }

  clear(): void {
    this.byOwner.clear();
    this.lastReferences = undefined;
    this.lastPlace = undefined;
  }

  /** Where those stand that have the owner of this one; undefined for nowhere. */
  private ownersOf(object: KubeObject | undefined): Owned | undefined {
    const references = object?.metadata.ownerReferences;
    if (references === undefined) return undefined;
    // What one template brings comes one after the other, and shares its references.
    if (references === this.lastReferences) return this.lastPlace;
    const owner = controllerOf(object);
    const isOfKind = this.kind === undefined || owner?.kind === this.kind;
    const uid = isOfKind ? owner?.uid : undefined;
    let place: Owned | undefined;
    if (uid !== undefined) {
      place = this.byOwner.get(uid);
      if (place === undefined) {
        place = new Owned(ownerKey(object, owner!.kind)!);
        this.byOwner.set(uid, place);
      }
    }
    this.lastReferences = references;
    this.lastPlace = place;
    return place;
  }
}

/** An index of the objects that are there, of what is owned by one kind where one is named. */
export function ownedAmong(versions: Iterable<Version>, kind?: string): OwnerIndex {
  const index = new OwnerIndex(kind);
  for (const version of versions) index.add(version);
  return index;
}
