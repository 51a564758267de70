// What one Service port adds to the nft table: its chains, its affinity sets and its elements in
// the maps that all share. Built once for equal input and shared by nodes and later rulesets.
// source: pkg/proxy/nftables/proxier.go syncProxyRules, writeServiceToEndpointRules

import { bitsOf, familyOf } from '../../values/ip';
import type { IP } from '../../values/ip';
import { isAtLeast } from '../../values/kube-version';
import type { KubeVersion } from '../../values/kube-version';
import type { Chain, MapElement, Match, NamedSet, Rule, Target } from '../netfilter/ruleset';
import { categorizeEndpoints, endpointText, isExternallyAccessible } from './categorize-endpoints';
import type { EndpointCategories } from './categorize-endpoints';
import { servicePortText } from './chain-names';
import { MASQUERADE_MARK } from './masquerade';
import { nftEndpointNames, nftServiceNames } from './nftables-names';
import type { NftServiceNames } from './nftables-names';
import type { Endpoint, ProxyNode, ServicePort } from './proxy-mode';
import { allowsNode, nodeKey, ServiceParts } from './ruleset-cache';

/** The maps into which Service ports put elements. */
export type ServiceMapName =
  | 'no-endpoint-services'
  | 'no-endpoint-nodeports'
  | 'firewall-ips'
  | 'service-ips'
  | 'service-nodeports';

type Elements = readonly (readonly [key: string, element: MapElement])[];

/** What one Service port adds to the table. */
export interface NftServiceRules {
  readonly chains: readonly Chain[];
  readonly affinitySets: readonly NamedSet[];
  readonly elements: Readonly<Record<ServiceMapName, Elements>>;
}

/**
 * Whether the table has the shape that it has since 1.36: one rule that picks and translates in
 * place of a chain for each endpoint, and the mark set where it is decided in place of a jump.
 * source: kubernetes commits 475f9622c8 and 5cffb4d1f6
 */
export function isFlat({ kubernetes }: ProxyNode): boolean {
  return isAtLeast(kubernetes as KubeVersion, '1.36');
}

/** What asks for masquerading in a rule of the table. */
export function markTarget(node: ProxyNode): Target {
  return isFlat(node)
    ? { do: 'mark-or', value: MASQUERADE_MARK }
    : { do: 'jump', chain: 'mark-for-masquerade' };
}

const NO_ENDPOINTS: readonly Endpoint[] = [];
const NO_ELEMENTS: Elements = [];
const NO_SETS: readonly NamedSet[] = [];

/** Affinity sets have no size of their own: what nft gives to a set that rules fill. */
const AFFINITY_CAPACITY = 65_535;

const SOURCE_LOCAL: Match = { on: 'address-type', side: 'source', type: 'LOCAL' };

const parts = new ServiceParts<NftServiceRules>();

/**
 * The rules of a Service port on a node. The same object for equal input. `configuration` is the
 * key of the node's.
 */
export function nftServiceRules(
  service: ServicePort,
  endpoints: readonly Endpoint[] = NO_ENDPOINTS,
  node: ProxyNode,
  configuration: string,
): NftServiceRules {
  const own = nodeKey(service, endpoints, node);
  // One and the same text for the many Service ports in which nodes do not differ.
  const variant = own === '' ? configuration : `${configuration}|${own}`;
  return parts.of(service, endpoints, variant, () => {
    return new NftServiceBuilder(
      service,
      categorizeEndpoints(endpoints, service, node),
      node,
    ).build();
  });
}

/** The part of the configuration that rules of Service ports depend on. */
export function nftConfigurationKey({ clusterCIDR, masqueradeAll, kubernetes }: ProxyNode): string {
  return `${clusterCIDR ?? ''} ${masqueradeAll} ${kubernetes}`;
}

class NftServiceBuilder {
  private readonly service: ServicePort;
  private readonly categories: EndpointCategories;
  private readonly node: ProxyNode;
  private readonly names: NftServiceNames;
  private readonly hasInternal: boolean;
  private readonly hasExternal: boolean;
  /** Unlike in iptables mode, source ranges hold for a Service without endpoints too. */
  private readonly usesFirewall: boolean;

