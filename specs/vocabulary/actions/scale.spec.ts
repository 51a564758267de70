// Goal: `scale` sets the replicas of a workload that is there.

import { expect } from 'chai';
import scale from '../../../src/vocabulary/actions/scale';
import { UnknownTargetError } from '../../../src/vocabulary/targets';
import { shop } from '../../runner/fake-cluster';

describe('scale', () => {
  it('finds the workload, with its kind or without', () => {
    const cluster = shop();
    scale.perform(cluster, { scale: 'deployment/shop/backend', replicas: 5 });
    scale.perform(cluster, { scale: 'shop/backend', replicas: 0 });
    expect(cluster.calls).to.deep.equal([
      ['scale', 'Deployment', 'shop/backend', 5],
      ['scale', 'Deployment', 'shop/backend', 0],
    ]);
  });

  it('hits nothing where the workload is gone, and refuses what it cannot name', () => {
    expect(scale.perform(shop(), { scale: 'deployment/shop/ghost', replicas: 1 })).to.deep.equal(
      [],
    );
    expect(() => scale.perform(shop(), { scale: 'shop/ghost', replicas: 1 })).to.throw(
      UnknownTargetError,
    );
  });
});
