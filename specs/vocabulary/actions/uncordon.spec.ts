// Goal: `uncordon` writes `spec.unschedulable` of a node that is there.

import { expect } from 'chai';
import uncordon from '../../../src/vocabulary/actions/uncordon';
import { UnknownTargetError } from '../../../src/vocabulary/targets';
import { shop } from '../../runner/fake-cluster';
import { withNode } from './with-object';

describe('uncordon', () => {
  it('writes one field of the node', () => {
    const cluster = withNode();
    expect(uncordon.perform(cluster, { uncordon: 'node/worker-1' })).to.deep.equal([
      'node worker-1',
    ]);
    expect(cluster.calls).to.deep.equal([
      ['patch', 'Node', 'worker-1', { spec: { unschedulable: null } }],
    ]);
  });

  it('names no node that is not there', () => {
    expect(() => uncordon.perform(shop(), { uncordon: 'worker-9' })).to.throw(UnknownTargetError);
  });
});
