// What a scenario's names can mean: the objects of its manifests, those that its steps apply, the
// machines, and what every cluster brings along.

import type { ClusterSpec, NodeSpec } from '../values/cluster-spec';
import { keyOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import { matchesLabels } from '../values/labels';
import type { Labels } from '../values/labels';
import { SYSTEM_NAMESPACES } from './manifests';
import { WORKLOAD_KINDS } from './reference';

/**
 * More pods than any cluster has.
 * source: kubernetes.io/docs/setup/best-practices/cluster-large (no more than 150,000 total pods)
 */
export const MOST_PODS = 150_000;

/** A pod, or the pods that a workload makes: all of one shape. */
export interface PodShape {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly images: readonly string[];
  readonly containers: readonly string[];
  /** How many pods there are at first; undefined where it depends on the nodes' taints. */
  readonly replicas: number | undefined;
}

export class Inventory {
  readonly nodes: readonly NodeSpec[];
  readonly externals: readonly string[];
  readonly namespaces: ReadonlySet<string>;
  readonly pods: readonly PodShape[];
  /** Keys of the objects of a kind: `Service` → `shop/cart`. */
  private readonly keys = new Map<string, Set<string>>();

  constructor(spec: Omit<ClusterSpec, 'manifests'>, objects: readonly KubeObject[]) {
    this.nodes = spec.nodes;
    this.externals = spec.externals.map(({ name }) => name);
    const all = [...objects, ...builtIn(spec, objects)];
    for (const object of all) this.keysOf(object.kind).add(keyOf(object));
    for (const { name } of spec.nodes) this.keysOf('Node').add(name);
    for (const name of SYSTEM_NAMESPACES) this.keysOf('Namespace').add(name);
    const namespaces = all
      .map(({ metadata }) => metadata.namespace)
      .filter((it) => it !== undefined);
    this.namespaces = new Set([...namespaces, ...this.keysOf('Namespace')]);
    this.pods = all.map((object) => podShape(object)).filter((shape) => shape !== undefined);
    for (const shape of this.pods) for (const key of podNames(shape)) this.keysOf('Pod').add(key);
  }

  has(kind: string, key: string): boolean {
    return this.keys.get(kind)?.has(key) === true;
  }

  /** Keys of all objects of a kind. */
  ofKind(kind: string): readonly string[] {
    return [...(this.keys.get(kind) ?? [])];
  }

  allOf(kinds: readonly string[]): readonly { readonly kind: string; readonly key: string }[] {
    return kinds.flatMap((kind) => this.ofKind(kind).map((key) => ({ kind, key })));
  }

  /** The kinds of workload that an object of this key exists of. */
  workloadKinds(key: string): readonly string[] {
    return WORKLOAD_KINDS.filter((kind) => this.has(kind, key));
  }

  shapeOf(kind: string, key: string): PodShape | undefined {
    return this.pods.find((it) => it.kind === kind && `${it.namespace}/${it.name}` === key);
  }

  /** Whether any pod of the manifests matches. */
  anyPod(namespace: string | undefined, labels: Labels): boolean {
    return this.podsLike(namespace, labels).length > 0;
  }

  /** The pods of the manifests that match, by their shapes. */
  podsLike(namespace: string | undefined, labels: Labels): readonly PodShape[] {
    return this.pods.filter(
      (pod) =>
        (namespace === undefined || pod.namespace === namespace) &&
        matchesLabels(pod.labels, labels),
    );
  }

  anyNode(labels: Labels, zone: string | undefined): boolean {
    return this.nodes.some((node) => {
      const own = {
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': 'linux',
        ...node.labels,
      };
      return (zone === undefined || node.zone === zone) && matchesLabels(own, labels);
    });
  }

  private keysOf(kind: string): Set<string> {
    let keys = this.keys.get(kind);
    if (keys === undefined) this.keys.set(kind, (keys = new Set()));
    return keys;
  }
}

/** What a cluster has that no manifest brings: the API's own Service, and CoreDNS. */
function builtIn(
  spec: Omit<ClusterSpec, 'manifests'>,
  objects: readonly KubeObject[],
): KubeObject[] {
  const own = [
    builtInObject('v1', 'Service', 'default', 'kubernetes'),
    builtInObject('v1', 'Service', 'kube-system', 'kube-dns'),
    builtInObject('v1', 'ConfigMap', 'kube-system', 'coredns'),
    builtInObject('apps/v1', 'Deployment', 'kube-system', 'coredns', {
      replicas: spec.dns.replicas,
      template: {
        metadata: { labels: { 'k8s-app': 'kube-dns' } },
        spec: { containers: [{ name: 'coredns', image: 'registry.k8s.io/coredns/coredns' }] },
      },
    }),
    ...(spec.dns.nodelocal === undefined ? [] : nodeCache()),
  ];
  const given = new Set(objects.map((it) => `${it.kind}/${keyOf(it)}`));
  return own.filter((it) => !given.has(`${it.kind}/${keyOf(it)}`));
}

/** NodeLocal DNSCache, where the scenario asks for it. */
function nodeCache(): KubeObject[] {
  return [
    builtInObject('v1', 'Service', 'kube-system', 'kube-dns-upstream'),
    builtInObject('v1', 'Service', 'kube-system', 'node-local-dns'),
    builtInObject('v1', 'ConfigMap', 'kube-system', 'node-local-dns'),
    builtInObject('apps/v1', 'DaemonSet', 'kube-system', 'node-local-dns', {
      template: {
        metadata: { labels: { 'k8s-app': 'node-local-dns' } },
        spec: { containers: [{ name: 'node-cache', image: 'k8s-dns-node-cache' }] },
      },
    }),
  ];
}

function builtInObject(
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
  spec?: unknown,
): KubeObject {
  return { apiVersion, kind, metadata: { namespace, name }, ...(spec !== undefined && { spec }) };
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels };
  readonly spec?: {
    readonly containers?: readonly { readonly name?: string; readonly image?: string }[];
  };
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly parallelism?: number;
  readonly template?: PodTemplate;
  readonly jobTemplate?: { readonly spec?: WorkloadSpec };
}

