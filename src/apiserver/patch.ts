// What a patch request makes of an object, by the type of the patch.
// source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go

import type { KubeObject } from '../values/kube-object';
import { mergePatch } from './json';
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
    if (type === 'merge') return mergePatch(current, patch) as KubeObject;
    if (type === 'json') return jsonPatch(current, patch) as KubeObject;
    const rules = mergeRulesOf(current.kind);
    if (rules === undefined) {
      const name = `${current.kind} "${current.metadata.name}"`;
      return `${name} takes no strategic merge patch: its kind is not built in`;
    }
    return strategicMerge(current, patch as Record<string, unknown>, rules) as KubeObject;
  } catch (error) {
    if (error instanceof PatchError) return error.message;
    throw error;
  }
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
