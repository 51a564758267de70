// The chains of one Service port in iptables mode, and its rules in the chains that all share.
// They are built once for equal input and shared by every node and every later ruleset; the own
// chains not before somebody looks at them.
// source: pkg/proxy/iptables/proxier.go syncProxyRules

import { bitsOf, familyOf } from '../../values/ip';
import type { Protocol } from '../../values/flow';
import type { IP } from '../../values/ip';
import { ratio } from '../../values/ratio';
import type { Chain, Match, Rule } from '../netfilter/ruleset';
import { categorizeEndpoints, endpointText, isExternallyAccessible } from './categorize-endpoints';
import type { EndpointCategories } from './categorize-endpoints';
import { endpointChainName, hashOfChain } from './chain-names';
import { serviceChainNames, servicePortText } from './chain-names';
import type { ServiceChainNames } from './chain-names';
import type { Endpoint, ProxyNode, ServicePort } from './proxy-mode';
import { allowsNode, nodeKey, ServiceParts } from './ruleset-cache';
import type { OwnChains } from './service-chains';

/** What one Service port adds to a ruleset. */
export interface ServiceRules extends OwnChains {
  /** Its rules in the shared chains, by table and chain. */
  readonly nat: Readonly<Record<'KUBE-SERVICES' | 'KUBE-NODEPORTS', readonly Rule[]>>;
  readonly filter: Readonly<Record<FilterChain, readonly Rule[]>>;
}

export type FilterChain =
  'KUBE-SERVICES' | 'KUBE-EXTERNAL-SERVICES' | 'KUBE-NODEPORTS' | 'KUBE-PROXY-FIREWALL';

/** What the chains of a Service port depend on besides the port and its endpoints. */
export interface ServiceContext {
  readonly node: ProxyNode;
  /** More than 1000 endpoints in the cluster: endpoint rules carry no comments. */
  readonly isLarge: boolean;
  /** A text that is equal for equal configurations. */
  readonly configuration: string;
}

const MARK_MASQUERADE: Rule['target'] = { do: 'jump', chain: 'KUBE-MARK-MASQ' };
const NO_ENDPOINTS: readonly Endpoint[] = [];
const NO_RULES: readonly Rule[] = [];

const NO_FILTER: ServiceRules['filter'] = {
  'KUBE-SERVICES': NO_RULES,
  'KUBE-EXTERNAL-SERVICES': NO_RULES,
  'KUBE-NODEPORTS': NO_RULES,
  'KUBE-PROXY-FIREWALL': NO_RULES,
};

const parts = new ServiceParts<ServiceRules>();

/** What leads to the own chains of a Service port. */
type Front = Pick<ServiceRules, 'nat' | 'filter'>;

/** By the kinds of endpoints that are there, which alone they depend on besides the port. */
const fronts = new WeakMap<ServicePort, Map<number, Front>>();

/** The chain of each endpoint with what it was made from besides. */
const endpointChains = new WeakMap<
  Endpoint,
  { readonly service: ServicePort; readonly isLarge: boolean; readonly chain: Chain }
>();

/** The rules of a Service port on a node. The same object for equal input. */
export function serviceRules(
  service: ServicePort,
  endpoints: readonly Endpoint[] = NO_ENDPOINTS,
  context: ServiceContext,
): ServiceRules {
  const { node } = context;
  const own = nodeKey(service, endpoints, node);
  // One and the same text for the many Service ports in which nodes do not differ.
  const variant = own === '' ? context.configuration : `${context.configuration}|${own}`;
  return parts.of(service, endpoints, variant, () => {
    const categories = categorizeEndpoints(endpoints, service, node);
    return new ServiceBuilder(service, categories, context).build();
  });
}

export function contextOf(node: ProxyNode, isLarge: boolean): ServiceContext {
  const { clusterCIDR, masqueradeAll, kubernetes } = node;
  const configuration = `${clusterCIDR ?? ''} ${masqueradeAll} ${isLarge} ${kubernetes}`;
  return { node, isLarge, configuration };
}

class ServiceBuilder {
  private readonly service: ServicePort;
  private readonly categories: EndpointCategories;
  private readonly context: ServiceContext;
  private readonly names: ServiceChainNames;
  /** `ns/name:port`, as comments say it. */
  private readonly text: string;
  private readonly hasInternal: boolean;
  private readonly hasExternal: boolean;
  private readonly usesFirewall: boolean;

