// What a model is made of, for whoever walks over all of it: lists, maps, sets, bytes and records,
// and the steps that lead from one to the next.

type Fields = Record<PropertyKey, unknown>;

/** What an object is; a literal is of no class. */
export type Kind = 'list' | 'map' | 'set' | 'bytes' | 'literal' | 'instance';

export function kindOf(whole: object): Kind {
  if (Array.isArray(whole)) return 'list';
  if (whole instanceof Map) return 'map';
  if (whole instanceof Set) return 'set';
  if (ArrayBuffer.isView(whole)) return 'bytes';
  return isLiteral(whole) ? 'literal' : 'instance';
}

/** Calls `act` with each part and the step that leads to it. */
export function forEachPart(whole: object, act: (step: unknown, part: unknown) => void): void {
  if (Array.isArray(whole)) whole.forEach((part, index) => act(index, part));
  else if (whole instanceof Map) for (const [key, part] of whole) act(key, part);
  else if (whole instanceof Set) for (const part of whole) act(part, part);
  else if (!ArrayBuffer.isView(whole)) {
    for (const key of Object.keys(whole)) act(key, (whole as Fields)[key]);
  }
}

/** What is found by the same step in another one of its kind. */
export function partAt(whole: object, step: unknown): unknown {
  if (whole instanceof Map) return whole.get(step) as unknown;
  if (whole instanceof Set) return whole.has(step) ? step : undefined;
  return (whole as Fields)[step as PropertyKey];
}

/** One of the same kind with nothing in it yet; of bytes a copy. */
export function emptyLike(origin: object): object {
  if (Array.isArray(origin)) return [];
  if (ArrayBuffer.isView(origin)) return (origin as unknown as Uint8Array).slice();
  // Also one of a kind of its own.
  if (origin instanceof Map) return new (origin.constructor as MapConstructor)();
  if (origin instanceof Set) return new Set();
  return Object.create(Object.getPrototypeOf(origin) as object | null) as object;
}

/**
 * Whether it is of no class. To copy one, spread it: key by key it would become a hash table, which
 * the copy is slow by for all of its life.
 */
export function isLiteral(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

export function isGetter(whole: object, key: string): boolean {
  return Object.getOwnPropertyDescriptor(whole, key)?.get !== undefined;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
