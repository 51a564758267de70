// Goal: a LateMap is any map for whoever looks, however its entries came. Method: every way to look
// and to write, each right after entries that nobody has asked for yet, beside a plain map.

import { expect } from 'chai';

import { copyState } from '../../src/kernel/copy-state';
import { LateMap } from '../../src/values/late-map';

const WAYS: Readonly<Record<string, (map: Map<string, number>) => unknown>> = {
  size: (map) => map.size,
  get: (map) => [map.get('a'), map.get('c'), map.get('z')],
  has: (map) => [map.has('c'), map.has('z')],
  keys: (map) => [...map.keys()],
  values: (map) => [...map.values()],
  entries: (map) => [...map.entries()],
  iteration: (map) => [...map],
  forEach: (map) => {
    const seen: unknown[] = [];
    map.forEach((value, key) => seen.push([key, value]));
    return seen;
  },
  set: (map) => [...map.set('d', 4).set('b', 5)],
  delete: (map) => [map.delete('c'), map.delete('z'), ...map],
  clear: (map) => [map.clear(), ...map],
};

describe('a map for what comes in bulk', () => {
  for (const [name, look] of Object.entries(WAYS)) {
    it(`is any map for ${name}`, () => {
      const late = new LateMap<string, number>().set('a', 1);
      late.later('b', 2);
      late.later('c', 3);
      // Of what is there already it is the new value, in the old place.
      late.later('a', 6);
      expect(look(late)).to.deep.equal(look(new Map(Object.entries({ a: 6, b: 2, c: 3 }))));
      expect(late.get('b')).to.equal(name === 'clear' ? undefined : name === 'set' ? 5 : 2);
    });

    it(`is any map for ${name} while it is empty`, () => {
      const late = new LateMap<string, number>();
      expect(look(late)).to.deep.equal(look(new Map()));
      expect([...late.set('e', 7)].at(-1)).to.deep.equal(['e', 7]);
      // What is listed of all that have no table is nothing for ever.
      expect([...new LateMap()]).to.deep.equal([]);
    });
  }

  for (const [name, look] of Object.entries(WAYS)) {
    it(`has its source say what else there is before it is looked into: ${name}`, () => {
      const late = new LateMap<string, number>().set('a', 6);
      let left = ['b', 'c'];
      const source = {
        get isEmpty(): boolean {
          return left.length === 0;
        },
        enter(): void {
          const entries = left;
          left = [];
          entries.forEach((key, index) => late.later(key, index + 2));
        },
      };
      late.fillFrom(source);
      expect(left.length).to.equal(2);
      // What stands in the table needs no more, whatever else there is.
      expect(late.get('a')).to.equal(6);
      expect(left.length).to.equal(2);
      const expected = look(new Map(Object.entries({ a: 6, b: 2, c: 3 })));
      expect(look(late)).to.deep.equal(expected);
      left = ['f'];
      expect(late.get('f')).to.equal(2);
    });
  }

  it('is one of its kind in a fork as well, also where it was made on the way', () => {
    const origin = { first: new LateMap<string, number>(), more: new Map<string, object>() };
    const made = new LateMap<string, number>();
    made.later('b', 2);
    origin.first.later('a', 1);
    origin.more.set('made', made);
    const fork: typeof origin = { first: new LateMap(), more: new Map() };
    copyState(origin, fork);
    const twin = fork.more.get('made') as LateMap<string, number>;
    twin.later('c', 3);
    expect([...fork.first, ...twin]).to.deep.equal([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect([...made]).to.deep.equal([['b', 2]]);
  });
});
