// kube-proxy's nftables mode: Services and endpoints in, one nft table out. A packet finds its
// Service by one look into a map, however many Services there are.
// source: pkg/proxy/nftables/proxier.go setupNFTables, syncProxyRules; README.md

import { isAtLeast } from '../../values/kube-version';
import type { KubeVersion } from '../../values/kube-version';
import { compareText } from '../../values/order';
import { OverlayMap } from '../../values/overlay-map';
import { renderNftables } from '../netfilter/render-nftables';
import type {
  BaseChain,
  Chain,
  Field,
  MapElement,
  Match,
  NamedSet,
  NftTable,
  Rule,
  Ruleset,
  VerdictMap,
} from '../netfilter/ruleset';
import { endpointText } from './categorize-endpoints';
import { MARKED, MASQUERADE_MARK, POSTROUTING_RULES } from './masquerade';
import { nftServiceNames } from './nftables-names';
import { isFlat, markTarget, nftConfigurationKey, nftServiceRules } from './nftables-service';
import type { NftServiceRules, ServiceMapName } from './nftables-service';
import { hairpinConnections } from './nftables-hairpin';
import { isLoopback, nodePortAddresses } from './node-port-addresses';
import type { NodePortAddresses } from './node-port-addresses';
import type { ProxyInput, ProxyMode, ProxyNode, ServicePortName } from './proxy-mode';
import { chainChanges, chainNames, leaves, RevisedRulesets } from './revised-rulesets';
import type { Assembly, Revised } from './revised-rulesets';
import { OwnRulesets, Rulesets } from './ruleset-cache';
import { StaleChains } from './stale-chains';

/** The mode, alpha in 1.29 and stable since 1.33 (KEP-3866). */
export const nftables: ProxyMode = {
  name: 'nftables',
  since: '1.29',
  upkeep: { takesLock: false, watchesCanary: false, hasOwnTable: true },
  compile,
  render: renderNftables,
  endpointsOf,
  replacement: (timing) => new StaleChains(timing.delay('kube-proxy.staleChainAge').least),
};

const rulesets = new Rulesets();
const revisions = new RevisedRulesets<NftServiceRules>();
const ownRulesets = new OwnRulesets();

function compile(input: ProxyInput, node: ProxyNode): Ruleset {
  const configuration = configurationOf(node);
  const shared = rulesets.of(input, node, configuration, () => {
    return revisions.of(input, configuration, assemblyFor(input, node));
  });
  return ownRulesets.of(shared, node, () => withOwnSets(shared, input, node));
}

/** A node is one object for as long as a process runs on it. */
const configurations = new WeakMap<ProxyNode, string>();

/** A text that is equal for nodes with equal rules but for Services, endpoints and own sets. */
function configurationOf(node: ProxyNode): string {
  let configuration = configurations.get(node);
  if (configuration === undefined) {
    const { all } = acceptingAddresses(node);
    const ranges = droppedRanges(node).join(' ');
    const parts = [node.family, nftConfigurationKey(node), all, ranges, dropsInvalid(node)];
    configurations.set(node, (configuration = parts.join('|')));
  }
  return configuration;
}

/** A node's own: where NodePorts answer, and the connections to itself of its endpoints. */
function withOwnSets(shared: Ruleset, input: ProxyInput, node: ProxyNode): Ruleset {
  const nft = shared.nft!;
  const { all, addresses } = acceptingAddresses(node);
  const common = [...nft.sets.values()];
  const own: NamedSet[] = isFlat(node) ? [hairpinConnections(input, node)] : [];
  const clusterIPs = common.filter(({ name }) => name === 'cluster-ips');
  const nodePortIPs: NamedSet = {
    name: 'nodeport-ips',
    fields: ['destination'],
    elements: new Set<string>(addresses),
    comment: 'IPs that accept NodePort traffic',
  };
  const affinity = common.filter((set) => !clusterIPs.includes(set));
  const sets = [...own, ...clusterIPs, ...(all ? [] : [nodePortIPs]), ...affinity];
  return { ...shared, nft: { ...nft, sets: byName(sets) } };
}

