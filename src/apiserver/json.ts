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
  if (!isMapping(target)) return storable(patch);
  const merged = mergeFields(target, patch);
  return merged === target ? merged : Object.freeze(merged);
}

/** The same for two mappings; what it comes to is not frozen itself. */
export function mergeFields(target: Fields, patch: Fields): Fields {
  let merged: Record<string, unknown> = target;
  for (const field of Object.keys(patch)) {
    const value = patch[field];
    const before = merged[field];
    // What says the same needs no look.
    if (value === undefined || (value === before && value !== null)) continue;
    const part = value === null ? undefined : mergePatch(before, value);
    if (part === before) continue;
    if (merged === target) merged = copyWith(target, {});
    if (value === null) delete merged[field];
    else merged[field] = part;
  }
  return merged;
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
 * The object without fields that say nothing: the API reads `selector: null` as no selector. Parts
 * without such fields are returned as they are.
 */
export function withoutNulls<T>(value: T): T {
  // Nearly every object has none, and each manifest comes by here.
  if (!holdsNothing(value)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item)) as T;
  const kept = Object.entries(value as object).filter(([, part]) => !isNothing(part));
  return Object.fromEntries(kept.map(([field, part]) => [field, withoutNulls(part)])) as T;
}

/**
 * The same, and frozen to its depth, for what stands nowhere yet: one walk looks for such fields
 * and freezes what has none. Parts that `known` shares were stored before, and are not looked at.
 */
export function storable<T>(value: T, known?: unknown): T {
  return freezesIfWhole(value, known) ? value : deepFreeze(withoutNulls(value));
}

/** Freezes what has no field that says nothing; returns whether there is none. */
function freezesIfWhole(value: unknown, known: unknown): boolean {
  if (!isPart(value) || value === known) return true;
  if (Array.isArray(value)) {
    const others = Array.isArray(known) ? (known as readonly unknown[]) : undefined;
    for (let index = 0; index < value.length; index++) {
      if (!freezesIfWhole(value[index], others?.[index])) return false;
    }
  } else {
    const parts = value as Fields;
    const others = known as Fields | null | undefined;
    for (const field of Object.keys(parts)) {
      const part = parts[field];
      if (isNothing(part)) return false;
      if (typeof part === 'object' && !freezesIfWhole(part, others?.[field])) return false;
    }
  }
  Object.freeze(value);
  return true;
}

/** Whether any field in it says nothing. Items of lists are not fields. */
function holdsNothing(value: unknown): boolean {
  if (!isPart(value)) return false;
  if (Array.isArray(value)) return value.some(holdsNothing);
  const parts = value as Fields;
  for (const field of Object.keys(parts)) {
    const part = parts[field];
    if (isNothing(part) || (typeof part === 'object' && holdsNothing(part))) return true;
  }
  return false;
}

function isNothing(part: unknown): boolean {
  return part === null || part === undefined;
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

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