  constructor(service: ServicePort, categories: EndpointCategories, context: ServiceContext) {
    this.service = service;
    this.categories = categories;
    this.context = context;
    this.names = serviceChainNames(service.id);
    this.text = servicePortText(service.id);
    const { hasAny, local } = categories;
    this.hasInternal = hasAny && (!service.internalPolicyLocal || local.length > 0);
    this.hasExternal = hasAny && (!service.externalPolicyLocal || local.length > 0);
    this.usesFirewall =
      hasAny && service.loadBalancerVIPs.length > 0 && service.loadBalancerSourceRanges.length > 0;
  }

  build(): ServiceRules {
    const build = () => this.ownChains();
    let chains: readonly Chain[] | undefined;
    const { nat, filter } = this.front();
    return {
      hash: hashOfChain(this.names.cluster),
      get chains() {
        return (chains ??= build());
      },
      nat,
      filter,
    };
  }

  /** The same objects for as long as endpoints of the same kinds are there. */
  private front(): Front {
    const { service, hasInternal, hasExternal, categories } = this;
    const kinds = Number(categories.hasAny) + 2 * Number(hasInternal) + 4 * Number(hasExternal);
    let byKinds = fronts.get(service);
    if (byKinds === undefined) fronts.set(service, (byKinds = new Map()));
    let front = byKinds.get(kinds);
    if (front === undefined) {
      const nat = {
        'KUBE-SERVICES': this.natServices(),
        'KUBE-NODEPORTS': this.natNodePorts(),
      };
      byKinds.set(kinds, (front = { nat, filter: this.filter() }));
    }
    return front;
  }

  /** One object for the many Service ports that let everything pass. */
  private filter(): ServiceRules['filter'] {
    const { healthCheckNodePort } = this.service;
    const isOpen = this.hasInternal && this.hasExternal && !this.usesFirewall;
    if (isOpen && healthCheckNodePort === undefined) return NO_FILTER;
    return {
      'KUBE-SERVICES': this.internalRefusals(),
      'KUBE-EXTERNAL-SERVICES': this.externalRefusals(),
      'KUBE-NODEPORTS': this.healthCheck(),
      'KUBE-PROXY-FIREWALL': this.firewallDrops(),
    };
  }

  /** By address and port into the chain that spreads; only where there is somewhere to go. */
  private natServices(): Rule[] {
    const { service, names, text } = this;
    const { clusterIP, externalIPs, loadBalancerVIPs } = service;
    const internal = service.internalPolicyLocal ? names.local : names.cluster;
    const balanced = this.usesFirewall ? names.firewall : names.external;
    const rules: Rule[] = [];
    if (this.hasInternal) rules.push(this.to(clusterIP, `${text} cluster IP`, internal));
    if (!this.categories.hasAny) return rules;
    for (const address of externalIPs) {
      rules.push(this.to(address, `${text} external IP`, names.external));
    }
    for (const address of loadBalancerVIPs) {
      rules.push(this.to(address, `${text} loadbalancer IP`, balanced));
    }
    return rules;
  }

  private natNodePorts(): readonly Rule[] {
    const { nodePort } = this.service;
    if (nodePort === undefined || !this.categories.hasAny) return NO_RULES;
    const target: Rule['target'] = { do: 'jump', chain: this.names.external };
    return [{ matches: this.port(nodePort), comment: this.text, target }];
  }

  /** What answers for the clusterIP where no endpoint may be used. */
  private internalRefusals(): Rule[] {
    if (this.hasInternal) return [];
    const { clusterIP, port } = this.service;
    return [{ matches: [toAddress(clusterIP), ...this.port(port)], ...this.refusal() }];
  }

  private externalRefusals(): Rule[] {
    if (this.hasExternal) return [];
    const { externalIPs, loadBalancerVIPs, nodePort, port } = this.service;
    const refusal = this.refusal();
    const rules: Rule[] = [...externalIPs, ...loadBalancerVIPs].map((address) => {
      return { matches: [toAddress(address), ...this.port(port)], ...refusal };
    });
    if (nodePort !== undefined) {
      rules.push({ matches: [DESTINATION_LOCAL, ...this.port(nodePort)], ...refusal });
    }
    return rules;
  }

