// The cluster's DNS as kubeadm installs it, for scenarios whose manifests bring none.
// source: cmd/kubeadm/app/phases/addons/dns/manifests.go, cmd/kubeadm/app/constants/constants.go

import type { TimerName } from '../timing';
import type { IP } from '../values/ip';
import type { KubeObject } from '../values/kube-object';
import { isAtLeast } from '../values/kube-version';
import type { KubeVersion } from '../values/kube-version';
import { formatDuration, seconds } from '../values/time';
import type { Duration } from '../values/time';

export interface CoreDnsOptions {
  readonly kubernetes: KubeVersion;
  readonly domain: string;
  readonly replicas: number;
  /** The tenth address of each service range, the primary family first. */
  readonly clusterIPs: readonly IP[];
  /** Replaces kubeadm's Corefile. */
  readonly corefile?: string;
  /** What the scenario overrides of what that says. */
  readonly override?: TimerOverride;
}

/** What the scenario says of a timer by its name; undefined where it says nothing. */
export type TimerOverride = (timer: TimerName) => Duration | undefined;

const NO_OVERRIDE: TimerOverride = () => undefined;
/** The capacity of a cache where nobody says one. source: coredns plugin/cache/cache.go */
const CAPACITY = 9_984;

const NAMESPACE = 'kube-system';
const LABELS = { 'k8s-app': 'kube-dns' };

/** CoreDNS of each Kubernetes version, newest first. */
const IMAGES: readonly (readonly [from: string, image: string])[] = [
  ['1.36', 'registry.k8s.io/coredns/coredns:v1.14.2'],
  ['1.35', 'registry.k8s.io/coredns/coredns:v1.13.1'],
  ['1.34', 'registry.k8s.io/coredns/coredns:v1.12.1'],
  ['1.33', 'registry.k8s.io/coredns/coredns:v1.12.0'],
  ['1.31', 'registry.k8s.io/coredns/coredns:v1.11.3'],
  ['1.29', 'registry.k8s.io/coredns/coredns:v1.11.1'],
  ['1.28', 'registry.k8s.io/coredns/coredns:v1.10.1'],
];

/** Whether these objects bring a DNS service of their own. */
export function bringsDns(objects: readonly KubeObject[]): boolean {
  return objects.some(({ kind, metadata }) => {
    return kind === 'Service' && metadata.namespace === NAMESPACE && metadata.name === 'kube-dns';
  });
}

/** ConfigMap, Deployment and Service of CoreDNS. */
export function corednsManifests(options: CoreDnsOptions): KubeObject[] {
  const { kubernetes, domain, override } = options;
  const corefile = options.corefile ?? defaultCorefile(kubernetes, domain, override);
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'coredns', namespace: NAMESPACE },
      data: { Corefile: corefile },
    },
    deployment(options),
    service(options.clusterIPs),
  ];
}

/**
 * kubeadm's Corefile, with what the scenario overrides in place of its own words. Since 1.32 names
 * of the cluster are not cached.
 */
export function defaultCorefile(
  kubernetes: KubeVersion,
  domain: string,
  override = NO_OVERRIDE,
): string {
  const whole = (timer: TimerName): number => (override(timer) ?? seconds(30)) / seconds(1);
  const [success, denial] = [whole('coredns.cacheSuccess'), whole('coredns.cacheDenial')];
  const options = [
    ...(success === denial ? [] : [`denial ${CAPACITY} ${denial}`]),
    ...(isAtLeast(kubernetes, '1.32')
      ? [`disable success ${domain}`, `disable denial ${domain}`]
      : []),
  ];
  const cache =
    options.length === 0
      ? [`    cache ${success}`]
      : [`    cache ${success} {`, ...options.map((it) => `       ${it}`), '    }'];
  return [
    '.:53 {',
    '    errors',
    '    health {',
    `       lameduck ${formatDuration(override('coredns.lameduck') ?? seconds(5))}`,
    '    }',
    '    ready',
    `    kubernetes ${domain} in-addr.arpa ip6.arpa {`,
    '       pods insecure',
    '       fallthrough in-addr.arpa ip6.arpa',
    `       ttl ${whole('coredns.ttl')}`,
    '    }',
    '    prometheus :9153',
    '    forward . /etc/resolv.conf {',
    '       max_concurrent 1000',
    '    }',
    ...cache,
    '    loop',
    '    reload',
    '    loadbalance',
    '}',
    '',
  ].join('\n');
}

function deployment({ kubernetes, replicas }: CoreDnsOptions): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: NAMESPACE, labels: LABELS },
    spec: {
      replicas,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          priorityClassName: 'system-cluster-critical',
          serviceAccountName: 'coredns',
          affinity: { podAntiAffinity: PREFER_OTHER_NODES },
          tolerations: [
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
            { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
          ],
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          containers: [container(kubernetes)],
          dnsPolicy: 'Default',
          volumes: [{ name: 'config-volume', configMap: { name: 'coredns' } }],
        },
      },
    },
  };
}

const PREFER_OTHER_NODES = {
  preferredDuringSchedulingIgnoredDuringExecution: [
    {
      weight: 100,
      podAffinityTerm: {
        labelSelector: {
          matchExpressions: [{ key: 'k8s-app', operator: 'In', values: ['kube-dns'] }],
        },
        topologyKey: 'kubernetes.io/hostname',
      },
    },
  ],
};

function container(kubernetes: KubeVersion): Record<string, unknown> {
  return {
    name: 'coredns',
    image: IMAGES.find(([from]) => isAtLeast(kubernetes, from))?.[1] ?? IMAGES.at(-1)![1],
    args: ['-conf', '/etc/coredns/Corefile'],
    ports: [
      { containerPort: 53, name: 'dns', protocol: 'UDP' },
      { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' },
      { containerPort: 9153, name: 'metrics', protocol: 'TCP' },
      { containerPort: 8080, name: 'liveness-probe', protocol: 'TCP' },
      { containerPort: 8181, name: 'readiness-probe', protocol: 'TCP' },
    ],
    livenessProbe: {
      httpGet: { path: '/health', port: 'liveness-probe', scheme: 'HTTP' },
      initialDelaySeconds: 60,
      timeoutSeconds: 5,
      successThreshold: 1,
      failureThreshold: 5,
    },
    readinessProbe: { httpGet: { path: '/ready', port: 'readiness-probe', scheme: 'HTTP' } },
  };
}

function service(clusterIPs: readonly IP[]): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: NAMESPACE,
      labels: {
        ...LABELS,
        'kubernetes.io/cluster-service': 'true',
        'kubernetes.io/name': 'CoreDNS',
      },
    },
    spec: {
      clusterIP: clusterIPs[0],
      clusterIPs,
      selector: LABELS,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
        { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
      ],
      ...(clusterIPs.length > 1 ? { ipFamilyPolicy: 'RequireDualStack' } : {}),
    },
  };
}
