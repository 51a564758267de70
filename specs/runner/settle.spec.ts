// Goal: a run that does not come to rest says who is still at work, with what, and how much of it.

import { expect } from 'chai';

import { createCluster } from '../../src/index';
import { run } from '../../src/runner/run';
import { planText } from './plan-text';

const TEXT = `scenario: s
cluster: {nodes: 2}
manifests: [scenarios/manifests/shop.yaml]
timeline:
  - {at: 10s, stale: {component: kube-proxy, node: worker-1, hold: 20m}}
  - {at: 12s, do: {scale: deployment/shop/backend, replicas: 4}}
  - {at: 20s, do: {scale: deployment/shop/backend, replicas: 5}}
expect:
  - {at: 5s, reach: {from: shop/frontend, to: backend:80}}
`;

describe('what has not settled', () => {
  it('is listed by who waits and what for, alike things once', () => {
    const plan = planText(TEXT, 'settle.yaml');
    const { outcomes } = run(plan, { seed: 1, createCluster, trace: false });
    const { status, code, why } = outcomes.find(({ claim }) => claim === 'settle')!;
    expect([status, code]).to.deep.equal(['failed', 'not-settled']);
    expect(why).to.have.length(1);
    const line =
      /^apiserver.watch of kube-proxy@worker-1 is due at t=[0-9.ms]+ \(stale.hold\), and /;
    expect(why[0])
      .to.match(line)
      .and.match(/ [0-9]+ more like it$/);
  });

  it('carries the chain to what the first of it follows', () => {
    const plan = planText(TEXT, 'settle.yaml');
    const { outcomes } = run(plan, { seed: 1, createCluster, trace: false });
    const { chain } = outcomes.find(({ claim }) => claim === 'settle')!;
    expect(chain[0]!.subject).to.match(/^step\//);
    expect(chain.at(-1)).to.include({ actor: 'apiserver', action: 'stored' });
    expect(chain.at(-1)!.subject).to.match(/^EndpointSlice\/shop\/backend-/);
  });
});
