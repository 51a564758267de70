// kube-proxy's IPVS mode, deprecated since 1.35 (KEP-5495): Services and endpoints in, virtual
// servers out, with ipsets and a few iptables rules for what IPVS cannot do.
// source: pkg/proxy/ipvs/proxier.go

import type { IP } from '../../values/ip';
import { compareText } from '../../values/order';
import { OverlayMap } from '../../values/overlay-map';
import { renderIptables } from '../netfilter/render-iptables';
import { renderIpsets, renderVirtualServers } from '../netfilter/render-ipvs';
import type { NamedSet, Ruleset } from '../netfilter/ruleset';
import {
  nodePortKey,
  SCHEDULERS,
  virtualServerKey,
  virtualServersOf,
} from '../netfilter/virtual-server';
import type {
  NodePortServer,
  VirtualServer,
  VirtualServerTable,
} from '../netfilter/virtual-server';
import { endpointText } from './categorize-endpoints';
import { servicePortText } from './chain-names';
import { GracefulTermination } from './graceful-termination';
import { hairpinElements } from './ipvs-hairpin';
import { IPSET_FIELDS, ipsetName, ipvsTables } from './ipvs-rules';
import type { AnyIpset } from './ipvs-rules';
import { Elements, RangeElements } from './ipset-elements';
import { hasNodePortByAddress, ipvsServiceRules } from './ipvs-service';
import type { IpvsServiceRules } from './ipvs-service';
import { isLoopback, nodePortAddresses } from './node-port-addresses';
import type { Endpoint, ProxyInput, ProxyMode, ProxyNode, ServicePortName } from './proxy-mode';
import { leaves, revisedEntries, RevisedRulesets } from './revised-rulesets';
import type { Assembly } from './revised-rulesets';
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
const revisions = new RevisedRulesets<IpvsServiceRules>();
const ownRulesets = new OwnRulesets();

function compile(input: ProxyInput, node: ProxyNode): Ruleset {
  const { scheduler, clusterCIDR, masqueradeAll, kubernetes } = node;
  const configuration = [
    node.family,
    scheduler,
    clusterCIDR,
    masqueradeAll,
    kubernetes,
    dependsOnAddresses(input) ? servedAddresses(node).join(' ') : '',
  ].join('|');
  const shared = rulesets.of(input, node, configuration, () => {
    return revisions.of(input, configuration, assemblyFor(node));
  });
  return ownRulesets.of(shared, node, () => withOwn(shared, input, node));
}

const dependents = new WeakMap<ProxyInput['servicePorts'], boolean>();

/** Whether a set holds the addresses of the node itself. */
function dependsOnAddresses({ servicePorts }: ProxyInput): boolean {
  let depends = dependents.get(servicePorts);
  if (depends === undefined) {
    depends = [...servicePorts.values()].some(hasNodePortByAddress);
    dependents.set(servicePorts, depends);
  }
  return depends;
}

/** What all nodes have in common. */
function assemblyFor(node: ProxyNode): Assembly<IpvsServiceRules> {
  const nodeAddresses = servedAddresses(node);
  return {
    part: (service, endpoints = NO_ENDPOINTS) => {
      return ipvsServiceRules(service, endpoints, node, nodeAddresses);
    },
    assemble: (parts) => {
      const services = [...parts.values()];
      const table: VirtualServerTable = {
        servers: OverlayMap.of(new Map(services.flatMap(serversOf))),
        nodePorts: OverlayMap.of(new Map(services.flatMap(nodePortsOf))),
        nodePortAddresses: [],
        addresses: new Set(services.flatMap((it) => it.addresses)),
      };
      return { tables: new Map(), sets: setsOf(services, node), ipvs: table };
    },
    revise: ({ tables, sets: before, ipvs: table }, changes, parts) => {
      const servers = revisedEntries(table!.servers, changes, serversOf);
      const nodePorts = revisedEntries(table!.nodePorts, changes, nodePortsOf);
      const isSame = leaves(changes, ({ elements }) => [...elements]);
      const sets = isSame ? before! : setsOf([...parts.values()], node);
      return { tables, sets, ipvs: { ...table!, servers, nodePorts } };
    },
  };
}

function serversOf({ virtualServers }: IpvsServiceRules): (readonly [string, VirtualServer])[] {
  return virtualServers.map((it) => {
    return [virtualServerKey(it.protocol, it.address, it.port), it] as const;
  });
}

function nodePortsOf({
  nodePortServer: server,
}: IpvsServiceRules): (readonly [string, NodePortServer])[] {
  return server === undefined ? [] : [[nodePortKey(server.protocol, server.port), server]];
}

/**
 * A node's own: the addresses on which NodePorts are virtual servers, and the pods that reach
 * themselves.
 */
function withOwn(shared: Ruleset, input: ProxyInput, node: ProxyNode): Ruleset {
  const nodePortAddresses = servedAddresses(node);
  const sets = new Map(shared.sets);
  const hairpin = hairpinElements(input, node.name);
  if (hairpin !== undefined) {
    const name = ipsetName('LOOP-BACK', node);
    sets.set(name, { name, fields: IPSET_FIELDS['LOOP-BACK'], elements: hairpin });
  }
  const ipvs = { ...shared.ipvs!, nodePortAddresses };
  return { tables: ipvsTables(node, sets), sets, ipvs };
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
  if (key !== 'LOAD-BALANCER-SOURCE-CIDR') return { ...common, elements: new Elements(elements) };
  return { ...common, elements: new RangeElements(elements), ranges: true };
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
  for (const { comment, protocol, servers } of table === undefined ? [] : virtualServersOf(table)) {
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
