// Pods that are made in series, of which most are never looked at one by one: what each has of its
// own is kept, and its object is put together when somebody reads it.

import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { IP } from '../values/ip';
import type { Instant } from '../values/time';
import type { Change } from './informer';
import type { Pod } from './kinds/pod';
import type { Version } from './store';

/** Puts the pods of one series together. Frozen, as forks share it. */
export interface PodMaker {
  /** Any of them: see LatePod.pattern. */
  readonly pattern: Pod;
  uidOf(pod: LatePod): string;
  make(pod: LatePod): Pod;
}

/** What a pod of a series has of its own. */
export interface OwnOfPod {
  readonly revision: number;
  readonly at: Instant;
  readonly key: ObjectKey;
  readonly cause: number;
  readonly node: string;
  /** Its own ones, and those of its node. */
  readonly addresses: readonly IP[];
  readonly hostAddresses: readonly IP[];
}

/**
 * The first version of a pod of a series, and the news of it. `object` is the same frozen object
 * for everybody who reads it, in forks as well. Who needs no more than the key, the identity, the
 * node (`scope`), the addresses, or what all pods of the series have in common (`pattern`), reads
 * that, so that the object is not made for it.
 */
export class LatePod implements Version, Change {
  readonly revision: number;
  readonly at: Instant;
  readonly key: ObjectKey;
  readonly cause: number;
  readonly scope: string;
  readonly addresses: readonly IP[];
  readonly hostAddresses: readonly IP[];
  readonly maker: PodMaker;
  // Private to the language, so that it can be filled in when all the rest is frozen.
  #object: Pod | undefined;

  constructor(own: OwnOfPod, maker: PodMaker) {
    this.revision = own.revision;
    this.at = own.at;
    this.key = own.key;
    this.cause = own.cause;
    this.scope = own.node;
    this.addresses = own.addresses;
    this.hostAddresses = own.hostAddresses;
    this.maker = maker;
    Object.freeze(this);
  }

  get object(): Pod {
    return (this.#object ??= this.maker.make(this));
  }

  get uid(): string {
    return this.maker.uidOf(this);
  }

  /**
   * A pod of the series, the same one for all of them: all that it says holds for each of them,
   * but for names, identities, nodes, addresses, and versions. Labels, owners, containers and
   * conditions are the very same objects.
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

/** What a change comes to, or one of its series: see LatePod.pattern. */
export function patternAfter(change: Pick<Change, 'after' | 'late'>): KubeObject | undefined {
  return change.late === undefined ? change.after : change.late.pattern;
}

/** The object of a version, or one of its series: see LatePod.pattern. */
export function patternOf(version: Version): KubeObject | undefined {
  return version.late === undefined ? version.object : version.late.pattern;
}

/** Whether the version is none of a deletion. */
export function isThere(version: Version | undefined): version is Version {
  return version !== undefined && (version.late !== undefined || version.object !== undefined);
}