function podShape({ kind, metadata, spec }: KubeObject): PodShape | undefined {
  if (kind !== 'Pod' && !WORKLOAD_KINDS.includes(kind)) return undefined;
  const workload = (spec ?? {}) as WorkloadSpec;
  const inner = workload.jobTemplate?.spec ?? workload;
  const template: PodTemplate =
    kind === 'Pod' ? { metadata, spec: spec as object } : (inner.template ?? {});
  // What is no list of mappings is reported with its manifest; here it must only not be in the way.
  const listed: unknown = template.spec?.containers;
  const containers = (Array.isArray(listed) ? listed : []).filter(isContainer);
  return {
    kind,
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    labels: template.metadata?.labels ?? {},
    images: containers.map(({ image }) => image).filter((image) => image !== undefined),
    containers: containers.map(({ name }) => name).filter((name) => name !== undefined),
    replicas: replicasOf(kind, inner),
  };
}

function isContainer(value: unknown): value is { readonly name?: string; readonly image?: string } {
  return typeof value === 'object' && value !== null;
}

function replicasOf(kind: string, spec: WorkloadSpec): number | undefined {
  if (kind === 'DaemonSet' || kind === 'CronJob') return undefined;
  if (kind === 'Pod') return 1;
  const count: unknown = (kind === 'Job' ? spec.parallelism : spec.replicas) ?? 1;
  // What is no number is reported with its manifest.
  return typeof count === 'number' ? count : undefined;
}

/** Keys of the pods whose names are known beforehand: bare ones and those of StatefulSets. */
function podNames({ kind, namespace, name, replicas }: PodShape): readonly string[] {
  if (kind === 'Pod') return [`${namespace}/${name}`];
  if (kind !== 'StatefulSet') return [];
  // A count beyond all clusters is reported where it stands.
  const length = Math.min(replicas ?? 0, MOST_PODS);
  return Array.from({ length }, (_, index) => `${namespace}/${name}-${index}`);
}
