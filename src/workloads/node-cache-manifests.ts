// The add-on NodeLocal DNSCache as its manifest installs it, for scenarios that ask for one.
// source: cluster/addons/dns/nodelocaldns/nodelocaldns.yaml; which placeholders an administrator
// fills in, by the mode of kube-proxy: kubernetes.io "Using NodeLocal DNSCache"

import { TIMERS } from '../timing';
import type { TimerName } from '../timing';
import type { IP } from '../values/ip';
import type { KubeObject } from '../values/kube-object';
import { seconds } from '../values/time';
import type { TimerOverride } from './coredns-manifests';

export interface NodeCacheOptions {
  readonly domain: string;
  /** The link-local address. */
  readonly address: IP;
  /** The ClusterIP of kube-dns, of the family of `address`. */
  readonly kubeDns: IP;
  /** Whether kube-proxy holds the ClusterIP on a device of the node, so that nobody else can. */
  readonly isIpvs: boolean;
  /** Replaces the template of the add-on. */
  readonly corefile?: string;
  /** What the scenario overrides of what that says. */
  readonly override?: TimerOverride;
}

const NAMESPACE = 'kube-system';
const NAME = 'node-local-dns';
const LABELS = { 'k8s-app': NAME };
const IMAGE = 'registry.k8s.io/dns/k8s-dns-node-cache:1.26.4';
const UPSTREAM = 'kube-dns-upstream';

/** Whether these objects bring a cache of their own. */
export function bringsNodeCache(objects: readonly KubeObject[]): boolean {
  return objects.some(({ kind, metadata }) => {
    return kind === 'DaemonSet' && metadata.namespace === NAMESPACE && metadata.name === NAME;
  });
}

/** The Service of the upstream, ConfigMap, DaemonSet, and the Service for metrics. */
export function nodeCacheManifests(options: NodeCacheOptions): KubeObject[] {
  return [
    upstreamService(),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, namespace: NAMESPACE },
      data: { Corefile: options.corefile ?? nodeCacheTemplate(options) },
    },
    daemonSet(options),
    metricsService(),
  ];
}

/** What is left for node-cache itself to fill in is left. */
export function nodeCacheTemplate(options: NodeCacheOptions): string {
  const { domain, address, kubeDns, isIpvs, override } = options;
  const kept = (timer: TimerName): number =>
    (override?.(timer) ?? TIMERS[timer].value.least) / seconds(1);
  const bind = isIpvs ? address : `${address} ${kubeDns}`;
  const cluster = ['{', '            force_tcp', '    }'].join('\n');
  const clusterDns = isIpvs ? kubeDns : '__PILLAR__CLUSTER__DNS__';
  const cache = [
    'cache {',
    `            success 9984 ${kept('node-cache.success')}`,
    `            denial 9984 ${kept('node-cache.denial')}`,
    '    }',
  ].join('\n');
  const health = address.includes(':') ? `[${address}]` : address;
  const block = (zone: string, lines: readonly string[]): string =>
    [`${zone}:53 {`, ...lines.map((line) => `    ${line}`), '}', ''].join('\n');
  const blockFor = (zone: string, cached: string, upstream: string, ...more: readonly string[]) =>
    block(zone, [
      'errors',
      cached,
      'reload',
      'loop',
      `bind ${bind}`,
      `forward . ${upstream}`,
      'prometheus :9253',
      ...more,
    ]);
  return [
    blockFor(domain, cache, `${clusterDns} ${cluster}`, `health ${health}:8080`),
    blockFor('in-addr.arpa', 'cache 30', `${clusterDns} ${cluster}`),
    blockFor('ip6.arpa', 'cache 30', `${clusterDns} ${cluster}`),
    blockFor('.', 'cache 30', '__PILLAR__UPSTREAM__SERVERS__'),
  ].join('');
}

/** Leads past the cache to CoreDNS, since the address of kube-dns leads to the cache. */
function upstreamService(): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: UPSTREAM, namespace: NAMESPACE, labels: { 'k8s-app': 'kube-dns' } },
    spec: {
      selector: { 'k8s-app': 'kube-dns' },
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
    },
  };
}

function metricsService(): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: {
      clusterIP: 'None',
      selector: LABELS,
      ports: [{ name: 'metrics', port: 9253, targetPort: 9253 }],
    },
  };
}

function daemonSet(options: NodeCacheOptions): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: {
      updateStrategy: { rollingUpdate: { maxUnavailable: '10%' } },
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          priorityClassName: 'system-node-critical',
          hostNetwork: true,
          dnsPolicy: 'Default',
          tolerations: [
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
            { effect: 'NoExecute', operator: 'Exists' },
            { effect: 'NoSchedule', operator: 'Exists' },
          ],
          containers: [container(options)],
          volumes: [
            { name: 'kube-dns-config', configMap: { name: 'kube-dns', optional: true } },
            { name: 'config-volume', configMap: { name: NAME } },
          ],
        },
      },
    },
  };
}

function container({ address, kubeDns, isIpvs }: NodeCacheOptions): Record<string, unknown> {
  const localIps = isIpvs ? address : `${address},${kubeDns}`;
  return {
    name: 'node-cache',
    image: IMAGE,
    args: ['-localip', localIps, '-conf', '/etc/Corefile', '-upstreamsvc', UPSTREAM],
    ports: [
      { containerPort: 53, name: 'dns', protocol: 'UDP' },
      { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' },
      { containerPort: 9253, name: 'metrics', protocol: 'TCP' },
    ],
    livenessProbe: {
      httpGet: { host: address, path: '/health', port: 8080 },
      initialDelaySeconds: 60,
      timeoutSeconds: 5,
    },
  };
}
