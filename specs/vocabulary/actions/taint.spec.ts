// Goal: `taint` writes the whole list of taints, with one value for each key and effect.

import { expect } from 'chai';
import type { Taint } from '../../../src/values/cluster-spec';
import taint from '../../../src/vocabulary/actions/taint';
import { withNode } from './with-object';

const GPU: Taint = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };

function taintsAfter(before: readonly Taint[], change: object): unknown {
  const cluster = withNode(before);
  taint.perform(cluster, { taint: 'worker-1', ...change });
  return (cluster.calls[0]![3] as { spec: { taints: unknown } }).spec.taints;
}

describe('taint', () => {
  it('adds one, or several, with a value or without', () => {
    expect(taintsAfter([GPU], { add: ['spot:NoExecute', 'a=b:PreferNoSchedule'] })).to.deep.equal([
      GPU,
      { key: 'spot', effect: 'NoExecute' },
      { key: 'a', value: 'b', effect: 'PreferNoSchedule' },
    ]);
  });

  it('gives a key another value for the same effect', () => {
    const add = 'dedicated=cpu:NoSchedule';
    expect(taintsAfter([GPU], { add })).to.deep.equal([{ ...GPU, value: 'cpu' }]);
  });

  it('removes by key, or by key and effect', () => {
    const both: readonly Taint[] = [GPU, { ...GPU, effect: 'NoExecute' }];
    expect(taintsAfter(both, { remove: 'dedicated' })).to.deep.equal([]);
    expect(taintsAfter(both, { remove: 'dedicated:NoExecute' })).to.deep.equal([GPU]);
  });

  it('removes only what is there', () => {
    expect(() => taintsAfter([GPU], { remove: 'spot' })).to.throw('taint "spot" not found');
  });
});
