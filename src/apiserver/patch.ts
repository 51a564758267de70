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
  const status = mergePatch(current.status, patch.status);
  return status === current.status ? current : copyWith(current, { status });
}

function saysStatusAlone(patch: unknown): patch is { readonly status: object } {
  if (!isMapping(patch)) return false;
  const { status } = patch;
  return typeof status === 'object' && status !== null && Object.keys(patch).length === 1;
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
