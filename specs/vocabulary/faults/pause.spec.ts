// Goal: `pause` stops what it names, once however many faults do it, and takes back just that.

import { expect } from 'chai';

import pause from '../../../src/vocabulary/faults/pause';
import { FakeCluster } from '../../runner/fake-cluster';

const CONTEXT = { step: 'stop', recovers: true };

describe('pause', () => {
  it('stops a component on one node, and lets it go on', () => {
    const cluster = new FakeCluster();
    const args = { component: 'kube-proxy', node: 'worker-1' };
    const { hits, effects } = pause.inject(cluster, args, CONTEXT);
    expect(hits).to.deep.equal(['component kube-proxy@worker-1']);
    for (const effect of effects) pause.undo(cluster, effect);
    const [, proxy] = cluster.components;
    expect(cluster.calls).to.deep.equal([
      ['pauseComponent', proxy, 'pause'],
      ['resumeComponent', proxy, 'pause'],
    ]);
  });

  it('stops a component everywhere where no node is named, or on one that the seed draws', () => {
    const cluster = new FakeCluster();
    const all = pause.inject(cluster, { component: 'kube-proxy' }, CONTEXT);
    expect(all.effects).to.deep.equal([
      'component kube-proxy@worker-1',
      'component kube-proxy@worker-2',
    ]);
    const one = pause.inject(cluster, { component: 'kube-proxy', pick: 'one' }, CONTEXT);
    expect(all.effects)
      .to.include.members(one.effects as string[])
      .and.have.lengthOf(2);
    expect(one.effects).to.have.lengthOf(1);
  });

  it('stops a node', () => {
    const cluster = new FakeCluster();
    const { hits, effects } = pause.inject(cluster, { node: 'worker-2' }, CONTEXT);
    expect([hits, effects]).to.deep.equal([['node worker-2'], ['node worker-2']]);
    for (const effect of effects) pause.undo(cluster, effect);
    expect(cluster.calls.map(([handle, name]) => [handle, name])).to.deep.equal([
      ['pauseNode', 'worker-2'],
      ['resumeNode', 'worker-2'],
    ]);
  });

  it('has nothing to stop where a component does not run', () => {
    const cluster = new FakeCluster();
    const on = (component: string, node?: string) => () =>
      pause.inject(cluster, { component, ...(node !== undefined && { node }) }, CONTEXT);
    expect(on('apiserver', 'worker-1')).to.throw('apiserver does not run on worker-1');
    expect(on('etcd')).to.throw('the cluster has no component etcd');
    expect(on('cni')).to.throw('has no daemon');
  });

  it('wants one way to say where', () => {
    const problems = pause.check!({ component: 'kube-proxy', node: 'worker-1', nodes: 'all' });
    expect(problems.map(({ path }) => path)).to.deep.equal(['/nodes']);
    expect(pause.check!({ component: 'kube-proxy', nodes: 'all' })).to.deep.equal([]);
  });
});
