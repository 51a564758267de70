// Goal: a denial names the policy, the rule that came nearest, and the rule that is missing, in a
// form that can be pasted.

import { expect } from 'chai';
import { networkPolicy } from '../../../src/apiserver/kinds/network-policy';
import { decide } from '../../../src/node/policy/evaluate';
import { blamesOf, explainDenial } from '../../../src/node/policy/explain';
import type { Party, PolicyPod } from '../../../src/node/policy/policy';
import { readPolicy } from '../../../src/node/policy/read-policy';
import { ip } from '../../../src/values/ip';
import type { IP } from '../../../src/values/ip';

function pod(name: string, address: IP, namespace = 'shop'): PolicyPod {
  const [app = name] = name.split('-');
  return {
    key: `${namespace}/${name}`,
    namespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace },
    labels: { app, 'pod-template-hash': 'x7k' },
    addresses: [address],
    node: 'worker-1',
    ports: [{ name: 'postgres', protocol: 'TCP', port: 5432 }],
  };
}

const FRONTEND = pod('frontend', ip('10.244.1.3'));
const DATABASE = pod('database', ip('10.244.2.3'));

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'database', namespace: 'shop' },
  spec: {
    podSelector: { matchLabels: { app: 'database' } },
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { app: 'backend' } } }],
        ports: [{ port: 'postgres' }],
      },
    ],
  },
};

function party(of: PolicyPod | IP): Party {
  return typeof of === 'string' ? { address: of } : { address: of.addresses[0]!, pod: of };
}

function denial(from: PolicyPod | IP, port = 5432, policies: readonly object[] = [POLICY]) {
  const flow = {
    source: party(from),
    destination: party(DATABASE),
    protocol: 'TCP',
    port,
  } as const;
  const read = policies.map((it) => readPolicy(networkPolicy.defaults(it as typeof POLICY)));
  const decision = decide(read, flow).find(({ allowed }) => !allowed)!;
  return {
    text: explainDenial(decision, flow, (key) => key),
    blames: blamesOf(decision),
  };
}

describe('a denial', () => {
  it('names the rule for that port, and the rule that would be needed', () => {
    expect(denial(FRONTEND)).to.deep.equal({
      text:
        'NetworkPolicy/shop/database isolates shop/database, and no ingress rule admits ' +
        'shop/frontend on TCP 5432 (spec.ingress[0] opens that port, but for pods with ' +
        'app=backend in shop only); needed: ingress: [{from: [{podSelector: {matchLabels: ' +
        '{app: frontend}}}], ports: [{protocol: TCP, port: 5432}]}]',
      blames: ['NetworkPolicy/shop/database'],
    });
  });

  it('names the rule for that peer, where the port is the mistake', () => {
    const { text } = denial(pod('backend', ip('10.244.1.4')), 80);
    expect(text).to.contain('(spec.ingress[0] means it, but on TCP "postgres" only)');
  });

  it('names an address where there is no pod, and another namespace by its label', () => {
    expect(denial(ip('203.0.113.5')).text).to.contain(
      'needed: ingress: [{from: [{ipBlock: {cidr: 203.0.113.5/32}}]',
    );
    expect(denial(pod('prober', ip('10.244.1.9'), 'tools')).text).to.contain(
      'namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: tools}}, podSelector: ' +
        '{matchLabels: {app: prober}}',
    );
  });

  it('names all policies that isolate the pod', () => {
    const metadata = { name: 'nobody', namespace: 'shop' };
    const closed = { ...POLICY, metadata, spec: { podSelector: {} } };
    const { text, blames } = denial(FRONTEND, 5432, [POLICY, closed]);
    expect(text).to.match(
      /^NetworkPolicy\/shop\/database, NetworkPolicy\/shop\/nobody isolate shop\/database/,
    );
    expect(text).to.contain('(spec.ingress[0] of shop/database opens that port');
    expect(blames).to.have.length(2);
  });

  it('names the rule of an administrator that denies', () => {
    const admin = {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: 'no-tools' },
      spec: {
        tier: 'Admin',
        priority: 1,
        subject: { namespaces: {} },
        ingress: [
          {
            action: 'Deny',
            from: [{ namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'tools' } } }],
          },
        ],
      },
    };
    const flow = {
      source: party(pod('prober', ip('10.244.1.9'), 'tools')),
      destination: party(DATABASE),
      protocol: 'TCP',
      port: 5432,
    } as const;
    const decision = decide([readPolicy(admin)], flow).find(({ allowed }) => !allowed)!;
    expect(explainDenial(decision, flow, (key) => key)).to.equal(
      'ClusterNetworkPolicy/no-tools denies it by spec.ingress[0]: deny all pods in namespaces ' +
        'with kubernetes.io/metadata.name=tools',
    );
    expect(blamesOf(decision)).to.deep.equal(['ClusterNetworkPolicy/no-tools']);
  });
});
