// Goal: a log finds what a look through all of it would find, wherever the search before it ended.
// Method: the slow obvious twin, a filter, over readers that stand at random places.

import { expect } from 'chai';

import { Store } from '../../src/apiserver/store';
import { Stream } from '../../src/kernel/random';
import { START } from '../../src/values/time';

const WRITES = 60;

describe('the log of a kind', () => {
  it('agrees with a filter, whoever reads before and whatever is written meanwhile', () => {
    const stream = new Stream(7);
    const store = new Store();
    const revisions: number[] = [];
    for (let write = 0; write < WRITES; write++) {
      // Versions of other kinds leave gaps between the revisions of this one.
      const kind = stream.below(3) === 0 ? 'Node' : 'Pod';
      const metadata = { name: `${kind}-${stream.below(5)}` };
      const { revision } = store.put({ apiVersion: 'v1', kind, metadata }, START, -1);
      if (kind === 'Pod') revisions.push(revision);
      for (let read = 0; read < 10; read++) {
        const [from, to] = [stream.below(WRITES), stream.below(WRITES)];
        const found = store.changes('Pod', from, to).map((it) => it.revision);
        expect(found).to.deep.equal(revisions.filter((it) => it > from && it <= to));
        const last = revisions.filter((it) => it <= to).at(-1) ?? 0;
        expect(store.lastChange('Pod', to)).to.equal(last);
      }
      expect(store.revisionOf('Pod')).to.equal(revisions.at(-1) ?? 0);
    }
    expect(revisions.length).to.be.above(20);
  });
});
