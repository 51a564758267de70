// Slices of which most are never read: their endpoints are put together when somebody does.

import type { Family } from '../values/ip';
import type { ObjectMeta } from '../values/kube-object';
import type { EndpointSlice, SliceEndpoint, SlicePort } from './kinds/endpointslice';

/** What endpoints are put together from. */
export interface EndpointSource {
  /** The very same each time, frozen to its depth. */
  readonly list: readonly SliceEndpoint[];
}

/** What a slice says beside its endpoints. */
interface OwnOfSlice {
  readonly metadata: ObjectMeta;
  readonly addressType: Family;
  readonly ports: readonly SlicePort[];
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

  constructor({ metadata, addressType, ports }: OwnOfSlice, source: EndpointSource) {
    this.metadata = metadata;
    this.addressType = addressType;
    this.ports = ports;
    this.#source = source;
    Object.defineProperty(this, 'endpoints', LateSlice.#endpoints);
    Object.freeze(this);
  }

  /** A field of its own, as all fields of objects are, which copies find. */
  static readonly #endpoints = {
    enumerable: true,
    get(this: LateSlice): readonly SliceEndpoint[] {
      return this.#source.list;
    },
  };

  /** The same slice with other metadata, which are frozen. */
  static with(slice: LateSlice, metadata: ObjectMeta): LateSlice {
    const { addressType, ports } = slice;
    return new LateSlice({ metadata, addressType, ports }, slice.#source);
  }
}
