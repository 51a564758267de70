// API objects as every component sees them: frozen JSON in the shape of the Kubernetes API.

import type { Labels } from './labels';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly ownerReferences?: readonly OwnerReference[];
  /** Virtual time in whole microseconds, not a date: the model has no calendar. */
  readonly creationTimestamp?: number;
  readonly deletionTimestamp?: number;
  readonly deletionGracePeriodSeconds?: number;
  readonly finalizers?: readonly string[];
}

/** Any object. `spec`, `status` and the rest are typed by their kind's file. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

/** The key of an object among those of its kind: `namespace/name`, or `name` where it has none. */
export type ObjectKey = string;

export function keyOf(object: KubeObject): ObjectKey {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** `Pod/shop/web-x7k`: how the journal and the failure text name an object. */
export function nameOf(object: KubeObject): string {
  return `${object.kind}/${keyOf(object)}`;
}

/** The two parts of a key; the namespace is empty for objects that have none. */
export function splitKey(key: ObjectKey): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: slash < 0 ? '' : key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * A copy with further fields, for what is made often. To spread what is not frozen, and to add to
 * it, gives each copy a hidden class of its own in V8, so that whoever reads them has to search.
 */
export function copyWith<T extends object, More extends object>(given: T, more: More): T & More {
  return Object.assign({}, given, more);
}

/** Freezes an object and all that hangs on it. Parts that are frozen already are trusted. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) {
    // The keys of a list would be texts, of which none is at hand.
    for (let index = 0; index < value.length; index++) deepFreeze(value[index]);
  } else {
    const parts = value as Readonly<Record<string, unknown>>;
    for (const field of Object.keys(parts)) {
      const part = parts[field];
      if (typeof part === 'object') deepFreeze(part);
    }
  }
  return Object.freeze(value);
}
