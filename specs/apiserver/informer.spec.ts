// Goal: an informer shows a past revision, merges what it missed, and never tells of what came and
// went while it was not looking.

import { expect } from 'chai';

import { Informer } from '../../src/apiserver/informer';
import type { Change } from '../../src/apiserver/informer';
import { Store } from '../../src/apiserver/store';
import { START } from '../../src/values/time';

function setUp(scope?: string) {
  const store = new Store();
  const changes: Change[] = [];
  const informer = new Informer(store, {
    kind: 'Pod',
    owner: 'spec',
    onChange: (change) => changes.push(change),
    ...(scope !== undefined && { scope }),
  });
  const put = (name: string, spec: object, at?: string) =>
    store.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }, START, -1, at);
  return { store, informer, changes, put };
}

describe('an informer', () => {
  it('shows nothing newer than what reached it', () => {
    const { informer, put } = setUp();
    put('a', { n: 1 });
    informer.deliver(1);
    put('a', { n: 2 });
    expect(informer.get('a')?.spec).to.deep.equal({ n: 1 });
    informer.deliver(2);
    expect(informer.get('a')?.spec).to.deep.equal({ n: 2 });
  });

  it('merges several writes into one change with the last object', () => {
    const { informer, changes, put } = setUp();
    put('a', { n: 1 });
    informer.deliver(1);
    put('a', { n: 2 });
    put('a', { n: 3 });
    informer.deliver(3);
    expect(changes.map(({ before, after }) => [before?.spec, after?.spec])).to.deep.equal([
      [undefined, { n: 1 }],
      [{ n: 1 }, { n: 3 }],
    ]);
  });

  it('hands over all changes of a delivery at once to who takes them so', () => {
    const { store, put } = setUp();
    const lists: string[][] = [];
    const single: string[] = [];
    const informer = new Informer(store, {
      kind: 'Pod',
      owner: 'spec',
      onChange: ({ key }) => single.push(key),
      onNews: ({ changes }) => lists.push(changes.map(({ key }) => key)),
    });
    put('a', {});
    put('b', {});
    informer.deliver(2);
    expect([lists, single]).to.deep.equal([[['a', 'b']], []]);
    // Who observes hears of each change right after it.
    informer.observe(({ key }) => single.push(`then ${key}`));
    put('c', {});
    put('d', {});
    informer.deliver(4);
    expect(lists).to.have.length(1);
    expect(single).to.deep.equal(['c', 'then c', 'd', 'then d']);
  });

  it('shows those of several keys that are there', () => {
    const { informer, put } = setUp();
    put('a', {});
    put('b', {});
    informer.deliver(1);
    const found = informer.getAll(['b', 'a', 'c']);
    expect(found.map(({ metadata }) => metadata.name)).to.deep.equal(['a']);
  });

  it('is silent while it is held, and catches up when it lists anew', () => {
    const { store, informer, changes, put } = setUp();
    informer.hold();
    put('a', {});
    put('b', {});
    store.remove('Pod', 'b', START, -1);
    informer.deliver(3);
    expect(changes).to.have.length(0);
    informer.relist();
    expect(changes.map(({ key }) => key)).to.deep.equal(['a']);
  });

  it('of one scope sees a pod come to its node and go, and no other pod', () => {
    const { store, informer, changes, put } = setUp('worker-1');
    put('a', {});
    put('b', {}, 'worker-2');
    informer.deliver(2);
    put('a', { nodeName: 'worker-1' }, 'worker-1');
    informer.deliver(3);
    store.remove('Pod', 'a', START, -1, 'worker-1');
    expect([...informer.list()]).to.have.length(1);
    expect(informer.get('b')).to.equal(undefined);
    informer.deliver(4);
    const seen = changes.map(({ key, before, after }) => [key, !!before, !!after]);
    expect(seen).to.deep.equal([
      ['a', false, true],
      ['a', true, false],
    ]);
  });

  it('of all pods lists those that it knows to be on one node', () => {
    const { informer, put } = setUp();
    const on = (node: string) => Array.from(informer.list(node), ({ metadata }) => metadata.name);
    put('a', {}, 'worker-1');
    put('b', {}, 'worker-2');
    put('c', {});
    informer.deliver(3);
    put('c', { nodeName: 'worker-1' }, 'worker-1');
    expect(on('worker-1')).to.deep.equal(['a']);
    // Its watch leaves out that the pod was bound.
    informer.leaveOut(4);
    informer.deliver(4);
    expect(on('worker-1')).to.deep.equal(['a']);
    expect(on('worker-2')).to.deep.equal(['b']);
    informer.relist();
    expect(on('worker-1')).to.deep.equal(['a', 'c']);
  });

  it('that has lost its memory shows all as new', () => {
    const { informer, changes, put } = setUp();
    put('a', {});
    informer.deliver(1);
    informer.reset();
    informer.relist();
    expect(changes.map(({ before }) => before)).to.deep.equal([undefined, undefined]);
  });
});
