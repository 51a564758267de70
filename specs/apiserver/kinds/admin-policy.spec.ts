// Goal: the policies of administrators are judged by the markers of their own API, each version
// by its own words and limits.
// Rules: kubernetes-sigs/network-policy-api apis/v1alpha1/{shared_types,adminnetworkpolicy_types,
// baselineadminnetworkpolicy_types}.go, apis/v1alpha2/clusternetworkpolicy_types.go.

import { expect } from 'chai';

import type { KubeObject } from '../../../src/values/kube-object';
import { verdictOn } from './verdict';

const NAMESPACES = { namespaces: {} };

function admin(spec: object): KubeObject {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'AdminNetworkPolicy',
    metadata: { name: 'guard' },
    spec: { priority: 10, subject: NAMESPACES, ...spec },
  };
}

function baseline(spec: object, name = 'default'): KubeObject {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'BaselineAdminNetworkPolicy',
    metadata: { name },
    spec: { subject: NAMESPACES, ...spec },
  };
}

function tiered(spec: object): KubeObject {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: 'guard' },
    spec: { tier: 'Admin', priority: 10, subject: NAMESPACES, ...spec },
  };
}

/** An egress rule that allows to all namespaces, with these fields. */
function rule(parts: object): { readonly egress: readonly object[] } {
  return { egress: [{ action: 'Allow', to: [NAMESPACES], ...parts }] };
}

/** The same in the words of v1alpha2. */
function acceptRule(parts: object): { readonly egress: readonly object[] } {
  return rule({ action: 'Accept', ...parts });
}

type Row = readonly [title: string, object: KubeObject, ...problems: string[]];

function expectVerdicts(rows: readonly Row[]): void {
  for (const [title, object, ...problems] of rows) {
    it(title, () => expect(verdictOn(object)).to.deep.equal(problems));
  }
}

describe('an AdminNetworkPolicy is refused', () => {
  expectVerdicts([
    [
      'without a priority from 0 to 1000',
      admin({ priority: 1_001 }),
      'error /spec/priority: must be a whole number from 0 to 1000',
    ],
    [
      'with a negative priority',
      admin({ priority: -1 }),
      'error /spec/priority: must be a whole number from 0 to 1000',
    ],
    [
      'with half a priority',
      admin({ priority: 1.5 }),
      'error /spec/priority: must be a whole number from 0 to 1000',
    ],
    ['without a subject', admin({ subject: undefined }), 'error /spec: a subject is required'],
    [
      'with an empty subject',
      admin({ subject: {} }),
      'error /spec/subject: must be exactly one of namespaces, pods',
    ],
    [
      'with two subjects',
      admin({ subject: { ...NAMESPACES, pods: { namespaceSelector: {}, podSelector: {} } } }),
      'error /spec/subject: must be exactly one of namespaces, pods',
    ],
    [
      'with pods of no namespace',
      admin({ subject: { pods: { podSelector: {} } } }),
      'error /spec/subject/pods: needs both namespaceSelector and podSelector; {} means all',
    ],
    [
      'with a subject by an unknown operator',
      admin({ subject: { namespaces: { matchExpressions: [{ key: 'a', operator: 'Is' }] } } }),
      'error /spec/subject/namespaces/matchExpressions/0/operator: "Is" is none of In, NotIn, ' +
        'Exists, DoesNotExist',
    ],
    [
      'with an action of the later version',
      admin(rule({ action: 'Accept' })),
      'error /spec/egress/0/action: "Accept" is none of Allow, Deny, Pass',
    ],
    [
      'with a rule for nobody',
      admin({ ingress: [{ action: 'Deny', from: [] }] }),
      'error /spec/ingress/0: from needs at least one peer',
    ],
    [
      'with more than 100 rules',
      admin({ egress: Array.from({ length: 101 }, () => ({ action: 'Deny', to: [NAMESPACES] })) }),
      'error /spec/egress: more than 100 rules',
    ],
    [
      'with more than 100 peers in a rule',
      admin(rule({ to: Array.from({ length: 101 }, () => NAMESPACES) })),
      'error /spec/egress/0/to: more than 100 peers',
    ],
    [
      'with a peer that is two',
      admin(rule({ to: [{ ...NAMESPACES, nodes: {} }] })),
      'error /spec/egress/0/to/0: must be exactly one peer',
    ],
    [
      'with nodes by a key that no label can have',
      admin(rule({ to: [{ nodes: { matchLabels: { 'a b': 'x' } } }] })),
      'error /spec/egress/0/to/0/nodes/matchLabels/a b: "a b" is no label name',
    ],
    [
      'with a network that is an address',
      admin(rule({ to: [{ networks: ['10.0.0.0/8', '10.0.0.1'] }] })),
      'error /spec/egress/0/to/0/networks/1: "10.0.0.1" is no CIDR (10.0.0.0/8, 2001:db8::/32) ' +
        '(write 10.0.0.1/32)',
    ],
    [
      'with domain names in a rule that denies',
      admin(rule({ action: 'Deny', to: [{ domainNames: ['example.com'] }] })),
      'error /spec/egress/0/to/0: domainNames may stand only in a rule with Allow',
    ],
  ]);

  it('in no case for the peers and ports that the API has', () => {
    const ports = [
      { portNumber: { port: 53, protocol: 'UDP' } },
      { portNumber: { port: 80 } },
      { portRange: { start: 8_000, end: 8_080 } },
      { namedPort: 'web' },
    ];
    const pods = { namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } };
    const to = [
      NAMESPACES,
      { pods },
      { nodes: {} },
      { networks: ['10.0.0.0/8'] },
      { domainNames: ['example.com'] },
    ];
    expect(verdictOn(admin({ priority: 0, subject: { pods }, ...rule({ to, ports }) }))).to.eql([]);
  });
});

