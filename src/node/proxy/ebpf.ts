// Cilium in place of kube-proxy: connections of pods and hosts are translated in their sockets, so
// that the wire shows the backend from the first packet and no host on the way translates
// anything; what comes from outside is translated at the node's devices.
// source: cilium Documentation/network/kubernetes/kubeproxy-free.rst; bpf/bpf_sock.c
//
// North-south traffic is modelled in SNAT mode. Its entries stand in the host's connection table
// of the model, where the real ones are in Cilium's own maps (`cilium bpf ct list`, not
// `conntrack -L`). DSR, XDP, and pods that bypass socket balancing are not modelled. The algorithm
// is `random`; with `maglev` the same backends are possible.

import type { IP } from '../../values/ip';
import { formatEndpoint } from '../../values/ip';
import { compareText, sortedBy } from '../../values/order';
import { nodePortKey } from '../netfilter/ebpf';
import type { Backend, EbpfTable, Frontend } from '../netfilter/ebpf';
import type { Ruleset } from '../netfilter/ruleset';
import { virtualServerKey } from '../netfilter/virtual-server';
import { categorizeEndpoints, endpointText } from './categorize-endpoints';
import { servicePortText } from './chain-names';
import { isLoopback, nodePortAddresses } from './node-port-addresses';
import type { Endpoint, ProxyInput, ProxyMode, ProxyNode, ServicePort } from './proxy-mode';
import type { ServicePortName } from './proxy-mode';
import { nodeKey, OwnRulesets, Rulesets, ServiceParts } from './ruleset-cache';

export const ebpf: ProxyMode = {
  name: 'ebpf',
  minSyncPeriod: 'cilium.minSyncPeriod',
  compile,
  endpointsOf,
  render: ({ ebpf: table }) => (table === undefined ? '' : renderServices(table)),
};

/** Where programs for traffic from outside are attached: what has the default route. */
const DEVICES: readonly string[] = ['eth0'];

const NO_ENDPOINTS: readonly Endpoint[] = [];
const rulesets = new Rulesets();
const ownRulesets = new OwnRulesets();

function compile(input: ProxyInput, node: ProxyNode): Ruleset {
  const configuration = [node.nodeAddresses?.join(' '), node.kubernetes];
  const shared = rulesets.of(input, node, configuration, () => assemble(input, node));
  return ownRulesets.of(shared, node, () => {
    const { addresses } = nodePortAddresses(node.nodePortAddresses, node.family, node.addresses);
    const address = addresses.find((it) => !isLoopback(it));
    return { ...shared, ebpf: { ...shared.ebpf!, host: node.name, address } };
  });
}

/** What one Service port adds to the maps. */
interface EbpfServiceParts {
  readonly sockets: readonly (readonly [string, Frontend])[];
  readonly inbound: readonly (readonly [string, Frontend])[];
}

const parts = new ServiceParts<EbpfServiceParts>();

/** What all nodes have in common. */
function assemble(input: ProxyInput, node: ProxyNode): Ruleset {
  const services = [...input.servicePorts].map(([key, service]) => {
    const endpoints = input.endpoints.get(key) ?? NO_ENDPOINTS;
    const variant = `${node.kubernetes}|${nodeKey(service, endpoints, node)}`;
    return parts.of(service, endpoints, variant, () => serviceParts(service, endpoints, node));
  });
  const clusterIPs = new Set([...input.servicePorts.values()].map(({ clusterIP }) => clusterIP));
  const table: EbpfTable = {
    sockets: new Map(services.flatMap(({ sockets }) => sockets)),
    inbound: new Map(services.flatMap(({ inbound }) => inbound)),
    clusterIPs,
    devices: DEVICES,
    nodes: new Set(node.nodeAddresses ?? []),
    host: '',
    address: undefined,
  };
  return { tables: new Map(), ebpf: table };
}

