// Goal: the policies of administrators mean whom and what their types say (nodes, ranges, names,
// ports of every form), and a denial by them can be read. Facts: netpol.md §10;
// kubernetes-sigs/network-policy-api apis/v1alpha1/shared_types.go, apis/v1alpha2/*_types.go.

import { expect } from 'chai';
import { decide } from '../../../src/node/policy/evaluate';
import { blamesOf, explainDenial, neededRule } from '../../../src/node/policy/explain';
import type { Party, Policy, PolicyFlow, PolicyPod } from '../../../src/node/policy/policy';
import { readPolicy } from '../../../src/node/policy/read-policy';
import { ip } from '../../../src/values/ip';

const POD: PolicyPod = {
  key: 'shop/web',
  namespace: 'shop',
  namespaceLabels: { 'kubernetes.io/metadata.name': 'shop' },
  labels: { app: 'web' },
  addresses: [ip('10.244.1.3')],
  node: 'worker-1',
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
};
const OTHER: PolicyPod = { ...POD, key: 'shop/db', labels: { app: 'db', env: 'prod' } };

const web: Party = { address: ip('10.244.1.3'), pod: POD };
const db: Party = { address: ip('10.244.1.4'), pod: OTHER };
const node: Party = {
  address: ip('192.168.1.12'),
  node: { name: 'worker-2', labels: { zone: 'b' } },
};
const site: Party = { address: ip('203.0.113.5'), domains: ['www.Example.com.'] };

interface Rule {
  readonly action?: string;
  readonly to?: readonly object[];
  readonly ports?: readonly object[];
  readonly protocols?: readonly object[];
}

function policy(kind: string, { action = 'Deny', ...rule }: Rule, more: object = {}): Policy {
  const spec = { priority: 1, subject: { namespaces: {} }, egress: [{ action, ...rule }], ...more };
  const apiVersion = 'policy.networking.k8s.io/v1alpha1';
  return readPolicy({
    apiVersion,
    kind,
    metadata: { name: 'admin' },
    spec,
  });
}

function flowTo(destination: Party, port = 443, protocol: PolicyFlow['protocol'] = 'TCP') {
  return { source: web, destination, protocol, port } as const;
}

/** What is said of a denied flow; undefined for one that passes. */
function denialOf(read: Policy, flow: PolicyFlow): string | undefined {
  const decision = decide([read], flow).find(({ allowed }) => !allowed);
  return decision && explainDenial(decision, flow, (key) => key);
}

const BY = 'admin denies it by spec.egress[0]: deny';

