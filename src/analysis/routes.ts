// Where a settled cluster's ports lead: those of Services, of nodes and load balancers, and those
// that pods listen on. A route is there whether or not somebody is allowed to use it.

import type { Cluster } from '../cluster/cluster';
import { keyOf, nameOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import type { Labels } from '../values/labels';
import { compareText, sortedBy, sortedKeys } from '../values/order';
import { nameOfResponder } from '../vocabulary/responders';

/** A pod's network namespace, as machines hold it. */
type PodSandbox =
  ReturnType<Cluster['machines']['values']> extends Iterable<{
    readonly hostSandboxes: ReadonlySet<infer S>;
  }>
    ? S
    : never;

/** What the model itself puts into a cluster; nobody's manifests are about that. */
const SYSTEM = 'kube-system';

export interface Route {
  /** `service/shop/backend 80/TCP`, `any node 30080/TCP`, `pods of shop/backend 8080/TCP`. */
  readonly name: string;
  /** `shop/backend:8080`, `192.0.2.7:5432`, `service/shop/backend 80/TCP`; sorted. */
  readonly targets: readonly string[];
  /** What else decides who gets where, as the manifest has it: `externalTrafficPolicy Local`. */
  readonly settings: readonly string[];
  /** Why it leads nowhere; empty where it does not. */
  readonly reason: string;
  /** Objects that make it: `Service/shop/backend`, `Deployment/shop/backend`. */
  readonly makers: readonly string[];
}

interface Service extends KubeObject {
  readonly spec: {
    readonly type?: string;
    readonly selector?: Labels;
    readonly ports?: readonly ServicePort[];
    readonly externalIPs?: readonly string[];
    readonly externalName?: string;
  };
}

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly nodePort?: number;
}

interface EndpointSlice extends KubeObject {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
  readonly endpoints: readonly SliceEndpoint[];
}

interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean };
  readonly targetRef?: { readonly namespace?: string; readonly name: string };
}

/** The label that ties a slice to its Service. */
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Every route by its name, sorted. */
export function routesOf(cluster: Cluster): ReadonlyMap<string, Route> {
  const services = listOf(cluster, 'Service').filter(isOwn) as Service[];
  const routes = [
    ...services.flatMap((service) => serviceRoutes(cluster, service)),
    ...podRoutes(cluster),
  ];
  return new Map(sortedBy(routes, ({ name }) => name).map((route) => [route.name, route]));
}

function serviceRoutes(cluster: Cluster, service: Service): readonly Route[] {
  const { spec } = service;
  const settings = settingsOf(service);
  const owner = nameOf(service);
  if (spec.type === 'ExternalName') {
    const targets = [spec.externalName ?? ''];
    return [{ name: `service/${keyOf(service)}`, targets, settings, reason: '', makers: [owner] }];
  }
  return (spec.ports ?? []).flatMap((port) => {
    const name = `service/${keyOf(service)} ${portText(port)}`;
    const { targets, makers } = endpointsOf(cluster, service, port);
    const reason = targets.length > 0 ? '' : lackOf(cluster, service);
    const own = { name, targets, settings, reason, makers: [owner, ...makers] };
    const outer = { targets: [name], settings, reason, makers: [owner] };
    return [own, ...outerNamesOf(service, port).map((it) => ({ name: it, ...outer }))];
  });
}

/** The doors to a port of a Service from outside of the cluster. */
function outerNamesOf({ spec }: Service, port: ServicePort): readonly string[] {
  const { nodePort, protocol = 'TCP' } = port;
  const doors = [
    ...(spec.externalIPs ?? []),
    ...(spec.type === 'LoadBalancer' ? ['load balancer'] : []),
  ].map((door) => `${door} ${portText(port)}`);
  return nodePort === undefined ? doors : [...doors, `any node ${nodePort}/${protocol}`];
}

/** What these fields say where nobody changes anything. */
const USUAL: readonly unknown[] = [undefined, 'Cluster', 'None'];

/** Fields that change who gets where without changing what is behind the port. */
const SETTINGS = [
  'externalTrafficPolicy',
  'internalTrafficPolicy',
  'loadBalancerSourceRanges',
  'sessionAffinity',
  'trafficDistribution',
] as const;

function settingsOf({ spec }: Service): readonly string[] {
  const fields = spec as Readonly<Record<string, string | readonly string[] | undefined>>;
  const kind = fields['clusterIP'] === 'None' ? 'headless' : (spec.type ?? 'ClusterIP');
  return [
    kind,
    ...SETTINGS.filter((it) => !USUAL.includes(fields[it])).map(
      (it) => `${it} ${[fields[it]].flat().join()}`,
    ),
  ];
}

