// A Service of the lab as Kubernetes objects. Its EndpointSlice is written by hand, so that the
// situation of its endpoints is exactly the one that is wanted.

import type { Cluster } from '../../src/cluster/cluster';
import type { Pod } from '../../src/apiserver/kinds/pod';
import type { KubeObject } from '../../src/values/kube-object';
import type { EndpointState, LabEndpoint, LabService } from './services';

/** The namespace of everything that the lab creates. */
export const NAMESPACE = 'lab';

/** source: staging/src/k8s.io/api/discovery/v1/types.go EndpointConditions */
const CONDITIONS: Readonly<Record<EndpointState, Readonly<Record<string, boolean>>>> = {
  ready: { ready: true, serving: true, terminating: false },
  terminating: { ready: false, serving: true, terminating: true },
  unready: { ready: false, serving: false, terminating: false },
};

/** The Service, without a selector, and its slice. The pods must be running. */
export function serviceManifests(cluster: Cluster, service: LabService): KubeObject[] {
  return [serviceObject(service), sliceObject(cluster, service)];
}

function serviceObject(service: LabService): KubeObject {
  const { affinitySeconds, clusterIP, externalIP, name, nodePort, policy } = service;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      type: 'LoadBalancer',
      clusterIP,
      externalIPs: [externalIP],
      externalTrafficPolicy: policy,
      internalTrafficPolicy: policy,
      ports: [
        { name: 'web', port: 80, protocol: 'TCP', nodePort, targetPort: service.targetPort.TCP },
        { name: 'dns', port: 53, protocol: 'UDP', nodePort, targetPort: service.targetPort.UDP },
      ],
      ...(service.sourceRanges && { loadBalancerSourceRanges: service.sourceRanges }),
      ...(affinitySeconds !== undefined && {
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: affinitySeconds } },
      }),
    },
  };
}

function sliceObject(cluster: Cluster, { name, targetPort, endpoints }: LabService): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-lab`,
      namespace: NAMESPACE,
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: 'IPv4',
    ports: [
      { name: 'web', port: targetPort.TCP, protocol: 'TCP' },
      { name: 'dns', port: targetPort.UDP, protocol: 'UDP' },
    ],
    endpoints: endpoints.map((endpoint) => endpointOf(cluster, endpoint)),
  };
}

function endpointOf(cluster: Cluster, { pod, address, node, state }: LabEndpoint): unknown {
  const conditions = CONDITIONS[state];
  if (pod === undefined) return { addresses: [address], nodeName: node, conditions };
  const object = cluster.api.store.get('Pod', `${NAMESPACE}/${pod}`) as Pod | undefined;
  const podIP = object?.status?.podIP;
  if (podIP === undefined) throw new RangeError(`the model has no running pod ${pod}`);
  return { addresses: [podIP], nodeName: object!.spec.nodeName, conditions };
}
