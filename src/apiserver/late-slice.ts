// Slices of which most are never read: they are put together when somebody does, and their
// endpoints when somebody reads those.

import type { StreamFamily } from '../kernel/random';
import type { Family } from '../values/ip';
import { copyWith, deepFreeze, splitKey } from '../values/kube-object';
import type { ObjectKey, ObjectMeta } from '../values/kube-object';
import type { Instant } from '../values/time';
import { uuid } from './identity';
import type { Change } from './informer';
import type { EndpointSlice, SliceEndpoint, SlicePort } from './kinds/endpointslice';
import type { Version } from './store';

/** What endpoints are put together from. */
export interface EndpointSource {
  /** What all of them offer. */
  readonly ports: readonly SlicePort[];
  /** The very same each time, frozen to its depth. */
  readonly list: readonly SliceEndpoint[];
  /** Where each is reached and how it fares: of the same, in their order, what is at hand. */
  readonly reached: readonly ReachedEndpoint[];
}

/** What proxies read of an endpoint that has no hints. */
export type ReachedEndpoint = Pick<SliceEndpoint, 'addresses' | 'conditions' | 'nodeName'>;

/** What a slice says of its own: all but what the API server gives it. Frozen: forks share it. */
export interface SliceText {
  /** The key of the Service that it is of. */
  readonly owner: ObjectKey;
  readonly family: Family;
  readonly source: EndpointSource;
  /** Of a slice of that name. Not frozen, and nobody else has it. */
  metadataOf(name: string): ObjectMeta;
}

/**
 * A slice as its controller makes it while a cluster settles. For whoever reads it, it is a frozen
 * object like any other. It is right by its making, so that nobody needs to look at its endpoints
 * to store it: it says of pods that run what the API server has taken of them, of nodes and of the
 * Service, and no address in it is a special one.
 */
export class LateSlice implements EndpointSlice {
  [field: string]: unknown;
  readonly apiVersion = 'discovery.k8s.io/v1';
  readonly kind = 'EndpointSlice';
  readonly metadata: ObjectMeta;
  readonly addressType: Family;
  readonly ports: readonly SlicePort[];
  declare readonly endpoints: readonly SliceEndpoint[];
  // Private to the language: no field of the object.
  readonly #source: EndpointSource;

  /** With metadata that are frozen to their depth. */
  constructor(metadata: ObjectMeta, addressType: Family, source: EndpointSource) {
    this.metadata = metadata;
    this.addressType = addressType;
    this.ports = source.ports;
    this.#source = source;
    Object.defineProperty(this, 'endpoints', LateSlice.#endpoints);
    Object.freeze(this);
  }

  /** What proxies read of the endpoints of a slice, of which none has hints. */
  static reachedIn(slice: LateSlice): readonly ReachedEndpoint[] {
    return slice.#source.reached;
  }

  /** A field of its own, as all fields of objects are, which copies find. */
  static readonly #endpoints = {
    enumerable: true,
    get(this: LateSlice): readonly SliceEndpoint[] {
      return this.#source.list;
    },
  };
}

/** Such a slice as it is asked for: who has to look at it looks at `whole`. Frozen. */
export class NewSlice implements EndpointSlice {
  [field: string]: unknown;
  readonly key: ObjectKey;
  readonly text: SliceText;

  constructor(key: ObjectKey, text: SliceText) {
    this.key = key;
    this.text = text;
    Object.freeze(this);
  }

  get apiVersion(): EndpointSlice['apiVersion'] {
    return 'discovery.k8s.io/v1';
  }

  get kind(): EndpointSlice['kind'] {
    return 'EndpointSlice';
  }

  get metadata(): ObjectMeta {
    return this.text.metadataOf(this.name);
  }

  get addressType(): Family {
    return this.text.family;
  }

  get ports(): readonly SlicePort[] {
    return this.text.source.ports;
  }

  get endpoints(): readonly SliceEndpoint[] {
    return this.text.source.list;
  }

  get name(): string {
    return splitKey(this.key).name;
  }

  /** Of the object as it is stored. */
  get generation(): number {
    return 1;
  }

  /** The object, as nobody has stored it yet. */
  get whole(): LateSlice {
    return new LateSlice(deepFreeze(this.metadata), this.text.family, this.text.source);
  }
}

/** What the API server gives to the first version of a slice. */
export interface OwnOfSlice {
  readonly revision: number;
  readonly at: Instant;
  readonly cause: number;
  /** What identities of slices are drawn from, by their keys. */
  readonly uids: StreamFamily;
}

/**
 * The first version of a slice, and the news of it. `object` is the same frozen object for
 * everybody who reads it, in forks as well. Who needs no more than the key and the Service (`text`)
 * reads that, so that the object is not made for it.
 */
export class SliceVersion implements Version, Change {
  readonly revision: number;
  readonly at: Instant;
  readonly cause: number;
  readonly key: ObjectKey;
  readonly text: SliceText;
  private readonly uids: StreamFamily;
  // Private to the language, so that it can be filled in when all the rest is frozen.
  #object: LateSlice | undefined;

  constructor({ key, text }: NewSlice, { revision, at, cause, uids }: OwnOfSlice) {
    this.revision = revision;
    this.at = at;
    this.cause = cause;
    this.key = key;
    this.text = text;
    this.uids = uids;
    Object.freeze(this);
  }

  get object(): LateSlice {
    return (this.#object ??= this.made());
  }

  get scope(): undefined {
    return undefined;
  }

  /** Nobody had the name before. */
  get previous(): undefined {
    return undefined;
  }

  get before(): undefined {
    return undefined;
  }

  get after(): LateSlice {
    return this.object;
  }

  get lateSlice(): this {
    return this;
  }

  private made(): LateSlice {
    const { text, key } = this;
    const metadata: ObjectMeta = copyWith(text.metadataOf(splitKey(key).name), {
      uid: uuid(this.uids.fresh(key)),
      generation: 1,
      creationTimestamp: this.at,
      resourceVersion: String(this.revision),
    });
    return new LateSlice(deepFreeze(metadata), text.family, text.source);
  }
}
