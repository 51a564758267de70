// Pods that are made from one template, one after the other. What they have in common is looked at
// once: each draws a name of its own, and an identity when somebody asks for it.

import type { Kernel } from '../kernel/kernel';
import type { Stream, StreamFamily } from '../kernel/random';
import { copyWith, splitKey } from '../values/kube-object';
import type { ObjectKey, ObjectMeta } from '../values/kube-object';
import type { Instant } from '../values/time';
import { drawnEnd, endText, generatedStem, uuid } from './identity';
import type { Identities } from './identity';
import type { Pod } from './kinds/pod';
import { isThere } from './late-pod';
import type { Store } from './store';
import type { TakenEnds, TakenNames } from './taken-names';

/** The metadata of a pod that a controller has made from a template, field by field. */
const FIELDS = ['name', 'generateName', 'namespace', 'labels', 'ownerReferences'];
const WITH_ANNOTATIONS = FIELDS.toSpliced(FIELDS.indexOf('ownerReferences'), 0, 'annotations');

/** Whether a pod says so little of itself that another one like it can be made field by field. */
export function isOfMould({ metadata }: Pod): boolean {
  const { name, generateName, namespace, labels, annotations, ownerReferences } = metadata;
  if (name || generateName === undefined || namespace === undefined) return false;
  // Parts that may still change are no parts of a stored object.
  if (!Object.isFrozen(labels) || !Object.isFrozen(ownerReferences)) return false;
  const fields = annotations === undefined ? FIELDS : WITH_ANNOTATIONS;
  const own = Object.keys(metadata);
  for (let index = 0; index < own.length; index++) if (own[index] !== fields[index]) return false;
  return Object.isFrozen(annotations);
}

/** Where the names and identities of a mould come from. */
export interface MouldGround {
  readonly store: Store;
  readonly names: Stream;
  readonly identities: Identities;
  readonly kernel: Kernel;
  /** Of all pods there have been. */
  readonly taken: TakenNames;
}

export class PodMould {
  /** Any of its pods, but for what each has of its own: the name, the identity, the node. */
  readonly pattern: Pod;
  /** What the name of the pod that came last ends with: see drawnEnd. */
  end = 0;
  /** Whether nobody had its name before, as is nearly always so. */
  isNew = true;
  /** What the identities of its pods are drawn from, by the ends of their names. */
  readonly uids: StreamFamily;
  /** What all keys begin with. */
  readonly keyStem: string;
  private readonly ground: MouldGround;
  private readonly taken: TakenEnds;
  private made: ObjectKey | undefined;

  constructor(pattern: Pod, ground: MouldGround) {
    const { generateName = '', namespace = '' } = pattern.metadata;
    this.pattern = pattern;
    this.ground = ground;
    this.keyStem = `${namespace}/${generatedStem(generateName)}`;
    this.uids = ground.identities.family('Pod', this.keyStem, ground.store);
    this.taken = ground.taken.of(this.keyStem);
  }

  get now(): Instant {
    return this.ground.kernel.now;
  }

  /** The key of the pod that came last. */
  get key(): ObjectKey {
    return (this.made ??= this.keyStem + endText(this.end));
  }

  /** The same where somebody has asked for it already. */
  get madeKey(): ObjectKey | undefined {
    return this.made;
  }

  /** Draws a name that nobody has. */
  next(): void {
    const { taken, ground } = this;
    do {
      this.end = drawnEnd(ground.names);
      this.made = undefined;
      this.isNew = !taken.has(this.end);
    } while (!this.isNew && isThere(ground.store.version('Pod', this.key)));
    taken.add(this.end);
  }

  /** The identity of the pod that came last. */
  get uid(): string {
    const { isNew, ground } = this;
    if (isNew) return uuid(this.uids.fresh(endText(this.end)));
    return ground.identities.next('Pod', this.key, ground.store);
  }

  /** The metadata of the pod that came last, as it was admitted. */
  admitted(): ObjectMeta {
    const { key, uid, pattern, ground } = this;
    const { name } = splitKey(key);
    const own = { name, uid, generation: 1, creationTimestamp: ground.kernel.now };
    return Object.freeze(copyWith(pattern.metadata, own));
  }
}
