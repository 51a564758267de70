// Goal: `cordon` writes `spec.unschedulable` of a node that is there.

import { expect } from 'chai';
import cordon from '../../../src/vocabulary/actions/cordon';
import { UnknownTargetError } from '../../../src/vocabulary/targets';
import { shop } from '../../runner/fake-cluster';
import { withNode } from './with-object';

describe('cordon', () => {
  it('writes one field of the node', () => {
    const cluster = withNode();
    expect(cordon.perform(cluster, { cordon: 'node/worker-1' })).to.deep.equal(['node worker-1']);
    expect(cluster.calls).to.deep.equal([
      ['patch', 'Node', 'worker-1', { spec: { unschedulable: true } }],
    ]);
  });

  it('names no node that is not there', () => {
    expect(() => cordon.perform(shop(), { cordon: 'worker-9' })).to.throw(UnknownTargetError);
  });
});
