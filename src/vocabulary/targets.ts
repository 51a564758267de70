// What the words of a scenario stand for in the cluster as it is now. References and selectors
// are read anew at every use, so that they mean what exists, not what once existed.

import type { Cluster } from '../cluster/cluster';
import { parseReference, WORKLOAD_KINDS } from '../language/reference';
import type { Reference } from '../language/reference';
import { meantBy } from '../language/reference-hints';
import type { FromSchema } from '../language/json-schema';
import { keyOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import { matchesLabels } from '../values/labels';
import type { Labels } from '../values/labels';
import { sortedBy } from '../values/order';
import type { Origin } from '../values/origin';
import { tellTrouble } from './pod-trouble';
import { picked } from './pick';
import { UnknownTargetError } from './unknown-target';

export { UnknownTargetError } from './unknown-target';

export type OriginArgs = FromSchema<{ readonly $ref: '#/$defs/origin' }>;
export type PodTargetArgs = FromSchema<{ readonly $ref: '#/$defs/podTarget' }>;
export type NodeTargetArgs = FromSchema<{ readonly $ref: '#/$defs/nodeTarget' }>;

/** The keys by which a fault names pods, for its schema. */
export const POD_TARGET = {
  pod: { $ref: '#/$defs/podTarget' },
  pods: { $ref: '#/$defs/podSelector' },
} as const;

/** The key by which a fault names one container, for its schema. */
export const CONTAINER_TARGET = {
  container: {
    description:
      'One container: `shop/backend#1/app`; of a workload, in each pod or in those of `pick`.',
    $ref: '#/$defs/podReference',
  },
} as const;

/** Some of the pods that a reference means: a choice, or those on some nodes. */
export interface ReferredPods {
  readonly reference: string;
  readonly on?: NodeTargetArgs;
  readonly pick?: string | number;
  readonly members?: string;
}

export type PodTarget = PodTargetArgs | ReferredPods;

/** Where a claim's traffic starts. */
export interface Source {
  /** As the report names it: `shop/frontend#1`, `node/worker-1`, `external`. */
  readonly name: string;
  readonly origin: Origin;
}

export interface Sources {
  readonly sources: readonly Source[];
  /** Why there is none; set where `sources` is empty. */
  readonly missing?: string;
  /** True where the scenario names one thing, so that its absence is a failure, not emptiness. */
  readonly single: boolean;
}

/** Every source that `from` means now: pods whose processes run, nodes with power, externals. */
export function sourcesOf(cluster: Cluster, from: OriginArgs): Sources {
  if (typeof from !== 'string') return selectedSources(cluster, from);
  const reference = readReference(from);
  if (reference.kind === 'External') {
    const sources = [{ name: from, origin: { external: reference.name } }];
    return { sources, single: true };
  }
  if (reference.kind === 'Node') return nodeSources(cluster, [reference.name], true);
  const pods = podsOfReference(cluster, reference);
  if (pods.length === 0) {
    const missing = `nothing matches ${describe(from)}${hintFor(cluster, from)}`;
    return { sources: [], single: reference.ordinal !== undefined, missing };
  }
  const single = pods.length === 1 || reference.ordinal !== undefined;
  return podSources(cluster, pods, describe(from), single, reference.container);
}

/**
 * Keys of the pods that a target means, running or not, in a fixed order. `chooser` names the
 * stream that `pick` draws from.
 */
export function podsOfTarget(
  cluster: Cluster,
  target: PodTarget,
  chooser: string,
): readonly string[] {
  if (typeof target === 'string') return podsOfReference(cluster, readReference(target));
  const candidates =
    'reference' in target
      ? podsReferredTo(cluster, target, chooser)
      : selectPods(cluster, target.pods);
  return picked(cluster, candidates, target.pick, chooser);
}

/** Names of the nodes that a target means, in the order of the cluster. */
export function nodesOfTarget(
  cluster: Cluster,
  target: NodeTargetArgs,
  chooser: string,
): readonly string[] {
  if (typeof target !== 'string') {
    return picked(cluster, selectNodes(cluster, target.nodes), target.pick, chooser);
  }
  const name = target.replace(/^nodes?\//, '');
  return cluster.machines.has(name) ? [name] : [];
}

/** The name of the node that a reference means. */
export function nodeNamed(cluster: Cluster, text: string): string {
  const name = text.replace(/^nodes?\//, '');
  if (cluster.api.store.get('Node', name) !== undefined) return name;
  throw new UnknownTargetError(`there is no node ${name} now`);
}

/** Keys of the pods that a reference means: one pod, or every pod of a workload that is there. */
export function podsOfReference(cluster: Cluster, reference: Reference): readonly string[] {
  const { store } = cluster.api;
  const key = keyIn(reference);
  const present = (pod: string) => store.get('Pod', pod) !== undefined;
  if (isCoreDns(reference)) return podsBehind(cluster, 'kube-system/kube-dns');
  if (reference.kind === 'Service') return podsBehind(cluster, key);
  if (reference.ordinal === undefined && isPodKind(reference) && present(key)) return [key];
  const kind = workloadKindOf(cluster, reference, key);
  if (kind === undefined) return [];
  const pods = cluster.podsOf(kind, key);
  if (reference.ordinal === undefined) return pods.filter(present);
  const pod = pods[reference.ordinal - 1];
  return pod !== undefined && present(pod) ? [pod] : [];
}

/** By reference; the same few are asked for at every look. */
const keys = new WeakMap<Reference, string>();

function keyIn(reference: Reference): string {
  let key = keys.get(reference);
  if (key === undefined) {
    key = `${reference.namespace ?? 'default'}/${reference.name}`;
    keys.set(reference, key);
  }
  return key;
}

/** The key of the pod that a reference names by itself or by number, also when it is gone. */
export function podEverOf(cluster: Cluster, reference: Reference): string | undefined {
  const key = keyIn(reference);
  if (reference.ordinal === undefined) {
    const isPod = reference.kind === 'Pod' || cluster.api.store.get('Pod', key) !== undefined;
    return isPod ? key : undefined;
  }
  return podsEverOf(cluster, reference)[reference.ordinal - 1];
}

/** Keys of all pods that the workload has had since the start, in order of creation. */
export function podsEverOf(cluster: Cluster, reference: Reference): readonly string[] {
  const key = keyIn(reference);
  const kind = workloadKindOf(cluster, reference, key);
  return kind === undefined ? [] : cluster.podsOf(kind, key);
}

function podsReferredTo(
  cluster: Cluster,
  { reference, on }: ReferredPods,
  chooser: string,
): readonly string[] {
  const pods = podsOfReference(cluster, readReference(reference));
  if (on === undefined) return pods;
  const nodes = new Set<unknown>(nodesOfTarget(cluster, on, chooser));
  return pods.filter((pod) => {
    const spec = cluster.api.store.get('Pod', pod)?.spec as { nodeName?: string } | undefined;
    return nodes.has(spec?.nodeName);
  });
}

/** The container that a reference names, with the pods it is in, or those that `pick` chooses. */
export function containersOfReference(
  cluster: Cluster,
  text: string,
  pick: string | number = 'all',
  chooser = '',
): readonly { readonly pod: string; readonly container: string }[] {
  const reference = readReference(text);
  const { container } = reference;
  if (container === undefined) throw new UnknownTargetError(`"${text}" names no container`);
  const pods = podsOfReference(cluster, reference).filter((pod) =>
    containersOf(cluster.api.store.get('Pod', pod)!).includes(container),
  );
  return picked(cluster, pods, pick, chooser).map((pod) => ({ pod, container }));
}

/** What was read; a claim asks for the same text at every look. */
const references = new Map<string, Reference>();

/** Reads a reference that the language has checked. */
export function readReference(text: string): Reference {
  let reference = references.get(text);
  if (reference !== undefined) return reference;
  const reading = parseReference(text);
  if (!reading.ok) throw new UnknownTargetError(reading.message);
  reference = reading.value;
  references.set(text, reference);
  return reference;
}

/** Kind and key of the object that a reference means: a pod by number, or what has the name. */
export function objectOf(cluster: Cluster, text: string): { kind: string; key: string } {
  const reference = readReference(text);
  const { kind, namespace, name, ordinal } = reference;
  const key = `${namespace ?? 'default'}/${name}`;
  if (ordinal !== undefined) {
    const [pod] = podsOfReference(cluster, reference);
    if (pod === undefined) throw new UnknownTargetError(`there is no pod ${text} now`);
    return { kind: 'Pod', key: pod };
  }
  if (kind !== undefined) {
    const unnamespaced = kind === 'Node' || kind === 'Namespace';
    return { kind, key: unnamespaced ? name : key };
  }
  if (cluster.api.store.get('Pod', key) !== undefined) return { kind: 'Pod', key };
  const workload = workloadKindOf(cluster, reference, key);
  if (workload !== undefined) return { kind: workload, key };
  throw new UnknownTargetError(`nothing is called ${text}`);
}

/** The target as a sentence names it: `shop/frontend`, `pods with app=web in shop`. */
export function describe(target: OriginArgs | PodTargetArgs | NodeTargetArgs): string {
  if (typeof target === 'string') return target;
  const { pods, nodes, pick } = target as Exclude<OriginArgs, string>;
  const prefix = pick === undefined || pick === 'all' ? '' : `${pick} of `;
  if (pods !== undefined) {
    const labels = pods.labels === undefined ? '' : ` with ${describeLabels(pods.labels)}`;
    const place = pods.namespace === undefined ? '' : ` in ${pods.namespace}`;
    return `${prefix}pods${labels}${place}`;
  }
  if (nodes === undefined || typeof nodes === 'string') return `${prefix}all nodes`;
  const zone = nodes.zone === undefined ? '' : ` in zone ${nodes.zone}`;
  const labels = nodes.labels === undefined ? '' : ` with ${describeLabels(nodes.labels)}`;
  return `${prefix}nodes${labels}${zone}`;
}

/** Whether nothing in a target can come to match later. */
export function isFrozen(target: PodTarget): boolean {
  return typeof target === 'string'
    ? readReference(target).ordinal !== undefined
    : target.members === 'frozen' || (target.pick !== undefined && target.pick !== 'all');
}

/** `; did you mean "shop/backend"?`, where a pod or a workload has nearly that name. */
export function hintFor(cluster: Cluster, text: string): string {
  const { store } = cluster.api;
  const reference = readReference(text);
  const { namespace = 'default', name, kind, ordinal } = reference;
  const all = ['Pod', ...WORKLOAD_KINDS].flatMap((it) =>
    [...store.list(it)].map((object) => ({ kind: it, key: keyOf(object) })),
  );
  // `pod/shop/web#1` is a pod of a workload of any kind.
  const isAny = kind === undefined || ordinal !== undefined;
  const known = isAny ? all : all.filter((it) => it.kind === kind);
  const isThere = known.some(({ key }) => key === `${namespace}/${name}`);
  const hint = isThere ? undefined : meantBy(reference, known, all);
  return hint === undefined ? '' : `; ${hint}`;
}

function selectedSources(cluster: Cluster, from: Exclude<OriginArgs, string>): Sources {
  const name = describe(from);
  if (from.pods !== undefined) {
    const running = selectPods(cluster, from.pods).filter((pod) => cluster.isRunning(pod));
    return podSources(cluster, picked(cluster, running, from.pick, name), name, false);
  }
  const powered = selectNodes(cluster, from.nodes!).filter(
    (node) => cluster.machines.get(node)!.powered,
  );
  return nodeSources(cluster, picked(cluster, powered, from.pick, name), false);
}

function podSources(
  cluster: Cluster,
  pods: readonly string[],
  what: string,
  single: boolean,
  container?: string,
): Sources {
  const sources = pods
    .filter((pod) => cluster.isRunning(pod, container))
    .map((pod) => ({
      name: podName(cluster, pod),
      origin: container === undefined ? { pod } : { pod, container },
    }));
  if (sources.length > 0) return { sources, single };
  if (pods.length === 0) return { sources, single, missing: `nothing matches ${what}` };
  const trouble = pods.map((pod) => tellTrouble(cluster, pod)).find((it) => it !== undefined);
  const why = trouble === undefined ? '' : ` (${trouble})`;
  return { sources, single, missing: `no process of ${what} runs${why}` };
}

function nodeSources(cluster: Cluster, nodes: readonly string[], single: boolean): Sources {
  const sources = nodes
    .filter((node) => cluster.machines.get(node)?.powered === true)
    .map((node) => ({ name: `node/${node}`, origin: { node } }));
  if (sources.length > 0) return { sources, single };
  return { sources, single, missing: `${nodes.join(', ') || 'the selection'}: no node has power` };
}

function selectPods(
  cluster: Cluster,
  { namespace, labels }: { readonly namespace?: string; readonly labels?: Labels },
): readonly string[] {
  return [...cluster.api.store.list('Pod')]
    .filter((pod) => namespace === undefined || pod.metadata.namespace === namespace)
    .filter((pod) => matchesLabels(pod.metadata.labels, labels ?? {}))
    .map(keyOf);
}

type NodeSelector = Exclude<NodeTargetArgs, string>['nodes'];

function selectNodes(cluster: Cluster, selector: NodeSelector): readonly string[] {
  const nodes = cluster.spec.nodes;
  if (typeof selector === 'string') return nodes.map(({ name }) => name);
  return nodes
    .filter(({ zone }) => selector.zone === undefined || zone === selector.zone)
    .filter(({ name, labels }) => {
      const present = cluster.api.store.get('Node', name)?.metadata.labels ?? labels;
      return matchesLabels(present, selector.labels ?? {});
    })
    .map(({ name }) => name);
}

function podsBehind(cluster: Cluster, service: string): readonly string[] {
  const object = cluster.api.store.get('Service', service);
  const selector = (object?.spec as { selector?: Labels } | undefined)?.selector;
  if (selector === undefined) return [];
  const namespace = service.slice(0, service.indexOf('/'));
  return selectPods(cluster, { namespace, labels: selector });
}

function isCoreDns({ kind, namespace, name }: Reference): boolean {
  return kind === undefined && namespace === undefined && name === 'coredns';
}

function isPodKind({ kind }: Reference): boolean {
  return kind === undefined || kind === 'Pod';
}

/** The workload kind that a reference means. Two of one name are told apart by writing the kind. */
function workloadKindOf(
  cluster: Cluster,
  { kind, text }: Reference,
  key: string,
): string | undefined {
  if (kind !== undefined && kind !== 'Pod') return kind;
  const found = WORKLOAD_KINDS.filter((it) => cluster.api.store.get(it, key) !== undefined);
  if (found.length > 1) {
    throw new UnknownTargetError(`"${text}" may be a ${found.join(' or a ')}: write the kind`);
  }
  return found[0];
}

/** `shop/backend#1` for the pod of a workload, the pod's own key for any other. */
export function podName(cluster: Cluster, pod: string): string {
  const object = cluster.api.store.get('Pod', pod);
  const owner = object === undefined ? undefined : topOwner(cluster, object);
  if (owner === undefined || owner.kind === 'Pod') return pod;
  const index = cluster.podsOf(owner.kind, keyOf(owner)).indexOf(pod);
  return index < 0 ? pod : `${keyOf(owner)}#${index + 1}`;
}

function topOwner(cluster: Cluster, object: KubeObject): KubeObject {
  const reference = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (reference === undefined) return object;
  const key = `${object.metadata.namespace}/${reference.name}`;
  const owner = cluster.api.store.get(reference.kind, key);
  return owner === undefined ? object : topOwner(cluster, owner);
}

function containersOf(pod: KubeObject): readonly string[] {
  const spec = pod.spec as { containers?: readonly { name: string }[] } | undefined;
  return (spec?.containers ?? []).map(({ name }) => name);
}

function describeLabels(labels: Labels): string {
  return sortedBy(Object.entries(labels), ([key]) => key)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
