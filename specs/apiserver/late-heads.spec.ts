// Goal: pods of series that were stored in bulk are found like all others: by key, in the order of
// their coming, and on their nodes, whoever asks first, and whatever was written in between.
// Method: a twin to which the same is written, with every version a plain one that is looked up at
// once.

import { expect } from 'chai';

import type { LatePod } from '../../src/apiserver/late-pod';
import { Store } from '../../src/apiserver/store';
import type { Version } from '../../src/apiserver/store';
import { Stream } from '../../src/kernel/random';
import { START } from '../../src/values/time';
import { seriesOf } from '../controllers/pod-runs';

const NODES = ['worker-1', 'worker-2', 'worker-3'];

/** A store, and its twin. */
class Pair {
  readonly store = new Store();
  readonly twin = new Store();
  /** How many pods of series there have been. */
  made = 0;

  /** So many pods of a series, all on one node. */
  series(count: number, node: string): void {
    const keys = Array.from({ length: count }, () => `shop/late-${this.made++}`);
    const from = this.store.nextRevision;
    for (const late of seriesOf(keys, { namespace: 'shop' }, { from, node })) {
      this.store.putMade('Pod', late);
      this.twin.putMade('Pod', plain(late));
      this.twin.version('Pod', late.key);
    }
  }

  /** A pod of any name is written by itself; it is gone then where it was there, now and then. */
  write(name: string, node: string, goes: boolean): void {
    const key = `shop/${name}`;
    const isThere = this.twin.get('Pod', key) !== undefined;
    for (const store of [this.store, this.twin]) {
      if (goes && isThere) store.remove('Pod', key, START, -1, node);
      else {
        const metadata = { name, namespace: 'shop' };
        store.put({ apiVersion: 'v1', kind: 'Pod', metadata }, START, -1, node);
      }
    }
  }
}

function plain({ revision, at, key, object, cause, scope }: LatePod): Version {
  return { revision, at, key, object, cause, scope, previous: undefined };
}

function revisionsOf(versions: Iterable<Version>): readonly number[] {
  return [...versions].map(({ revision }) => revision);
}

/** What somebody may ask of a store. */
const QUESTIONS: readonly ((store: Store, stream: Stream) => unknown)[] = [
  (store, stream) => {
    const key = `shop/late-${stream.below(40)}`;
    const version = store.version('Pod', key);
    return [version?.revision, version?.previous?.revision, version?.object === undefined];
  },
  (store, stream) => store.version('Pod', `shop/own-${stream.below(4)}`)?.revision,
  (store) => revisionsOf(store.versions('Pod')),
  (store, stream) => revisionsOf(store.versions('Pod', stream.below(store.revision + 1))),
  (store, stream) => {
    const node = NODES[stream.below(3)]!;
    return [...store.listScope('Pod', node)].map(({ metadata }) => metadata.name);
  },
  (store, stream) => revisionsOf(store.changes('Pod', 0, undefined, NODES[stream.below(3)])),
];

describe('pods of series in the store', () => {
  for (let seed = 0; seed < 40; seed++) {
    it(`are found as if all had been looked up at once, among others (${seed})`, () => {
      const stream = new Stream(seed);
      const both = new Pair();
      for (let step = 0; step < 40; step++) {
        const node = NODES[stream.below(3)]!;
        const what = stream.below(4);
        if (what === 0) both.series(1 + stream.below(5), node);
        else if (what === 1) both.write(`own-${stream.below(4)}`, node, stream.below(2) === 0);
        else if (what === 2 && both.made > 0) {
          both.write(`late-${stream.below(both.made)}`, node, stream.below(2) === 0);
        }
        if (stream.below(3) > 0) continue;
        const question = QUESTIONS[stream.below(QUESTIONS.length)]!;
        const [one, other] = [stream.fork(), stream.fork()];
        expect(question(both.store, one)).to.deep.equal(question(both.twin, other));
      }
    });
  }

  it('are entered for nobody who asks for what was written by itself', () => {
    const pair = new Pair();
    pair.write('own-1', 'worker-1', false);
    pair.series(20, 'worker-1');
    pair.write('own-1', 'worker-1', false);
    pair.series(20, 'worker-1');
    const kinds = (pair.store as unknown as { readonly kinds: ReadonlyMap<string, KindNewest> })
      .kinds;
    expect(pair.store.version('Pod', 'shop/own-1')!.revision).to.equal(22);
    expect(kinds.get('Pod')!.newest.size).to.equal(1);
    expect(pair.store.version('Pod', 'shop/late-3')!.revision).to.equal(5);
    expect(kinds.get('Pod')!.newest.size).to.equal(41);
  });

  it('stand on their nodes also where so many wait that each node enters its own', () => {
    const pair = new Pair();
    const stream = new Stream(1);
    for (let round = 0; round < 60; round++) pair.series(1 + stream.below(60), NODES[round % 3]!);
    // So many questions that in the end all are entered, with more pods in between.
    for (let asked = 0; asked < 40; asked++) {
      const node = NODES[stream.below(3)]!;
      const there = pair.store.changes('Pod', 0).filter(({ scope }) => scope === node);
      const found = pair.store.changes('Pod', 0, undefined, node);
      expect(revisionsOf(found)).to.deep.equal(revisionsOf(there));
      if (stream.below(2) === 0) pair.series(1 + stream.below(3), NODES[stream.below(3)]!);
      if (stream.below(4) === 0) pair.write('own-1', node, stream.below(2) === 0);
    }
    expect(pair.store.revision).to.be.greaterThan(1_200);
  });
});

/** The table of a kind, as it stands. */
interface KindNewest {
  readonly newest: ReadonlyMap<string, Version>;
}
