// The cluster that the lab holds against the kernel: two nodes, pods on both, one client outside
// and one far away. Everything that the lab builds is read off the model of it.

import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import type {
  BehaviourSpec,
  ClusterSpec,
  ListenSpec,
  NodeSpec,
} from '../../src/values/cluster-spec';
import { ip } from '../../src/values/ip';
import type { KubeObject } from '../../src/values/kube-object';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { later, seconds } from '../../src/values/time';
import { NAMESPACE, serviceManifests } from './service-manifests';
import type { LabService } from './services';

/** A way in which a cluster's packets can travel, and who writes its rules. */
export interface Setting {
  readonly cni: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly proxy: string;
}

interface LabPod {
  readonly name: string;
  readonly node: string;
  readonly listen: readonly ListenSpec[];
  readonly hostNetwork?: boolean;
}

const WEB = listen(8080, 5353);

/** p1 and p2 are clients; dead ones run and listen on nothing; h1 and h2 use their node's network. */
const PODS: readonly LabPod[] = [
  { name: 'p1', node: 'n1', listen: [] },
  { name: 'a1', node: 'n1', listen: WEB },
  { name: 'a2', node: 'n1', listen: WEB },
  { name: 'dead-a', node: 'n1', listen: [] },
  { name: 'p2', node: 'n2', listen: [] },
  { name: 'b1', node: 'n2', listen: WEB },
  { name: 'b2', node: 'n2', listen: WEB },
  { name: 'dead-b', node: 'n2', listen: [] },
  { name: 'h1', node: 'n1', listen: listen(9090, 9053), hostNetwork: true },
  { name: 'h2', node: 'n2', listen: listen(9090, 9053), hostNetwork: true },
];

/** How long the model lives on after the last change: every proxy has synced by then. */
const SETTLING = seconds(60);

/** The settled cluster with all these Services programmed on its nodes. */
export function labCluster(setting: Setting, services: readonly LabService[]): Cluster {
  const cluster = createCluster(specOf(setting), { seed: 1 });
  settle(cluster);
  cluster.handles.apply(services.flatMap((service) => serviceManifests(cluster, service)));
  settle(cluster);
  // A cloud's controller writes the addresses of load balancers; here the lab does.
  for (const { name, vip } of services) {
    const status = { loadBalancer: { ingress: [{ ip: vip }] } };
    cluster.handles.patch('Service', `${NAMESPACE}/${name}`, { status });
  }
  settle(cluster);
  return cluster;
}

export function settingName({ cni, options, proxy }: Setting): string {
  const words = Object.entries(options).map(([key, value]) => `${key} ${String(value)}`);
  return [proxy, [cni, ...words].join(' ')].join(', ');
}

function settle(cluster: Cluster): void {
  cluster.kernel.runUntil(later(cluster.kernel.now, SETTLING));
}

function specOf({ cni, options, proxy }: Setting): ClusterSpec {
  return {
    kubernetes: NEWEST_VERSION,
    domain: 'cluster.local',
    nodes: [nodeOf('n1', '192.168.1.10', 1), nodeOf('n2', '192.168.1.11', 2)],
    controlPlane: ip('192.168.1.9'),
    ipFamilies: ['IPv4'],
    podCIDRs: ['10.244.0.0/16'],
    serviceCIDRs: ['10.96.0.0/16'],
    nodeCIDRs: ['192.168.1.0/24'],
    cni: { name: cni, options },
    proxy: { mode: proxy, options: {} },
    dns: { replicas: 0 },
    externals: [
      { name: 'outside', address: ip('192.168.1.100'), listen: listen(9999, 9953), names: [] },
      { name: 'internet', address: ip('203.0.113.5'), listen: listen(443, 53), names: [] },
    ],
    loadBalancer: 'none',
    timing: { profile: 'default', overrides: {} },
    featureGates: {},
    start: 'settled',
    behaviours: PODS.map(behaviourOf),
    manifests: [namespaceObject(), ...PODS.map(podObject)],
  };
}

function nodeOf(name: string, address: string, index: number): NodeSpec {
  return {
    name,
    addresses: [ip(address)],
    zone: '',
    labels: {},
    taints: [],
    podCIDRs: [`10.244.${index}.0/24`],
    role: 'worker',
    maxPods: 110,
  };
}

function behaviourOf({ name, listen }: LabPod): BehaviourSpec {
  return { target: `pod/${NAMESPACE}/${name}`, listen };
}

function namespaceObject(): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
}

function podObject({ name, node, hostNetwork = false }: LabPod): KubeObject {
  const spec = { nodeName: node, hostNetwork, containers: [{ name: 'main', image: 'lab' }] };
  const metadata = { name, namespace: NAMESPACE };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

function listen(tcp: number, udp: number): ListenSpec[] {
  return [
    { port: tcp, protocol: 'TCP' },
    { port: udp, protocol: 'UDP' },
  ];
}
