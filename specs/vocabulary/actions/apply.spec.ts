// Goal: `apply` sends each object to the API server, in the order of writing.

import { expect } from 'chai';
import apply from '../../../src/vocabulary/actions/apply';
import { shop } from '../../runner/fake-cluster';

const OBJECTS = ['web', 'api'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
}));

describe('apply', () => {
  it('sends the objects and names them', () => {
    const cluster = shop();
    expect(apply.perform(cluster, { apply: OBJECTS })).to.deep.equal([
      'Service/shop/web',
      'Service/shop/api',
    ]);
    expect(cluster.calls).to.deep.equal([['apply', OBJECTS]]);
  });

  it('hits nothing where the list is empty', () => {
    expect(apply.perform(shop(), { apply: [] })).to.deep.equal([]);
  });
});