  /** Refused where no endpoint exists; silence where a Local policy forbids those that do. */
  private refusal(): Pick<Rule, 'comment' | 'target'> {
    const { text } = this;
    return this.categories.hasAny
      ? { comment: `${text} has no local endpoints`, target: { do: 'drop' } }
      : { comment: `${text} has no endpoints`, target: { do: 'reject' } };
  }

  private healthCheck(): Rule[] {
    const { healthCheckNodePort } = this.service;
    if (healthCheckNodePort === undefined) return [];
    const matches: Match[] = [
      { on: 'protocol', protocol: 'TCP' },
      { on: 'destination-port', port: healthCheckNodePort },
    ];
    return [{ matches, comment: `${this.text} health check node port`, target: { do: 'accept' } }];
  }

  /** What left the firewall chain untranslated came from a source that is not allowed. */
  private firewallDrops(): Rule[] {
    if (!this.usesFirewall) return [];
    const { service, names, text } = this;
    const comment = `${text} traffic not accepted by ${names.firewall}`;
    return service.loadBalancerVIPs.map((address) => {
      const matches = [toAddress(address), ...this.port(service.port)];
      return { matches, comment, target: { do: 'drop' } };
    });
  }

  private ownChains(): Chain[] {
    const { service, names, categories } = this;
    if (!categories.hasAny) return [];
    const { cluster, local, all } = categories;
    const chains: Chain[] = [];
    const spreads = (name: string, endpoints: readonly Endpoint[]) => {
      const isInternal = name === (service.internalPolicyLocal ? names.local : names.cluster);
      const rules = [...(isInternal ? this.masqueradeInternal() : []), ...this.spread(endpoints)];
      chains.push({ name, rules });
    };
    if (cluster.length > 0) spreads(names.cluster, cluster);
    if (local.length > 0) spreads(names.local, local);
    if (isExternallyAccessible(service)) {
      chains.push({ name: names.external, rules: this.external() });
    }
    if (this.usesFirewall) chains.push({ name: names.firewall, rules: this.firewall() });
    return [...chains, ...all.map((endpoint) => this.endpoint(endpoint))];
  }

  /** Traffic to the clusterIP that comes from no pod would not find its way back unmarked. */
  private masqueradeInternal(): Rule[] {
    const { clusterCIDR, masqueradeAll } = this.context.node;
    if (!masqueradeAll && clusterCIDR === undefined) return [];
    const { clusterIP, port } = this.service;
    const matches: Match[] = [toAddress(clusterIP), ...this.port(port)];
    if (!masqueradeAll) matches.unshift({ on: 'source', cidr: clusterCIDR!, not: true });
    return [{ matches, comment: `${this.text} cluster IP`, target: MARK_MASQUERADE }];
  }

  private external(): Rule[] {
    const { service, names, text } = this;
    const onward: Rule = {
      matches: [],
      target: { do: 'jump', chain: service.externalPolicyLocal ? names.local : names.cluster },
    };
    if (!service.externalPolicyLocal) {
      const comment = `masquerade traffic for ${text} external destinations`;
      return [{ matches: [], comment, target: MARK_MASQUERADE }, onward];
    }
    const { clusterCIDR } = this.context.node;
    const rules: Rule[] = [];
    const cluster: Rule['target'] = { do: 'jump', chain: names.cluster };
    // Pods and the node itself could as well have asked for the clusterIP: no policy holds them.
    if (clusterCIDR !== undefined) {
      const comment = `pod traffic for ${text} external destinations`;
      rules.push({ matches: [{ on: 'source', cidr: clusterCIDR }], comment, target: cluster });
    }
    const masquerade = `masquerade LOCAL traffic for ${text} external destinations`;
    const route = `route LOCAL traffic for ${text} external destinations`;
    rules.push({ matches: [SOURCE_LOCAL], comment: masquerade, target: MARK_MASQUERADE });
    rules.push({ matches: [SOURCE_LOCAL], comment: route, target: cluster });
    return this.hasExternal ? [...rules, onward] : rules;
  }

