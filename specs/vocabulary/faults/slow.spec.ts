// Goal: `slow` slows the actors that a target stands for, in the work that it names, and what
// answers in pods; what it cannot slow it says.

import { expect } from 'chai';

import slow from '../../../src/vocabulary/faults/slow';
import { FakeCluster, shop } from '../../runner/fake-cluster';

const CONTEXT = { step: 'tired', recovers: true };

function said(args: object): readonly string[] {
  return slow.check!(args as never).map(({ path }) => path);
}

describe('slow', () => {
  it('slows a component in all of its work, or in what is named', () => {
    const cluster = new FakeCluster();
    const where = { component: 'kube-proxy', node: 'worker-1' } as const;
    const { hits, effects } = slow.inject(cluster, { ...where, factor: 5 }, CONTEXT);
    slow.inject(cluster, { ...where, add: '200ms', only: ['sync'] }, { ...CONTEXT, step: 'more' });
    for (const effect of effects) slow.undo(cluster, effect);
    expect(hits).to.deep.equal(['component kube-proxy@worker-1']);
    const everything = { add: 0, factor: 5, only: ['watch', 'write', 'sync'] };
    expect(cluster.calls).to.deep.equal([
      ['slowDown', 'kube-proxy@worker-1', 'tired', everything],
      ['slowDown', 'kube-proxy@worker-1', 'more', { add: 200_000, factor: 1, only: ['sync'] }],
      ['speedUp', 'kube-proxy@worker-1', 'tired'],
    ]);
  });

  it('has pods answer late: everybody, or the probes alone', () => {
    const cluster = shop();
    const { effects } = slow.inject(cluster, { pod: 'shop/backend#1', add: '2s' }, CONTEXT);
    slow.inject(cluster, { pod: 'shop/backend#2', add: '2s', only: ['probe'] }, CONTEXT);
    for (const effect of effects) slow.undo(cluster, effect);
    expect(cluster.calls).to.deep.equal([
      ['delayAnswers', 'shop/backend-a', 'tired', 2_000_000, 'anybody'],
      ['delayAnswers', 'shop/backend-b', 'tired', 2_000_000, 'probes'],
      ['hastenAnswers', 'shop/backend-a', 'tired'],
    ]);
  });

  it('follows pods that come to match, and slows none twice', () => {
    const cluster = shop();
    const args = { pod: 'shop/backend', add: '2s' } as const;
    const held = new Set(slow.inject(cluster, args, CONTEXT).effects);
    expect(slow.extend!(cluster, args, CONTEXT, held).hits).to.deep.equal([]);
    cluster.addPod('shop/backend-d', '10.244.1.99', 'worker-1', 'Deployment shop/backend');
    const { effects } = slow.extend!(cluster, args, CONTEXT, held);
    expect(effects).to.deep.equal(['pod shop/backend-d tired']);
  });

  it('slows a node with its components and its pods', () => {
    const cluster = shop();
    const { hits, effects } = slow.inject(cluster, { node: 'worker-1', add: '1s' }, CONTEXT);
    expect(hits).to.deep.equal(['node worker-1']);
    expect(effects).to.include('actor kube-proxy@worker-1 tired');
    expect(effects.filter((it) => it.startsWith('pod '))).to.have.lengthOf.at.least(1);
    expect(effects).not.to.include('actor kube-proxy@worker-2 tired');
  });

  it('says where it has no effect', () => {
    expect(said({ component: 'etcd', add: '1s' })).to.deep.equal(['/component']);
    expect(said({ component: 'runtime', factor: 2 })).to.deep.equal(['/component']);
    expect(said({ pod: 'shop/backend', factor: 2 })).to.deep.equal(['/factor']);
    expect(said({ component: 'coredns', add: '1s', only: ['sync'] })).to.deep.equal(['/only']);
    expect(said({ component: 'kubelet', add: '1s', only: ['probe'] })).to.deep.equal(['/only']);
    expect(said({ node: 'worker-1', add: '1s', only: ['probe'] })).to.deep.equal([]);
  });
});