function serviceParts(
  service: ServicePort,
  endpoints: readonly Endpoint[],
  node: ProxyNode,
): EbpfServiceParts {
  const { id, clusterIP, externalIPs, loadBalancerVIPs, nodePort, port } = service;
  // SCTP is balanced at the devices only, and without translation of ports.
  if (id.protocol === 'SCTP') return { sockets: [], inbound: [] };
  const fronts = new Fronts(service, endpoints, node);
  const keyOf = (address: IP) => virtualServerKey(id.protocol, address, port);
  const byPort = nodePort === undefined ? [] : [nodePortKey(id.protocol, nodePort)];
  const fromInside = fronts.fromInside();
  const fromOutside = fronts.fromOutside();
  const balanced = fronts.withSources(fromOutside);
  return {
    sockets: [
      [keyOf(clusterIP), fronts.internal()],
      ...[...externalIPs, ...loadBalancerVIPs].map((it) => [keyOf(it), fromInside] as const),
      ...byPort.map((key) => [key, fromInside] as const),
    ],
    inbound: [
      ...externalIPs.map((it) => [keyOf(it), fromOutside] as const),
      ...loadBalancerVIPs.map((it) => [keyOf(it), balanced] as const),
      ...byPort.map((key) => [key, fromOutside] as const),
    ],
  };
}

/** The same Service port as different clients find it. */
class Fronts {
  private readonly service: ServicePort;
  private readonly cluster: readonly Endpoint[];
  private readonly local: readonly Endpoint[];
  private readonly hasAny: boolean;

  constructor(service: ServicePort, endpoints: readonly Endpoint[], node: ProxyNode) {
    const { cluster, local, hasAny } = categorizeEndpoints(endpoints, service, node);
    this.service = service;
    this.cluster = cluster;
    this.local = local;
    this.hasAny = hasAny;
  }

  internal(): Frontend {
    return this.front(this.service.internalPolicyLocal ? this.local : this.cluster);
  }

  /** No policy holds clients in the cluster: they could as well have dialled the clusterIP. */
  fromInside(): Frontend {
    return this.front(this.cluster);
  }

  fromOutside(): Frontend {
    return this.front(this.service.externalPolicyLocal ? this.local : this.cluster);
  }

  /** Source ranges hold for clients outside only. */
  withSources(front: Frontend): Frontend {
    const { loadBalancerSourceRanges: sources } = this.service;
    return sources.length === 0 ? front : { ...front, sources };
  }

  private front(endpoints: readonly Endpoint[]): Frontend {
    const { id, affinitySeconds } = this.service;
    const backends = endpoints.map(({ ip, port, nodeName }): Backend => {
      return { address: ip, port, host: nodeName };
    });
    return {
      backends,
      onEmpty: this.hasAny ? 'drop' : 'reject',
      ...(affinitySeconds !== undefined && { affinity: affinitySeconds }),
      comment: servicePortText(id),
    };
  }
}

function endpointsOf({ ebpf: table }: Ruleset, id: ServicePortName): readonly string[] {
  const text = servicePortText(id);
  const endpoints = new Set<string>();
  for (const [key, { comment, backends }] of table?.sockets ?? []) {
    if (comment !== text || !key.startsWith(`${id.protocol} `)) continue;
    for (const { address, port } of backends) endpoints.add(endpointText({ ip: address, port }));
  }
  return [...endpoints].sort(compareText);
}

/**
 * The frontends with their backends, much as `cilium bpf lb list` shows them: those of sockets
 * first, then what is only found from outside.
 */
function renderServices({ sockets, inbound }: EbpfTable): string {
  const lines = [...linesOf('socket', sockets), ...linesOf('inbound', inbound)];
  return `${['WHERE    FRONTEND                     BACKENDS', ...lines].join('\n')}\n`;
}

function linesOf(where: string, fronts: ReadonlyMap<string, Frontend>): string[] {
  return sortedBy(fronts, ([key]) => key).map(([key, { backends }]) => {
    const texts = backends.map(({ address, port }) => formatEndpoint(address, port));
    return `${where.padEnd(8)} ${key.padEnd(28)} ${texts.join(', ') || 'none'}`;
  });
}
