// Comparing and merging JSON, as the API server does it.

/** RFC 7386: mappings merge, null removes, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMapping(patch)) return patch;
  const merged: Record<string, unknown> = isMapping(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else if (value !== undefined) merged[field] = mergePatch(merged[field], value);
  }
  return merged;
}

/** Whether two JSON values say the same; mappings compare without regard to their order. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  if (!isMapping(a) || !isMapping(b)) return false;
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
  return keys.every((key) => equalJson(a[key], b[key]));
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
  const shared: Record<string, unknown> = {};
  let isSame = sizeOf(value) === sizeOf(previous);
  for (const field of Object.keys(value)) {
    shared[field] = shareParts(value[field], previous[field]);
    if (shared[field] !== previous[field]) isSame = false;
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