function assemblyFor(input: ProxyInput, node: ProxyNode): Assembly<NftServiceRules> {
  const common = commonChains(node);
  const configuration = nftConfigurationKey(node);
  return {
    part: (service, endpoints) => nftServiceRules(service, endpoints, node, configuration),
    assemble: (parts) => {
      const services = [...parts.values()];
      const nft: NftTable = {
        name: 'kube-proxy',
        family: node.family,
        comment: 'rules for kube-proxy',
        sets: byName(setsOf(input, services)),
        maps: byName(MAPS.map((map) => filled(map, services))),
        baseChains: dropsInvalid(node) ? FIRST_BASE_CHAINS : BASE_CHAINS,
        chains: byName([...common, ...services.flatMap(({ chains }) => chains)]),
      };
      return { tables: new Map(), nft };
    },
    revise: ({ tables, nft: before }, changes, parts) => {
      const shared = common.map(({ name }) => name);
      const order = () => chainNames(shared, parts);
      const chains = OverlayMap.of(before!.chains).with(chainChanges(changes), order);
      const maps = revisedMaps(before!.maps, changes, parts);
      const isSame = leaves(changes, (it) => it.affinitySets);
      const sets = isSame ? before!.sets : byName(setsOf(input, [...parts.values()]));
      return { tables, nft: { ...before!, sets, maps, chains } };
    },
  };
}

/** A map stays one object where no element of the changed Services is another. */
function revisedMaps(
  before: NftTable['maps'],
  changes: readonly Revised<NftServiceRules>[],
  parts: ReadonlyMap<string, NftServiceRules>,
): NftTable['maps'] {
  const maps = MAPS.map((map) => {
    const isSame = leaves(changes, (it) => it.elements[map.name]);
    return isSame ? before.get(map.name)! : filled(map, [...parts.values()]);
  });
  return byName(maps);
}

const SERVICE_KEY: readonly Field[] = ['destination', 'protocol', 'destination-port'];
const NODE_PORT_KEY: readonly Field[] = ['protocol', 'destination-port'];

type MapWithoutElements = Omit<VerdictMap, 'elements'> & { readonly name: ServiceMapName };

const MAPS: readonly MapWithoutElements[] = [
  {
    name: 'no-endpoint-services',
    fields: SERVICE_KEY,
    comment: 'vmap to drop or reject packets to services with no endpoints',
  },
  {
    name: 'no-endpoint-nodeports',
    fields: NODE_PORT_KEY,
    comment: 'vmap to drop or reject packets to service nodeports with no endpoints',
  },
  {
    name: 'firewall-ips',
    fields: SERVICE_KEY,
    comment: 'destinations that are subject to LoadBalancerSourceRanges',
  },
  {
    name: 'service-ips',
    fields: SERVICE_KEY,
    comment: 'ClusterIP, ExternalIP and LoadBalancer IP traffic',
  },
  { name: 'service-nodeports', fields: NODE_PORT_KEY, comment: 'NodePort traffic' },
];

/** Where two Services claim one key, the later one has it. */
function filled(map: MapWithoutElements, services: readonly NftServiceRules[]): VerdictMap {
  const elements = new Map<string, MapElement>();
  for (const service of services) {
    for (const [key, element] of service.elements[map.name]) elements.set(key, element);
  }
  return { ...map, elements };
}

/** The sets that all nodes have in common. */
function setsOf(input: ProxyInput, services: readonly NftServiceRules[]): NamedSet[] {
  const clusterIPs = new Set<string>();
  for (const { clusterIP } of input.servicePorts.values()) clusterIPs.add(clusterIP);
  return [
    {
      name: 'cluster-ips',
      fields: ['destination'],
      elements: clusterIPs,
      comment: 'Active ClusterIPs',
    },
    ...services.flatMap(({ affinitySets }) => affinitySets),
  ];
}

const NEW: Match = { on: 'state', states: ['NEW'] };

