// The objects of a cluster that no manifest brings: its namespaces, its nodes, the Service of
// the API server itself.

import { controlPlaneHosts } from './components/control-plane-hosts';
import type { ClusterSpec, NodeSpec } from '../values/cluster-spec';
import { formatBytes } from '../values/bytes';
import { addressAt, cidr } from '../values/cidr';
import { familyOf } from '../values/ip';
import { copyWith, deepFreeze } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';

/** source: pkg/controlplane/controller/systemnamespaces (the four that every cluster has) */
const SYSTEM_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'] as const;

/** The API server's secure port. source: cmd/kubeadm defaults (bindPort 6443) */
const API_PORT = 6443;

/** What each node says of itself. */
const CONDITIONS = deepFreeze([{ type: 'Ready', status: 'True', reason: 'KubeletReady' }]);

/** In the order in which they are created. */
export function seedObjects(spec: ClusterSpec): KubeObject[] {
  return [
    ...SYSTEM_NAMESPACES.map(namespace),
    ...spec.nodes.map(nodeObject),
    kubernetesService(spec),
    kubernetesSlice(spec),
  ];
}

export function namespace(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

function nodeObject(node: NodeSpec): KubeObject {
  const zone = node.zone === '' ? {} : { 'topology.kubernetes.io/zone': node.zone };
  const role = node.role === 'control-plane' ? { 'node-role.kubernetes.io/control-plane': '' } : {};
  const labels = { 'kubernetes.io/hostname': node.name, 'kubernetes.io/os': 'linux' };
  const capacity = {
    pods: String(node.maxPods),
    ...(node.storage === undefined ? {} : { 'ephemeral-storage': formatBytes(node.storage) }),
  };
  const [podCIDR] = node.podCIDRs;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: Object.assign(labels, zone, role, node.labels) },
    spec: copyWith(
      podCIDR === undefined ? {} : { podCIDR, podCIDRs: node.podCIDRs },
      node.taints.length === 0 ? {} : { taints: node.taints },
    ),
    status: {
      addresses: node.addresses
        .map((address) => ({ type: 'InternalIP', address: address as string }))
        .concat({ type: 'Hostname', address: node.name }),
      capacity,
      allocatable: capacity,
      conditions: CONDITIONS,
    },
  };
}

/** source: pkg/controlplane/controller/kubernetesservice (first address of the service range) */
function kubernetesService(spec: ClusterSpec): KubeObject {
  const clusterIP = addressAt(cidr(spec.serviceCIDRs[0]!), 1);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      clusterIP,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: API_PORT }],
    },
  };
}

/** source: pkg/controlplane/reconcilers/endpointsadapter.go */
function kubernetesSlice(spec: ClusterSpec): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: familyOf(spec.controlPlane),
    ports: [{ name: 'https', port: API_PORT, protocol: 'TCP' }],
    endpoints: controlPlaneHosts(spec).map(({ address }) => ({
      addresses: [address],
      conditions: { ready: true },
    })),
  };
}
