// Goal: a reader of the store is a revision: it sees exactly what stood then, whatever came after.

import { expect } from 'chai';

import { Store } from '../../src/apiserver/store';
import { START } from '../../src/values/time';

function pod(name: string, spec: object = {}) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec };
}

describe('the store', () => {
  it('shows each revision as it was', () => {
    const store = new Store();
    store.put(pod('a', { n: 1 }), START, -1);
    store.put(pod('a', { n: 2 }), START, -1);
    store.remove('Pod', 'shop/a', START, -1);
    expect(store.get('Pod', 'shop/a', 1)?.spec).to.deep.equal({ n: 1 });
    expect(store.get('Pod', 'shop/a', 2)?.spec).to.deep.equal({ n: 2 });
    expect(store.get('Pod', 'shop/a')).to.equal(undefined);
    expect([...store.list('Pod', 2)]).to.have.length(1);
    expect([...store.list('Pod')]).to.have.length(0);
  });

  it('freezes what it holds and numbers it', () => {
    const store = new Store();
    store.put(pod('a', { deep: { list: [1] } }), START, -1);
    const held = store.get('Pod', 'shop/a')!;
    expect(held.metadata.resourceVersion).to.equal('1');
    expect(() => ((held.spec as { deep: { list: number[] } }).deep.list[0] = 2)).to.throw(
      TypeError,
    );
  });

  it('lists in the order of creation, and what is created anew is newest', () => {
    const store = new Store();
    for (const name of ['c', 'a', 'b']) store.put(pod(name), START, -1);
    store.remove('Pod', 'shop/c', START, -1);
    store.put(pod('c'), START, -1);
    store.put(pod('a', { changed: true }), START, -1);
    expect([...store.list('Pod')].map(({ metadata }) => metadata.name)).to.deep.equal([
      'a',
      'b',
      'c',
    ]);
  });

  it('gives the changes between two revisions, of a scope alone where asked', () => {
    const store = new Store();
    store.put(pod('a'), START, -1);
    store.put(pod('b'), START, -1, 'worker-1');
    store.put(pod('a', { nodeName: 'worker-2' }), START, -1, 'worker-2');
    store.remove('Pod', 'shop/b', START, -1, 'worker-1');
    const keys = (from: number, to: number, scope?: string) =>
      store.changes('Pod', from, to, scope).map(({ revision }) => revision);
    expect(keys(0, 4)).to.deep.equal([1, 2, 3, 4]);
    expect(keys(1, 3)).to.deep.equal([2, 3]);
    expect(keys(0, 4, 'worker-1')).to.deep.equal([2, 4]);
    expect(keys(0, 4, 'worker-3')).to.deep.equal([]);
    expect([...store.listScope('Pod', 'worker-1', 3)]).to.have.length(1);
    expect([...store.listScope('Pod', 'worker-1')]).to.have.length(0);
  });
});
