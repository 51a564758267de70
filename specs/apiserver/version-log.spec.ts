// Goal: a log finds what a look through all of it would find, wherever the search before it ended.
// Method: the slow obvious twin, a filter, over readers that stand at random places.

import { expect } from 'chai';

import type { Change } from '../../src/apiserver/informer';
import { Store } from '../../src/apiserver/store';
import type { Version } from '../../src/apiserver/store';
import { Stream } from '../../src/kernel/random';
import { later, seconds, START } from '../../src/values/time';

const WRITES = 60;

/** The same by looking through everything. */
function changesOf(all: readonly Version[], from: number, scope?: string): Change[] {
  const isIn = (version: Version) => scope === undefined || version.scope === scope;
  const news = all.filter((version) => version.revision > from && isIn(version));
  return [...new Set(news.map(({ key }) => key))].flatMap((key) => {
    const { object: after, cause } = news.findLast((version) => version.key === key)!;
    const known = all.findLast((version) => version.key === key && version.revision <= from);
    const before = known !== undefined && isIn(known) ? known.object : undefined;
    return before === undefined && after === undefined ? [] : [{ key, before, after, cause }];
  });
}

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
      // The first question is the last one of the round before, too.
      const drawn = Array.from({ length: 10 }, () => [stream.below(WRITES), stream.below(WRITES)]);
      for (const [from, to] of [[0, WRITES], ...drawn, [0, WRITES]] as [number, number][]) {
        const found = store.changes('Pod', from, to).map((it) => it.revision);
        expect(found).to.deep.equal(revisions.filter((it) => it > from && it <= to));
        const last = revisions.filter((it) => it <= to).at(-1) ?? 0;
        expect(store.lastChange('Pod', to)).to.equal(last);
      }
      expect(store.revisionOf('Pod')).to.equal(revisions.at(-1) ?? 0);
    }
    expect(revisions.length).to.be.above(20);
  });

  it('tells whoever comes from anywhere what has changed since, of one node as of all', () => {
    const stream = new Stream(11);
    const store = new Store();
    const all: Version[] = [];
    for (let write = 0; write < WRITES; write++) {
      const name = `pod-${stream.below(6)}`;
      const scope = ['a', 'b', undefined][stream.below(3)];
      const isThere = store.get('Pod', name) !== undefined;
      const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, write };
      const version =
        isThere && stream.below(3) === 0
          ? store.remove('Pod', name, START, write, scope)
          : store.put(object, START, write, scope);
      all.push(version);
      const drawn = Array.from({ length: 8 }, () => stream.below(store.revision));
      for (const from of [store.revision - 1, store.revision - 2, ...drawn]) {
        // Twice: the second time it is known.
        for (const node of [undefined, 'a', 'b', undefined, 'b']) {
          const told = store.logOf('Pod', node).newsBetween(from, store.revision).changes;
          expect(told).to.deep.equal(changesOf(all, from, node));
        }
      }
    }
  });

  it('knows what stood at an instant: what was written at that very one, too', () => {
    const store = new Store();
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } };
    const at = [1, 1, 3].map((second) => later(START, seconds(second)));
    const revisions = at.map((instant) => store.put(object, instant, -1).revision);
    const found = [0, 1, 2, 3, 4].map((second) =>
      store.revisionAt('Pod', later(START, seconds(second))),
    );
    expect(found).to.deep.equal([0, revisions[1], revisions[1], revisions[2], revisions[2]]);
  });
});
