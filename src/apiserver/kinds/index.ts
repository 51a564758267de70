// The kinds of the API. Here they are found by name, and here manifests are judged.
// May not: know timers, the clock or any other object than the one it is asked about.

import type { KubeObject } from '../../values/kube-object';
import type { KindWords, ManifestProblem } from '../../values/manifest-problem';
import { adminNetworkPolicy, baselineAdminNetworkPolicy } from './admin-network-policy';
import { clusterNetworkPolicy } from './cluster-network-policy';
import { daemonset } from './daemonset';
import { checkManifest, error, warning } from './define';
import type { KindDefinition } from './define';
import { deployment } from './deployment';
import { endpoints } from './endpoints';
import { endpointslice } from './endpointslice';
import { validateMetadata } from './names';
import { horizontalPodAutoscaler } from './horizontalpodautoscaler';
import { job } from './job';
import { namespace } from './namespace';
import { networkPolicy } from './network-policy';
import { node } from './node';
import { OPAQUE_KINDS, pluralOf, REMOVED_VERSIONS } from './opaque';
import type { OpaqueKind } from './opaque';
import { pod } from './pod';
import { podDisruptionBudget } from './poddisruptionbudget';
import { replicaset } from './replicaset';
import { replicationcontroller } from './replicationcontroller';
import { service } from './service';
import { statefulset } from './statefulset';

/** The kinds with defaults and rules, sorted. */
export const KINDS: readonly KindDefinition[] = [
  adminNetworkPolicy,
  baselineAdminNetworkPolicy,
  clusterNetworkPolicy,
  daemonset,
  deployment,
  endpoints,
  endpointslice,
  horizontalPodAutoscaler,
  job,
  namespace,
  networkPolicy,
  node,
  pod,
  podDisruptionBudget,
  replicaset,
  replicationcontroller,
  service,
  statefulset,
];

const byKind = new Map(KINDS.map((definition) => [definition.kind, definition]));
const opaqueByKind = new Map(OPAQUE_KINDS.map((it) => [`${it.group}/${it.kind}`, it]));

/** The definition of a kind by its name alone; undefined for opaque kinds. */
export function kindNamed(kind: string): KindDefinition | undefined {
  return byKind.get(kind);
}

/** How objects of a kind are listed: `pods`, `ingresses`. */
export function pluralNamed(kind: string): string {
  return byKind.get(kind)?.plural ?? pluralOf(kind);
}

/** The definition for an object of this API version; undefined where it is opaque. */
export function definitionOf(apiVersion: string, kind: string): KindDefinition | undefined {
  const definition = byKind.get(kind);
  return definition?.apiVersions.includes(apiVersion) ? definition : undefined;
}

/** The API group of `apps/v1`; empty for the core group. */
function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function opaqueKindOf(apiVersion: string, kind: string): OpaqueKind | undefined {
  return opaqueByKind.get(`${groupOf(apiVersion)}/${kind}`);
}

/** An empty string where the API version is served, or is none of Kubernetes' own. */
function removedIn(apiVersion: string, kind: string): string {
  const known = byKind.get(kind)?.removedVersions?.[apiVersion];
  return known ?? REMOVED_VERSIONS[`${apiVersion} ${kind}`] ?? '';
}

function servedVersionOf(kind: string): string {
  const definition = byKind.get(kind);
  if (definition !== undefined) return definition.apiVersions[0]!;
  const opaque = OPAQUE_KINDS.find((it) => it.kind === kind);
  if (opaque === undefined) return '';
  return opaque.group === '' ? 'v1' : `${opaque.group}/v1`;
}

/** Wrong or unmodelled parts of a manifest, sorted by nothing: in the order of its fields. */
export function check(object: KubeObject): readonly ManifestProblem[] {
  const { apiVersion, kind } = object;
  const removed = removedIn(apiVersion, kind);
  if (removed !== '') {
    const served = servedVersionOf(kind);
    const hint = served === '' ? undefined : `use apiVersion: ${served}`;
    return [
      error('/apiVersion', `${apiVersion} ${kind} is gone since Kubernetes ${removed}`, hint),
    ];
  }
  const definition = definitionOf(apiVersion, kind);
  if (definition !== undefined) return checkManifest(definition, object);
  return [...checkOpaque(apiVersion, kind), ...validateMetadata(object)];
}

function checkOpaque(apiVersion: string, kind: string): ManifestProblem[] {
  const definition = byKind.get(kind);
  if (definition !== undefined) {
    const served = definition.apiVersions[0]!;
    if (CLOSED_GROUPS.includes(groupOf(apiVersion)) && groupOf(served) !== groupOf(apiVersion)) {
      return [checkUnknown(apiVersion, kind)];
    }
    if (groupOf(served) === groupOf(apiVersion)) {
      const message = `${kind} is not served in ${apiVersion}`;
      return [error('/apiVersion', message, `use apiVersion: ${served}`)];
    }
    // Objects are kept by the name of their kind.
    return [error('/apiVersion', `${apiVersion} ${kind} cannot be kept beside ${served} ${kind}`)];
  }
  const opaque = opaqueKindOf(apiVersion, kind);
  if (opaque === undefined) return [checkUnknown(apiVersion, kind)];
  if (opaque.unmodelled === undefined) return [];
  return [warning('/kind', `not modelled: ${kind}: ${opaque.unmodelled}`)];
}

/** Groups whose kinds are all known here: nobody adds any with a CustomResourceDefinition. */
const CLOSED_GROUPS: readonly string[] = ['', 'apps', 'batch'];

/** Kinds of the closed groups that are requests, not objects that stay. */
const REQUESTS: readonly string[] = ['Binding', 'ComponentStatus', 'Eviction', 'Scale'];

function checkUnknown(apiVersion: string, kind: string): ManifestProblem {
  const group = groupOf(apiVersion);
  if (!CLOSED_GROUPS.includes(group) || REQUESTS.includes(kind)) {
    return warning('/kind', `not modelled: ${apiVersion} ${kind} is kept and has no effect`);
  }
  const message = `there is no kind ${kind} in ${apiVersion}`;
  const served = servedVersionOf(kind);
  if (served !== '') return error('/apiVersion', message, `use apiVersion: ${served}`);
  const kinds = [
    ...KINDS.filter((it) => groupOf(it.apiVersions[0]!) === group),
    ...OPAQUE_KINDS.filter((it) => it.group === group),
  ].map((it) => it.kind);
  const spelt = kinds.find((it) => it.toLowerCase() === kind.toLowerCase());
  const hint = spelt === undefined ? `its kinds are ${kinds.join(', ')}` : `write ${spelt}`;
  return error('/kind', message, hint);
}

/** Whether objects of the kind stand in a namespace. Of an unknown kind it is assumed. */
export function isNamespaced(apiVersion: string, kind: string): boolean {
  const known = definitionOf(apiVersion, kind) ?? opaqueKindOf(apiVersion, kind);
  return known?.namespaced ?? byKind.get(kind)?.namespaced ?? true;
}

function namesOf(): Map<string, string> {
  const found = new Map<string, string>();
  for (const { kind, plural, shortNames } of [...KINDS, ...OPAQUE_KINDS]) {
    for (const name of [kind.toLowerCase(), plural, ...shortNames]) {
      if (!found.has(name)) found.set(name, kind);
    }
  }
  return found;
}

/** Singular, plural and short names in lower case. Kinds with rules win over opaque ones. */
export const names: ReadonlyMap<string, string> = namesOf();

/** What the language is told of the kinds. */
export const kindWords: KindWords = { names, isNamespaced, check };