  constructor(service: ServicePort, categories: EndpointCategories, node: ProxyNode) {
    this.service = service;
    this.categories = categories;
    this.node = node;
    this.names = nftServiceNames(service.id);
    const { hasAny, local } = categories;
    this.hasInternal = hasAny && (!service.internalPolicyLocal || local.length > 0);
    this.hasExternal = hasAny && (!service.externalPolicyLocal || local.length > 0);
    this.usesFirewall =
      service.loadBalancerVIPs.length > 0 && service.loadBalancerSourceRanges.length > 0;
  }

  build(): NftServiceRules {
    return {
      chains: this.chains(),
      affinitySets: this.affinitySets(),
      elements: {
        'no-endpoint-services': this.refusedServices(),
        'no-endpoint-nodeports': this.refusedNodePorts(),
        'firewall-ips': this.firewallIPs(),
        'service-ips': this.serviceIPs(),
        'service-nodeports': this.serviceNodePorts(),
      },
    };
  }

  private serviceIPs(): Elements {
    const { clusterIP, externalIPs, loadBalancerVIPs, internalPolicyLocal } = this.service;
    const { names } = this;
    const elements: Elements[number][] = [];
    const internal = internalPolicyLocal ? names.local : names.cluster;
    if (this.hasInternal) elements.push([this.key(clusterIP), goTo(internal)]);
    if (!this.categories.hasAny) return elements;
    for (const address of [...externalIPs, ...loadBalancerVIPs]) {
      elements.push([this.key(address), goTo(names.external)]);
    }
    return elements;
  }

  private serviceNodePorts(): Elements {
    if (this.service.nodePort === undefined || !this.categories.hasAny) return NO_ELEMENTS;
    return [[this.nodePortKey(this.service.nodePort), goTo(this.names.external)]];
  }

  private refusedServices(): Elements {
    const { clusterIP, externalIPs, loadBalancerVIPs } = this.service;
    if (this.hasInternal && this.hasExternal) return NO_ELEMENTS;
    const refused = [
      ...(this.hasInternal ? [] : [clusterIP]),
      ...(this.hasExternal ? [] : [...externalIPs, ...loadBalancerVIPs]),
    ];
    return refused.map((address) => [this.key(address), this.refusal()]);
  }

  private refusedNodePorts(): Elements {
    const { nodePort } = this.service;
    if (nodePort === undefined || this.hasExternal) return NO_ELEMENTS;
    return [[this.nodePortKey(nodePort), this.refusal()]];
  }

  /** Refused where no endpoint exists; silence where a Local policy forbids those that do. */
  private refusal(): MapElement {
    const comment = servicePortText(this.service.id);
    return this.categories.hasAny
      ? { verdict: { do: 'drop' }, comment }
      : { ...goTo('reject-chain'), comment };
  }

  private firewallIPs(): Elements {
    if (!this.usesFirewall) return NO_ELEMENTS;
    return this.service.loadBalancerVIPs.map((address) => {
      return [this.key(address), goTo(this.names.firewall)];
    });
  }

  private chains(): Chain[] {
    const { service, names, categories } = this;
    const { cluster, local, all, hasAny } = categories;
    const chains: Chain[] = [];
    if (cluster.length > 0) chains.push(this.spreading(names.cluster, cluster));
    if (local.length > 0) chains.push(this.spreading(names.local, local));
    if (hasAny && isExternallyAccessible(service)) {
      chains.push({ name: names.external, rules: this.external() });
    }
    if (this.usesFirewall) chains.push({ name: names.firewall, rules: [this.firewall()] });
    const hasChains = service.affinitySeconds !== undefined || !isFlat(this.node);
    return hasChains ? [...chains, ...all.map((endpoint) => this.endpoint(endpoint))] : chains;
  }

  /** Its rules are made when they are looked at: a packet meets a few Services of many. */
  private spreading(name: string, endpoints: readonly Endpoint[]): Chain {
    const { service, names } = this;
    const isInternal = name === (service.internalPolicyLocal ? names.local : names.cluster);
    const build = () => {
      return [...(isInternal ? this.masqueradeInternal() : []), ...this.spread(endpoints)];
    };
    let rules: readonly Rule[] | undefined;
    // Frozen, as it is one and the same for whoever knows it: forks share it.
    return Object.freeze({
      name,
      get rules() {
        return (rules ??= build());
      },
    });
  }

