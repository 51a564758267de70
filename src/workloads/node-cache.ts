// NodeLocal DNSCache: a CoreDNS on the host network of each node, which node-cache starts with a
// Corefile of its own making and for which it sets up an interface and rules.
// source: kubernetes/dns cmd/node-cache/main.go, cmd/node-cache/app/{cache_app,configmap}.go
//
// Not modelled: `-setupebtables`, and connections to the upstream that are used again.

import type { Container } from '../apiserver/kinds/pod';
import type { ListenSpec } from '../values/cluster-spec';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';

/** What the arguments of a node-cache say. */
export interface NodeCache {
  /** Where it listens: the link-local address, and that of kube-dns unless kube-proxy has it. */
  readonly addresses: readonly IP[];
  readonly interfaceName: string;
  readonly setupInterface: boolean;
  readonly setupIptables: boolean;
  /** Whether interface and rules stay when it ends in good order. */
  readonly skipTeardown: boolean;
  readonly healthPort: number;
  /** The Service whose ClusterIP its Corefile is given as the cluster's DNS. */
  readonly upstreamService: string;
}

/** The settings of kube-dns that node-cache turns into parts of its Corefile. */
export interface KubeDnsConfig {
  readonly upstreamNameservers: readonly string[];
  readonly stubDomains: Readonly<Record<string, readonly string[]>>;
}

export const DNS_PORT = 53;
const IMAGE = /(?:^|\/)k8s-dns-node-cache(?:[:@]|$)/;
const DEFAULT_HEALTH_PORT = 8080;
/** Of CoreDNS by the usual Corefile, and of node-cache itself (`-metrics-listen-address`). */
const METRICS_PORTS = [9253, 9353];
/** Seconds that a stub domain is cached for. */
const STUB_TTL = 30;

/** The settings of a container that runs a node-cache; undefined for any other. */
export function nodeCacheOf({ image = '', command, args }: Container): NodeCache | undefined {
  return IMAGE.test(image) ? readArguments([...(command ?? []), ...(args ?? [])]) : undefined;
}

/** Ports of a node-cache with these arguments. */
export function nodeCacheListens(words: readonly string[]): readonly ListenSpec[] {
  const { addresses, healthPort } = readArguments(words);
  const [first] = addresses;
  if (first === undefined) return [];
  return [
    { port: DNS_PORT, protocol: 'UDP', addresses },
    { port: DNS_PORT, protocol: 'TCP', addresses },
    { port: healthPort, protocol: 'TCP', addresses: [first] },
    ...METRICS_PORTS.map((port) => ({ port, protocol: 'TCP' as const })),
  ];
}

function readArguments(words: readonly string[]): NodeCache {
  const flag = (name: string): string | undefined => flagIn(words, name);
  const localIps = (flag('localip') ?? '').split(',');
  return {
    addresses: localIps.flatMap((text) => parseIp(text.trim()) ?? []),
    interfaceName: flag('interfacename') ?? 'nodelocaldns',
    setupInterface: flag('setupinterface') !== 'false',
    setupIptables: flag('setupiptables') !== 'false',
    skipTeardown: flag('skipteardown') === 'true',
    healthPort: Number(flag('health-port') ?? DEFAULT_HEALTH_PORT),
    upstreamService: flag('upstreamsvc') ?? 'kube-dns',
  };
}

/** Go's flags: `-name value`, `-name=value`, with one dash or two; alone it is true. */
function flagIn(words: readonly string[], name: string): string | undefined {
  for (const [index, word] of words.entries()) {
    const [, key, inline] = /^--?([^=]+)(?:=(.*))?$/.exec(word) ?? [];
    if (key !== name) continue;
    const next = words[index + 1];
    return inline ?? (next === undefined || next.startsWith('-') ? 'true' : next);
  }
  return undefined;
}

/**
 * The Corefile that node-cache writes for its CoreDNS from the template in its ConfigMap.
 * `clusterDns` is what the environment says of the upstream Service; a Service that came after the
 * pod is not in it.
 */
export function nodeCacheCorefile(
  template: string,
  { addresses }: NodeCache,
  clusterDns: IP | undefined,
  { upstreamNameservers, stubDomains }: KubeDnsConfig,
): string {
  const local = addresses.join(' ');
  const upstream = upstreamNameservers.join(' ') || '/etc/resolv.conf';
  const stubs = Object.entries(stubDomains).map(([domain, servers]) =>
    [
      `${domain}:${DNS_PORT} {`,
      '    errors',
      `    cache ${STUB_TTL}`,
      `    bind ${local}`,
      `    forward . ${servers.join(' ')}`,
      '}',
    ].join('\n'),
  );
  const written = template
    .replaceAll('__PILLAR__UPSTREAM__SERVERS__', upstream)
    .replaceAll('__PILLAR__CLUSTER__DNS__', clusterDns ?? '<nil>')
    .replaceAll('__PILLAR__LOCAL__DNS__', local)
    .replaceAll('__PILLAR__DNS__SERVER__', '');
  return [written, ...stubs].join('\n');
}

/**
 * What ConfigMap kube-dns says, each key in JSON. What cannot be read counts as nothing: the
 * process logs it and goes on.
 * source: kubernetes/dns pkg/dns/config/sync.go, cmd/node-cache/app/configmap.go updateCorefile
 */
export function readKubeDnsConfig(data: Readonly<Record<string, string>> = {}): KubeDnsConfig {
  try {
    return {
      upstreamNameservers: JSON.parse(data['upstreamNameservers'] ?? '[]') as string[],
      stubDomains: JSON.parse(data['stubDomains'] ?? '{}') as Record<string, string[]>,
    };
  } catch {
    return { upstreamNameservers: [], stubDomains: {} };
  }
}
