// The decision of one node over the first packet of a flow, written down as the procedure reads
// and without any rules: the slow, obvious twin of the compiled iptables rules.

import type { Endpoint, ProxyNode, ServicePort } from '../../src/node/proxy/proxy-mode';
import { cidr, contains } from '../../src/values/cidr';
import { formatEndpoint } from '../../src/values/ip';
import type { IP } from '../../src/values/ip';

export interface Decision {
  readonly verdict: 'dnat' | 'drop' | 'reject' | 'no-match';
  /** `10.244.1.5:8080` or the same with ` masqueraded`, for each possible target; sorted. */
  readonly targets: readonly string[];
}

export interface Dialled {
  readonly src: IP;
  readonly dst: IP;
  readonly port: number;
  /** Whether a process of the node sends it. */
  readonly isOwn: boolean;
}

const NO_MATCH: Decision = { verdict: 'no-match', targets: [] };
const DROP: Decision = { verdict: 'drop', targets: [] };
const REJECT: Decision = { verdict: 'reject', targets: [] };

export function decide(
  service: ServicePort,
  endpoints: readonly Endpoint[],
  node: ProxyNode,
  packet: Dialled,
): Decision {
  const isPod = node.clusterCIDR !== undefined && contains(cidr(node.clusterCIDR), packet.src);
  const lists = listsOf(endpoints, node);
  if (packet.dst === service.clusterIP && packet.port === service.port) {
    const mark = node.masqueradeAll || (node.clusterCIDR !== undefined && !isPod);
    const list = service.internalPolicyLocal ? lists.local : lists.cluster;
    if (list.length === 0) return lists.hasAny ? DROP : REJECT;
    return spread(list, packet, mark);
  }
  return decideExternal(service, lists, node, packet, isPod);
}

function decideExternal(
  service: ServicePort,
  lists: Lists,
  node: ProxyNode,
  packet: Dialled,
  isPod: boolean,
): Decision {
  const isVip = service.loadBalancerVIPs.includes(packet.dst) && packet.port === service.port;
  const isExternal = service.externalIPs.includes(packet.dst) && packet.port === service.port;
  const isNodePort = node.addresses.includes(packet.dst) && packet.port === service.nodePort;
  if (!isVip && !isExternal && !isNodePort) return NO_MATCH;
  if (!lists.hasAny) {
    // A process of the node meets no REJECT for an address that is not the node's own.
    return packet.isOwn && !isNodePort ? NO_MATCH : REJECT;
  }
  if (isVip && !isAllowed(service, node, packet)) return DROP;
  if (!service.externalPolicyLocal) return spread(lists.cluster, packet, true);
  if (isPod) return spread(lists.cluster, packet, false);
  if (node.addresses.includes(packet.src)) return spread(lists.cluster, packet, true);
  return lists.local.length === 0 ? DROP : spread(lists.local, packet, false);
}

function isAllowed(service: ServicePort, node: ProxyNode, { src, dst }: Dialled): boolean {
  const ranges = service.loadBalancerSourceRanges.map((range) => cidr(range));
  if (ranges.length === 0 || ranges.some((range) => contains(range, src))) return true;
  return src === dst && ranges.some((range) => contains(range, node.addresses[0]!));
}

interface Lists {
  readonly cluster: readonly Endpoint[];
  readonly local: readonly Endpoint[];
  readonly hasAny: boolean;
}

function listsOf(endpoints: readonly Endpoint[], node: ProxyNode): Lists {
  const here = endpoints.filter(({ nodeName }) => nodeName === node.name);
  const cluster = usable(endpoints);
  return { cluster, local: usable(here), hasAny: cluster.length > 0 };
}

function usable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  if (ready.length > 0) return ready;
  return endpoints.filter(({ serving, terminating }) => serving && terminating);
}

function spread(list: readonly Endpoint[], packet: Dialled, mark: boolean): Decision {
  const targets = list.map((endpoint) => {
    const isHairpin = endpoint.ip === packet.src;
    const text = formatEndpoint(endpoint.ip, endpoint.port);
    return mark || isHairpin ? `${text} masqueraded` : text;
  });
  return { verdict: 'dnat', targets: targets.sort() };
}
