// Goal: `skew` sets the clocks of a host or of a component, by what is written, and says where an
// offset changes nothing.

import { expect } from 'chai';

import skew from '../../../src/vocabulary/faults/skew';
import { FakeCluster } from '../../runner/fake-cluster';

const CONTEXT = { step: 'wrong', recovers: true };

function said(args: object): readonly string[] {
  return skew.check!(args as never).map(({ path, severity }) => `${severity} ${path}`);
}

function skewsOf(args: object): readonly unknown[] {
  const cluster = new FakeCluster();
  skew.inject(cluster, { component: 'kube-proxy', node: 'worker-1', ...args }, CONTEXT);
  return cluster.calls.map(([, , , clock]) => clock);
}

describe('skew', () => {
  it('reads offsets with their sign, and drifts as shares of time', () => {
    expect(skewsOf({ offset: '40s' })).to.deep.equal([{ offset: 40_000_000, drift: 0 }]);
    expect(skewsOf({ offset: '-1m30s' })).to.deep.equal([{ offset: -90_000_000, drift: 0 }]);
    expect(skewsOf({ drift: '1%' })).to.deep.equal([{ offset: 0, drift: 10_000 }]);
    expect(skewsOf({ drift: '-0.5%' })).to.deep.equal([{ offset: 0, drift: -5_000 }]);
  });

  it('means every clock of a node, and puts those right again', () => {
    const cluster = new FakeCluster();
    const { hits, effects } = skew.inject(cluster, { node: 'worker-1', offset: '1s' }, CONTEXT);
    for (const effect of effects) skew.undo(cluster, effect);
    expect(hits).to.deep.equal(['node worker-1']);
    expect(cluster.calls.at(-1)).to.deep.equal(['putClockRight', 'kube-proxy@worker-1', 'wrong']);
  });

  it('says where a clock makes no difference', () => {
    expect(said({ component: 'apiserver', offset: '1s' })).to.deep.equal(['error /component']);
    expect(said({ component: 'kube-proxy', offset: '1s' })).to.deep.equal(['warning /offset']);
    expect(said({ component: 'kube-proxy', drift: '1%' })).to.deep.equal([]);
    expect(said({ component: 'controller-manager', offset: '1s' })).to.deep.equal([]);
    expect(said({ component: 'kubelet', node: 'a', nodes: 'all', offset: '1s' })).to.deep.equal([
      'error /nodes',
    ]);
  });
});
