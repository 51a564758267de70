// Pods that are made from one template, one after the other. What they have in common is looked at
// once: each draws a name of its own, and an identity when somebody asks for it.

import type { Kernel } from '../kernel/kernel';
import type { Stream, StreamFamily } from '../kernel/random';
import { copyWith, splitKey } from '../values/kube-object';
import type { ObjectKey, ObjectMeta } from '../values/kube-object';
import type { Instant } from '../values/time';
import { generatedEnd, generatedStem, uuid } from './identity';
import type { Identities } from './identity';
import type { Pod } from './kinds/pod';
import { isThere } from './late-pod';
import type { Store } from './store';

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
}

export class PodMould {
  /** Any of its pods, but for what each has of its own: the name, the identity, the node. */
  readonly pattern: Pod;
  /** Of the pod that came last. */
  key: ObjectKey = '';
  /** Whether nobody had its name before, as is nearly always so. */
  isNew = true;
  /** What the identities of its pods are drawn from, by the ends of their names. */
  readonly uids: StreamFamily;
  /** What all keys begin with. */
  readonly keyStem: string;
  private readonly ground: MouldGround;

  constructor(pattern: Pod, ground: MouldGround) {
    const { generateName = '', namespace = '' } = pattern.metadata;
    this.pattern = pattern;
    this.ground = ground;
    this.keyStem = `${namespace}/${generatedStem(generateName)}`;
    this.uids = ground.identities.family('Pod', this.keyStem, ground.store);
  }

  get now(): Instant {
    return this.ground.kernel.now;
  }

  /** Draws a name that nobody has. */
  next(): void {
    const { names, store } = this.ground;
    for (;;) {
      const end = generatedEnd(names);
      const key = this.keyStem + end;
      const known = store.version('Pod', key);
      if (isThere(known)) continue;
      this.key = key;
      this.isNew = known === undefined;
      return;
    }
  }

  /** The identity of the pod that came last. */
  get uid(): string {
    const { key, isNew, ground, uids, keyStem } = this;
    if (isNew) return uuid(uids.fresh(key.slice(keyStem.length)));
    return ground.identities.next('Pod', key, ground.store);
  }

  /** The metadata of the pod that came last, as it was admitted. */
  admitted(): ObjectMeta {
    const { key, uid, pattern, ground } = this;
    const { name } = splitKey(key);
    const own = { name, uid, generation: 1, creationTimestamp: ground.kernel.now };
    return Object.freeze(copyWith(pattern.metadata, own));
  }
}
