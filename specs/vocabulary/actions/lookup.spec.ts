// Goal: `lookup` asks really, once for each client, and names the clients.

import { expect } from 'chai';
import lookup from '../../../src/vocabulary/actions/lookup';
import type { Cluster } from '../../../src/cluster/cluster';
import { shop } from '../../runner/fake-cluster';

describe('lookup', () => {
  it('is made for real, for both families unless a type is named', () => {
    const asked: unknown[] = [];
    const cluster = Object.assign(shop(), {
      resolve: (...question: Parameters<Cluster['resolve']>) => {
        asked.push(question.slice(1));
        return [];
      },
    });
    const once = { lookup: { from: 'shop/frontend', name: 'backend' } };
    expect(lookup.perform(cluster, once)).to.have.length(1);
    lookup.perform(cluster, { lookup: { ...once.lookup, type: 'SRV' } });
    expect(asked).to.deep.equal([
      ['backend', { types: ['A', 'AAAA'], real: true }],
      ['backend', { types: ['SRV'], real: true }],
    ]);
  });

  it('hits nothing where the client is gone', () => {
    const gone = { lookup: { from: 'pod/shop/ghost', name: 'backend' } };
    expect(lookup.perform(shop(), gone)).to.deep.equal([]);
  });
});