/** Where the kernel calls the table, in the order in which kube-proxy makes the chains. */
const BASE_CHAINS: readonly BaseChain[] = [
  base('filter', 'PREROUTING', 'dstnat - 10', [jump('firewall-check', NEW)]),
  base('filter', 'OUTPUT', 'dstnat - 10', [jump('firewall-check', NEW)]),
  base('filter', 'INPUT', 'filter', [
    jump('nodeport-endpoints-check', NEW),
    jump('service-endpoints-check', NEW),
  ]),
  base('filter', 'FORWARD', 'filter', [
    jump('service-endpoints-check', NEW),
    jump('cluster-ips-check', NEW),
  ]),
  base('filter', 'OUTPUT', 'filter', [
    jump('service-endpoints-check', NEW),
    jump('cluster-ips-check', NEW),
  ]),
  base('nat', 'PREROUTING', 'dstnat', [jump('services')]),
  base('nat', 'OUTPUT', 'dstnat', [jump('services')]),
  base('nat', 'POSTROUTING', 'srcnat', [jump('masquerading')]),
];

/** What conntrack calls INVALID. Only the first version of the mode drops it on its way through. */
const FORWARD: Chain = {
  name: 'forward',
  rules: [{ matches: [{ on: 'state', states: ['INVALID'] }], target: { do: 'drop' } }],
};

const FIRST_BASE_CHAINS: readonly BaseChain[] = BASE_CHAINS.map((it) =>
  it.hook === 'FORWARD' ? { ...it, rules: [...it.rules, jump(FORWARD.name)] } : it,
);

/**
 * Since 1.30 the mode leaves INVALID packets alone and asks administrators for
 * `conntrack.tcpBeLiberal` instead.
 * source: pkg/proxy/nftables/proxier.go kubeForwardChain (1.29); kubernetes#122663
 */
function dropsInvalid({ kubernetes, tcpBeLiberal = false }: ProxyNode): boolean {
  return !tcpBeLiberal && !isAtLeast(kubernetes as KubeVersion, '1.30');
}

/** The chains of the table that belong to no Service. */
function commonChains(node: ProxyNode): Chain[] {
  const chains: Chain[] = [
    { name: 'nodeport-endpoints-check', rules: [toNodePorts(node, 'no-endpoint-nodeports')] },
    { name: 'service-endpoints-check', rules: [toServices('no-endpoint-services')] },
    { name: 'firewall-check', rules: [toServices('firewall-ips')] },
    { name: 'services', rules: servicesRules(node) },
    { name: 'masquerading', rules: isFlat(node) ? MASQUERADING : OLD_MASQUERADING },
    { name: 'cluster-ips-check', rules: clusterIPsCheck(node) },
    { name: 'reject-chain', rules: [{ matches: [], target: { do: 'reject' } }] },
  ];
  if (dropsInvalid(node)) chains.push(FORWARD);
  if (isFlat(node)) return chains;
  const mark: Rule = { matches: [], target: { do: 'mark-or', value: MASQUERADE_MARK } };
  return [...chains, { name: 'mark-for-masquerade', rules: [mark] }];
}

function servicesRules(node: ProxyNode): Rule[] {
  const dispatch = [toServices('service-ips'), toNodePorts(node, 'service-nodeports', true)];
  return isFlat(node) ? [...masqueradeInternal(node), ...dispatch] : dispatch;
}

/** Traffic to clusterIPs from outside of the cluster has to come back this way. */
function masqueradeInternal(node: ProxyNode): Rule[] {
  const { masqueradeAll, clusterCIDR } = node;
  const matches: Match[] = [{ on: 'set', set: 'cluster-ips', fields: ['destination'] }];
  if (masqueradeAll) {
    return [{ matches, target: markTarget(node), comment: 'masquerade all clusterIP traffic' }];
  }
  if (clusterCIDR === undefined) return [];
  matches.push({ on: 'source', cidr: clusterCIDR, not: true });
  const comment = 'masquerade clusterIP traffic from outside cluster';
  return [{ matches, target: markTarget(node), comment }];
}

function toServices(map: ServiceMapName): Rule {
  return { matches: [], target: { do: 'verdict-map', map, fields: SERVICE_KEY } };
}

/**
 * In INPUT every destination is one of this host; before routing it has to be asked for. NodePorts
 * on loopback addresses are not served.
 */
