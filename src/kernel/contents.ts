// What stood in one object when somebody looked: enough to tell whether anything was written into
// it since. The objects in it are meant by their identity.

import { isGetter, isLiteral } from './parts';

type Fields = Record<PropertyKey, unknown>;

export interface Contents {
  /** The keys of a map or a record, in order; undefined where there are values alone. */
  readonly keys: readonly unknown[] | undefined;
  readonly values: readonly unknown[];
}

/** All that a copy would have to carry: of a record not what its getters find out anew. */
export function contentsOf(whole: object): Contents {
  if (Array.isArray(whole)) return { keys: undefined, values: [...(whole as unknown[])] };
  if (whole instanceof Map) return { keys: [...whole.keys()], values: [...whole.values()] };
  if (whole instanceof Set) return { keys: undefined, values: [...whole] };
  if (ArrayBuffer.isView(whole)) return { keys: undefined, values: [...bytesOf(whole)] };
  const keys = Object.keys(whole);
  const mayFindOut = isLiteral(whole);
  const values = keys.map((key) =>
    mayFindOut && isGetter(whole, key) ? GETTER : (whole as Fields)[key],
  );
  return { keys, values };
}

/** Stands for what a getter would find out. */
export const GETTER: unique symbol = Symbol('getter');

/** Whether the same stands in it as did then. */
export function isUnchanged(whole: object, { keys, values }: Contents): boolean {
  if (Array.isArray(whole)) return isSameList(whole as unknown[], values);
  if (whole instanceof Map) return isSameMap(whole, keys!, values);
  if (whole instanceof Set) return isSameSet(whole, values);
  if (ArrayBuffer.isView(whole)) return isSameList(bytesOf(whole), values);
  return isSameRecord(whole as Fields, keys as readonly string[], values);
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

function isSameRecord(
  record: Fields,
  keys: readonly string[],
  values: readonly unknown[],
): boolean {
  for (let index = 0; index < keys.length; index++) {
    const value = values[index];
    if (value !== GETTER && !isSame(record[keys[index]!], value)) return false;
  }
  // What has a class has the fields that this declares; keys of a literal come and go.
  return !isLiteral(record) || hasKeys(record, keys);
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