describe('a rule of an administrator', () => {
  const PEERS: readonly (readonly [peer: object, meets: Party, misses: Party, text: string])[] = [
    [{ nodes: {} }, node, web, 'all nodes'],
    [{ nodes: { matchLabels: { zone: 'b' } } }, node, site, 'nodes with zone=b'],
    [{ networks: ['203.0.113.0/24'] }, site, node, '203.0.113.0/24'],
    [{ namespaces: {} }, db, site, 'all pods of all namespaces'],
    [
      {
        pods: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
          podSelector: {
            matchLabels: { app: 'db' },
            matchExpressions: [
              { key: 'env', operator: 'Exists' },
              { key: 'old', operator: 'DoesNotExist' },
              { key: 'env', operator: 'In', values: ['prod', 'test'] },
              { key: 'env', operator: 'NotIn', values: ['dev'] },
            ],
          },
        },
      },
      db,
      web,
      'pods with app=db,env,!old,env in (prod, test),env notin (dev) in namespaces with ' +
        'kubernetes.io/metadata.name=shop',
    ],
  ];
  for (const [peer, meets, misses, text] of PEERS) {
    it(`means ${text}`, () => {
      const read = policy('AdminNetworkPolicy', { to: [peer] });
      expect(denialOf(read, flowTo(meets))).to.equal(`AdminNetworkPolicy/${BY} ${text}`);
      expect(denialOf(read, flowTo(misses))).to.equal(undefined);
    });
  }

  // netpol.md §10: names only let through, so that something else has to deny.
  const NAMES: Readonly<Record<string, boolean>> = {
    'www.example.com': true,
    'WWW.example.com.': true,
    '*.example.com.': true,
    '*.www.example.com': false,
    'example.com': false,
  };
  for (const [name, isMeant] of Object.entries(NAMES)) {
    it(`lets www.example.com ${isMeant ? 'through' : 'be'} by ${name}`, () => {
      const to = [{ domainNames: [name] }];
      const allows = policy('AdminNetworkPolicy', { action: 'Allow', to });
      const all = policy('BaselineAdminNetworkPolicy', { to: [{ networks: ['0.0.0.0/0'] }] });
      const allowed = (party: Party) =>
        decide([allows, all], flowTo(party)).every((it) => it.allowed);
      expect([allowed(site), allowed({ address: site.address })]).to.deep.equal([isMeant, false]);
    });
  }

  const PORTS: readonly (readonly [port: object, meets: number, misses: number, text: string])[] = [
    [{ portNumber: { port: 443 } }, 443, 80, 'TCP 443'],
    [{ portRange: { protocol: 'TCP', start: 400, end: 500 } }, 500, 501, 'TCP 400-500'],
    [{ namedPort: 'http' }, 8_080, 80, 'port "http"'],
  ];
  for (const [port, meets, misses, text] of PORTS) {
    it(`is about ${text}`, () => {
      const read = policy('AdminNetworkPolicy', { to: [{ namespaces: {} }], ports: [port] });
      const destination = { ...db, pod: { ...OTHER, ports: POD.ports } };
      expect(denialOf(read, flowTo(destination, meets))).to.contain(` on ${text}`);
      expect(denialOf(read, flowTo(destination, misses))).to.equal(undefined);
    });
  }

  const PROTOCOLS: readonly (readonly [
    protocol: object,
    flow: readonly [number, 'TCP' | 'UDP' | 'SCTP'],
    text: string,
  ])[] = [
    [{ tcp: { destinationPort: { number: 443 } } }, [443, 'TCP'], 'TCP 443'],
    [{ udp: { destinationPort: { range: { start: 50, end: 60 } } } }, [53, 'UDP'], 'UDP 50-60'],
    [{ sctp: {} }, [9, 'SCTP'], 'any SCTP port'],
    [{ tcp: {} }, [1, 'TCP'], 'any TCP port'],
  ];
  for (const [protocol, [port, name], text] of PROTOCOLS) {
    it(`of a cluster's policy is about ${text}`, () => {
      const to = [{ namespaces: {} }];
      const read = policy('ClusterNetworkPolicy', { to, protocols: [protocol] }, { tier: 'Admin' });
      expect(denialOf(read, flowTo(db, port, name))).to.contain(` on ${text}`);
      expect(denialOf(read, flowTo(db, 9_999, 'UDP'))).to.equal(undefined);
    });
  }

  it('fails closed for a peer of a kind that nobody knows', () => {
    const to = [{ planets: ['mars'] }];
    const denies = policy('AdminNetworkPolicy', { to });
    expect(denialOf(denies, flowTo(site))).to.equal(`AdminNetworkPolicy/${BY} everybody`);
    const passes = policy('AdminNetworkPolicy', { action: 'Pass', to });
    expect(denialOf(passes, flowTo(site))).to.contain('deny everybody');
    const baseline = policy('BaselineAdminNetworkPolicy', { to: [{ networks: ['0.0.0.0/0'] }] });
    const allows = policy('AdminNetworkPolicy', { action: 'Allow', to });
    const said = decide([allows, baseline], flowTo(site)).map(blamesOf);
    expect(said).to.deep.equal([['BaselineAdminNetworkPolicy/admin']]);
  });

  it('is named where it passed the flow on to the policy that denied it', () => {
    const passes = policy('AdminNetworkPolicy', { action: 'Pass', to: [{ namespaces: {} }] });
    const own = readPolicy({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'closed', namespace: 'shop' },
      spec: { podSelector: {}, policyTypes: ['Egress'] },
    });
    const flow = flowTo(db, 53, 'UDP');
    const [decision] = decide([passes, own], flow);
    expect(explainDenial(decision!, flow, (key) => key)).to.equal(
      'NetworkPolicy/shop/closed isolates shop/web, and no egress rule allows shop/db on UDP 53 ' +
        '(there is no rule) (passed on by spec.egress[0] of the admin tier); needed: ' +
        'egress: [{to: [{podSelector: {matchLabels: {app: db, env: prod}}}], ' +
        'ports: [{protocol: UDP, port: 53}]}]',
    );
  });

  it('blames nobody for what no policy decided', () => {
    expect(decide([], flowTo(db)).map(blamesOf)).to.deep.equal([[], []]);
  });
});

describe('a rule that is needed', () => {
  const bare = { ...db, pod: { ...OTHER, labels: { 'pod-template-hash': 'x' } } };
  it('has no port for ICMP, no labels where there are none, and /128 for IPv6', () => {
    expect(neededRule(flowTo(bare, 0, 'ICMP'), 'egress')).to.equal(
      'egress: [{to: [{podSelector: {}}]}]',
    );
    expect(neededRule(flowTo({ address: ip('fd00::5') }), 'egress')).to.contain(
      '{ipBlock: {cidr: fd00::5/128}}',
    );
  });
});