function endpointsOf(
  cluster: Cluster,
  service: Service,
  port: ServicePort,
): { readonly targets: readonly string[]; readonly makers: readonly string[] } {
  const targets = new Set<string>();
  const makers = new Set<string>();
  for (const slice of slicesOf(cluster, service)) {
    const numbers = (slice.ports ?? [])
      .filter((it) => (it.name ?? '') === (port.name ?? ''))
      .map((it) => it.port);
    for (const endpoint of slice.endpoints.filter(isReady)) {
      const { host, maker } = hostOf(cluster, endpoint);
      if (maker !== undefined && numbers.length > 0) makers.add(maker);
      for (const number of numbers) targets.add(`${host}:${number ?? 'any'}`);
    }
  }
  return { targets: [...targets].sort(compareText), makers: [...makers].sort(compareText) };
}

function slicesOf(cluster: Cluster, service: Service): readonly EndpointSlice[] {
  const { name, namespace } = service.metadata;
  return (listOf(cluster, 'EndpointSlice') as EndpointSlice[]).filter(
    ({ metadata }) =>
      metadata.namespace === namespace && metadata.labels?.[SERVICE_NAME_LABEL] === name,
  );
}

function isReady({ conditions }: SliceEndpoint): boolean {
  return conditions?.ready ?? true;
}

/** The workload of an endpoint's pod; the address where no pod is behind it. */
function hostOf(cluster: Cluster, { targetRef, addresses }: SliceEndpoint) {
  if (targetRef === undefined) return { host: addresses[0] ?? '', maker: undefined };
  return workloadOf(cluster, `${targetRef.namespace}/${targetRef.name}`);
}

function workloadOf(cluster: Cluster, pod: string): { host: string; maker: string } {
  const host = nameOfResponder(cluster, pod).replace(/#\d+$/, '');
  let owner: KubeObject | undefined = cluster.api.store.get('Pod', pod);
  for (let above = ownerOf(cluster, owner); above !== undefined; above = ownerOf(cluster, above)) {
    owner = above;
  }
  return { host, maker: owner === undefined ? `Pod/${pod}` : nameOf(owner) };
}

function ownerOf(cluster: Cluster, object: KubeObject | undefined): KubeObject | undefined {
  const reference = object?.metadata.ownerReferences?.find(({ controller }) => controller);
  const namespace = object?.metadata.namespace ?? '';
  return reference && cluster.api.store.get(reference.kind, `${namespace}/${reference.name}`);
}

/** Why a Service has no endpoint to lead to. */
function lackOf(cluster: Cluster, service: Service): string {
  const { selector } = service.spec;
  if (selector === undefined) return 'it has no selector, and no slice with a ready endpoint';
  const labels = sortedKeys(selector).map((key) => `${key}=${selector[key]}`);
  const { namespace } = service.metadata;
  const isMeant = ({ metadata }: KubeObject): boolean =>
    metadata.namespace === namespace &&
    sortedKeys(selector).every((key) => metadata.labels?.[key] === selector[key]);
  const found = listOf(cluster, 'Pod').filter(isMeant).length;
  if (found === 0) return `no pod in ${namespace} has ${labels.join(',')}`;
  return `none of the ${found} pods with ${labels.join(',')} is ready for it`;
}

/** What pods listen on; the same for every pod of a workload. */
function podRoutes(cluster: Cluster): readonly Route[] {
  const routes = new Map<string, Route>();
  for (const machine of cluster.machines.values()) {
    for (const sandbox of new Set([...machine.sandboxes.values(), ...machine.hostSandboxes])) {
      if (sandbox.podKey.startsWith(`${SYSTEM}/`)) continue;
      const { host, maker } = workloadOf(cluster, sandbox.podKey);
      for (const { port, protocol } of listenersOf(sandbox)) {
        const name = `pods of ${host} ${port}/${protocol}`;
        const makers = [maker];
        routes.set(name, { name, targets: [`${host}:${port}`], settings: [], reason: '', makers });
      }
    }
  }
  return [...routes.values()];
}

function listenersOf({ processes }: PodSandbox) {
  return [...processes.values()]
    .filter(({ state }) => state === 'running')
    .flatMap(({ listen }) => listen);
}

export function listOf(cluster: Cluster, kind: string): readonly KubeObject[] {
  return [...cluster.api.store.list(kind)];
}

export function isOwn({ metadata }: KubeObject): boolean {
  return metadata.namespace !== SYSTEM;
}

function portText({ port, protocol = 'TCP' }: ServicePort): string {
  return `${port}/${protocol}`;
}
