// Goal: what forks tell each other of objects and views is equal only where all is that can be read
// there: versions themselves, since two forks count different ones by the same revisions. Method: a
// store with an object that changes, and a view that follows, stays behind, and leaves one out.

import { expect } from 'chai';
import { Informer } from '../../src/apiserver/informer';
import { NEVER_THERE, Store } from '../../src/apiserver/store';
import type { KindStore } from '../../src/apiserver/store';
import type { Key } from '../../src/kernel/readings';
import { answerOf } from '../../src/kernel/readings';
import type { Instant } from '../../src/values/time';

const PLACE = { room: 'views', name: 'one' };
const KEY = 'shop/web';

function world() {
  const store = new Store();
  const put = (color: string, name = 'web') =>
    store.put(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'shop', labels: { color } },
      },
      0 as Instant,
      -1,
    );
  const view = (knownAs?: typeof PLACE) =>
    new Informer(store, {
      kind: 'Service',
      owner: 'one',
      onChange: () => {},
      ...(knownAs !== undefined && { knownAs }),
    });
  return { store, put, view };
}

/** What a look at all objects of a view was read from. */
function listReading(view: Informer): Key {
  const [reading] = answerOf(() => view.noteList()).readings;
  return reading!.keys[0]!;
}

describe('what forks tell of objects', () => {
  it('is the version that stands, or that there was none', () => {
    const { store, put } = world();
    const first = put('red');
    const kind = store.readingAt({ room: 'objects', name: 'Service' }) as KindStore;
    expect(kind.place).to.deep.equal({ room: 'objects', name: 'Service' });
    expect(kind.common(KEY)).to.equal(first);
    expect(kind.common('shop/other')).to.equal(NEVER_THERE);
    const second = put('blue');
    expect([kind.common(KEY), kind.common('')]).to.deep.equal([second, second]);
    expect(store.readingAt({ room: 'objects', name: 'Pod' })).to.equal(undefined);
  });

  it('is what a view shows, however much newer the store is', () => {
    const { put, view } = world();
    const first = put('red');
    const [seen, own] = [view(PLACE), view()];
    const list = String(listReading(seen));
    expect([seen.common(KEY), seen.common(list)]).to.deep.equal([NEVER_THERE, NEVER_THERE]);
    for (const it of [seen, own]) it.deliver(first.revision);
    const [before, other] = [seen.whole(), put('green', 'other')];
    expect([seen.common(KEY), seen.common(list)]).to.deep.equal([first, first]);
    expect(seen.whole()).to.equal(before);
    seen.deliver(other.revision);
    expect([seen.common(KEY), seen.common(list)]).to.deep.equal([first, other]);
    expect(seen.whole()).not.to.equal(before);
    expect([own.place, own.common(KEY)]).to.deep.equal([undefined, undefined]);
  });

  it('is nothing of a list that has a gap, nor of how far a view has come', () => {
    const { put, view } = world();
    const first = put('red');
    const gapped = view(PLACE);
    const list = String(listReading(gapped));
    const [state] = answerOf(() => gapped.revision).readings;
    gapped.deliver(first.revision);
    expect(gapped.common(String(state!.keys[0]))).to.equal(undefined);
    const second = put('blue');
    gapped.leaveOut(second.revision);
    gapped.deliver(second.revision);
    expect([gapped.common(KEY), gapped.common(list)]).to.deep.equal([first, undefined]);
    expect(gapped.whole()).to.equal(undefined);
  });
});
