// Goal: merging and comparing as RFC 7386 and the API server do it.

import { expect } from 'chai';

import { equalJson, mergePatch, shareParts, storable } from '../../src/apiserver/json';

describe('a merge patch', () => {
  // The rows are of RFC 7386, appendix A.
  const rows: readonly (readonly [unknown, unknown, unknown])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of rows) {
    it(`${JSON.stringify(patch)} on ${JSON.stringify(target)}`, () => {
      expect(mergePatch(target, patch)).to.deep.equal(result);
    });
  }
});

describe('what a merge patch leaves alone', () => {
  const target = {
    spec: { nodeName: 'a' },
    status: { phase: 'Running', ips: [{ ip: '10.0.0.1' }] },
  };

  it('stays the same object, and so does all of it where the patch changes nothing', () => {
    const merged = mergePatch(target, { status: { phase: 'Failed', ips: [{ ip: '10.0.0.1' }] } });
    expect(merged).to.deep.equal({ ...target, status: { ...target.status, phase: 'Failed' } });
    expect((merged as typeof target).spec).to.equal(target.spec);
    expect((merged as typeof target).status.ips).to.equal(target.status.ips);
    expect(target.status.phase).to.equal('Running');
    expect(mergePatch(target, { status: { phase: 'Running' }, other: null })).to.equal(target);
  });
});

describe('what replaces', () => {
  it('says nothing by null, at any depth: in new parts, in moved ones and in what stays the same', () => {
    const before = Object.freeze({ a: { x: 1 }, list: [{ name: 'one', y: 1 }] });
    expect(shareParts({ a: { x: 1, y: null }, list: before.list, b: null }, before)).to.equal(
      before,
    );
    const moved = Object.freeze({ name: 'two', y: null });
    const after = shareParts({ list: [moved, { name: 'one', y: 1 }], c: { d: null } }, before);
    expect(after).to.deep.equal({ list: [{ name: 'two' }, { name: 'one', y: 1 }], c: {} });
    // What lost a field is not what it was.
    expect(shareParts({ a: { x: null }, list: before.list }, before)).to.deep.equal({
      a: {},
      list: before.list,
    });
    // A null in a list is an item.
    expect(shareParts({ list: [null] }, before)).to.deep.equal({ list: [null] });
  });
});

describe('what is new', () => {
  it('is frozen to its depth, whoever froze some of it, and what was there is left as it is', () => {
    const before = { spec: { a: 1 }, list: [{ n: 1 }] };
    const given = () => ({ spec: { a: { b: [{ c: 1 }] } }, list: Object.freeze([{ n: 2 }]) });
    const merged = mergePatch(before, given()) as ReturnType<typeof given>;
    const shared = shareParts(given(), before as unknown);
    const stored = storable(Object.freeze(given()));
    for (const { spec, list } of [merged, shared, stored]) {
      for (const part of [spec, spec.a, spec.a.b, spec.a.b[0], list, list[0]]) {
        expect(Object.isFrozen(part)).to.equal(true);
      }
    }
    expect([merged, shared, stored].map((it) => Object.isFrozen(it))).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect([before.spec, before.list[0]].map((it) => Object.isFrozen(it))).to.deep.equal([
      false,
      false,
    ]);
  });

  it('says nothing by null, also where it is frozen', () => {
    const given = { a: Object.freeze({ b: null, c: [{ d: null, e: 1 }] }), f: [null], g: null };
    const stored = storable(given);
    expect(stored).to.deep.equal({ a: { c: [{ e: 1 }] }, f: [null] });
    expect([stored, stored.a, stored.a.c].map((it) => Object.isFrozen(it))).to.not.include(false);
    const known = Object.freeze({ b: null });
    expect(storable({ a: known, h: 1 }, { a: known })).to.deep.equal({ a: { b: null }, h: 1 });
    const undecided = storable({ a: { b: undefined, c: 1 } });
    expect(Object.keys(undecided.a)).to.deep.equal(['c']);
    expect(Object.keys(mergePatch({}, { a: { b: undefined, c: 1 } }) as object)).to.deep.equal([
      'a',
    ]);
  });

  it('is nothing where a patch removes what is not there, or says what is', () => {
    const before = { a: { x: undefined, y: [{ z: 1 }] } };
    expect(mergePatch(before, { a: { x: null, y: [{ z: 1 }] }, b: undefined })).to.equal(before);
    // What was null is there, and goes.
    expect(mergePatch({ e: null }, { e: null })).to.deep.equal({});
  });
});

describe('equal JSON', () => {
  it('does not mind the order of fields, but that of items', () => {
    expect(equalJson({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).to.equal(true);
    expect(equalJson({ b: [1, 2] }, { b: [2, 1] })).to.equal(false);
    expect(equalJson({ a: undefined }, {})).to.equal(true);
    expect(equalJson({ a: null }, {})).to.equal(false);
  });

  it('is found again part by part', () => {
    const before = { a: { x: 1 }, b: { y: 2 } };
    const shared = shareParts({ a: { x: 1 }, b: { y: 3 } }, before);
    expect(shared.a).to.equal(before.a);
    expect(shared.b).to.deep.equal({ y: 3 });
  });

  it('is found again below a part that has changed, and what was given stays as it is', () => {
    const before = { a: { x: [1], y: 1 } };
    const given = { a: { x: [1], y: 2 } };
    const shared = shareParts(given, before);
    expect(shared).to.deep.equal({ a: { x: [1], y: 2 } });
    expect(shared.a.x).to.equal(before.a.x);
    expect(given.a.x).not.to.equal(before.a.x);
  });

  it('is found again in the items of a list, at their places', () => {
    const before = [{ type: 'Ready', at: { n: 1 } }, { type: 'Scheduled' }];
    const given = [{ type: 'Ready', at: { n: 1 }, status: 'True' }, { type: 'Scheduled' }];
    const shared = shareParts(given, before);
    expect(shared).to.deep.equal(given);
    expect(shared[0]!.at).to.equal(before[0]!.at);
    expect(shared[1]).to.equal(before[1]);
    expect(given[1]).not.to.equal(before[1]);
    expect(shareParts([{ type: 'Ready', at: { n: 1 } }, { type: 'Scheduled' }], before)).to.equal(
      before,
    );
    expect(shareParts([before[0]], before)).to.deep.equal([before[0]]);
  });

  it('leaves items that have moved what they are', () => {
    const before = [1, 2, 3].map((n) => Object.freeze({ n, conditions: { ready: true } }));
    const shared = shareParts(before.slice(1), before);
    expect(shared[0]).to.equal(before[1]);
    expect(shared[1]).to.equal(before[2]);
    const equal = before.map(({ n }) => Object.freeze({ n, conditions: { ready: true } }));
    expect(shareParts(equal, before)).to.equal(before);
  });
});
