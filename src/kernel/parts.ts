// What a model is made of, for whoever walks over all of it: lists, maps, sets, bytes and records,
// and the steps that lead from one to the next.

import { LateMap } from '../values/late-map';
import { LateSet } from '../values/late-set';

type Fields = Record<PropertyKey, unknown>;

/** What an object is; a literal is of no class. */
export type Kind = 'list' | 'map' | 'set' | 'bytes' | 'literal' | 'instance';

export function kindOf(whole: object): Kind {
  if (Array.isArray(whole)) return 'list';
  if (isMap(whole)) return 'map';
  if (isSet(whole)) return 'set';
  if (ArrayBuffer.isView(whole)) return 'bytes';
  return isLiteral(whole) ? 'literal' : 'instance';
}

/** Calls `act` with each part and the step that leads to it. */
export function forEachPart(whole: object, act: (step: unknown, part: unknown) => void): void {
  if (Array.isArray(whole)) whole.forEach((part, index) => act(index, part));
  else if (isMap(whole)) for (const [key, part] of whole) act(key, part);
  else if (isSet(whole)) for (const part of whole) act(part, part);
  else if (!ArrayBuffer.isView(whole)) {
    for (const key of Object.keys(whole)) act(key, (whole as Fields)[key]);
  }
}

/** What is found by the same step in another one of its kind. */
export function partAt(whole: object, step: unknown): unknown {
  if (isMap(whole)) return whole.get(step);
  if (isSet(whole)) return whole.has(step) ? step : undefined;
  return (whole as Fields)[step as PropertyKey];
}

/** One of the same kind with nothing in it yet; of bytes a copy. */
export function emptyLike(origin: object): object {
  if (Array.isArray(origin)) return [];
  if (ArrayBuffer.isView(origin)) return (origin as unknown as Uint8Array).slice();
  if (isMap(origin)) return origin instanceof LateMap ? new LateMap() : new Map();
  if (isSet(origin)) return origin instanceof LateSet ? new LateSet() : new Set();
  return Object.create(Object.getPrototypeOf(origin) as object | null) as object;
}

/**
 * Whether it is of no class. To copy one, spread it: key by key it would become a hash table, which
 * the copy is slow by for all of its life.
 */
export function isLiteral(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** Whether it is a map for whoever looks. */
export function isMap(value: unknown): value is Map<unknown, unknown> {
  return value instanceof Map || value instanceof LateMap;
}

/** Whether it is a set for whoever looks. */
export function isSet(value: unknown): value is Set<unknown> {
  return value instanceof Set || value instanceof LateSet;
}

export function isGetter(whole: object, key: string): boolean {
  return Object.getOwnPropertyDescriptor(whole, key)?.get !== undefined;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
