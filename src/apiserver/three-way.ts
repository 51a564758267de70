// The patch that `kubectl apply` sends: what the manifest says, and the removal of what the last
// manifest said and this one does not. What nobody's manifest ever said stays as it is.
// source: staging/src/k8s.io/kubectl/pkg/cmd/apply/patcher.go;
//   staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go CreateThreeWayMergePatch

import { equalJson } from './json';
import type { MergeRule, MergeRules } from './merge-keys';

type Mapping = Readonly<Record<string, unknown>>;

/** A patch from the last manifest to the next one; strategic where there are rules. */
export function threeWayPatch(
  last: Mapping,
  next: Mapping,
  rules: MergeRules | undefined,
): Mapping {
  const patch: Record<string, unknown> = { ...next };
  for (const [field, before] of Object.entries(last)) {
    const after = next[field];
    if (after === undefined) patch[field] = null;
    else patch[field] = partPatch(before, after, ruleOf(rules, field));
  }
  return patch;
}

function ruleOf(rules: MergeRules | undefined, field: string): MergeRule | undefined {
  return rules !== undefined && Object.hasOwn(rules, field) ? rules[field] : undefined;
}

function partPatch(before: unknown, after: unknown, rule: MergeRule | undefined): unknown {
  if (isMapping(before) && isMapping(after)) {
    const fields = typeof rule === 'object' && 'fields' in rule ? rule.fields : {};
    return rule === 'replace' ? after : threeWayPatch(before, after, fields);
  }
  if (!Array.isArray(before) || !Array.isArray(after)) return after;
  if (typeof rule !== 'object' || !('by' in rule)) return after;
  return itemPatches(before as Mapping[], after as Mapping[], rule.by, rule.of ?? {});
}

function itemPatches(
  before: readonly Mapping[],
  after: readonly Mapping[],
  key: string,
  rules: MergeRules,
): readonly Mapping[] {
  const twin = (items: readonly Mapping[], item: Mapping): Mapping | undefined =>
    items.find((it) => equalJson(it[key], item[key]));
  const given = after.map((item) => threeWayPatch(twin(before, item) ?? {}, item, rules));
  const gone = before
    .filter((item) => twin(after, item) === undefined)
    .map((item) => ({ [key]: item[key], $patch: 'delete' }));
  return [...given, ...gone];
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
