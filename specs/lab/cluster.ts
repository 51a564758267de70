// The cluster that the lab holds against the kernel: two nodes, pods on both, one client outside
// and one far away. Everything that the lab builds is read off the model of it.

import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import type { IptablesBackend } from '../../src/node/netfilter/ruleset';
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
  /**
   * Of mode iptables: the back ends of the images that kube-proxy had, one after the other, the
   * present one last. With each the endpoints have moved, so that what is left is out of date.
   */
  readonly backends?: readonly IptablesBackend[];
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
  setting.backends?.slice(1).forEach((backend, index) => {
    changeImages(cluster, backend);
    const moved = movedServices(services, index + 1);
    cluster.handles.apply(moved.flatMap((service) => serviceManifests(cluster, service)));
    settle(cluster);
  });
  return cluster;
}

/** Every node gets a kube-proxy whose iptables has this back end. */
function changeImages(cluster: Cluster, backend: IptablesBackend): void {
  for (const component of cluster.components) {
    if (component.name !== 'kube-proxy') continue;
    cluster.handles.changeIptables(component.node!, backend);
    cluster.handles.killComponent(component, { restart: true });
  }
  settle(cluster);
}

/**
 * Every Service has the endpoints of another one that listens on the same ports. Pods that are
 * gone stay where they are: which clients can tell is a matter of ARP.
 */
function movedServices(services: readonly LabService[], by: number): LabService[] {
  return services.map((service) => {
    const alike = services.filter(({ targetPort, endpoints }) => {
      const areThere = endpoints.every(({ pod }) => pod !== undefined);
      return areThere && targetPort.TCP === service.targetPort.TCP;
    });
    if (!alike.includes(service)) return service;
    const place = (alike.indexOf(service) + by * STRIDE) % alike.length;
    return { ...service, endpoints: alike[place]!.endpoints };
  });
}

/** Far enough for other situations of endpoints, and with no common divisor with their number. */
const STRIDE = 5;

export function settingName({ cni, options, proxy, backends = [] }: Setting): string {
  const words = Object.entries(options).map(([key, value]) => `${key} ${String(value)}`);
  const images = backends.length === 0 ? [] : [backends.join(' then ')];
  return [proxy, [cni, ...words].join(' '), ...images].join(', ');
}

function settle(cluster: Cluster): void {
  cluster.kernel.runUntil(later(cluster.kernel.now, SETTLING));
}

function specOf({ cni, options, proxy, backends = [] }: Setting): ClusterSpec {
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
    proxy: { mode: proxy, options: { iptablesBackend: backends[0] } },
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
