// Service ports, endpoints and nodes in few words, for the specs of the proxy.

import { endpointText } from '../../../src/node/proxy/categorize-endpoints';
import { servicePortKey } from '../../../src/node/proxy/proxy-mode';
import type {
  Endpoint,
  ProxyInput,
  ProxyNode,
  ServicePort,
} from '../../../src/node/proxy/proxy-mode';
import { ip } from '../../../src/values/ip';
import { compareText } from '../../../src/values/order';

/** `ns/name:port`: a TCP port 80 at 10.96.0.20, unless said otherwise. */
export function servicePort(name: string, fields: Partial<ServicePort> = {}): ServicePort {
  const [, namespace = '', service = '', port = ''] = /^(.*)\/([^:]*):?(.*)$/.exec(name)!;
  return {
    id: { namespace, name: service, port, protocol: 'TCP' },
    clusterIP: ip('10.96.0.20'),
    port: 80,
    nodePort: undefined,
    externalIPs: [],
    loadBalancerVIPs: [],
    loadBalancerSourceRanges: [],
    healthCheckNodePort: undefined,
    affinitySeconds: undefined,
    internalPolicyLocal: false,
    externalPolicyLocal: false,
    ...fields,
  };
}

/** A ready endpoint on port 8080 of worker-1, unless said otherwise. */
export function endpoint(address: string, fields: Partial<Endpoint> = {}): Endpoint {
  return {
    ip: ip(address),
    port: 8080,
    ready: true,
    serving: true,
    terminating: false,
    nodeName: 'worker-1',
    zoneHints: [],
    nodeHints: [],
    ...fields,
  };
}

/** An endpoint that no longer takes new connections, but still serves. */
export function terminating(address: string, fields: Partial<Endpoint> = {}): Endpoint {
  return endpoint(address, { ready: false, terminating: true, ...fields });
}

/** An endpoint that is neither ready nor serving. */
export function unready(address: string, fields: Partial<Endpoint> = {}): Endpoint {
  return endpoint(address, { ready: false, serving: false, ...fields });
}

export function inputOf(...services: readonly (readonly [ServicePort, Endpoint[]])[]): ProxyInput {
  const sorted = [...services].sort(([a], [b]) =>
    compareText(servicePortKey(a.id), servicePortKey(b.id)),
  );
  return {
    servicePorts: new Map(sorted.map(([service]) => [servicePortKey(service.id), service])),
    endpoints: new Map(
      sorted.map(([service, endpoints]) => [
        servicePortKey(service.id),
        [...endpoints].sort((a, b) => compareText(endpointText(a), endpointText(b))),
      ]),
    ),
  };
}

/** A node at 192.168.1.11 with pods in 10.244.0.0/16, unless said otherwise. */
export function nodeOf(name: string, fields: Partial<ProxyNode> = {}): ProxyNode {
  return {
    name,
    family: 'IPv4',
    addresses: [ip('192.168.1.11'), ip('127.0.0.1')],
    zone: '',
    clusterCIDR: '10.244.0.0/16',
    masqueradeAll: false,
    nodePortAddresses: [],
    localhostNodePorts: true,
    kubernetes: '1.36',
    ...fields,
  };
}
