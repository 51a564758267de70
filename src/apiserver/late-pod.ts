// Pods that are made in series, of which most are never looked at one by one: what each has of its
// own is kept, and its object is put together when somebody reads it.

import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { IP } from '../values/ip';
import type { PodHost } from '../values/pod-host';
import type { Instant } from '../values/time';
import type { Change } from './informer';
import type { Pod } from './kinds/pod';
import type { Version } from './store';

/** Puts the pods of one series together. Frozen, as forks share it. */
export interface PodMaker {
  /** What all of them say: see LatePod.pattern. */
  readonly pattern: Pod;
  readonly at: Instant;
  readonly cause: number;
  keyOf(pod: LatePod): ObjectKey;
  uidOf(pod: LatePod): string;
  make(pod: LatePod): Pod;
}

/** What a pod of a series has of its own. */
export interface OwnOfPod {
  readonly revision: number;
  /** What its name ends with: see drawnEnd. */
  readonly end: number;
  /** Its key, where somebody has asked for it already. */
  readonly key: ObjectKey | undefined;
  readonly host: PodHost;
  /** Its addresses, or their place in the ranges of its host. */
  readonly place: readonly IP[] | number;
}

/**
 * The first version of a pod of a series, and the news of it. `object` is the same frozen object
 * for everybody who reads it, in forks as well. Who needs no more than the key, the identity, the
 * node (`scope`), the addresses, or what all pods of the series have in common (`pattern`), reads
 * that, so that the object is not made for it.
 */
export class LatePod implements Version, Change {
  readonly revision: number;
  readonly end: number;
  readonly host: PodHost;
  readonly maker: PodMaker;
  // Private to the language, so that they can be filled in when all the rest is frozen.
  #key: ObjectKey | undefined;
  #place: readonly IP[] | number;
  #object: Pod | undefined;

  constructor(own: OwnOfPod, maker: PodMaker) {
    this.revision = own.revision;
    this.end = own.end;
    this.#key = own.key;
    this.host = own.host;
    this.maker = maker;
    this.#place = own.place;
    Object.freeze(this);
  }

  /** Put together of its parts when somebody asks. */
  get key(): ObjectKey {
    return (this.#key ??= this.maker.keyOf(this));
  }

  get scope(): string {
    return this.host.node;
  }

  get addresses(): readonly IP[] {
    if (typeof this.#place === 'number') this.#place = this.host.podAddresses(this.#place);
    return this.#place;
  }

  /** Whether they are those of a place in the ranges of its host, and nobody has read them. */
  get isInRange(): boolean {
    return typeof this.#place === 'number';
  }

  get object(): Pod {
    return (this.#object ??= this.maker.make(this));
  }

  get at(): Instant {
    return this.maker.at;
  }

  get cause(): number {
    return this.maker.cause;
  }

  get uid(): string {
    return this.maker.uidOf(this);
  }

  /**
   * What all pods of the series say, the same object for all of them: it has a name that stands
   * for any, and no identity, node, addresses or version. Labels, owners, containers and conditions
   * are the very same objects as theirs.
   */
  get pattern(): Pod {
    return this.maker.pattern;
  }

  /** Nobody had the name before. */
  get previous(): undefined {
    return undefined;
  }

  get before(): undefined {
    return undefined;
  }

  get after(): Pod {
    return this.object;
  }

  get late(): this {
    return this;
  }
}

/** What a change comes to, or what all of its series say: see LatePod.pattern. */
export function patternAfter(change: Pick<Change, 'after' | 'late'>): KubeObject | undefined {
  return change.late === undefined ? change.after : change.late.pattern;
}

/** The object of a version, or what all of its series say: see LatePod.pattern. */
export function patternOf(version: Version): KubeObject | undefined {
  return version.late === undefined ? version.object : version.late.pattern;
}

/** Whether the version is none of a deletion. */
export function isThere(version: Version | undefined): version is Version {
  if (version === undefined) return false;
  return (version.late ?? version.lateSlice) !== undefined || version.object !== undefined;
}
