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

const NAMESERVERS_MAX = 3;
const SEARCH_PATHS_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;
const SEARCH_PATH_CHARACTERS_MAX = 253;

/** What resolves names on a node itself, and in pods with `dnsPolicy: Default`. */
export const NODE_RESOLV_CONF: ResolvConf = {
  nameservers: [],
  search: [],
  options: new Map(),
  isNodes: true,
};

/** The resolver's file in the containers of a pod. `clusterDns` is the kubelet's setting. */
export function resolvConfOf(pod: Pod, clusterDns: readonly IP[], domain: string): ResolvConf {
  const base = basedOnPolicy(pod, clusterDns, domain);
  return limited(withDnsConfig(base, pod.spec.dnsConfig));
}

function basedOnPolicy(pod: Pod, clusterDns: readonly IP[], domain: string): ResolvConf {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = pod.spec;
  if (dnsPolicy === 'None') return { ...NODE_RESOLV_CONF, isNodes: false };
  const usesNodes =
    dnsPolicy === 'Default' ||
    (dnsPolicy === 'ClusterFirst' && hostNetwork) ||
    clusterDns.length === 0;
  if (usesNodes) return NODE_RESOLV_CONF;
  return {
    nameservers: clusterDns,
    search: [`${pod.metadata.namespace ?? ''}.svc.${domain}`, `svc.${domain}`, domain],
    options: new Map([['ndots', '5']]),
    isNodes: false,
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

/** Names that a container finds in its hosts file, before any nameserver is asked. */
export function hostsOf(
  pod: Pod,
  addresses: readonly IP[],
  domain: string,
): ReadonlyMap<string, readonly IP[]> {
  const hosts = new Map<string, IP[]>();
  const add = (name: string, address: string) => {
    const parsed = parseIp(address);
    if (parsed === undefined) return;
    const key = name.toLowerCase();
    hosts.set(key, [...(hosts.get(key) ?? []), parsed]);
  };
  add('localhost', '127.0.0.1');
  add('localhost', '::1');
  if (pod.spec.hostNetwork !== true) {
    for (const name of ownNames(pod, domain)) addresses.forEach((address) => add(name, address));
  }
  for (const { ip, hostnames } of pod.spec.hostAliases ?? []) {
    for (const name of hostnames ?? []) add(name, ip);
  }
  return hosts;
}

/** The host name of a pod: as given, or its name cut to what a label may be. */
export function hostnameOf(pod: Pod): string {
  return pod.spec.hostname ?? pod.metadata.name.slice(0, 63).replace(/[-.]+$/, '');
}

function ownNames(pod: Pod, domain: string): string[] {
  const hostname = hostnameOf(pod);
  const { subdomain } = pod.spec;
  if (subdomain === undefined || subdomain === '') return [hostname];
  return [`${hostname}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${domain}`, hostname];
}
