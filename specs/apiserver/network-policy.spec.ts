// Goal: the API server completes and refuses policies as the real one does. Facts: netpol.md §2,
// §3 and §10; the vectors V01-V09 say the same of many more.

import { expect } from 'chai';
import { check } from '../../src/apiserver/kinds/index';
import { networkPolicy } from '../../src/apiserver/kinds/network-policy';
import type { NetworkPolicySpec } from '../../src/apiserver/kinds/network-policy';
import type { KubeObject } from '../../src/values/kube-object';

function policy(spec: unknown, kind = 'NetworkPolicy', name = 'p'): KubeObject {
  const versions: Readonly<Record<string, string>> = {
    NetworkPolicy: 'networking.k8s.io/v1',
    ClusterNetworkPolicy: 'policy.networking.k8s.io/v1alpha2',
  };
  const apiVersion = versions[kind] ?? 'policy.networking.k8s.io/v1alpha1';
  const namespace = kind === 'NetworkPolicy' ? { namespace: 'shop' } : {};
  return { apiVersion, kind, metadata: { name, ...namespace }, spec };
}

function problemsOf(object: KubeObject): readonly string[] {
  return check(object).map(({ path, message }) => `${path}: ${message}`);
}

const typesOf = (spec: unknown) =>
  (networkPolicy.defaults(policy(spec)).spec as NetworkPolicySpec).policyTypes;

describe('NetworkPolicy', () => {
  it('is about ingress, and about egress where there is a rule for it', () => {
    expect(typesOf({})).to.deep.equal(['Ingress']);
    expect(typesOf({ egress: [] })).to.deep.equal(['Ingress']);
    expect(typesOf({ egress: [{}] })).to.deep.equal(['Ingress', 'Egress']);
    expect(typesOf({ egress: [{}], policyTypes: [] })).to.deep.equal(['Ingress', 'Egress']);
    expect(typesOf({ egress: [{}], policyTypes: ['Ingress'] })).to.deep.equal(['Ingress']);
  });

  it('means TCP where no protocol is written', () => {
    const spec = networkPolicy.defaults(policy({ ingress: [{ ports: [{}] }] })).spec;
    expect((spec as NetworkPolicySpec).ingress).to.deep.equal([{ ports: [{ protocol: 'TCP' }] }]);
  });

  it('tells what is wrong, where, and what to write instead', () => {
    const wrong = policy({
      ingress: [
        { from: [{}, { ipBlock: { cidr: '10.0.0.1' } }], ports: [{ port: '80' }] },
        { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8', '11.0.0.0/9'] } }] },
      ],
      podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] },
    });
    expect(problemsOf(wrong)).to.deep.equal([
      '/spec/podSelector/matchExpressions/0/values: In needs at least one value',
      '/spec/ingress/0/ports/0/port: "80" is no port name: a-z, 0-9 and "-", with a letter',
      '/spec/ingress/0/from/0: must specify a peer: podSelector, namespaceSelector or ipBlock',
      '/spec/ingress/0/from/1/ipBlock/cidr: "10.0.0.1" is no CIDR (10.0.0.0/8, 2001:db8::/32)',
      '/spec/ingress/1/from/0/ipBlock/except/0: must be a strict subset of 10.0.0.0/8, is ' +
        '10.0.0.0/8',
      '/spec/ingress/1/from/0/ipBlock/except/1: must be a strict subset of 10.0.0.0/8, is ' +
        '11.0.0.0/9',
    ]);
    const hints = check(wrong).flatMap(({ hint }) => hint ?? []);
    expect(hints).to.include('write the number 80 without quotes');
    expect(hints).to.include('write 10.0.0.1/32');
  });

  it('warns of fields that the API does not have', () => {
    const [problem] = check(policy({ podselector: {} }));
    expect(problem).to.include({ severity: 'warning', hint: 'did you mean "podSelector"?' });
  });
});

describe('the policies of administrators', () => {
  const subject = { namespaces: {} };
  const from = [{ namespaces: {} }];

  it('are accepted as upstream writes them', () => {
    const ports = [{ portNumber: { port: 80 } }, { portRange: { start: 1, end: 2 } }];
    const admin = { priority: 5, subject, ingress: [{ action: 'Pass', from, ports }] };
    expect(problemsOf(policy(admin, 'AdminNetworkPolicy'))).to.deep.equal([]);
    const baseline = { subject, ingress: [{ action: 'Deny', from }] };
    const kind = 'BaselineAdminNetworkPolicy';
    expect(problemsOf(policy(baseline, kind, 'default'))).to.deep.equal([]);
    const protocols = [{ tcp: { destinationPort: { number: 80 } } }, { udp: {} }];
    const cluster = { tier: 'Admin', priority: 1, subject, egress: [] };
    const rules = [{ action: 'Accept', from, protocols }];
    const whole = { ...cluster, ingress: rules };
    expect(problemsOf(policy(whole, 'ClusterNetworkPolicy'))).to.deep.equal([]);
  });

  it('are refused with the rule that they break', () => {
    const rule = { action: 'Allow', from: [{ namespaces: {}, pods: {} }] };
    expect(
      problemsOf(policy({ priority: 2_000, subject, ingress: [rule] }, 'AdminNetworkPolicy')),
    ).to.deep.equal([
      '/spec/ingress/0/from/0: must be exactly one peer',
      '/spec/priority: must be a whole number from 0 to 1000',
    ]);
    const baseline = { subject, ingress: [{ action: 'Pass', from }] };
    expect(problemsOf(policy(baseline, 'BaselineAdminNetworkPolicy', 'other'))).to.deep.equal([
      '/spec/ingress/0/action: "Pass" is none of Allow, Deny',
      '/metadata/name: there is one BaselineAdminNetworkPolicy: "default"',
    ]);
    const to = [{ domainNames: ['example.com'] }];
    const egress = [{ action: 'Deny', to, protocols: [{ destinationNamedPort: 'http' }] }];
    const cluster = { tier: 'Middle', priority: 1, subject, egress };
    expect(problemsOf(policy(cluster, 'ClusterNetworkPolicy'))).to.deep.equal([
      '/spec/egress/0/to/0: domainNames may stand only in a rule with Accept',
      '/spec/egress/0/protocols/0: a named port cannot stand beside networks, nodes or domainNames',
      '/spec/tier: must be Admin or Baseline',
    ]);
    expect(problemsOf(policy({}, 'ClusterNetworkPolicy'))).to.include(
      '/spec: a subject is required',
    );
  });
});
