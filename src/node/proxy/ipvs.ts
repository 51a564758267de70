// kube-proxy's IPVS mode, deprecated since 1.35 (KEP-5495): Services and endpoints in, virtual
// servers out, with ipsets and a few iptables rules for what IPVS cannot do.
// source: pkg/proxy/ipvs/proxier.go

import type { IP } from '../../values/ip';
import { compareText } from '../../values/order';
import { renderIptables } from '../netfilter/render-iptables';
import { renderIpsets, renderVirtualServers } from '../netfilter/render-ipvs';
import type { NamedSet, Ruleset } from '../netfilter/ruleset';
import { SCHEDULERS, virtualServerKey } from '../netfilter/virtual-server';
import type { VirtualServer, VirtualServerTable } from '../netfilter/virtual-server';
import { endpointText } from './categorize-endpoints';
import { servicePortText } from './chain-names';
import { GracefulTermination } from './graceful-termination';
import { IPSET_FIELDS, ipsetName, ipvsTables } from './ipvs-rules';
import type { AnyIpset } from './ipvs-rules';
import { hasNodePortByAddress, ipvsServiceRules, RangeElements } from './ipvs-service';
import type { IpvsServiceRules } from './ipvs-service';
import { isLoopback, nodePortAddresses } from './node-port-addresses';
import type { Endpoint, ProxyInput, ProxyMode, ProxyNode, ServicePortName } from './proxy-mode';
import { OwnRulesets, Rulesets } from './ruleset-cache';

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
const ownRulesets = new OwnRulesets();

function compile(input: ProxyInput, node: ProxyNode): Ruleset {
  const isByAddress = [...input.servicePorts.values()].some(hasNodePortByAddress);
  const { scheduler, clusterCIDR, masqueradeAll, kubernetes } = node;
  const configuration = [
    scheduler,
    clusterCIDR,
    masqueradeAll,
    kubernetes,
    isByAddress ? servedAddresses(node).join(' ') : '',
  ];
  const shared = rulesets.of(input, node, configuration, () => assemble(input, node));
  return ownRulesets.of(shared, node, () => withOwn(shared, input, node));
}

/** What all nodes have in common. */
function assemble(input: ProxyInput, node: ProxyNode): Ruleset {
  const services = partsOf(input, node);
  const all = services.flatMap((it) => it.virtualServers);
  const table: VirtualServerTable = {
    servers: new Map(all.map((it) => [keyOf(it), it] as const)),
    addresses: new Set(services.flatMap((it) => it.addresses)),
  };
  return { tables: new Map(), sets: setsOf(services, node), ipvs: table };
}

/**
 * A node's own: NodePorts are virtual servers of its addresses, and pods that reach themselves are
 * those of the node.
 */
function withOwn(shared: Ruleset, input: ProxyInput, node: ProxyNode): Ruleset {
  const servers = new Map(shared.ipvs!.servers);
  for (const { nodePortServer } of partsOf(input, node)) {
    if (nodePortServer === undefined) continue;
    for (const address of servedAddresses(node)) {
      const virtual: VirtualServer = { ...nodePortServer, address };
      servers.set(keyOf(virtual), virtual);
    }
  }
  const hairpin = hairpinKeys(input, node);
  const sets = new Map(shared.sets);
  if (hairpin.length > 0) sets.set(ipsetName('LOOP-BACK', node), setOf('LOOP-BACK', hairpin, node));
  return { tables: ipvsTables(node, sets), sets, ipvs: { ...shared.ipvs!, servers } };
}

function partsOf(input: ProxyInput, node: ProxyNode): IpvsServiceRules[] {
  const addresses = servedAddresses(node);
  return [...input.servicePorts].map(([key, service]) => {
    return ipvsServiceRules(service, input.endpoints.get(key) ?? NO_ENDPOINTS, node, addresses);
  });
}

function keyOf({ protocol, address, port }: VirtualServer): string {
  return virtualServerKey(protocol, address, port);
}

/** The sets that are not empty, by name. */
function setsOf(
  services: readonly IpvsServiceRules[],
  node: ProxyNode,
): ReadonlyMap<string, NamedSet> {
  const keys = new Map<AnyIpset, string[]>([
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
function hairpinKeys(input: ProxyInput, node: ProxyNode): readonly string[] {
  let byNode = hairpins.get(input);
  if (byNode === undefined) hairpins.set(input, (byNode = hairpinKeysByNode(input)));
  return byNode.get(node.name) ?? [];
}

const hairpins = new WeakMap<ProxyInput, ReadonlyMap<string, readonly string[]>>();

function hairpinKeysByNode(input: ProxyInput): ReadonlyMap<string, readonly string[]> {
  const byNode = new Map<string, string[]>();
  for (const [key, { id }] of input.servicePorts) {
    const protocol = id.protocol.toLowerCase();
    for (const { ip, port, nodeName } of input.endpoints.get(key) ?? NO_ENDPOINTS) {
      const element = `${ip} . ${protocol} . ${port} . ${ip}`;
      const keys = byNode.get(nodeName);
      if (keys === undefined) byNode.set(nodeName, [element]);
      else keys.push(element);
    }
  }
  return byNode;
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
