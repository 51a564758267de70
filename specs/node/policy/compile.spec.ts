// Goal: a change costs what it touches (reference performance.md §3.9), counted in rows.

import { expect } from 'chai';
import { CompiledPolicies } from '../../../src/node/policy/compile';
import { UPSTREAM } from '../../../src/node/policy/policy';
import type { PolicyPod } from '../../../src/node/policy/policy';
import { readPolicy } from '../../../src/node/policy/read-policy';
import { ip } from '../../../src/values/ip';

const QUESTION = { protocol: 'TCP', port: 80, family: 'IPv4' } as const;

function pod(namespace: string, index: number): PolicyPod {
  const number = Number(namespace.slice(1)) * 100 + index;
  return {
    key: `${namespace}/p${index}`,
    namespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace },
    labels: { app: `a${index}` },
    addresses: [ip(`10.244.${number >> 8}.${number & 255}`)],
    node: 'worker-1',
    ports: [],
  };
}

function policy(namespace: string, name: string, app: string, rule: object = {}) {
  return readPolicy({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: {
      podSelector: { matchLabels: { app } },
      policyTypes: ['Ingress'],
      ingress: [rule],
    },
  });
}

/** Ten namespaces of five pods, and one policy for each pod. */
function world(semantics = UPSTREAM): CompiledPolicies {
  const compiled = new CompiledPolicies(semantics);
  for (let space = 0; space < 10; space++) {
    for (let index = 0; index < 5; index++) {
      compiled.setPod(pod(`n${space}`, index));
      const from = [{ podSelector: { matchLabels: { app: 'a0' } } }];
      compiled.setPolicy(policy(`n${space}`, `q${index}`, `a${index}`, { from }));
    }
  }
  return compiled;
}

describe('compiled policies', () => {
  it('compute a row for each set of policies, once', () => {
    const compiled = world();
    const first = compiled.reachability(QUESTION).allowedPairs;
    expect(compiled.rowsComputed).to.equal(50);
    expect(compiled.reachability(QUESTION).allowedPairs).to.equal(first);
    expect(compiled.rowsComputed).to.equal(50);
  });

  it('compute only the rows of the pods that a changed policy is about', () => {
    const compiled = world();
    compiled.reachability(QUESTION);
    compiled.setPolicy(policy('n3', 'q2', 'a2'));
    compiled.reachability(QUESTION);
    expect(compiled.rowsComputed).to.equal(51);
    compiled.removePolicy('NetworkPolicy/n3/q2');
    compiled.reachability(QUESTION);
    expect(compiled.rowsComputed).to.equal(51);
    expect(compiled.allows('n9/p0', 'n3/p2', QUESTION)).to.equal(true);
  });

  it('compute nothing for another pod like those that are there', () => {
    const compiled = world();
    compiled.reachability(QUESTION);
    compiled.setPod({ ...pod('n3', 2), key: 'n3/twin', addresses: [ip('10.244.9.9')] });
    compiled.reachability(QUESTION);
    expect(compiled.rowsComputed).to.equal(50);
    expect(compiled.allows('n3/p0', 'n3/twin', QUESTION)).to.equal(true);
    expect(compiled.allows('n3/p1', 'n3/twin', QUESTION)).to.equal(false);
  });

  it('tell pods apart by a range that holds only some of them', () => {
    const compiled = world();
    const from = [{ ipBlock: { cidr: '10.244.1.0/24', except: ['10.244.1.44/32'] } }];
    compiled.setPolicy(policy('n0', 'q0', 'a0', { from }));
    expect(compiled.allows('n2/p0', 'n0/p0', QUESTION)).to.equal(false);
    expect(compiled.allows('n3/p1', 'n0/p0', QUESTION)).to.equal(true);
    expect(compiled.allows('n3/p0', 'n0/p0', QUESTION)).to.equal(false);
  });

  it('never match pods by a range for a plug-in that goes by identity', () => {
    const compiled = world({ blocksMatchPods: false });
    const from = [{ ipBlock: { cidr: '0.0.0.0/0' } }];
    compiled.setPolicy(policy('n0', 'q0', 'a0', { from }));
    expect(compiled.allows('n3/p1', 'n0/p0', QUESTION)).to.equal(false);
  });

  it('find a pod by its address, and forget it with the pod', () => {
    const compiled = world();
    expect(compiled.podAt(ip('10.244.0.0'))?.key).to.equal('n0/p0');
    compiled.removePod('n0/p0');
    expect(compiled.podAt(ip('10.244.0.0'))).to.equal(undefined);
    expect(() => compiled.allows('n0/p0', 'n0/p1', QUESTION)).to.throw(RangeError);
  });
});
