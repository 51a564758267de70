// Goal: a pod that no API server would take is not drilled either. The first rules are in
// ../kinds.spec.ts; here are those of single fields.
// Rules: pkg/apis/core/validation/validation.go ValidatePodSpec, validateContainerPorts,
// checkHostPortConflicts, validateProbe, validatePodDNSConfig, ValidateTolerations.

import { expect } from 'chai';

import type { KubeObject } from '../../../src/values/kube-object';
import { manifest, verdictOn } from './verdict';

function pod(spec: object, container: object = {}): KubeObject {
  return manifest('v1', 'Pod', {
    spec: {
      containers: [{ name: 'main', image: 'registry.example/app:1', ...container }],
      ...spec,
    },
  });
}

const withPort = (port: object) => pod({}, { ports: [{ containerPort: 80, ...port }] });

const withProbe = (probe: object) => pod({}, { readinessProbe: probe });

const withDns = (nameservers: readonly string[]) =>
  pod({ dnsPolicy: 'None', dnsConfig: { nameservers } });

describe('a field of a pod is refused', () => {
  const at = 'error /spec/containers/0';
  const rows: readonly (readonly [string, KubeObject, string])[] = [
    [
      'a negative grace',
      pod({ terminationGracePeriodSeconds: -1 }),
      'error /spec/terminationGracePeriodSeconds: must not be negative',
    ],
    [
      'a restart policy of other systems',
      pod({ restartPolicy: 'unless-stopped' }),
      'error /spec/restartPolicy: "unless-stopped" is none of Always, OnFailure, Never',
    ],
    ['a dotted host name', pod({ hostname: 'a.b' }), 'error /spec/hostname: "a.b" is no DNS label'],
    [
      'a subdomain in capitals',
      pod({ subdomain: 'Shop' }),
      'error /spec/subdomain: "Shop" is no DNS label',
    ],
    ['a container without a name', pod({}, { name: undefined }), `${at}/name: Required value`],
    [
      'a container whose name is a mapping',
      pod({}, { name: { a: 1 } }),
      `${at}/name: {"a":1} is no DNS label`,
    ],
    [
      'a port whose name is a mapping',
      withPort({ name: { a: 1 } }),
      `${at}/ports/0/name: {"a":1} is no port name: 1 to 15 of a-z, 0-9, "-", with a letter`,
    ],
    [
      'an init container with the name of a container',
      pod({ initContainers: [{ name: 'main', image: 'registry.example/app:1' }] }),
      `${at}/name: "main" is the name of another container`,
    ],
    [
      'a name of two ports',
      pod({}, { ports: ['a', 'a'].map((name, index) => ({ name, containerPort: 80 + index })) }),
      `${at}/ports/1/name: "a" is the name of another port`,
    ],
    [
      'a port name of 16 letters',
      withPort({ name: 'abcdefghijklmnop' }),
      `${at}/ports/0/name: "abcdefghijklmnop" is no port name: 1 to 15 of a-z, 0-9, "-", with a ` +
        'letter',
    ],
    [
      'a port name with two dashes in a row',
      withPort({ name: 'a--b' }),
      `${at}/ports/0/name: "a--b" is no port name: 1 to 15 of a-z, 0-9, "-", with a letter`,
    ],
    [
      'a protocol that has no ports',
      withPort({ protocol: 'ICMP' }),
      `${at}/ports/0/protocol: "ICMP" is none of TCP, UDP, SCTP`,
    ],
    [
      'a host port beyond 65535',
      pod({ hostNetwork: false }, { ports: [{ containerPort: 80, hostPort: 70_000 }] }),
      `${at}/ports/0/hostPort: 70000 is not in 1..65535`,
    ],
    [
      'a probe that begins before the container',
      withProbe({ tcpSocket: { port: 80 }, initialDelaySeconds: -1 }),
      `${at}/readinessProbe/initialDelaySeconds: must not be negative`,
    ],
    [
      'a probe of port 0',
      withProbe({ tcpSocket: { port: 0 } }),
      `${at}/readinessProbe/tcpSocket/port: 0 is no port number and no port name`,
    ],
    [
      'a probe of a number in quotes',
      withProbe({ httpGet: { port: '8080' } }),
      `${at}/readinessProbe/httpGet/port: "8080" is no port number and no port name`,
    ],
    [
      'an image that is a number',
      pod({}, { image: 5 }),
      `${at}/image: must be a string, is 5 (put it in quotes)`,
    ],
    [
      'a number among the words of a command',
      pod({}, { command: ['sleep', 1000] }),
      `${at}/command/1: must be a string, is 1000 (put it in quotes)`,
    ],
    [
      'a command in one text',
      pod({}, { args: 'sleep 1000' }),
      `${at}/args: must be a list, is "sleep 1000"`,
    ],
    [
      'a port in quotes',
      withPort({ containerPort: '80' }),
      `${at}/ports/0/containerPort: must be a number, is "80" (write the number without quotes)`,
    ],
    [
      'a period in quotes, which would never come round',
      withProbe({ exec: {}, periodSeconds: '5' }),
      `${at}/readinessProbe/periodSeconds: must be a whole number, is "5" (write the number ` +
        'without quotes)',
    ],
    [
      'a command of a probe in one text',
      withProbe({ exec: { command: 'cat /tmp/ready' } }),
      `${at}/readinessProbe/exec/command: must be a list, is "cat /tmp/ready"`,
    ],
    [
      'a grace that is a duration',
      pod({ terminationGracePeriodSeconds: '30s' }),
      'error /spec/terminationGracePeriodSeconds: must be a whole number, is "30s"',
    ],
    [
      'a gRPC probe without a port',
      withProbe({ grpc: {} }),
      `${at}/readinessProbe/grpc/port: must be a number, is missing`,
    ],
    [
      'a DNS policy that there is not',
      pod({ dnsPolicy: 'Cluster' }),
      'error /spec/dnsPolicy: "Cluster" is none of ClusterFirst, ClusterFirstWithHostNet, ' +
        'Default, None',
    ],
    [
      'a name for a name server',
      withDns(['10.96.0.10', 'dns.example.com']),
      'error /spec/dnsConfig/nameservers: "dns.example.com" is no IP address',
    ],
    [
      'a fourth name server, which no resolver reads',
      withDns(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']),
      'error /spec/dnsConfig/nameservers: at most 3 nameservers',
    ],
    [
      'a toleration of a value by its mere existence',
      pod({ tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] }),
      'error /spec/tolerations/0/value: must be empty where the operator is Exists',
    ],
    [
      'a time of toleration for what evicts nobody',
      pod({ tolerations: [{ key: 'a', effect: 'NoSchedule', tolerationSeconds: 30 }] }),
      'error /spec/tolerations/0/effect: must be NoExecute where tolerationSeconds is given',
    ],
  ];
  for (const [title, object, problem] of rows) {
    it(title, () => {
      const errors = verdictOn(object).filter((line) => line.startsWith('error'));
      expect(errors).to.deep.equal([problem]);
    });
  }

  it('two containers with one host port, unless address or protocol keep them apart', () => {
    const container = (name: string, port: object) => ({
      name,
      image: 'registry.example/dns:1',
      ports: [{ containerPort: 53, hostPort: 53, ...port }],
    });
    const both = (port: object) =>
      verdictOn(pod({ hostNetwork: true, containers: [container('a', {}), container('b', port)] }));
    expect(both({})).to.deep.equal([
      'error /spec/containers/1/ports/0/hostPort: 53 is taken by another container',
    ]);
    expect(both({ protocol: 'UDP' })).to.deep.equal([]);
    expect(both({ hostIP: '192.168.1.11' })).to.deep.equal([]);
  });

  it("a host port that is not the container's on the network of the host", () => {
    const object = pod({ hostNetwork: true }, { ports: [{ containerPort: 80, hostPort: 8_080 }] });
    expect(verdictOn(object)).to.deep.equal([
      `${at}/ports/0/hostPort: must be the containerPort on the network of the host`,
    ]);
  });
});