  /** Until 1.35 by Service; since then one rule of the chain `services` does it for all. */
  private masqueradeInternal(): Rule[] {
    const { clusterIP, port, id } = this.service;
    const { clusterCIDR, masqueradeAll } = this.node;
    if (isFlat(this.node) || (!masqueradeAll && clusterCIDR === undefined)) return [];
    const matches: Match[] = [
      { on: 'destination', cidr: single(clusterIP) },
      { on: 'protocol', protocol: id.protocol },
      { on: 'destination-port', port },
    ];
    if (!masqueradeAll) matches.push({ on: 'source', cidr: clusterCIDR!, not: true });
    return [{ matches, target: markTarget(this.node) }];
  }

  private external(): Rule[] {
    const { service, names, node } = this;
    const mark = markTarget(node);
    const cluster: Target = { do: 'goto', chain: names.cluster };
    if (!service.externalPolicyLocal) {
      return [
        { matches: [], target: mark },
        { matches: [], target: cluster },
      ];
    }
    const rules: Rule[] = [];
    // Pods and the node itself could as well have asked for the clusterIP: no policy holds them.
    if (node.clusterCIDR !== undefined) {
      const matches: Match[] = [{ on: 'source', cidr: node.clusterCIDR }];
      rules.push({ matches, target: cluster, comment: 'short-circuit pod traffic' });
    }
    const matches = [SOURCE_LOCAL];
    rules.push({ matches, target: mark, comment: 'masquerade local traffic' });
    rules.push({ matches, target: cluster, comment: 'short-circuit local traffic' });
    if (this.hasExternal) rules.push({ matches: [], target: { do: 'goto', chain: names.local } });
    return rules;
  }

  private firewall(): Rule {
    const { service, node } = this;
    const cidrs = [...service.loadBalancerSourceRanges];
    if (allowsNode(service, node)) cidrs.push(...service.loadBalancerVIPs.map(single));
    return { matches: [{ on: 'source-in', cidrs, not: true }], target: { do: 'drop' } };
  }

  /** Sticky sources first; then one uniform pick. */
  private spread(endpoints: readonly Endpoint[]): Rule[] {
    const { affinitySeconds, id } = this.service;
    if (affinitySeconds === undefined && isFlat(this.node)) {
      const to = endpoints.map(({ ip, port }) => ({ address: ip, port }));
      const matches: Match[] = [{ on: 'protocol', protocol: id.protocol }];
      return [{ matches, target: { do: 'random-dnat', to } }];
    }
    const names = endpoints.map((endpoint) => nftEndpointNames(id, endpointText(endpoint)));
    const chains = names.map(({ chain }) => chain);
    const pick: Rule = { matches: [], target: { do: 'random-goto', chains } };
    if (affinitySeconds === undefined) return [pick];
    const sticky = names.map(({ chain, affinity }): Rule => {
      const matches: Match[] = [{ on: 'recent', list: affinity, seconds: affinitySeconds }];
      return { matches, target: { do: 'goto', chain } };
    });
    return [...sticky, pick];
  }

  private endpoint(endpoint: Endpoint): Chain {
    const { affinitySeconds, id } = this.service;
    const { ip, port } = endpoint;
    const { chain, affinity } = nftEndpointNames(id, endpointText(endpoint));
    const rules: Rule[] = [];
    if (!isFlat(this.node)) {
      const matches: Match[] = [{ on: 'source', cidr: single(ip) }];
      rules.push({ matches, target: markTarget(this.node) });
    }
    if (affinitySeconds !== undefined) {
      const update: Match = { on: 'recent-set', list: affinity, capacity: AFFINITY_CAPACITY };
      rules.push({ matches: [update], target: { do: 'continue' } });
    }
    const matches: Match[] = [{ on: 'protocol', protocol: id.protocol }];
    rules.push({ matches, target: { do: 'dnat', address: ip, port } });
    return { name: chain, rules };
  }

  private affinitySets(): readonly NamedSet[] {
    const { affinitySeconds, id } = this.service;
    if (affinitySeconds === undefined) return NO_SETS;
    return this.categories.all.map((endpoint) => ({
      name: nftEndpointNames(id, endpointText(endpoint)).affinity,
      fields: ['source'],
      elements: new Set<string>(),
      timeout: affinitySeconds,
    }));
  }

  private key(address: IP): string {
    return `${address} . ${this.nodePortKey(this.service.port)}`;
  }

  private nodePortKey(port: number): string {
    return `${this.service.id.protocol.toLowerCase()} . ${port}`;
  }
}

function goTo(chain: string): MapElement {
  return { verdict: { do: 'goto', chain } };
}

/** The range that holds one address only. */
function single(address: IP): string {
  return `${address}/${bitsOf(familyOf(address))}`;
}
