// A write is sent to one object, by kind, namespace and name, and cannot make another one of it.
// source: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go checkName;
//   staging/src/k8s.io/apiserver/pkg/registry/rest/meta.go
//   EnsureObjectNamespaceMatchesRequestNamespace; staging/src/k8s.io/apimachinery/pkg/api/
//   validation/objectmeta.go ValidateObjectMetaAccessorUpdate

import type { KubeObject, ObjectMeta } from '../values/kube-object';
import { isMapping, shareParts } from './json';

/**
 * The object that is to take the place of `current`, or why the API server takes none such. What it
 * does not say of its kind and its namespace is as it was.
 */
export function inPlaceOf(current: KubeObject, object: KubeObject): KubeObject | string {
  const { kind = current.kind, apiVersion = current.apiVersion } = object as Partial<KubeObject>;
  if (kind !== current.kind) return `${current.kind} "${current.metadata.name}" is no ${kind}`;
  const metadata = metadataInPlaceOf(current, object.metadata);
  if (typeof metadata === 'string') return metadata;
  const isWhole = object.kind === kind && object.apiVersion === apiVersion;
  if (isWhole && metadata === object.metadata) return object;
  return shareParts({ ...object, apiVersion, kind, metadata }, current);
}

function metadataInPlaceOf({ kind, metadata }: KubeObject, given: unknown): ObjectMeta | string {
  if (given === metadata) return metadata;
  const { name, namespace } = metadata;
  if (given !== undefined && !isMapping(given)) {
    return `the metadata of ${kind} "${name}" is a mapping of fields`;
  }
  const said = (given ?? {}) as unknown as ObjectMeta;
  if (!said.name) {
    const where = `the name of the object (${name} based on URL)`;
    return `${where} was undeterminable: name must be provided`;
  }
  if (said.name !== name) {
    return `the name of the object (${said.name}) does not match the name on the URL (${name})`;
  }
  if (said.namespace === namespace) return said;
  if (said.namespace && namespace !== undefined) {
    return (
      `the namespace of the object (${said.namespace}) does not match the namespace on the ` +
      `request (${namespace})`
    );
  }
  const { namespace: _said, ...rest } = said;
  return namespace === undefined ? rest : { ...rest, namespace };
}

/** Why a patch cannot give an object another UID; undefined where it does not. */
export function otherUid(current: KubeObject, { metadata }: KubeObject): string | undefined {
  const { uid } = metadata;
  if (uid === undefined || uid === '' || uid === current.metadata.uid) return undefined;
  const { kind } = current;
  const value = JSON.stringify(uid);
  return (
    `${kind} "${metadata.name}" is invalid: metadata.uid: Invalid value: ${value}: ` +
    'field is immutable'
  );
}
