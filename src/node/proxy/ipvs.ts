// kube-proxy's IPVS mode, deprecated since 1.35 (KEP-5495): Services and endpoints in, virtual
// servers out, with ipsets and a few iptables rules for what IPVS cannot do.
// source: pkg/proxy/ipvs/proxier.go

import type { IP } from '../../values/ip';
import { compareText } from '../../values/order';
import { renderIptables } from '../netfilter/render-iptables';
import { renderIpsets, renderVirtualServers } from '../netfilter/render-ipvs';
import type { NamedSet, Ruleset } from '../netfilter/ruleset';
import { SCHEDULERS, virtualServerKey } from '../netfilter/virtual-server';
import type { VirtualServerTable } from '../netfilter/virtual-server';
import { endpointText } from './categorize-endpoints';
import { servicePortText } from './chain-names';
import { GracefulTermination } from './graceful-termination';
import { IPSET_FIELDS, ipsetName, ipvsTables } from './ipvs-rules';
import type { AnyIpset } from './ipvs-rules';
import { ipvsServiceRules, RangeElements } from './ipvs-service';
import type { IpvsServiceRules } from './ipvs-service';
import { isLoopback, nodePortAddresses } from './node-port-addresses';
import type { Endpoint, ProxyInput, ProxyMode, ProxyNode, ServicePortName } from './proxy-mode';
import { Rulesets } from './ruleset-cache';

export const ipvs: ProxyMode = {
  name: 'ipvs',
  minSyncPeriod: 'kube-proxy.ipvs.minSyncPeriod',
  settings: {
    scheduler: {
      description: 'How a virtual server chooses among its real servers.',
      enum: SCHEDULERS,
    },
  },
  compile,
  endpointsOf,
  render,
  replacement: () => new GracefulTermination(),
};

const NO_ENDPOINTS: readonly Endpoint[] = [];
const rulesets = new Rulesets();

function compile(input: ProxyInput, node: ProxyNode): Ruleset {
  const addresses = servedAddresses(node);
  const configuration = [
    // NodePorts are virtual servers of the node's own addresses, and pods that reach themselves
    // are those of the node: no two nodes have equal rules.
    node.name,
    addresses.join(' '),
    node.scheduler,
    node.clusterCIDR,
    node.masqueradeAll,
    node.kubernetes,
  ];
  return rulesets.of(input, node, configuration, () => assemble(input, node, addresses));
}

function assemble(input: ProxyInput, node: ProxyNode, addresses: readonly IP[]): Ruleset {
  const services = [...input.servicePorts].map(([key, service]) => {
    return ipvsServiceRules(service, input.endpoints.get(key) ?? NO_ENDPOINTS, node, addresses);
  });
  const sets = setsOf(input, services, node);
  return { tables: ipvsTables(node, sets), sets, ipvs: virtualServers(services) };
}

function virtualServers(services: readonly IpvsServiceRules[]): VirtualServerTable {
  const all = services.flatMap((it) => it.virtualServers);
  return {
    servers: new Map(
      all.map((it) => [virtualServerKey(it.protocol, it.address, it.port), it] as const),
    ),
    addresses: new Set(services.flatMap((it) => it.addresses)),
  };
}

/** The sets that are not empty, by name. */
function setsOf(
  input: ProxyInput,
  services: readonly IpvsServiceRules[],
  node: ProxyNode,
): ReadonlyMap<string, NamedSet> {
  const keys = new Map<AnyIpset, string[]>([
    ['LOOP-BACK', hairpinKeys(input, node)],
    ['IPVS-IPS', services.flatMap(({ addresses }) => addresses)],
  ]);
  for (const { elements } of services) {
    for (const [name, own] of elements) {
      const all = keys.get(name);
      if (all === undefined) keys.set(name, [...own]);
      else all.push(...own);
    }
  }
  const sets = new Map<string, NamedSet>();
  for (const key of Object.keys(IPSET_FIELDS) as AnyIpset[]) {
    const elements = keys.get(key) ?? [];
    if (elements.length > 0) sets.set(ipsetName(key, node), setOf(key, elements, node));
  }
  return sets;
}

function setOf(key: AnyIpset, elements: readonly string[], node: ProxyNode): NamedSet {
  const common = { name: ipsetName(key, node), fields: IPSET_FIELDS[key] };
  if (key !== 'LOAD-BALANCER-SOURCE-CIDR') return { ...common, elements: new Set(elements) };
  return { ...common, elements: new RangeElements(elements), ranges: true };
}

/** Every endpoint of this node, in whatever condition: who comes from where it goes to. */
function hairpinKeys(input: ProxyInput, node: ProxyNode): string[] {
  const keys: string[] = [];
  for (const [key, { id }] of input.servicePorts) {
    for (const { ip, port, nodeName } of input.endpoints.get(key) ?? NO_ENDPOINTS) {
      if (nodeName !== node.name) continue;
      keys.push(`${ip} . ${id.protocol.toLowerCase()} . ${port} . ${ip}`);
    }
  }
  return keys;
}

/** Where NodePorts answer: every selected address of the host but loopback. */
function servedAddresses(node: ProxyNode): readonly IP[] {
  const { addresses } = nodePortAddresses(node.nodePortAddresses, node.family, node.addresses);
  return addresses.filter((address) => !isLoopback(address));
}

/** Those that take new connections; a server with weight 0 is being drained. */
function endpointsOf({ ipvs: table }: Ruleset, id: ServicePortName): readonly string[] {
  const text = servicePortText(id);
  const endpoints = new Set<string>();
  for (const { comment, protocol, servers } of table?.servers.values() ?? []) {
    if (comment !== text || protocol !== id.protocol) continue;
    for (const { address, port, weight } of servers) {
      if (weight > 0) endpoints.add(endpointText({ ip: address, port }));
    }
  }
  return [...endpoints].sort(compareText);
}

/** The three tools that this mode needs, each in its own words. */
function render(ruleset: Ruleset): string {
  const family = ruleset.ipvs?.addresses.values().next().value?.includes(':') ? 'IPv6' : 'IPv4';
  const blocks = [
    `# ipset save\n${renderIpsets(ruleset.sets?.values() ?? [], family)}`,
    `# iptables-save\n${renderIptables(ruleset)}`,
  ];
  if (ruleset.ipvs !== undefined) {
    blocks.push(`# ipvsadm -ln\n${renderVirtualServers(ruleset.ipvs)}`);
  }
  return blocks.join('\n');
}
