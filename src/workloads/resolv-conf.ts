// The resolv.conf and the hosts file that the kubelet writes for a container.
// source: pkg/kubelet/network/dns/dns.go, pkg/kubelet/kubelet_pods.go

import type { Pod, PodDnsConfig } from '../apiserver/kinds/pod';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';

export interface ResolvConf {
  /** In the order in which they are asked. */
  readonly nameservers: readonly IP[];
  readonly search: readonly string[];
  /** The last one of each name counts; a value is empty for a flag. */
  readonly options: ReadonlyMap<string, string>;
  /**
   * The file is the node's own: its nameservers stand outside of the modelled network, so they
   * answer without a packet.
   */
  readonly isNodes: boolean;
}

/** What the kubelet of a node is told. */
export interface KubeletDns {
  /** `clusterDNS` of its configuration. */
  readonly clusterDns: readonly IP[];
  /** `clusterDomain`; empty for none. */
  readonly domain: string;
  /** The file that `resolvConf` names; undefined where that is set to nothing. */
  readonly node: ResolvConf | undefined;
  readonly nodeAddresses: readonly IP[];
}

/** The file of a pod, and the events that writing it caused. */
export interface PodDns {
  readonly conf: ResolvConf;
  readonly events: readonly ('MissingClusterDNS' | 'DNSConfigForming')[];
}

const NAMESERVERS_MAX = 3;
const SEARCH_PATHS_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;
const SEARCH_PATH_CHARACTERS_MAX = 253;

const NOTHING: ResolvConf = { nameservers: [], search: [], options: new Map(), isNodes: false };

/** What resolves names on a node itself, and in pods with `dnsPolicy: Default`. */
export const NODE_RESOLV_CONF: ResolvConf = { ...NOTHING, isNodes: true };

/** What the processes of pods with `dnsPolicy: Default` forward to. */
export const NODE_RESOLVERS = { resolvers: ['node'], search: [] } as const;

/** The resolver's file in the containers of a pod. `clusterDns` is the kubelet's setting. */
export function resolvConfOf(pod: Pod, clusterDns: readonly IP[], domain: string): ResolvConf {
  return podDns(pod, { clusterDns, domain, node: NODE_RESOLV_CONF, nodeAddresses: [] }).conf;
}

/** The resolver's file, and what the kubelet complained of. */
export function podDns(pod: Pod, kubelet: KubeletDns): PodDns {
  const events: PodDns['events'][number][] = [];
  const base = basedOnPolicy(pod, kubelet, () => events.push('MissingClusterDNS'));
  const whole = withDnsConfig(base, pod.spec.dnsConfig);
  const conf = limited(whole);
  const isCut =
    conf.nameservers.length < whole.nameservers.length || conf.search.length < whole.search.length;
  if (isCut) events.push('DNSConfigForming');
  return { conf, events };
}

function basedOnPolicy(pod: Pod, kubelet: KubeletDns, complain: () => void): ResolvConf {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = pod.spec;
  const { clusterDns, domain, node } = kubelet;
  if (dnsPolicy === 'None') return NOTHING;
  const wantsCluster =
    dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork);
  if (!wantsCluster) return ofNode(kubelet);
  if (clusterDns.length === 0) {
    complain();
    return ofNode(kubelet);
  }
  const namespace = pod.metadata.namespace ?? '';
  const own = domain === '' ? [] : [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return {
    nameservers: clusterDns,
    search: [...new Set([...own, ...(node?.search ?? [])])],
    options: new Map([['ndots', '5']]),
    isNodes: false,
  };
}

/** Without a file of the node, lookups are made to fail: nothing listens on the pod's loopback. */
function ofNode({ node, nodeAddresses }: KubeletDns): ResolvConf {
  if (node !== undefined) return node;
  const loopbacks = nodeAddresses.map((it) => (it.includes(':') ? '::1' : '127.0.0.1') as IP);
  return {
    ...NOTHING,
    nameservers: loopbacks.length === 0 ? ['127.0.0.1' as IP] : [...new Set(loopbacks)],
    search: ['.'],
  };
}

