// Goal: a LateSet is any set for whoever looks, however its values came. Method: every way to look
// and to write, each right after values that nobody has asked for yet, beside a plain set.

import { expect } from 'chai';

import { copyState } from '../../src/kernel/copy-state';
import { LateSet } from '../../src/values/late-set';

const WAYS: Readonly<Record<string, (set: Set<string>) => unknown>> = {
  size: (set) => set.size,
  has: (set) => [set.has('a'), set.has('c'), set.has('z')],
  keys: (set) => [...set.keys()],
  values: (set) => [...set.values()],
  entries: (set) => [...set.entries()],
  iteration: (set) => [...set],
  forEach: (set) => {
    const seen: unknown[] = [];
    set.forEach((value, again) => seen.push([value, again]));
    return seen;
  },
  add: (set) => [...set.add('d').add('b')],
  delete: (set) => [set.delete('c'), set.delete('z'), ...set],
  clear: (set) => [set.clear(), ...set],
};

describe('a set for what comes in bulk', () => {
  for (const [name, look] of Object.entries(WAYS)) {
    it(`is any set for ${name}`, () => {
      const late = new LateSet<string>().add('a');
      for (const value of ['b', 'c', 'a']) late.later(value);
      expect(look(late)).to.deep.equal(look(new Set(['a', 'b', 'c'])));
      expect(late.has('b')).to.equal(name !== 'clear');
    });

    it(`is any set for ${name} while it is empty`, () => {
      const late = new LateSet<string>();
      expect(look(late)).to.deep.equal(look(new Set()));
      expect([...late.add('e')].at(-1)).to.equal('e');
      expect([...new LateSet()]).to.deep.equal([]);
    });
  }

  it('is one of its kind in a fork as well, also where it was made on the way', () => {
    const origin = { first: new LateSet<string>(), more: new Map<string, object>() };
    const made = new LateSet<string>();
    made.later('b');
    origin.first.later('a');
    origin.more.set('made', made);
    const fork: typeof origin = { first: new LateSet(), more: new Map() };
    copyState(origin, fork);
    const twin = fork.more.get('made') as LateSet<string>;
    twin.later('c');
    expect([...fork.first, ...twin]).to.deep.equal(['a', 'b', 'c']);
    expect([...made]).to.deep.equal(['b']);
  });
});
