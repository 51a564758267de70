// Goal: a reader of the store is a revision: it sees exactly what stood then, whatever came after.

import { expect } from 'chai';

import { Informer } from '../../src/apiserver/informer';
import { Store } from '../../src/apiserver/store';
import { answerOf, nextRound, stillHolds } from '../../src/kernel/readings';
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

  it('keeps a draft that nobody else holds, and leaves a frozen object as it is', () => {
    const store = new Store();
    const draft = pod('a', Object.freeze({ n: 1 }));
    const first = store.putAdmitted(draft, 'shop/a', START, -1, undefined);
    expect(first.object).to.equal(draft);
    expect([draft, draft.metadata].map((it) => Object.isFrozen(it))).to.deep.equal([true, true]);
    const { metadata } = store.putAdmitted(draft, 'shop/a', START, -1, undefined).object!;
    expect([draft.metadata, metadata].map((it) => JSON.stringify(it))).to.deep.equal([
      '{"name":"a","namespace":"shop","resourceVersion":"1"}',
      '{"name":"a","namespace":"shop","resourceVersion":"2"}',
    ]);
    expect(store.version('Pod', 'shop/a')!.previous).to.equal(first);
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

describe('what is read of the store', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'shop' } };

  /** Whether what `read` finds is known to have moved when `write` has written, and when not. */
  function moves(read: (store: Store) => unknown, write: (store: Store) => void): boolean {
    const store = new Store();
    store.put(pod('a'), START, -1);
    store.put(pod('b'), START, -1);
    const answer = answerOf(() => read(store));
    nextRound();
    expect(stillHolds(answer)).to.equal(true);
    write(store);
    nextRound();
    return !stillHolds(answer);
  }

  const writeA = (store: Store): void => void store.put(pod('a', { n: 1 }), START, -1);
  const writeB = (store: Store): void => void store.put(pod('b', { n: 1 }), START, -1);
  const removeA = (store: Store): void => void store.remove('Pod', 'shop/a', START, -1);
  const writeService = (store: Store): void => void store.put(service, START, -1);

  it('stands while nothing was written there: an object, a kind, everything', () => {
    const one = (store: Store): unknown => store.get('Pod', 'shop/a');
    expect([writeA, removeA, writeB, writeService].map((it) => moves(one, it))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    const all = (store: Store): unknown => [...store.list('Pod')];
    expect([writeA, writeB, writeService].map((it) => moves(all, it))).to.deep.equal([
      true,
      true,
      false,
    ]);
    const newest = (store: Store): unknown => store.revision;
    expect([writeA, writeService].map((it) => moves(newest, it))).to.deep.equal([true, true]);
  });

  it('does not stand when the first object of a kind comes', () => {
    const none = (store: Store): unknown => store.get('Service', 'shop/a');
    expect([writeService, writeA].map((it) => moves(none, it))).to.deep.equal([true, false]);
    expect(moves((store) => [...store.list('Service')], writeService)).to.equal(true);
  });

  it('is as old as the watch that shows it', () => {
    const store = new Store();
    store.put(pod('a'), START, -1);
    const informer = new Informer(store, { kind: 'Pod', owner: 'spec', onChange: () => {} });
    informer.jump();
    const answers = [
      answerOf(() => informer.get('shop/a')),
      answerOf(() => [...informer.list()]),
      answerOf(() => informer.revision),
      answerOf(() => informer.get('shop/b')),
    ];
    const hold = (): boolean[] => {
      nextRound();
      return answers.map(stillHolds);
    };
    writeA(store);
    expect(hold()).to.deep.equal([true, true, true, true]);
    informer.deliver(store.revision);
    expect(hold()).to.deep.equal([false, false, false, true]);
    const held = answerOf(() => informer.isHeld);
    informer.hold();
    nextRound();
    expect(stillHolds(held)).to.equal(false);
  });
});
