// Goal: NetworkPolicies are completed and judged as the API server does it, so that a policy that
// could never be applied is not drilled.
// Rules: pkg/apis/networking/v1/defaults.go SetDefaults_NetworkPolicy,
// pkg/apis/networking/validation/validation.go ValidateNetworkPolicySpec, ValidateIPBlock.

import { expect } from 'chai';

import { definitionOf } from '../../../src/apiserver/kinds';
import type { KubeObject } from '../../../src/values/kube-object';
import { manifest, verdictOn } from './verdict';

const API = 'networking.k8s.io/v1';

function policy(spec: object): KubeObject {
  return manifest(API, 'NetworkPolicy', { spec });
}

function completed(spec: object): unknown {
  return definitionOf(API, 'NetworkPolicy')!.defaults(policy(spec))['spec'];
}

function ofPort(port: object): KubeObject {
  return policy({ ingress: [{ ports: [port] }] });
}

function ofPeer(peer: object): KubeObject {
  return policy({ ingress: [{ from: [peer] }] });
}

function ofBlock(cidr: unknown, except?: readonly unknown[]): KubeObject {
  return ofPeer({ ipBlock: { cidr, ...(except && { except }) } });
}

describe('the defaults of a NetworkPolicy', () => {
  it('select every pod, for ingress alone where there is no rule for egress', () => {
    expect(completed({})).to.deep.equal({ podSelector: {}, policyTypes: ['Ingress'] });
    expect(completed({ egress: [] })).to.deep.include({ policyTypes: ['Ingress'] });
  });

  it('add egress where there is a rule for it', () => {
    expect(completed({ egress: [{}] })).to.deep.include({ policyTypes: ['Ingress', 'Egress'] });
  });

  it('leave the types alone that the author wrote', () => {
    const spec = { policyTypes: ['Egress'], ingress: [{}] };
    expect(completed(spec)).to.deep.include({ policyTypes: ['Egress'] });
  });

  it('make TCP of a port without a protocol, in both directions', () => {
    const spec = {
      ingress: [{ ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }] }],
      egress: [{ ports: [{}] }],
    };
    expect(completed(spec)).to.deep.include({
      ingress: [
        {
          ports: [
            { protocol: 'TCP', port: 80 },
            { protocol: 'UDP', port: 53 },
          ],
        },
      ],
      egress: [{ ports: [{ protocol: 'TCP' }] }],
    });
  });
});