function toNodePorts(node: ProxyNode, map: ServiceMapName, asksForLocal = false): Rule {
  const target: Rule['target'] = { do: 'verdict-map', map, fields: NODE_PORT_KEY };
  if (!acceptingAddresses(node).all) {
    const matches: Match[] = [{ on: 'set', set: 'nodeport-ips', fields: ['destination'] }];
    return { matches, target };
  }
  const matches: Match[] = asksForLocal
    ? [{ on: 'address-type', side: 'destination', type: 'LOCAL' }]
    : [];
  const loopback = node.family === 'IPv4' ? '127.0.0.0/8' : '::1/128';
  return { matches: [...matches, { on: 'destination', cidr: loopback, not: true }], target };
}

const MASQUERADING: readonly Rule[] = [
  {
    matches: [MARKED],
    target: { do: 'masquerade', randomFully: true, clearMark: MASQUERADE_MARK },
  },
  {
    matches: [
      { on: 'state', states: ['DNAT'] },
      {
        on: 'set',
        set: 'hairpin-connections',
        fields: ['source', 'destination', 'protocol', 'destination-port'],
      },
    ],
    target: { do: 'masquerade', randomFully: true },
  },
];

/** As in iptables mode, where comments are written. */
const OLD_MASQUERADING: readonly Rule[] = POSTROUTING_RULES.map(({ matches, target }) => {
  return { matches, target };
});

/** What still goes to an address of the Service range has met no Service port. */
function clusterIPsCheck(node: ProxyNode): Rule[] {
  const rules: Rule[] = [
    {
      matches: [{ on: 'set', set: 'cluster-ips', fields: ['destination'] }],
      target: { do: 'reject' },
      comment: 'Reject traffic to invalid ports of ClusterIPs',
    },
  ];
  const cidrs = droppedRanges(node);
  if (cidrs.length === 0) return rules;
  const matches: Match[] = [{ on: 'destination-in', cidrs }];
  const comment = 'Drop traffic to unallocated ClusterIPs';
  return [...rules, { matches, target: { do: 'drop' }, comment }];
}

/** kube-proxy knows the ranges since there are ServiceCIDR objects: stable and on in 1.33. */
function droppedRanges({ serviceCIDRs = [], kubernetes }: ProxyNode): readonly string[] {
  return isAtLeast(kubernetes as KubeVersion, '1.33') ? serviceCIDRs : [];
}

/**
 * Without a setting the primary address alone takes NodePort traffic, since 1.30; loopback never
 * does.
 * source: kubernetes#122724, kubernetes#123105
 */
function acceptingAddresses(node: ProxyNode): NodePortAddresses {
  const isPrimary = isAtLeast(node.kubernetes as KubeVersion, '1.30');
  const isUnset = node.nodePortAddresses.length === 0;
  const setting = isUnset && isPrimary ? ['primary'] : node.nodePortAddresses;
  const { all, addresses } = nodePortAddresses(setting, node.family, node.addresses);
  return { all, addresses: addresses.filter((address) => !isLoopback(address)) };
}

function endpointsOf({ nft }: Ruleset, id: ServicePortName): readonly string[] {
  const { cluster, local } = nftServiceNames(id);
  const endpoints = new Set<string>();
  const rulesOf = (chain: string): readonly Rule[] => nft?.chains.get(chain)?.rules ?? [];
  for (const { target } of [cluster, local].flatMap(rulesOf)) {
    const chains = target.do === 'random-goto' ? target.chains : [];
    for (const rule of [{ target }, ...chains.flatMap(rulesOf)]) {
      const to = rule.target.do === 'random-dnat' ? rule.target.to : [rule.target];
      for (const it of to) {
        if ('address' in it && 'port' in it) endpoints.add(endpointText({ ...it, ip: it.address }));
      }
    }
  }
  return [...endpoints].sort(compareText);
}

function base(
  type: BaseChain['type'],
  hook: BaseChain['hook'],
  priority: BaseChain['priority'],
  rules: readonly Rule[],
): BaseChain {
  const suffix = priority === 'dstnat - 10' ? '-pre-dnat' : '';
  return { name: `${type}-${hook.toLowerCase()}${suffix}`, type, hook, priority, rules };
}

function jump(chain: string, ...matches: Match[]): Rule {
  return { matches, target: { do: 'jump', chain } };
}

function byName<T extends { readonly name: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((it) => [it.name, it]));
}
