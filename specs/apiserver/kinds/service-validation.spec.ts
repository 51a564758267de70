// Goal: a Service that no API server would take is not drilled either. The first rules are in
// ../kinds.spec.ts; here are those of single fields, and of changes.
// Rules: pkg/apis/core/validation/validation.go ValidateService, validateServicePort,
// ValidateServiceClusterIPsRelatedFields, ValidateServiceUpdate; services.md §1.3.

import { expect } from 'chai';

import { definitionOf } from '../../../src/apiserver/kinds';
import type { KubeObject } from '../../../src/values/kube-object';
import { manifest, verdictOn } from './verdict';

function service(spec: object): KubeObject {
  return manifest('v1', 'Service', { spec: { ports: [{ port: 80 }], ...spec } });
}

const withPort = (port: object, spec: object = {}) =>
  service({ ports: [{ port: 80, ...port }], ...spec });

describe('a field of a Service is refused', () => {
  const rows: readonly (readonly [string, KubeObject, string])[] = [
    [
      'a type that there is not',
      service({ type: 'Headless' }),
      'error /spec/type: "Headless" is none of ClusterIP, NodePort, LoadBalancer, ExternalName',
    ],
    [
      'a type that is a list',
      service({ type: ['NodePort'] }),
      'error /spec/type: ["NodePort"] is none of ClusterIP, NodePort, LoadBalancer, ExternalName',
    ],
    [
      'a port without a number',
      service({ ports: [{ name: 'http' }] }),
      'error /spec/ports/0/port: must be a number, is missing',
    ],
    [
      'an address of an ExternalName',
      service({ type: 'ExternalName', externalName: 'example.com', clusterIP: '10.96.0.20' }),
      'error /spec/clusterIP: an ExternalName has no address',
    ],
    [
      'an address that is a number',
      service({ clusterIP: 10.96 }),
      'error /spec/clusterIP: must be a string, is 10.96',
    ],
    [
      'one external address in place of a list',
      service({ externalIPs: '203.0.113.7' }),
      'error /spec/externalIPs: must be a list, is "203.0.113.7"',
    ],
    [
      'a range that is a number',
      service({ type: 'LoadBalancer', loadBalancerSourceRanges: [10] }),
      'error /spec/loadBalancerSourceRanges/0: must be a string, is 10',
    ],
    [
      'a selector that is no label',
      service({ selector: { app: 'a b' } }),
      'error /spec/selector/app: "a b" is no label value: at most 63 letters, digits, "-", "_", "."',
    ],
    ...['NodePort', 'LoadBalancer'].map((type): readonly [string, KubeObject, string] => [
      `no address of type ${type}`,
      service({ type, clusterIP: 'None' }),
      `error /spec/clusterIP: None is no address, and type ${type} needs one`,
    ]),
    ...['0.0.0.0', '127.0.0.1', '169.254.20.10', '224.0.0.1', '::1', 'fe80::1', 'ff02::1'].map(
      (address): readonly [string, KubeObject, string] => [
        `the external address ${address}`,
        service({ externalIPs: [address] }),
        `error /spec/externalIPs/0: ${address} is an address of a host or a link alone`,
      ],
    ),
    [
      "the kubelet's port behind a balancer",
      withPort({ port: 10_250 }, { type: 'LoadBalancer' }),
      "error /spec/ports/0/port: 10250 is the kubelet's on every node",
    ],
    [
      'node ports left out of a ClusterIP',
      service({ allocateLoadBalancerNodePorts: false }),
      'error /spec/allocateLoadBalancerNodePorts: is for Services of type LoadBalancer',
    ],
    [
      'a port of health checks out of range',
      service({
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 29_000,
      }),
      'error /spec/healthCheckNodePort: 29000 is not in the range 30000-32767',
    ],
    [
      'a port name in capitals',
      withPort({ name: 'HTTP' }),
      'error /spec/ports/0/name: "HTTP" is no DNS label',
    ],
    [
      'a name of two ports',
      service({ ports: [80, 81].map((port) => ({ name: 'web', port })) }),
      'error /spec/ports/1/name: "web" is the name of another port',
    ],
    [
      'a protocol that has no ports',
      withPort({ protocol: 'ICMP' }),
      'error /spec/ports/0/protocol: "ICMP" is none of TCP, UDP, SCTP',
    ],
    [
      'a target port beyond 65535',
      withPort({ targetPort: 70_000 }),
      'error /spec/ports/0/targetPort: 70000 is no port number and no name of a port (write the ' +
        'number without quotes)',
    ],
    [
      'a target port that no container can name',
      withPort({ targetPort: 'Web' }),
      'error /spec/ports/0/targetPort: "Web" is no port number and no name of a port',
    ],
    [
      'one node port for two ports of a protocol',
      service({
        type: 'NodePort',
        ports: ['a', 'b'].map((name, at) => ({ name, port: 80 + at, nodePort: 30_080 })),
      }),
      'error /spec/ports/1/nodePort: 30080/TCP is there already',
    ],
    [
      'a first address that is not the address',
      service({ clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.21'] }),
      'error /spec/clusterIPs/0: must be the clusterIP 10.96.0.20',
    ],
    [
      'an external address that is a name',
      service({ externalIPs: ['198.51.100.1', 'example.com'] }),
      'error /spec/externalIPs/1: "example.com" is no IP address',
    ],
    [
      'an affinity to cookies',
      service({ sessionAffinity: 'Cookie' }),
      'error /spec/sessionAffinity: "Cookie" is none of None, ClientIP',
    ],
    [
      'an internal policy that there is not',
      service({ internalTrafficPolicy: 'Zone' }),
      'error /spec/internalTrafficPolicy: "Zone" is none of Cluster, Local',
    ],
    [
      'a port for health checks where nobody checks',
      service({ type: 'LoadBalancer', healthCheckNodePort: 30_100 }),
      'error /spec/healthCheckNodePort: is for Services of type LoadBalancer with ' +
        'externalTrafficPolicy Local',
    ],
    [
      'a class of balancer without a balancer',
      service({ type: 'NodePort', loadBalancerClass: 'example.com/lb' }),
      'error /spec/loadBalancerClass: is for Services of type LoadBalancer',
    ],
    [
      'source ranges without a balancer',
      service({ loadBalancerSourceRanges: ['10.0.0.0/8'] }),
      'error /spec/loadBalancerSourceRanges: is for Services of type LoadBalancer',
    ],
    [
      'a source range that is an address',
      service({ type: 'LoadBalancer', loadBalancerSourceRanges: [' 10.0.0.0/8 ', '10.0.0.1'] }),
      'error /spec/loadBalancerSourceRanges/1: "10.0.0.1" is no CIDR',
    ],
    [
      'one family twice',
      service({ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv4'] }),
      'error /spec/ipFamilies/1: "IPv4" is there already',
    ],
    [
      'a family that there is not',
      service({ ipFamilies: ['IPv5'] }),
      'error /spec/ipFamilies/0: "IPv5" is none of IPv4, IPv6',
    ],
    [
      'a policy of families that there is not',
      service({ ipFamilyPolicy: 'DualStack' }),
      'error /spec/ipFamilyPolicy: "DualStack" is none of SingleStack, PreferDualStack, ' +
        'RequireDualStack',
    ],
    [
      'a class of balancer that is no name',
      service({ type: 'LoadBalancer', loadBalancerClass: 'my class' }),
      'error /spec/loadBalancerClass: "my class" is no qualified name',
    ],
    [
      'an application protocol that is no name',
      withPort({ appProtocol: 'my proto' }),
      'error /spec/ports/0/appProtocol: "my proto" is no qualified name',
    ],
    [
      'a flag in quotes',
      service({ publishNotReadyAddresses: 'yes' }),
      'error /spec/publishNotReadyAddresses: must be true or false, is "yes"',
    ],
    [
      'a node port in quotes',
      withPort({ nodePort: '30080' }, { type: 'NodePort' }),
      'error /spec/ports/0/nodePort: must be a number, is "30080" (write the number without quotes)',
    ],
    [
      'a port for health checks in quotes',
      service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: '1' }),
      'error /spec/healthCheckNodePort: must be a number, is "1" (write the number without quotes)',
    ],
    [
      'a port name that is a number',
      withPort({ name: 80 }),
      'error /spec/ports/0/name: must be a string, is 80',
    ],
    [
      'an affinity timeout in quotes',
      service({
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: '60' } },
      }),
      'error /spec/sessionAffinityConfig/clientIP/timeoutSeconds: must be a number, is "60" (write ' +
        'the number without quotes)',
    ],
  ];
  for (const [title, object, problem] of rows) {
    it(title, () => expect(verdictOn(object)).to.deep.equal([problem]));
  }
});