describe('a port of an AdminNetworkPolicy is refused', () => {
  function ofPort(port: object): KubeObject {
    return admin(rule({ ports: [port] }));
  }

  expectVerdicts([
    [
      'that is a number and a name',
      ofPort({ portNumber: { port: 80 }, namedPort: 'web' }),
      'error /spec/egress/0/ports/0: must be exactly one of portNumber, portRange, namedPort',
    ],
    [
      'with a name that no port can have',
      ofPort({ namedPort: '80' }),
      'error /spec/egress/0/ports/0: "80" is no port name',
    ],
    [
      'with a protocol that has no ports',
      ofPort({ portNumber: { port: 80, protocol: 'ICMP' } }),
      'error /spec/egress/0/ports/0/protocol: "ICMP" is none of TCP, UDP, SCTP',
    ],
    [
      'beyond 65535',
      ofPort({ portNumber: { port: 70_000 } }),
      'error /spec/egress/0/ports/0/portNumber/port: 70000 is no port: a number from 1 to 65535',
    ],
    [
      'with a range that runs backwards',
      ofPort({ portRange: { start: 90, end: 80 } }),
      'error /spec/egress/0/ports/0/portRange: 90 is above 80',
    ],
    [
      'with a range that begins before the first port',
      ofPort({ portRange: { start: 0, end: 80 } }),
      'error /spec/egress/0/ports/0/portRange/start: 0 is no port: a number from 1 to 65535',
    ],
  ]);
});

describe('a BaselineAdminNetworkPolicy is refused', () => {
  expectVerdicts([
    [
      'beside the one that is named default',
      baseline({}, 'other'),
      'error /metadata/name: there is one BaselineAdminNetworkPolicy: "default"',
    ],
    [
      'where it passes on, for there is nothing behind it',
      baseline(rule({ action: 'Pass' })),
      'error /spec/egress/0/action: "Pass" is none of Allow, Deny',
    ],
  ]);

  it('in no case for allowing and denying', () => {
    expect(verdictOn(baseline(rule({})))).to.deep.equal([]);
    expect(verdictOn(baseline(rule({ action: 'Deny' })))).to.deep.equal([]);
  });
});

describe('a ClusterNetworkPolicy is refused', () => {
  const port = (destinationPort: object) =>
    acceptRule({ protocols: [{ tcp: { destinationPort } }] });
  expectVerdicts([
    [
      'in a tier that there is not',
      tiered({ tier: 'Developer' }),
      'error /spec/tier: must be Admin or Baseline',
    ],
    [
      'with an action of the earlier version',
      tiered(rule({})),
      'error /spec/egress/0/action: "Allow" is none of Accept, Deny, Pass',
    ],
    [
      'with more than 25 rules',
      tiered({
        egress: Array.from({ length: 26 }, () => ({ action: 'Deny', to: [NAMESPACES] })),
      }),
      'error /spec/egress: more than 25 rules',
    ],
    [
      'with two protocols in one place',
      tiered(acceptRule({ protocols: [{ tcp: {}, udp: {} }] })),
      'error /spec/egress/0/protocols/0: must be exactly one of tcp, udp, sctp, ' +
        'destinationNamedPort',
    ],
    [
      'with a named port where the destination is no pod',
      tiered(acceptRule({ to: [{ nodes: {} }], protocols: [{ destinationNamedPort: 'web' }] })),
      'error /spec/egress/0/protocols/0: a named port cannot stand beside networks, nodes or ' +
        'domainNames',
    ],
    [
      'with a name that no port can have',
      tiered(acceptRule({ protocols: [{ destinationNamedPort: 'Web' }] })),
      'error /spec/egress/0/protocols/0: "Web" is no port name',
    ],
    [
      'with a port that is a number and a range',
      tiered(port({ number: 80, range: { start: 80, end: 90 } })),
      'error /spec/egress/0/protocols/0: destinationPort must be exactly one of number, range',
    ],
    [
      'with a port beyond 65535',
      tiered(port({ number: 70_000 })),
      'error /spec/egress/0/protocols/0/number: 70000 is no port: a number from 1 to 65535',
    ],
    [
      'with a range that runs backwards',
      tiered(port({ range: { start: 90, end: 80 } })),
      'error /spec/egress/0/protocols/0: 90 is above 80',
    ],
  ]);

  it('in no case for ports, ranges, whole protocols and names', () => {
    const protocols = [
      { tcp: { destinationPort: { number: 80 } } },
      { udp: { destinationPort: { range: { start: 5_000, end: 5_100 } } } },
      { sctp: {} },
      { destinationNamedPort: 'web' },
    ];
    expect(verdictOn(tiered(acceptRule({ protocols })))).to.deep.equal([]);
    const ingress = [{ action: 'Pass', from: [NAMESPACES], protocols }];
    expect(verdictOn(tiered({ tier: 'Baseline', ingress }))).to.deep.equal([]);
  });
});
