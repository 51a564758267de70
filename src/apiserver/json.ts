// Comparing and merging JSON, as the API server does it.

import { copyWith, deepFreeze } from '../values/kube-object';

type Fields = Readonly<Record<string, unknown>>;

/**
 * RFC 7386: mappings merge, null removes, everything else replaces. A null in what replaces says
 * nothing, as in `shareParts`. Parts that the patch leaves as they were are the same as in the
 * target, and so is the target of a patch that changes nothing; what is new is frozen.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMapping(patch)) return shareParts(patch, target);
  const given = isMapping(target) ? target : undefined;
  let merged: Record<string, unknown> = given ?? {};
  for (const field of Object.keys(patch)) {
    const value = patch[field];
    const before = merged[field];
    // What says the same needs no look.
    if (value === undefined || (value === before && value !== null)) continue;
    const part = value === null ? undefined : mergePatch(before, value);
    if (part === before) continue;
    if (merged === given) merged = copyWith(given, {});
    if (value === null) delete merged[field];
    else merged[field] = part;
  }
  return merged === given ? merged : Object.freeze(merged);
}

/** Whether two JSON values say the same; mappings compare without regard to their order. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  if (!isMapping(a) || !isMapping(b)) return false;
  let size = 0;
  for (const field of Object.keys(a)) {
    const own = a[field];
    if (own === undefined) continue;
    if (own !== b[field] && !equalJson(own, b[field])) return false;
    size++;
  }
  return size === sizeOf(b);
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (!equalJson(a[index], b[index])) return false;
  }
  return true;
}

/**
 * `value` without fields that are null, and with every part that equals the one of `previous` (it
 * has none) replaced by it: so an unchanged part of an object is recognised by identity, and what
 * is not identical is not equal. What is new is frozen in the same walk.
 */
export function shareParts<T>(value: T, previous: unknown): T {
  if ((value as unknown) === previous || !isPart(value)) return value;
  if (!isPart(previous) || Array.isArray(value) !== Array.isArray(previous)) return storable(value);
  if (Array.isArray(value)) return shareItems(value, previous as readonly unknown[]) as T;
  return shareFields(value as Fields, previous as Fields) as T;
}

function shareFields(value: Fields, previous: Fields): Fields {
  // Most writes share nothing but whole parts with the version before, and need no copy for it.
  let shared: Record<string, unknown> = value;
  let isSame = true;
  let size = 0;
  for (const field of Object.keys(value)) {
    const own = value[field];
    const other = previous[field];
    if (own === null) {
      if (shared === value) shared = copyWith(value, {});
      delete shared[field];
      continue;
    }
    if (own !== undefined) size++;
    if (own === other) continue;
    const part = typeof own === 'object' ? shareParts(own, other) : own;
    if (part !== other) isSame = false;
    if (part === own) continue;
    if (shared === value) shared = copyWith(value, {});
    shared[field] = part;
  }
  return isSame && size === sizeOf(previous) ? previous : Object.freeze(shared);
}

/** The same for a list, each item with the one at its place. */
function shareItems(value: readonly unknown[], previous: readonly unknown[]): readonly unknown[] {
  let shared: unknown[] | undefined;
  let isSame = value.length === previous.length;
  for (let index = 0; index < value.length; index++) {
    const item = value[index];
    const other: unknown = previous[index];
    if (item === other) continue;
    const part = sharedItem(item, other);
    if (part !== other) isSame = false;
    if (part === item) continue;
    shared ??= value.slice();
    shared[index] = part;
  }
  return isSame ? previous : Object.freeze(shared ?? value);
}

function sharedItem(item: unknown, other: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item;
  // An item that is frozen is one of a stored list, and has moved: it stays what it is.
  if (!Object.isFrozen(item)) return shareParts(item, other);
  return equalJson(item, other) ? other : storable(item);
}

/**
 * The object without fields that are null: the API reads `selector: null` as no selector. Parts
 * without nulls are returned as they are. Parts that `known` shares have none.
 */
export function withoutNulls<T>(value: T, known?: unknown): T {
  // Nearly every object has none, and each write comes by here.
  if (!holdsNull(value, known)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item)) as T;
  const kept = Object.entries(value as object).filter(([, part]) => part !== null);
  return Object.fromEntries(kept.map(([field, part]) => [field, withoutNulls(part)])) as T;
}

/**
 * The same, and frozen to its depth, for what stands nowhere yet: one walk looks for nulls and
 * freezes what has none.
 */
export function storable<T>(value: T, known?: unknown): T {
  return freezesWithoutNull(value, known) ? value : deepFreeze(withoutNulls(value, known));
}

function freezesWithoutNull(value: unknown, known: unknown): boolean {
  if (!isPart(value) || value === known) return true;
  if (Array.isArray(value)) {
    const others = Array.isArray(known) ? (known as readonly unknown[]) : undefined;
    for (let index = 0; index < value.length; index++) {
      if (!freezesWithoutNull(value[index], others?.[index])) return false;
    }
  } else {
    const parts = value as Fields;
    const others = known as Fields | null | undefined;
    for (const field of Object.keys(parts)) {
      const part = parts[field];
      if (part === null) return false;
      if (typeof part === 'object' && !freezesWithoutNull(part, others?.[field])) return false;
    }
  }
  Object.freeze(value);
  return true;
}

/** Whether any field in it is null. Items of lists are not fields. */
function holdsNull(value: unknown, known?: unknown): boolean {
  if (typeof value !== 'object' || value === null || value === known) return false;
  const others = known as Readonly<Record<string, unknown>> | null | undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      // Most items of most lists are texts, or as they were.
      if (typeof item === 'object' && holdsNull(item, others?.[index])) return true;
    }
    return false;
  }
  const parts = value as Readonly<Record<string, unknown>>;
  for (const field of Object.keys(parts)) {
    const part = parts[field];
    if (part === null) return true;
    if (typeof part === 'object' && holdsNull(part, others?.[field])) return true;
  }
  return false;
}

/** How many fields a mapping has that say anything. */
function sizeOf(mapping: Record<string, unknown>): number {
  let size = 0;
  for (const field of Object.keys(mapping)) if (mapping[field] !== undefined) size++;
  return size;
}

function isPart(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
