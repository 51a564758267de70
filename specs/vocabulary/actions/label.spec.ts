// Goal: `label` sets and removes labels of one object.

import { expect } from 'chai';
import label from '../../../src/vocabulary/actions/label';
import { shop } from '../../runner/fake-cluster';

describe('label', () => {
  it('merges labels; null removes one', () => {
    const cluster = shop();
    const set = { tier: 'web', old: null };
    label.perform(cluster, { label: 'deployment/shop/backend', set });
    expect(cluster.calls).to.deep.equal([
      ['patch', 'Deployment', 'shop/backend', { metadata: { labels: set } }],
    ]);
  });

  it('hits nothing where the object is gone', () => {
    const args = { label: 'service/shop/ghost', set: { a: 'b' } };
    expect(label.perform(shop(), args)).to.deep.equal([]);
  });
});
