// What a write makes of an object that stands: of a patch, by its type. Parts that stay as they
// were are the same objects as before, and what is left out says nothing: no field is null.
// source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go

import { copyWith } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import { isMapping, mergeFields, mergePatch, shareParts } from './json';
import { jsonPatch } from './json-patch';
import { mergeRulesOf } from './merge-keys';
import { PatchError, strategicMerge } from './strategic-merge';

/** `merge`: RFC 7386. `json`: RFC 6902. */
export type PatchType = 'strategic' | 'merge' | 'json';

/** The patched object, or why the API server takes no such patch. */
export function patched(
  current: KubeObject,
  patch: unknown,
  type: PatchType = 'merge',
): KubeObject | string {
  try {
    if (type === 'json') return replaced(current, jsonPatch(current, patch) as KubeObject);
    if (!isMapping(patch)) return `a ${type} patch is a mapping of fields`;
    if (type === 'merge') return mergeFields(current, patch) as KubeObject;
    const rules = mergeRulesOf(current.kind);
    if (rules === undefined) {
      const name = `${current.kind} "${current.metadata.name}"`;
      return `${name} takes no strategic merge patch: its kind is not built in`;
    }
    const merged = strategicMerge(current, patch, rules);
    return replaced(current, merged as KubeObject);
  } catch (error) {
    if (error instanceof PatchError) return error.message;
    throw error;
  }
}

/**
 * The object with what a merge patch says of its status, where it says nothing else; undefined for
 * any other patch. The object itself where nothing changes.
 */
export function withStatus(
  current: KubeObject,
  patch: unknown,
  type: PatchType = 'merge',
): KubeObject | undefined {
  if (type !== 'merge' || !saysStatusAlone(patch)) return undefined;
  const status = statusAfter(current.status, patch.status);
  return status === current.status ? current : copyWith(current, { status });
}

function saysStatusAlone(patch: unknown): patch is { readonly status: object } {
  if (!isMapping(patch)) return false;
  const { status } = patch;
  return typeof status === 'object' && status !== null && Object.keys(patch).length === 1;
}

/** What a status came to, with what was said upon it. */
interface Told {
  readonly standing: unknown;
  readonly said: object;
  readonly after: unknown;
}

/** As many as come in turns, while workloads of several sizes come about. */
const MOST = 8;
/** What was told last in words that others use as well; each takes the place of the oldest. */
const told: Told[] = [];
let next = 0;

/** Who shares one status among many objects says it upon many that share theirs. */
function statusAfter(standing: unknown, said: object): unknown {
  if (!Object.isFrozen(said)) return mergePatch(standing, said);
  for (const it of told) if (it.said === said && it.standing === standing) return it.after;
  const merged = mergePatch(standing, said);
  // What says all that there is to be said is what it comes to, unless that stands already.
  const after = merged !== standing && holdsSame(merged, said) ? said : merged;
  told[next] = { standing, said, after };
  next = (next + 1) % MOST;
  return after;
}

/** Whether two mappings have the same fields in the same order, and the very same parts. */
function holdsSame(a: unknown, b: object): boolean {
  if (!isMapping(a) || !isMapping(b)) return false;
  const fields = Object.keys(a);
  const others = Object.keys(b);
  if (fields.length !== others.length) return false;
  return fields.every((field, at) => field === others[at] && a[field] === b[field]);
}

/** The object that takes the place of the one that stands. */
export function replaced(current: KubeObject, object: KubeObject): KubeObject {
  return shareParts(object, current);
}

/** A manifest says what is wanted; a status that an export left in it is not written. */
export function manifestOf(object: KubeObject): KubeObject {
  const { status: _status, ...manifest } = object;
  return manifest;
}

/** Whether a write is meant for a version that stands no longer. */
export function isStale(object: KubeObject, current: KubeObject): boolean {
  const { resourceVersion } = object.metadata;
  return resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion;
}
