// The patch that `kubectl apply` sends: what the manifest says, and the removal of what the last
// manifest said and this one does not. What nobody's manifest ever said stays as it is.
// source: staging/src/k8s.io/kubectl/pkg/cmd/apply/patcher.go;
//   staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go CreateThreeWayMergePatch

import { compareText } from '../values/order';
import { equalJson } from './json';
import type { MergeRule, MergeRules } from './merge-keys';

type Mapping = Readonly<Record<string, unknown>>;

/** A patch from the last manifest to the next one; strategic where there are rules. */
export function threeWayPatch(
  last: Mapping,
  next: Mapping,
  rules: MergeRules | undefined,
): Mapping {
  const patch: Record<string, unknown> = {};
  for (const [field, after] of Object.entries(next)) {
    patch[field] = partPatch(last[field], after, ruleOf(rules, field));
  }
  for (const field of Object.keys(last)) if (next[field] === undefined) patch[field] = null;
  return patch;
}

function ruleOf(rules: MergeRules | undefined, field: string): MergeRule | undefined {
  return rules !== undefined && Object.hasOwn(rules, field) ? rules[field] : undefined;
}

function partPatch(before: unknown, after: unknown, rule: MergeRule | undefined): unknown {
  if (isMapping(after)) {
    if (rule === 'replace') return after;
    const fields = typeof rule === 'object' && 'fields' in rule ? rule.fields : {};
    const patch = threeWayPatch(isMapping(before) ? before : {}, after, fields);
    return retaining(patch, after, rule);
  }
  if (!Array.isArray(after) || typeof rule !== 'object' || !('by' in rule)) return after;
  return itemPatches(Array.isArray(before) ? (before as Mapping[]) : [], after as Mapping[], rule);
}

function itemPatches(
  before: readonly Mapping[],
  after: readonly Mapping[],
  rule: Extract<MergeRule, { readonly by: string }>,
): readonly Mapping[] {
  const { by: key, of: rules = {} } = rule;
  const twin = (items: readonly Mapping[], item: Mapping): Mapping | undefined =>
    items.find((it) => equalJson(it[key], item[key]));
  const given = after.map((item) =>
    retaining(threeWayPatch(twin(before, item) ?? {}, item, rules), item, rule),
  );
  const gone = before
    .filter((item) => twin(after, item) === undefined)
    .map((item) => ({ [key]: item[key], $patch: 'delete' }));
  return [...given, ...gone];
}

/** source: strategicpatch/patch.go diffMaps (BuildRetainKeysDirective) */
function retaining(patch: Mapping, after: Mapping, rule: MergeRule | undefined): Mapping {
  if (typeof rule !== 'object' || rule.retainsKeys !== true) return patch;
  const kept = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null));
  return { ...kept, $retainKeys: Object.keys(after).sort(compareText) };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
