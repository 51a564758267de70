// Which endpoints of a Service port a node may use: for traffic that may go anywhere, and for
// traffic that has to stay on the node.
// source: pkg/proxy/topology.go CategorizeEndpoints, topologyModeFromHints

import { familyOf, formatEndpoint } from '../../values/ip';
import { isAtLeast } from '../../values/kube-version';
import type { KubeVersion } from '../../values/kube-version';
import { compareText } from '../../values/order';
import type { Endpoint, ProxyNode, ServicePort } from './proxy-mode';

export interface EndpointCategories {
  /** For policy Cluster; empty where no traffic of the Service port may use it. */
  readonly cluster: readonly Endpoint[];
  /** For policy Local; empty where no policy is Local. */
  readonly local: readonly Endpoint[];
  /** Both together: what has to be reachable from this node's rules. */
  readonly all: readonly Endpoint[];
  /** Whether any endpoint anywhere could serve. Without one, clients are refused. */
  readonly hasAny: boolean;
}

/** `10.244.1.5:8080`: how an endpoint is named, hashed and sorted. */
export function endpointText(endpoint: Pick<Endpoint, 'ip' | 'port'>): string {
  return formatEndpoint(endpoint.ip, endpoint.port);
}

/** The order of the texts, found without writing them. Both are of one family. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  if (a.ip === b.ip) return a.port === b.port ? 0 : compareText(String(a.port), String(b.port));
  const isShorter = a.ip.length < b.ip.length;
  const shorter = isShorter ? a.ip : b.ip;
  const longer = isShorter ? b.ip : a.ip;
  const isWithin = shorter.length < longer.length && longer.startsWith(shorter);
  if (!isWithin) return a.ip < b.ip ? -1 : 1;
  // Behind the end of the shorter one its text goes on with what closes an address.
  const closes = familyOf(a.ip) === 'IPv4' ? ':' : ']';
  const isShorterFirst = closes < longer[shorter.length]!;
  return isShorterFirst === (a.ip === shorter) ? -1 : 1;
}

/** Whether outsiders can reach the Service port; only then its external policy counts. */
export function isExternallyAccessible(service: ServicePort): boolean {
  return (
    service.nodePort !== undefined ||
    service.externalIPs.length > 0 ||
    service.loadBalancerVIPs.length > 0
  );
}

function usesClusterEndpoints(service: ServicePort): boolean {
  return !service.internalPolicyLocal || isExternallyAccessible(service);
}

export function usesLocalEndpoints(service: ServicePort): boolean {
  return (
    service.internalPolicyLocal || (service.externalPolicyLocal && isExternallyAccessible(service))
  );
}

/** The lists keep the order of `endpoints`. Pure. */
export function categorizeEndpoints(
  endpoints: readonly Endpoint[],
  service: ServicePort,
  node: ProxyNode,
): EndpointCategories {
  const cluster = usesClusterEndpoints(service) ? clusterList(endpoints, node) : [];
  const isLocal = (endpoint: Endpoint) => endpoint.nodeName === node.name;
  const local = usesLocalEndpoints(service) ? usable(endpoints.filter(isLocal), node) : [];
  const hasAny = usable(endpoints, node).length > 0;
  return { cluster, local, all: union(cluster, local), hasAny };
}

/**
 * The ready ones, or where there are none the terminating ones that still serve.
 * source: KEP-1669 (ProxyTerminatingEndpoints, beta and on from 1.26)
 */
function usable(endpoints: readonly Endpoint[], node: ProxyNode): readonly Endpoint[] {
  const ready = readyOf(endpoints);
  if (ready.length > 0) return ready;
  if (!isAtLeast(node.kubernetes as KubeVersion, '1.26')) return [];
  return endpoints.filter((endpoint) => endpoint.serving && endpoint.terminating);
}

/** `endpoints` itself where all of them are. */
function readyOf(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const isReady = ({ ready }: Endpoint) => ready;
  return endpoints.every(isReady) ? endpoints : endpoints.filter(isReady);
}

/** Hints choose among ready endpoints only; the fallback to terminating ones knows no hints. */
function clusterList(endpoints: readonly Endpoint[], node: ProxyNode): readonly Endpoint[] {
  const ready = readyOf(endpoints);
  return ready.length > 0 ? hinted(ready, node) : usable(endpoints, node);
}

/**
 * The endpoints that the hints give to this node, or all of them where a single one has no hint
 * or none is meant for here. There is no health or capacity check in it.
 */
function hinted(ready: readonly Endpoint[], node: ProxyNode): readonly Endpoint[] {
  if (prefersSameNode(node) && ready.every((endpoint) => endpoint.nodeHints.length > 0)) {
    const here = ready.filter((endpoint) => endpoint.nodeHints.includes(node.name));
    if (here.length > 0) return here;
  }
  if (node.zone !== '' && ready.every((endpoint) => endpoint.zoneHints.length > 0)) {
    const near = ready.filter((endpoint) => endpoint.zoneHints.includes(node.zone));
    if (near.length > 0) return near;
  }
  return ready;
}

/** Gate PreferSameTrafficDistribution: alpha 1.33, beta and on in 1.34, GA 1.35 (KEP-3015). */
function prefersSameNode(node: ProxyNode): boolean {
  return isAtLeast(node.kubernetes as KubeVersion, '1.34');
}

function union(cluster: readonly Endpoint[], local: readonly Endpoint[]): readonly Endpoint[] {
  if (local.length === 0) return cluster;
  if (cluster.length === 0) return local;
  const both = [...new Set([...cluster, ...local])];
  return both.sort(compareEndpoints);
}