  private firewall(): Rule[] {
    const { service, names, text } = this;
    const sources = [...service.loadBalancerSourceRanges];
    if (allowsNode(service, this.context.node))
      sources.push(...service.loadBalancerVIPs.map(single));
    const rules = sources.map((range): Rule => {
      const target: Rule['target'] = { do: 'jump', chain: names.external };
      return {
        matches: [{ on: 'source', cidr: range }],
        comment: `${text} loadbalancer IP`,
        target,
      };
    });
    const comment = `other traffic to ${text} will be dropped by KUBE-PROXY-FIREWALL`;
    return [...rules, { matches: [], comment, target: { do: 'continue' } }];
  }

  /** Sticky sources first; then each rule takes its equal share of what the ones before left. */
  private spread(endpoints: readonly Endpoint[]): Rule[] {
    const { affinitySeconds } = this.service;
    const rules: Rule[] = [];
    for (const endpoint of affinitySeconds === undefined ? [] : endpoints) {
      const list = this.endpoint(endpoint).name;
      const sticky: Match = { on: 'recent', list, seconds: affinitySeconds! };
      rules.push(this.spreadRule(endpoint, [sticky]));
    }
    endpoints.forEach((endpoint, index) => {
      const left = endpoints.length - index;
      rules.push(this.spreadRule(endpoint, left > 1 ? [shareOf(left)] : []));
    });
    return rules;
  }

  private spreadRule(endpoint: Endpoint, matches: readonly Match[]): Rule {
    const target: Rule['target'] = { do: 'jump', chain: this.endpoint(endpoint).name };
    return this.commented(`${this.text} -> ${endpointText(endpoint)}`, { matches, target });
  }

  /** The same object for as long as the endpoint is: rules of several chains lead there. */
  private endpoint(endpoint: Endpoint): Chain {
    const { service, context } = this;
    const last = endpointChains.get(endpoint);
    if (last?.service === service && last.isLarge === context.isLarge) return last.chain;
    const chain = this.newEndpoint(endpoint);
    endpointChains.set(endpoint, { service, isLarge: context.isLarge, chain });
    return chain;
  }

  private newEndpoint(endpoint: Endpoint): Chain {
    const name = endpointChainName(this.service.id, endpointText(endpoint));
    const { ip, port } = endpoint;
    const { protocol } = this.service.id;
    const hairpin: Rule = {
      matches: [{ on: 'source', cidr: single(ip) }],
      target: MARK_MASQUERADE,
    };
    const matches: Match[] = [{ on: 'protocol', protocol }];
    if (this.service.affinitySeconds !== undefined) matches.push({ on: 'recent-set', list: name });
    const translate: Rule = { matches, target: { do: 'dnat', address: ip, port } };
    const rules = [hairpin, translate].map((rule) => this.commented(this.text, rule));
    return { name, rules };
  }

  /** source: pkg/proxy/iptables/proxier.go appendServiceCommentLocked (largeClusterMode) */
  private commented(comment: string, rule: Rule): Rule {
    return this.context.isLarge ? rule : { ...rule, comment };
  }

  private to(address: IP, comment: string, chain: string): Rule {
    const matches = [toAddress(address), ...this.port(this.service.port)];
    return { matches, comment, target: { do: 'jump', chain } };
  }

  private port(port: number): Match[] {
    const { protocol } = this.service.id;
    return [OF_PROTOCOL[protocol], { on: 'destination-port', port }];
  }
}

const OF_PROTOCOL: Readonly<Record<Protocol, Match>> = {
  TCP: { on: 'protocol', protocol: 'TCP' },
  UDP: { on: 'protocol', protocol: 'UDP' },
  SCTP: { on: 'protocol', protocol: 'SCTP' },
  ICMP: { on: 'protocol', protocol: 'ICMP' },
};

const SOURCE_LOCAL: Match = { on: 'address-type', side: 'source', type: 'LOCAL' };
const DESTINATION_LOCAL: Match = { on: 'address-type', side: 'destination', type: 'LOCAL' };

function toAddress(address: IP): Match {
  return { on: 'destination', cidr: single(address) };
}

/** By how many endpoints are left to share what comes. */
const shares = new Map<number, Match>();

function shareOf(left: number): Match {
  let share = shares.get(left);
  if (share === undefined) {
    shares.set(left, (share = { on: 'statistic', probability: ratio(1, left) }));
  }
  return share;
}

/** The range that holds one address only. */
function single(address: IP): string {
  return `${address}/${bitsOf(familyOf(address))}`;
}