describe('a NetworkPolicy is refused', () => {
  const rows: readonly (readonly [string, KubeObject, string])[] = [
    [
      'with a type of its own',
      policy({ policyTypes: ['Ingress', 'Forward'] }),
      'error /spec/policyTypes/1: "Forward" is neither Ingress nor Egress',
    ],
    [
      'with three types',
      policy({ policyTypes: ['Ingress', 'Egress', 'Ingress'] }),
      'error /spec/policyTypes: at most two: Ingress and Egress',
    ],
    [
      'with a protocol that has no ports',
      ofPort({ protocol: 'ICMP' }),
      'error /spec/ingress/0/ports/0/protocol: "ICMP" is none of TCP, UDP, SCTP',
    ],
    [
      'with port 0',
      ofPort({ port: 0 }),
      'error /spec/ingress/0/ports/0/port: 0 is no port: a number from 1 to 65535',
    ],
    [
      'with a number in quotes, which would be a name',
      ofPort({ port: '80' }),
      'error /spec/ingress/0/ports/0/port: "80" is no port name: a-z, 0-9 and "-", with a letter ' +
        '(write the number 80 without quotes)',
    ],
    [
      'with a name that no port can have',
      ofPort({ port: 'HTTP' }),
      'error /spec/ingress/0/ports/0/port: "HTTP" is no port name: a-z, 0-9 and "-", with a letter',
    ],
    [
      'with a range that begins with a name',
      ofPort({ port: 'http', endPort: 90 }),
      'error /spec/ingress/0/ports/0/endPort: endPort needs a port that is a number',
    ],
    [
      'with a range without a beginning',
      ofPort({ endPort: 90 }),
      'error /spec/ingress/0/ports/0/endPort: endPort needs a port that is a number',
    ],
    [
      'with a range that runs backwards',
      ofPort({ port: 90, endPort: 80 }),
      'error /spec/ingress/0/ports/0/endPort: must be from 90 to 65535, is 80',
    ],
    [
      'with a range beyond the last port',
      ofPort({ port: 90, endPort: 70_000 }),
      'error /spec/ingress/0/ports/0/endPort: must be from 90 to 65535, is 70000',
    ],
    [
      'with an empty peer, which is no wildcard',
      ofPeer({}),
      'error /spec/ingress/0/from/0: must specify a peer: podSelector, namespaceSelector or ' +
        'ipBlock (podSelector: {} means every pod of the namespace)',
    ],
    [
      'with a peer that is a block and pods',
      ofPeer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
      'error /spec/ingress/0/from/0: may not specify both ipBlock and another peer',
    ],
    [
      'with a peer that is a block and namespaces',
      ofPeer({ ipBlock: { cidr: '10.0.0.0/8' }, namespaceSelector: {} }),
      'error /spec/ingress/0/from/0: may not specify both ipBlock and another peer',
    ],
    [
      'with a block without a range',
      ofBlock(undefined),
      'error /spec/ingress/0/from/0/ipBlock/cidr: a CIDR is required',
    ],
    [
      'with an address for a range',
      ofBlock('10.0.0.1'),
      'error /spec/ingress/0/from/0/ipBlock/cidr: "10.0.0.1" is no CIDR (10.0.0.0/8, ' +
        '2001:db8::/32) (write 10.0.0.1/32)',
    ],
    [
      'with an IPv6 address for a range',
      ofBlock('2001:db8::1'),
      'error /spec/ingress/0/from/0/ipBlock/cidr: "2001:db8::1" is no CIDR (10.0.0.0/8, ' +
        '2001:db8::/32) (write 2001:db8::1/128)',
    ],
    [
      'with a name for a range',
      ofBlock('example.com'),
      'error /spec/ingress/0/from/0/ipBlock/cidr: "example.com" is no CIDR (10.0.0.0/8, ' +
        '2001:db8::/32)',
    ],
    [
      'with an exception that is no range',
      ofBlock('10.0.0.0/8', ['10.1']),
      'error /spec/ingress/0/from/0/ipBlock/except/0: "10.1" is no CIDR (10.0.0.0/8, ' +
        '2001:db8::/32)',
    ],
    [
      'with an exception outside of the block',
      ofBlock('10.0.0.0/8', ['10.1.0.0/16', '11.0.0.0/16']),
      'error /spec/ingress/0/from/0/ipBlock/except/1: must be a strict subset of 10.0.0.0/8, is ' +
        '11.0.0.0/16',
    ],
    [
      'with an exception that leaves nothing of the block',
      ofBlock('10.0.0.0/8', ['10.0.0.0/8']),
      'error /spec/ingress/0/from/0/ipBlock/except/0: must be a strict subset of 10.0.0.0/8, is ' +
        '10.0.0.0/8',
    ],
    [
      'with an exception of the other family',
      ofBlock('10.0.0.0/8', ['2001:db8::/64']),
      'error /spec/ingress/0/from/0/ipBlock/except/0: must be a strict subset of 10.0.0.0/8, is ' +
        '2001:db8::/64',
    ],
  ];
  for (const [title, object, problem] of rows) {
    it(title, () => expect(verdictOn(object)).to.deep.equal([problem]));
  }

  it('at the place of the rule, whatever its direction', () => {
    const object = policy({ egress: [{}, { to: [{}], ports: [{ port: -1 }] }] });
    const paths = verdictOn(object).map((line) => line.split(':')[0]);
    expect(paths).to.deep.equal(['error /spec/egress/1/ports/0/port', 'error /spec/egress/1/to/0']);
  });

  it('in no case for what the API reads', () => {
    const object = policy({
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
            { podSelector: {}, namespaceSelector: { matchLabels: { team: 'a' } } },
          ],
          ports: [{ port: 80, endPort: 80 }, { port: 'http' }, { protocol: 'SCTP' }],
        },
      ],
      egress: [{}],
    });
    expect(verdictOn(object)).to.deep.equal([]);
  });
});

// staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation ValidateLabelSelectorRequirement
describe('a label selector is refused', () => {
  function bySelector(podSelector: object): string[] {
    return verdictOn(policy({ podSelector }));
  }

  function byLine(line: object): string[] {
    return bySelector({ matchExpressions: [{ key: 'app', ...line }] });
  }

  it('where In or NotIn have nothing to look in', () => {
    for (const operator of ['In', 'NotIn']) {
      expect(byLine({ operator })).to.deep.equal([
        `error /spec/podSelector/matchExpressions/0/values: ${operator} needs at least one value`,
      ]);
    }
  });

  it('where Exists or DoesNotExist are given values', () => {
    for (const operator of ['Exists', 'DoesNotExist']) {
      expect(byLine({ operator, values: ['web'] })).to.deep.equal([
        `error /spec/podSelector/matchExpressions/0/values: ${operator} takes no values`,
      ]);
    }
  });

  it('with an operator of node affinity, which knows more of them', () => {
    expect(byLine({ operator: 'Gt', values: ['1'] })).to.deep.equal([
      'error /spec/podSelector/matchExpressions/0/operator: "Gt" is none of In, NotIn, Exists, ' +
        'DoesNotExist',
    ]);
  });

  it('with a key that no label can have', () => {
    expect(bySelector({ matchExpressions: [{ key: 'a b', operator: 'Exists' }] })).to.deep.equal([
      'error /spec/podSelector/matchExpressions/0/key: "a b" is no label name',
    ]);
  });

  it('in no case for the four operators as they are meant', () => {
    const matchExpressions = [
      { key: 'app', operator: 'In', values: ['web'] },
      { key: 'tier', operator: 'NotIn', values: ['db', 'cache'] },
      { key: 'example.com/team', operator: 'Exists' },
      { key: 'legacy', operator: 'DoesNotExist' },
    ];
    expect(bySelector({ matchExpressions })).to.deep.equal([]);
  });
});
