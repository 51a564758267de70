// Goal: `stale` says of whose view it speaks and in which way, once for each client, and takes back
// just its own.

import { expect } from 'chai';

import stale from '../../../src/vocabulary/faults/stale';
import { FakeCluster, shop } from '../../runner/fake-cluster';

const CONTEXT = { step: 'late', recovers: true };
const PROXY = { component: 'kube-proxy', node: 'worker-1' } as const;
const CLIENT = 'kube-proxy@worker-1';

function said(args: object): readonly string[] {
  return stale.check!(args as never).map(({ path, message }) => `${path}: ${message}`);
}

describe('stale', () => {
  it('holds up the watches of a component, and lets go of them under its own name', () => {
    const cluster = new FakeCluster();
    const { hits, effects } = stale.inject(cluster, { ...PROXY, hold: '5s' }, CONTEXT);
    expect([hits, effects]).to.deep.equal([[`component ${CLIENT}`], [`hold ${CLIENT} late`]]);
    for (const effect of effects) stale.undo(cluster, effect);
    expect(cluster.calls).to.deep.equal([
      ['holdWatches', CLIENT, 'late', 5_000_000],
      ['releaseWatches', CLIENT, 'late'],
    ]);
  });

  it('has a change left out, of one object or of those that a pattern names', () => {
    const cluster = shop();
    const miss = { object: 'EndpointSlice/shop/backend-*', event: 'update', n: 2 } as const;
    const { effects } = stale.inject(cluster, { ...PROXY, miss }, CONTEXT);
    stale.inject(cluster, { ...PROXY, miss: { object: 'Service/shop/backend' } }, CONTEXT);
    for (const effect of effects) stale.undo(cluster, effect);
    expect(cluster.calls).to.deep.equal([
      [
        'missChange',
        CLIENT,
        'late',
        { kind: 'EndpointSlice', keys: '^shop\\/backend-[^/]*$', nth: 2, event: 'update' },
      ],
      ['missChange', CLIENT, 'late', { kind: 'Service', keys: '^shop/backend$', nth: 1 }],
      ['attendChanges', CLIENT, 'late'],
    ]);
  });

  it('shows new processes the past, and ends that', () => {
    const cluster = new FakeCluster();
    const { effects } = stale.inject(cluster, { ...PROXY, rewind: '10s' }, CONTEXT);
    for (const effect of effects) stale.undo(cluster, effect);
    expect(cluster.calls).to.deep.equal([
      ['rewindLists', CLIENT, 'late', 10_000_000],
      ['unwindLists', CLIENT, 'late'],
    ]);
  });

  it('breaks watches once, and leaves nothing to take back', () => {
    const cluster = new FakeCluster();
    const args = { component: 'kube-proxy', relist: true } as const;
    expect(stale.inject(cluster, args, CONTEXT).effects).to.deep.equal([]);
    expect(stale.extend!(cluster, args, CONTEXT, new Set())).to.deep.equal({
      hits: [],
      effects: [],
    });
    expect(cluster.calls.map(([handle]) => handle)).to.deep.equal(['breakWatches', 'breakWatches']);
  });

  it('follows what comes to match, and holds nobody twice', () => {
    const cluster = new FakeCluster();
    const args = { component: 'kube-proxy', hold: '5s' } as const;
    const held = new Set([`hold ${CLIENT} late`]);
    const { effects } = stale.extend!(cluster, args, CONTEXT, held);
    expect(effects).to.deep.equal(['hold kube-proxy@worker-2 late']);
  });

  it('means the DNS server in a pod', () => {
    const cluster = shop();
    const { effects } = stale.inject(cluster, { pod: 'shop/backend#1', hold: '1s' }, CONTEXT);
    expect(effects).to.deep.equal(['hold coredns@shop/backend-a late']);
  });

  it('has to say in which way, and once where', () => {
    expect(said(PROXY)).to.deep.equal([
      ': say how it is stale: `hold`, `miss`, `rewind` or `relist`',
    ]);
    expect(said({ ...PROXY, nodes: 'all', hold: '1s' })).to.deep.equal([
      '/nodes: write `node` or `nodes`, not both',
    ]);
    expect(said({ ...PROXY, relist: true, rewind: '5s' })[0]).to.contain('only a new one');
    expect(said({ ...PROXY, miss: { object: 'backend-*' } })[0]).to.match(/^\/miss\/object: /);
    expect(said({ ...PROXY, hold: '5s', rewind: '5s' })).to.deep.equal([]);
  });
});