describe('a Service is taken', () => {
  const rows: readonly (readonly [string, KubeObject])[] = [
    ['without ports, where it has no address', service({ clusterIP: 'None', ports: [] })],
    [
      'as a name with the dot of the root',
      service({ type: 'ExternalName', externalName: 'example.com.', ports: [] }),
    ],
    [
      'with one node port for TCP and for UDP',
      service({
        type: 'NodePort',
        ports: ['TCP', 'UDP'].map((protocol, at) => ({
          name: `dns-${at}`,
          protocol,
          port: 53,
          nodePort: 30_053,
        })),
      }),
    ],
    [
      'with a port for health checks and source ranges, where a balancer reads them',
      service({
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30_100,
        loadBalancerSourceRanges: ['10.0.0.0/8', '2001:db8::/32'],
      }),
    ],
    ['with two addresses, one for each family', service({ clusterIPs: ['10.96.0.20', 'fd00::1'] })],
  ];
  for (const [title, object] of rows) {
    it(title, () => expect(verdictOn(object)).to.deep.equal([]));
  }
});

describe('the address of a Service', () => {
  const change = (before: object, after: object) =>
    definitionOf('v1', 'Service')!.validateChange!(service(after), service(before));

  it('may not change', () => {
    expect(change({ clusterIP: '10.96.0.20' }, { clusterIP: '10.96.0.21' })).to.deep.equal([
      {
        path: '/spec/clusterIP',
        severity: 'error',
        message: 'the address may not change: it is 10.96.0.20',
        hint: 'delete the Service and create it again',
      },
    ]);
    expect(change({ clusterIP: 'None' }, { clusterIP: '10.96.0.21' })).to.have.length(1);
  });

  it('may be kept, given where there was none, and lost to a name', () => {
    expect(change({ clusterIP: '10.96.0.20' }, { clusterIP: '10.96.0.20' })).to.deep.equal([]);
    expect(change({}, { clusterIP: '10.96.0.20' })).to.deep.equal([]);
    const name = { type: 'ExternalName', externalName: 'example.com' };
    expect(change({ clusterIP: '10.96.0.20' }, name)).to.deep.equal([]);
    expect(change(name, { clusterIP: '10.96.0.20' })).to.deep.equal([]);
  });
});
