// Goal: what stood in an object is told from what stands in it now, whatever was written into it,
// and nothing else counts as a write. Method: one object of each kind, written into after the look.

import { expect } from 'chai';
import { contentsOf, GETTER, isUnchanged } from '../../src/kernel/contents';
import { emptyLike, forEachPart, isObject, partAt } from '../../src/kernel/parts';

class Counter {
  count = 0;
}

/** Whether a look at the object holds after it was written into. */
function holds<T extends object>(whole: T, write: (whole: T) => unknown): boolean {
  const contents = contentsOf(whole);
  write(whole);
  return isUnchanged(whole, contents);
}

describe('what stood in an object', () => {
  it('stands there where nothing was written, or the same again', () => {
    const nothing = (): void => {};
    const wholes = [[1], new Map([[1, 2]]), new Set([1]), new Uint8Array([1]), { a: 1 }];
    for (const whole of [...wholes, new Counter(), new Map(), new Set(), [], {}]) {
      expect(holds(whole, nothing)).to.equal(true);
    }
    expect(holds([NaN, 0], (it) => it.splice(0, 2, NaN, -0))).to.equal(true);
    expect(holds({ a: NaN }, (it) => (it.a = NaN))).to.equal(true);
    expect(holds(new Map([[1, 2]]), (it) => it.set(1, 2))).to.equal(true);
  });

  it('does not where something was added or taken away at the end', () => {
    expect(holds([1, 2], (it) => it.pop())).to.equal(false);
    expect(holds([1], (it) => it.push(2))).to.equal(false);
    const map = (): Map<string, number> =>
      new Map([
        ['a', 1],
        ['b', 1],
      ]);
    expect(holds(map(), (it) => it.delete('b'))).to.equal(false);
    expect(holds(map(), (it) => it.set('c', 1))).to.equal(false);
    expect(holds(map(), (it) => it.clear())).to.equal(false);
    expect(holds(new Set('ab'), (it) => it.delete('b'))).to.equal(false);
    expect(holds(new Set('ab'), (it) => it.add('c'))).to.equal(false);
    expect(holds(new Set('ab'), (it) => it.clear())).to.equal(false);
    expect(holds<Record<string, number>>({ a: 1, b: 2 }, (it) => delete it['b'])).to.equal(false);
    expect(holds<Record<string, unknown>>({}, (it) => (it['a'] = undefined))).to.equal(false);
  });

  it('does not where one came in the place of another', () => {
    const renamed = (it: Map<string, number>): void => void (it.clear(), it.set('b', 1));
    expect(holds(new Map([['a', 1]]), renamed)).to.equal(false);
    expect(holds(new Map([['a', 1]]), (it) => it.set('a', 2))).to.equal(false);
    expect(holds(new Set('a'), (it) => void (it.clear(), it.add('b')))).to.equal(false);
    expect(holds([{}], (it) => (it[0] = {}))).to.equal(false);
    expect(holds(new Counter(), (it) => it.count++)).to.equal(false);
  });

  it('is of bytes all that the view shows, and nothing beside it', () => {
    const buffer = new Uint8Array(8);
    const view = new Uint16Array(buffer.buffer, 2, 2);
    expect(contentsOf(view).values).to.deep.equal([0, 0, 0, 0]);
    expect(holds(view, () => (buffer[5] = 1))).to.equal(false);
    expect(holds(view, () => (buffer[1] = 1))).to.equal(true);
    expect(holds(view, () => (buffer[6] = 1))).to.equal(true);
  });

  it('is of a literal not what its getters find out anew', () => {
    let asked = 0;
    const whole = {
      get found(): number {
        return ++asked;
      },
    };
    expect(contentsOf(whole).values).to.deep.equal([GETTER]);
    expect(holds(whole, () => {})).to.equal(true);
    expect(asked).to.equal(0);
  });
});

describe('a part of a model', () => {
  it('is found by its step in another one of the kind, where there is one', () => {
    expect(partAt(new Set(['a']), 'a')).to.equal('a');
    expect(partAt(new Set(['a']), 'b')).to.equal(undefined);
    expect(partAt(new Map([['a', 1]]), 'a')).to.equal(1);
    expect(partAt([5, 6], 1)).to.equal(6);
  });

  it('is none of the bytes of a view, and nothing is no object', () => {
    let parts = 0;
    forEachPart(new Uint8Array([1, 2]), () => parts++);
    expect(parts).to.equal(0);
    expect([null, undefined, 1, {}].map(isObject)).to.deep.equal([false, false, false, true]);
  });

  it('has an empty one of its kind, bytes a copy', () => {
    expect(emptyLike(new Counter()))
      .to.be.instanceOf(Counter)
      .and.to.not.have.own.property('count');
    const bytes = new Uint8Array([1, 2]);
    const copy = emptyLike(bytes) as Uint8Array;
    bytes[0] = 9;
    expect([...copy]).to.deep.equal([1, 2]);
  });
});