describe('a pod is taken', () => {
  it('with probes of each kind, by number and by name', () => {
    const probes = [
      { httpGet: { port: 80 } },
      { httpGet: { port: 'web' } },
      { tcpSocket: { port: 80 } },
      { grpc: { port: 9_000 } },
      { exec: { command: ['true'] } },
    ];
    for (const probe of probes) expect(verdictOn(withProbe(probe))).to.deep.equal([]);
  });

  it('with a readiness probe that must succeed twice', () => {
    const probe = { tcpSocket: { port: 80 }, successThreshold: 2 };
    expect(verdictOn(withProbe(probe))).to.deep.equal([]);
  });

  it('with a resolver and tolerations of its own', () => {
    const tolerations = [
      { operator: 'Exists' },
      { key: 'a', value: 'x', effect: 'NoExecute', tolerationSeconds: 30 },
    ];
    const dnsConfig = { nameservers: ['1.1.1.1', '2001:db8::53'] };
    expect(verdictOn(pod({ tolerations, dnsPolicy: 'None', dnsConfig }))).to.deep.equal([]);
  });
});

describe('a pod of a template', () => {
  it('is judged by what it does not share with the others', () => {
    const containers = Object.freeze([{ name: 'main', image: 'registry.example/app:1' }]);
    const verdicts = [
      {},
      { nodeName: 'worker-1' },
      { restartPolicy: 'sometimes' },
      { hostname: 'a.b' },
      { tolerations: [{}] },
      {},
    ].map((spec) => verdictOn(pod({ containers, ...spec })).map((it) => it.split(':')[0]));
    expect(verdicts).to.deep.equal([
      [],
      [],
      ['error /spec/restartPolicy'],
      ['error /spec/hostname'],
      ['error /spec/tolerations/0/operator'],
      [],
    ]);
  });
});
