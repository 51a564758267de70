// Goal: `patch` merges fields into an object that is there.

import { expect } from 'chai';
import patch from '../../../src/vocabulary/actions/patch';
import { shop } from '../../runner/fake-cluster';

describe('patch', () => {
  it('sends the patch to the object', () => {
    const cluster = shop();
    const change = { spec: { paused: true } };
    expect(patch.perform(cluster, { patch: 'shop/backend', with: change })).to.deep.equal([
      'Deployment/shop/backend',
    ]);
    expect(cluster.calls).to.deep.equal([['patch', 'Deployment', 'shop/backend', change]]);
  });

  it('hits nothing where the object is gone', () => {
    expect(patch.perform(shop(), { patch: 'service/shop/ghost', with: { a: 1 } })).to.deep.equal(
      [],
    );
  });
});