function withDnsConfig(base: ResolvConf, config: PodDnsConfig | undefined): ResolvConf {
  if (config === undefined) return base;
  const added = (config.nameservers ?? []).flatMap((text) => parseIp(text) ?? []);
  const options = new Map(base.options);
  for (const { name, value } of config.options ?? []) options.set(name, value ?? '');
  const search = [
    ...base.search,
    ...(config.searches ?? []).map((path) => path.replace(/(.)\.$/, '$1')),
  ];
  return {
    nameservers: [...new Set([...base.nameservers, ...added])],
    search: [...new Set(search)],
    options,
    // The node's own servers come first where the pod only adds to them.
    isNodes: base.isNodes,
  };
}

function limited(conf: ResolvConf): ResolvConf {
  const short = conf.search.filter((path) => path.length <= SEARCH_PATH_CHARACTERS_MAX);
  const search = short.slice(0, SEARCH_PATHS_MAX);
  while (search.join(' ').length > SEARCH_CHARACTERS_MAX) search.pop();
  return { ...conf, nameservers: conf.nameservers.slice(0, NAMESERVERS_MAX), search };
}

/**
 * Reads the text of a resolv.conf as the kubelet does: nameservers add up, the last search line
 * counts, a later option replaces an earlier one of its name. Undefined for a file that it
 * refuses: one with a nameserver line that names none.
 */
export function parseResolvConf(text: string): ResolvConf | undefined {
  const nameservers: IP[] = [];
  let search: readonly string[] = [];
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver') {
      if (rest[0] === undefined) return undefined;
      const address = parseIp(rest[0]);
      if (address !== undefined) nameservers.push(address);
    } else if (word === 'search') {
      search = rest.filter((path) => path !== '.').map((path) => path.replace(/\.$/, ''));
    } else if (word === 'options') {
      for (const option of rest) {
        const [name = '', value = ''] = option.split(':');
        options.set(name, value);
      }
    }
  }
  return { nameservers, search, options, isNodes: false };
}

/** Options as the file writes them: `ndots:5`, `rotate`. */
export function optionTexts({ options }: ResolvConf): string[] {
  return [...options].map(([name, value]) => (value === '' ? name : `${name}:${value}`));
}

/** A line of a hosts file. */
export interface HostsLine {
  readonly address: IP;
  readonly names: readonly string[];
}

/** The lines that a pod adds to those of every hosts file: its own names, and its aliases. */
export function hostsLinesOf(pod: Pod, addresses: readonly IP[], domain: string): HostsLine[] {
  const own =
    pod.spec.hostNetwork === true
      ? []
      : addresses.map((address) => ({ address, names: ownNames(pod, domain) }));
  const aliases = (pod.spec.hostAliases ?? []).flatMap(({ ip, hostnames }) => {
    const address = parseIp(ip);
    return address === undefined ? [] : [{ address, names: hostnames ?? [] }];
  });
  return [...own, ...aliases];
}

/** Names that a container finds in its hosts file, before any nameserver is asked. */
export function hostsOf(
  pod: Pod,
  addresses: readonly IP[],
  domain: string,
): ReadonlyMap<string, readonly IP[]> {
  const loopbacks = ['127.0.0.1', '::1'] as IP[];
  const localhost = loopbacks.map((address) => ({ address, names: ['localhost'] }));
  return hostsFrom([...localhost, ...hostsLinesOf(pod, addresses, domain)]);
}

/** Addresses by name, in the order of the lines. */
export function hostsFrom(lines: readonly HostsLine[]): ReadonlyMap<string, readonly IP[]> {
  const hosts = new Map<string, IP[]>();
  for (const { address, names } of lines) {
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), address]);
    }
  }
  return hosts;
}

/** The host name of a pod: as given, or its name cut to what a label may be. */
export function hostnameOf(pod: Pod): string {
  return pod.spec.hostname ?? pod.metadata.name.slice(0, 63).replace(/[-.]+$/, '');
}

/** The domain of a pod with a subdomain; empty without one. */
export function hostDomainOf({ spec, metadata }: Pod, domain: string): string {
  const { subdomain } = spec;
  if (subdomain === undefined || subdomain === '') return '';
  return `${subdomain}.${metadata.namespace ?? ''}.svc.${domain}`;
}

function ownNames(pod: Pod, domain: string): string[] {
  const hostname = hostnameOf(pod);
  const hostDomain = hostDomainOf(pod, domain);
  return hostDomain === '' ? [hostname] : [`${hostname}.${hostDomain}`, hostname];
}
