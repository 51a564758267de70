// What stood in one object when somebody looked: enough to tell whether anything was written into
// it since. The objects in it are meant by their identity.

import { isGetter, kindOf } from './parts';
import type { Kind } from './parts';

type Fields = Record<PropertyKey, unknown>;

export interface Contents {
  /** Of the object that it stood in: asked once, as looks are many. */
  readonly kind: Kind;
  /** The keys of a map or a record, in order; undefined where there are values alone. */
  readonly keys: readonly unknown[] | undefined;
  readonly values: readonly unknown[];
}

/** All that a copy would have to carry: of a record not what its getters find out anew. */
export function contentsOf(whole: object): Contents {
  const kind = kindOf(whole);
  switch (kind) {
    case 'list':
      return { kind, keys: undefined, values: [...(whole as unknown[])] };
    case 'map': {
      const map = whole as Map<unknown, unknown>;
      return { kind, keys: [...map.keys()], values: [...map.values()] };
    }
    case 'set':
      return { kind, keys: undefined, values: [...(whole as Set<unknown>)] };
    case 'bytes':
      return { kind, keys: undefined, values: [...bytesOf(whole as ArrayBufferView)] };
    case 'literal':
    case 'instance': {
      const keys = Object.keys(whole);
      const values = keys.map((key) =>
        kind === 'literal' && isGetter(whole, key) ? GETTER : (whole as Fields)[key],
      );
      return { kind, keys, values };
    }
  }
}

/** Stands for what a getter would find out. */
export const GETTER: unique symbol = Symbol('getter');

/** Whether the same stands in it as did then. */
export function isUnchanged(whole: object, { kind, keys, values }: Contents): boolean {
  switch (kind) {
    case 'list':
      return isSameList(whole as unknown[], values);
    case 'map':
      return isSameMap(whole as Map<unknown, unknown>, keys!, values);
    case 'set':
      return isSameSet(whole as Set<unknown>, values);
    case 'bytes':
      return isSameList(bytesOf(whole as ArrayBufferView), values);
    case 'literal':
      return isSameLiteral(whole as Fields, keys as readonly string[], values);
    case 'instance':
      return isSameInstance(whole as Fields, keys as readonly string[], values);
  }
}

export function isSameList(list: ArrayLike<unknown>, values: readonly unknown[]): boolean {
  if (list.length !== values.length) return false;
  for (let index = 0; index < values.length; index++) {
    if (!isSame(list[index], values[index])) return false;
  }
  return true;
}

function isSameMap(
  map: ReadonlyMap<unknown, unknown>,
  keys: readonly unknown[],
  values: readonly unknown[],
): boolean {
  if (map.size !== values.length) return false;
  // Most maps are empty: no iterator for those.
  if (map.size === 0) return true;
  let index = 0;
  for (const [key, value] of map) {
    if (key !== keys[index] || !isSame(value, values[index])) return false;
    index++;
  }
  return true;
}

function isSameSet(set: ReadonlySet<unknown>, values: readonly unknown[]): boolean {
  if (set.size !== values.length) return false;
  if (set.size === 0) return true;
  let index = 0;
  for (const value of set) if (value !== values[index++]) return false;
  return true;
}

/** What has a class has the fields that this declares; keys of a literal come and go. */
function isSameInstance(
  record: Fields,
  keys: readonly string[],
  values: readonly unknown[],
): boolean {
  for (let index = 0; index < keys.length; index++) {
    if (!isSame(record[keys[index]!], values[index])) return false;
  }
  return true;
}

function isSameLiteral(
  record: Fields,
  keys: readonly string[],
  values: readonly unknown[],
): boolean {
  for (let index = 0; index < keys.length; index++) {
    const value = values[index];
    if (value !== GETTER && !isSame(record[keys[index]!], value)) return false;
  }
  return hasKeys(record, keys);
}

function hasKeys(record: Fields, keys: readonly string[]): boolean {
  const own = Object.keys(record);
  return own.length === keys.length && keys.every((key, index) => own[index] === key);
}

/** As Object.is, but that zero has no sign. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (one !== one && other !== other);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
