// Cilium in place of kube-proxy: connections of pods and hosts are translated in their sockets, so
// that the wire shows the backend from the first packet and no host on the way translates
// anything; what comes from outside is translated at the node's devices, and goes on to other
// nodes by SNAT or with the Service address on board (ebpf-settings.ts).
// source: cilium Documentation/network/kubernetes/kubeproxy-free.rst; bpf/bpf_sock.c
//
// The entries of north-south traffic stand in the host's connection table of the model, where the
// real ones are in Cilium's own maps (`cilium bpf ct list`, not `conntrack -L`). XDP, and pods
// that bypass socket balancing are not modelled.

import { OverlayMap } from '../../values/overlay-map';
import type { IP } from '../../values/ip';
import { formatEndpoint } from '../../values/ip';
import { compareText, sortedBy } from '../../values/order';
import type { Backend, EbpfTable, Frontend } from '../netfilter/ebpf';
import type { Ruleset } from '../netfilter/ruleset';
import { nodePortKey, virtualServerKey } from '../netfilter/virtual-server';
import { categorizeEndpoints, endpointText } from './categorize-endpoints';
import { servicePortText } from './chain-names';
import { EBPF_SETTINGS, forwardingOf, problemsOf } from './ebpf-settings';
import { isLoopback, nodePortAddresses } from './node-port-addresses';
import type { Endpoint, ProxyInput, ProxyMode, ProxyNode, ServicePort } from './proxy-mode';
import type { ServicePortName } from './proxy-mode';
import { revisedEntries, RevisedRulesets } from './revised-rulesets';
import type { Assembly } from './revised-rulesets';
import { nodeKey, OwnRulesets, Rulesets, ServiceParts } from './ruleset-cache';

export const ebpf: ProxyMode = {
  name: 'ebpf',
  minSyncPeriod: 'cilium.minSyncPeriod',
  settings: EBPF_SETTINGS,
  problemsOf,
  compile,
  endpointsOf,
  render: ({ ebpf: table }) => (table === undefined ? '' : renderServices(table)),
};

/** Where programs for traffic from outside are attached: what has the default route. */
const DEVICES: readonly string[] = ['eth0'];

const NO_ENDPOINTS: readonly Endpoint[] = [];
const rulesets = new Rulesets();
const revisions = new RevisedRulesets<EbpfServiceParts>();
const ownRulesets = new OwnRulesets();

function compile(input: ProxyInput, node: ProxyNode): Ruleset {
  const configuration = `${node.family}|${configurationKey(node)}`;
  const shared = rulesets.of(input, node, configuration, () => {
    return revisions.of(input, configuration, assemblyFor(input, node));
  });
  return ownRulesets.of(shared, node, () => {
    const { addresses } = nodePortAddresses(node.nodePortAddresses, node.family, node.addresses);
    const address = addresses.find((it) => !isLoopback(it));
    const nodes = addressesOfAll(node);
    return { ...shared, ebpf: { ...shared.ebpf!, nodes, host: node.name, address } };
  });
}

/** What the maps depend on besides Services, endpoints and the place of the node. */
function configurationKey({ kubernetes, options }: ProxyNode): string {
  const { mode, dispatch, maglev } = forwardingOf(options);
  const table = maglev === undefined ? '' : `${maglev.tableSize} ${maglev.hashSeed}`;
  return [kubernetes, mode, dispatch, table].join('|');
}

const NO_ADDRESSES: readonly IP[] = [];
const addressSets = new WeakMap<readonly IP[], ReadonlySet<IP>>();

/** One set for all nodes of a cluster, which are handed the same list. */
function addressesOfAll({ nodeAddresses = NO_ADDRESSES }: ProxyNode): ReadonlySet<IP> {
  let addresses = addressSets.get(nodeAddresses);
  if (addresses === undefined) addressSets.set(nodeAddresses, (addresses = new Set(nodeAddresses)));
  return addresses;
}

/** What one Service port adds to the maps. */
interface EbpfServiceParts {
  readonly sockets: readonly (readonly [string, Frontend])[];
  readonly inbound: readonly (readonly [string, Frontend])[];
}

const parts = new ServiceParts<EbpfServiceParts>();

/** What all nodes have in common. */
function assemblyFor(input: ProxyInput, node: ProxyNode): Assembly<EbpfServiceParts> {
  const configuration = configurationKey(node);
  return {
    part: (service, endpoints = NO_ENDPOINTS) => {
      const variant = `${configuration}|${nodeKey(service, endpoints, node)}`;
      return parts.of(service, endpoints, variant, () => serviceParts(service, endpoints, node));
    },
    assemble: (all) => {
      const services = [...all.values()];
      const clusterIPs = new Set([...input.servicePorts.values()].map((it) => it.clusterIP));
      const table: EbpfTable = {
        sockets: OverlayMap.of(new Map(services.flatMap(({ sockets }) => sockets))),
        inbound: OverlayMap.of(new Map(services.flatMap(({ inbound }) => inbound))),
        clusterIPs,
        devices: DEVICES,
        forwarding: forwardingOf(node.options),
        nodes: new Set(),
        host: '',
        address: undefined,
      };
      return { tables: new Map(), ebpf: table };
    },
    revise: ({ tables, ebpf: before }, changes) => {
      const sockets = revisedEntries(before!.sockets, changes, (it) => it.sockets);
      const inbound = revisedEntries(before!.inbound, changes, (it) => it.inbound);
      return { tables, ebpf: { ...before!, sockets, inbound } };
    },
  };
}

function serviceParts(
  service: ServicePort,
  endpoints: readonly Endpoint[],
  node: ProxyNode,
): EbpfServiceParts {
  const { id, clusterIP, externalIPs, loadBalancerVIPs, nodePort, port } = service;
  // SCTP is a beta that is off by default, and no part of the replacement of kube-proxy.
  // source: cilium/cilium Documentation/configuration/sctp.rst
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
 * first, then what is only found from outside. In front, what `cilium status --verbose` says of
 * the modes, where they are not the default ones.
 */
function renderServices({ sockets, inbound, forwarding }: EbpfTable): string {
  const lines = [...linesOf('socket', sockets), ...linesOf('inbound', inbound)];
  const head = [...modeLines(forwarding), 'WHERE    FRONTEND                     BACKENDS'];
  return `${[...head, ...lines].join('\n')}\n`;
}

/** source: cilium pkg/client/client.go FormatStatusResponse (KubeProxyReplacement Details) */
function modeLines({ mode, dispatch, maglev }: EbpfTable['forwarding']): string[] {
  const lines: string[] = [];
  if (mode !== 'snat') {
    const name = { dsr: 'DSR', hybrid: 'Hybrid' }[mode];
    const words = { opt: 'IP Option/Extension', geneve: 'Geneve' };
    lines.push(`Mode: ${name}`, `DSR Dispatch Mode: ${words[dispatch]}`);
  }
  if (maglev !== undefined) {
    lines.push(`Backend Selection: Maglev (Table Size: ${maglev.tableSize})`);
  }
  return lines;
}

function linesOf(where: string, fronts: ReadonlyMap<string, Frontend>): string[] {
  return sortedBy(fronts, ([key]) => key).map(([key, { backends }]) => {
    const texts = backends.map(({ address, port }) => formatEndpoint(address, port));
    return `${where.padEnd(8)} ${key.padEnd(28)} ${texts.join(', ') || 'none'}`;
  });
}
