// The strategic merge patch: like a JSON merge patch, but lists whose items have a key are merged
// item by item, and directives say what a mapping alone cannot.
// source: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (mergeMap, mergeSlice)

import { equalJson } from './json';
import type { MergeRule, MergeRules } from './merge-keys';

/** A patch that says something impossible. */
export class PatchError extends Error {
  readonly code = 'PATCH';
}

type Mapping = Readonly<Record<string, unknown>>;

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/** The object with the patch in it. Throws PatchError for a patch that cannot be meant. */
export function strategicMerge(target: Mapping, patch: Mapping, rules: MergeRules): Mapping {
  const { [DIRECTIVE]: directive, [RETAIN]: retained, ...rest } = patch;
  if (directive !== undefined) {
    if (directive === 'replace') return rest;
    if (directive === 'delete') return {};
    if (directive !== 'merge')
      throw new PatchError(`unknown patch type: ${JSON.stringify(directive)}`);
  }
  const merged: Record<string, unknown> = { ...retain(target, rest, retained) };
  for (const [field, value] of Object.entries(rest)) {
    if (field.startsWith(ORDER)) continue;
    if (field.startsWith(DELETE_FROM)) {
      const name = field.slice(DELETE_FROM.length);
      merged[name] = listOf(merged[name]).filter((it) => !listOf(value).some((one) => one === it));
    } else if (value === null) delete merged[field];
    else merged[field] = mergeField(merged[field], value, ruleOf(rules, field));
  }
  for (const [field, order] of Object.entries(rest)) {
    if (!field.startsWith(ORDER)) continue;
    const name = field.slice(ORDER.length);
    const key = keyOf(ruleOf(rules, name));
    merged[name] = inOrder(listOf(merged[name]), listOf(order), listOf(target[name]), key);
  }
  return merged;
}

function ruleOf(rules: MergeRules, field: string): MergeRule | undefined {
  return Object.hasOwn(rules, field) ? rules[field] : undefined;
}

function keyOf(rule: MergeRule | undefined): string | undefined {
  return typeof rule === 'object' && 'by' in rule ? rule.by : undefined;
}

function mergeField(target: unknown, value: unknown, rule: MergeRule | undefined): unknown {
  if (isMapping(value)) {
    if (rule === 'replace') return value;
    const rules = typeof rule === 'object' && 'fields' in rule ? rule.fields : {};
    return strategicMerge(isMapping(target) ? target : {}, value, rules);
  }
  if (!Array.isArray(value)) return value;
  const before = listOf(target);
  if (rule === 'union') {
    const added = value.filter((it) => !before.includes(it));
    return inOrder([...before, ...added], value, before, undefined);
  }
  if (typeof rule !== 'object' || !('by' in rule)) return value;
  return mergeList(before, value, rule.by, rule.of ?? {});
}

function mergeList(
  before: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  rules: MergeRules,
): readonly unknown[] {
  const items = patch.map((item) => itemWith(item, key));
  const replaces = items.some((item) => item[DIRECTIVE] === 'replace');
  const deleted = items.filter((item) => item[DIRECTIVE] === 'delete');
  const kept = replaces
    ? []
    : before.filter((item) => !deleted.some((it) => isSameItem(it, item, key)));
  const given = items.filter(
    (item) => item[DIRECTIVE] === undefined || item[DIRECTIVE] === 'merge',
  );
  const merged: unknown[] = [...kept];
  for (const item of given) {
    const at = merged.findIndex((it) => isSameItem(it, item, key));
    if (at < 0) merged.push(strategicMerge({}, item, rules));
    else merged[at] = strategicMerge(merged[at] as Mapping, item, rules);
  }
  return inOrder(merged, given, before, key);
}

function itemWith(item: unknown, key: string): Mapping {
  if (!isMapping(item)) throw new PatchError(`${JSON.stringify(item)} is no item of this list`);
  if (item[key] === undefined && item[DIRECTIVE] !== 'replace') {
    throw new PatchError(`${JSON.stringify(item)} does not contain declared merge key: ${key}`);
  }
  return item;
}

/**
 * Items of the patch in its order, the others in theirs; where both stood before, as they stood.
 * What is new to the list stands before what the patch does not name.
 * source: the same, normalizeElementOrder and mergeSortedSlice
 */
function inOrder(
  merged: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  key: string | undefined,
): readonly unknown[] {
  const placeIn = (list: readonly unknown[], item: unknown): number =>
    list.findIndex((it) => (key === undefined ? it === item : isSameItem(it, item, key)));
  const named = merged
    .filter((item) => placeIn(order, item) >= 0)
    .sort((a, b) => placeIn(order, a) - placeIn(order, b));
  const others = merged.filter((item) => placeIn(order, item) < 0);
  const result: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const [left, right] = [placeIn(before, others[0]), placeIn(before, named[0])];
    result.push(left >= 0 && right >= 0 && left < right ? others.shift() : named.shift());
  }
  return [...result, ...named, ...others];
}

/** `$retainKeys`: every field that is not listed goes. */
function retain(target: Mapping, patch: Mapping, keys: unknown): Mapping {
  if (keys === undefined) return target;
  const kept = listOf(keys);
  const lost = Object.keys(patch).find((field) => !field.startsWith('$') && !kept.includes(field));
  if (lost !== undefined) throw new PatchError(`${RETAIN} does not list "${lost}"`);
  return Object.fromEntries(Object.entries(target).filter(([field]) => kept.includes(field)));
}

function isSameItem(a: unknown, b: unknown, key: string): boolean {
  return isMapping(a) && isMapping(b) && equalJson(a[key], b[key]);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
