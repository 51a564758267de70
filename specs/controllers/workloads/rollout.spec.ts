// Goal: the arithmetic of rollouts gives the numbers of the real Deployment controller: how far a
// new ReplicaSet may grow, how far the old ones may shrink, and who gets what of a change of size
// in the middle. Rules: pkg/controller/deployment/{rolling,sync}.go; the rows of a changed size are
// the facts of pkg/controller/deployment/sync_test.go TestScale.

import { expect } from 'chai';

import type { Deployment } from '../../../src/apiserver/kinds/deployment';
import type { ReplicaSet } from '../../../src/apiserver/kinds/replicaset';
import {
  bounds,
  DESIRED_REPLICAS,
  isScaling,
  MAX_REPLICAS,
  nextOfNew,
  scaleAll,
  scaleNew,
  scaleOld,
} from '../../../src/controllers/workloads/rollout';
import type { Scale } from '../../../src/controllers/workloads/rollout';

interface Bounds {
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

function deployment(replicas: number, rollingUpdate?: Bounds): Deployment {
  const strategy = rollingUpdate && { type: 'RollingUpdate', rollingUpdate };
  return { spec: { replicas, ...(strategy && { strategy }) } } as unknown as Deployment;
}

function recreating(replicas: number): Deployment {
  return { spec: { replicas, strategy: { type: 'Recreate' } } } as unknown as Deployment;
}

function replicaSet(name: string, replicas: number, parts: object = {}): ReplicaSet {
  const status = { availableReplicas: replicas };
  return { metadata: { name }, spec: { replicas }, status, ...parts } as unknown as ReplicaSet;
}

/** A set that was last sized for so many replicas of the Deployment, and for so many at most. */
function sizedFor(name: string, replicas: number, desired: number, max: number): ReplicaSet {
  const annotations = { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(max) };
  return replicaSet(name, replicas, { metadata: { name, annotations } });
}

function sizes(scales: readonly Scale[]): Record<string, number> {
  return Object.fromEntries(scales.map(({ set, replicas }) => [set.metadata.name, replicas]));
}

describe('the bounds of a rolling update', () => {
  const rows: readonly (readonly [number, Bounds | undefined, number, number])[] = [
    [10, undefined, 3, 2],
    [10, {}, 3, 2],
    [4, { maxSurge: '25%', maxUnavailable: '25%' }, 1, 1],
    [3, { maxSurge: 0, maxUnavailable: '25%' }, 0, 1],
    [3, { maxSurge: 2, maxUnavailable: 0 }, 2, 0],
    [2, { maxSurge: 1, maxUnavailable: 5 }, 1, 2],
  ];
  for (const [replicas, given, surge, unavailable] of rows) {
    const wording = given === undefined ? 'by default' : `by ${JSON.stringify(given)}`;
    it(`for ${replicas} ${wording} are ${surge} more and ${unavailable} missing`, () => {
      expect(bounds(deployment(replicas, given))).to.deep.equal({ surge, unavailable });
    });
  }

  it('are none where everything is recreated', () => {
    expect(bounds(recreating(10))).to.deep.equal({ surge: 0, unavailable: 0 });
  });
});

describe('a new ReplicaSet', () => {
  it('grows as far as the surge leaves room', () => {
    expect(nextOfNew(deployment(10), 0, 10)).to.equal(3);
    expect(nextOfNew(deployment(10), 3, 11)).to.equal(5);
    expect(nextOfNew(deployment(10), 9, 10)).to.equal(10);
  });

  it('stays as it is while there is no room, and shrinks to what is wanted', () => {
    expect(nextOfNew(deployment(10), 3, 13)).to.equal(3);
    expect(nextOfNew(deployment(10), 12, 12)).to.equal(10);
    expect(scaleNew(deployment(10), replicaSet('new', 10), [])).to.deep.equal([]);
  });

  it('is as large as it will be at once where everything is recreated', () => {
    expect(nextOfNew(recreating(10), 0, 10)).to.equal(10);
  });
});

describe('old ReplicaSets', () => {
  const unavailable = { status: { availableReplicas: 0 } };

  it('give up as many pods as may be missing', () => {
    const [fresh, old] = [replicaSet('new', 0), replicaSet('old', 10)];
    expect(sizes(scaleOld(deployment(10), fresh, [old]))).to.deep.equal({ old: 8 });
  });

  it('wait for the pods of the new one that are not available yet', () => {
    const fresh = replicaSet('new', 3, unavailable);
    const waiting = scaleOld(deployment(10, { maxUnavailable: 0 }), fresh, [replicaSet('old', 10)]);
    expect(waiting).to.deep.equal([]);
    // 13 pods, 10 of them available: 8 must be, so 2 may go.
    expect(sizes(scaleOld(deployment(10), fresh, [replicaSet('old', 10)]))).to.eql({ old: 8 });
  });

  it('give up broken pods first', () => {
    const broken = replicaSet('broken', 2, unavailable);
    const old = [broken, replicaSet('old', 8)];
    expect(sizes(scaleOld(deployment(10), replicaSet('new', 0), old))).to.eql({ broken: 0 });
  });

  it('have nothing to give where they are empty', () => {
    const scales = scaleOld(deployment(10), replicaSet('new', 10), [replicaSet('old', 0)]);
    expect(scales).to.deep.equal([]);
  });
});

describe('a change of the number of replicas', () => {
  type Row = readonly [
    title: string,
    after: Deployment,
    before: Deployment,
    fresh: number | undefined,
    old: readonly number[],
    expected: readonly (number | undefined)[],
  ];
  const surge = (replicas: number, maxSurge: number) => deployment(replicas, { maxSurge });
  // `old` from the newest to the oldest, as the source has it; expected: the new set, then these.
  const rows: readonly Row[] = [
    ['one set, more', deployment(12), deployment(10), 10, [], [12]],
    ['one set, fewer', deployment(5), deployment(10), 10, [], [5]],
    ['in proportion, 5 to 10', surge(10, 0), surge(5, 0), 2, [3], [4, 6]],
    ['in proportion, 5 to 3', surge(3, 0), surge(5, 0), 2, [3], [1, 2]],
    ['in proportion, 9 to 4', surge(4, 0), surge(9, 0), 8, [1], [4, 0]],
    ['in proportion, 7 to 10', surge(10, 0), surge(7, 0), 2, [3, 2], [3, 4, 3]],
    ['in proportion, 13 to 8', surge(8, 0), surge(13, 0), 2, [8, 3], [1, 5, 2]],
    ['one more for the newest of equals', surge(4, 0), surge(3, 0), 1, [1, 1], [2, 1, 1]],
    ['one fewer of the oldest of equals', surge(2, 0), surge(3, 0), 1, [1, 1], [1, 1, 0]],
    ['without a new set', surge(5, 0), surge(4, 0), undefined, [2, 2], [undefined, 3, 2]],
    ['down to nothing', surge(0, 0), surge(6, 0), 3, [2, 1], [0, 0, 0]],
    ['up from nothing', surge(6, 0), surge(6, 0), 0, [0, 0], [6, 0, 0]],
    ['with pods beyond the number', surge(20, 2), surge(10, 2), 6, [6], [11, 11]],
    ['of size and surge', surge(50, 6), surge(10, 3), 5, [8], [22, 34]],
    ['of size and template', surge(14, 0), surge(10, 0), undefined, [7, 3], [undefined, 10, 4]],
  ];
  for (const [title, after, before, fresh, old, expected] of rows) {
    it(`shares out: ${title}`, () => {
      const { replicas } = before.spec;
      const max = replicas! + bounds(before).surge;
      const set = (name: string, size: number) => sizedFor(name, size, replicas!, max);
      const newest = fresh === undefined ? undefined : set('new', fresh);
      const olds = old.map((size, index) => set(`old-${index}`, size));
      const found = sizes(scaleAll(after, newest, [...olds].reverse()));
      const sizeOf = (name: string, size: number | undefined) => found[name] ?? size;
      expect([
        sizeOf('new', fresh),
        ...old.map((size, index) => sizeOf(`old-${index}`, size)),
      ]).to.deep.equal(expected);
    });
  }

  it('leaves the old pods alone while the full new set is broken', () => {
    const fresh = { ...sizedFor('new', 2, 2, 3), status: { availableReplicas: 0 } };
    const subject = deployment(2, { maxSurge: 1, maxUnavailable: 1 });
    expect(scaleAll(subject, fresh, [sizedFor('old', 1, 2, 3)])).to.deep.equal([]);
  });

  it('takes the rest of the old pods where the full new set is available', () => {
    const scales = scaleAll(deployment(2), sizedFor('new', 2, 2, 3), [sizedFor('old', 1, 2, 3)]);
    expect(sizes(scales)).to.deep.equal({ old: 0 });
  });

  it('waits for the old pods to go where everything is recreated', () => {
    const sets = [sizedFor('old', 1, 3, 3), sizedFor('older', 2, 3, 3)];
    expect(scaleAll(recreating(5), undefined, sets)).to.deep.equal([]);
  });

  it('concerns nobody where there is no ReplicaSet', () => {
    expect(scaleAll(deployment(3), undefined, [])).to.deep.equal([]);
  });

  it('is told by the number that each set with pods was sized for', () => {
    expect(isScaling(deployment(5), [sizedFor('a', 3, 3, 4)])).to.equal(true);
    expect(isScaling(deployment(3), [sizedFor('a', 3, 3, 4)])).to.equal(false);
    expect(isScaling(deployment(5), [sizedFor('a', 0, 3, 4), replicaSet('b', 3)])).to.equal(false);
  });
});
