// What the claim `converge` holds against each other: the endpoints that really serve, and those
// that a node's rules lead to.

import type { Store } from '../../apiserver/store';
import type { Pod } from '../../apiserver/kinds/pod';
import { conditionOf, isPodTerminal } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import { portsOf } from '../../controllers/endpointslices/slice-endpoint';
import { compareText, sortedBy } from '../../values/order';
import { formatEndpoint } from '../../values/ip';
import type { IP } from '../../values/ip';
import { keyOf } from '../../values/kube-object';
import { matchesLabels } from '../../values/labels';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { ServicePortName } from '../../node/proxy/proxy-mode';
import type { Instant } from '../../values/time';
import type { Announced } from '../cluster';
import type { Proxies } from '../proxies';

/** Endpoints (`ip:port`) that the rules of a node spread a Service's connections over, sorted. */
export function programmedEndpoints(
  store: Store,
  proxies: Proxies,
  node: string,
  serviceKey: string,
): readonly string[] {
  const service = store.get('Service', serviceKey) as Service | undefined;
  if (service === undefined) return [];
  const lists = portNamesOf(service).map((id) => proxies.programmed(node, id));
  // Most Services have one port, whose endpoints are in order.
  return lists.length === 1 ? lists[0]! : sortedBy(new Set(lists.flat()), (it) => it);
}

/** Every node is asked for the ports of the same Service. */
const portNames = new WeakMap<Service, readonly ServicePortName[]>();

function portNamesOf(service: Service): readonly ServicePortName[] {
  let names = portNames.get(service);
  if (names === undefined) {
    const { name, namespace = '' } = service.metadata;
    names = (service.spec.ports ?? []).map((port): ServicePortName => {
      return { namespace, name, port: port.name ?? '', protocol: port.protocol ?? 'TCP' };
    });
    portNames.set(service, names);
  }
  return names;
}

/** Endpoints (`ip:port`) of the pods whose processes run and are ready, whatever the API says. */
export function servingEndpoints(
  store: Store,
  kubelets: Kubelets,
  serviceKey: string,
): readonly string[] {
  const service = store.get('Service', serviceKey) as Service | undefined;
  if (service === undefined) return [];
  const { selector, publishNotReadyAddresses } = service.spec;
  if (selector === undefined) return listedEndpoints(store, serviceKey);
  const endpoints: string[] = [];
  for (const object of store.list('Pod')) {
    const pod = object as Pod;
    if (pod.metadata.namespace !== service.metadata.namespace) continue;
    if (!matchesLabels(pod.metadata.labels, selector) || isPodTerminal(pod)) continue;
    if (!serves(pod, kubelets, publishNotReadyAddresses === true)) continue;
    endpoints.push(...endpointsAt(service, pod));
  }
  endpoints.sort(compareText);
  return endpoints.filter((endpoint, index) => endpoint !== endpoints[index - 1]);
}

/** By version of a pod: of most pods nothing has moved since somebody asked last. */
const knownEndpoints = new WeakMap<
  Pod,
  { readonly service: Service; readonly endpoints: readonly string[] }
>();

/** `ip:port` for each port of the Service on a pod that has an address. */
function endpointsAt(service: Service, pod: Pod): readonly string[] {
  const known = knownEndpoints.get(pod);
  if (known?.service === service) return known.endpoints;
  const address = pod.status?.podIP as IP | undefined;
  const ports = address ? portsOf(service, pod) : [];
  const endpoints = ports.map(({ port }) => formatEndpoint(address!, port!));
  knownEndpoints.set(pod, { service, endpoints });
  return endpoints;
}

/** What the pods behind a Service are by the API, whatever their processes do. */
export function announcedEndpoints(store: Store, serviceKey: string): Announced {
  const service = store.get('Service', serviceKey) as Service | undefined;
  if (service === undefined) return { endpoints: [] };
  const { selector, publishNotReadyAddresses } = service.spec;
  if (selector === undefined) return { endpoints: listedEndpoints(store, serviceKey) };
  const endpoints = new Set<string>();
  let since = service.metadata.creationTimestamp as Instant | undefined;
  for (const object of store.list('Pod')) {
    const pod = object as Pod;
    if (pod.metadata.namespace !== service.metadata.namespace) continue;
    if (!matchesLabels(pod.metadata.labels, selector)) continue;
    const ready = conditionOf(pod.status?.conditions, 'Ready');
    const changed = ready?.lastTransitionTime as Instant | undefined;
    if (changed !== undefined && (since === undefined || changed > since)) since = changed;
    const isGoing = pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod);
    if (isGoing) continue;
    if (ready?.status !== 'True' && publishNotReadyAddresses !== true) continue;
    for (const endpoint of endpointsAt(service, pod)) endpoints.add(endpoint);
  }
  const sorted = sortedBy(endpoints, (it) => it);
  return { endpoints: sorted, ...(since !== undefined && { since }) };
}

/** A pod that is being deleted serves no new connections, though its process may still run. */
function serves(pod: Pod, kubelets: Kubelets, publishNotReady: boolean): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return publishNotReady || kubelets.servingNow(keyOf(pod));
}

/** Without a selector, the slices that somebody wrote are the truth. */
function listedEndpoints(store: Store, serviceKey: string): readonly string[] {
  const endpoints = new Set<string>();
  for (const slice of store.list('EndpointSlice')) {
    const { namespace, labels } = slice.metadata;
    if (`${namespace}/${labels?.['kubernetes.io/service-name']}` !== serviceKey) continue;
    const { ports = [], endpoints: listed = [] } = slice as unknown as SliceFields;
    for (const { addresses, conditions } of listed) {
      if (conditions?.ready === false) continue;
      for (const { port } of ports) endpoints.add(formatEndpoint(addresses[0] as IP, port));
    }
  }
  return sortedBy(endpoints, (it) => it);
}

interface SliceFields {
  readonly ports?: readonly { readonly port: number }[];
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
}
