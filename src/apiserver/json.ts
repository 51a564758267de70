// Comparing and merging JSON, as the API server does it.

/** RFC 7386: mappings merge, null removes, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMapping(patch)) return patch;
  const merged: Record<string, unknown> = isMapping(target) ? { ...target } : {};
  for (const field of Object.keys(patch)) {
    const value = patch[field];
    if (value === null) delete merged[field];
    else if (value !== undefined) merged[field] = mergePatch(merged[field], value);
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
    if (a[field] === undefined) continue;
    if (!equalJson(a[field], b[field])) return false;
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
 * `value` with every part that equals the one of `previous` replaced by it, so that an unchanged
 * part of an object is recognised by identity.
 */
export function shareParts<T>(value: T, previous: unknown): T {
  if (!isMapping(value) || !isMapping(previous)) {
    return equalJson(value, previous) ? (previous as T) : value;
  }
  if ((value as unknown) === previous) return value;
  // Most writes share nothing but whole parts with the version before, and need no copy for it.
  let shared: Record<string, unknown> = value;
  let isSame = sizeOf(value) === sizeOf(previous);
  for (const field of Object.keys(value)) {
    const part = shareParts(value[field], previous[field]);
    if (part !== previous[field]) isSame = false;
    if (part === value[field]) continue;
    if (shared === value) shared = { ...(value as Record<string, unknown>) };
    shared[field] = part;
  }
  return (isSame ? previous : shared) as T;
}

/** How many fields a mapping has that say anything. */
function sizeOf(mapping: Record<string, unknown>): number {
  let size = 0;
  for (const field of Object.keys(mapping)) if (mapping[field] !== undefined) size++;
  return size;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
