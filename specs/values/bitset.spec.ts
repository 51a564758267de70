// Goal: a Bitset says what a Set of numbers says.

import { expect } from 'chai';
import { Random } from '../../src/kernel/random';
import { Bitset } from '../../src/values/bitset';

describe('Bitset', () => {
  it('unites, intersects and subtracts as sets of numbers do', () => {
    const stream = new Random(1).stream('bitset');
    const drawn = () => new Set(Array.from({ length: stream.below(60) }, () => stream.below(150)));
    for (let round = 0; round < 200; round++) {
      const [a, b] = [drawn(), drawn()];
      const sorted = (members: Iterable<number>) => [...members].sort((x, y) => x - y);
      const both = [...a].filter((it) => b.has(it));
      const onlyA = [...a].filter((it) => !b.has(it));
      expect([...bits(a).unite(bits(b))]).to.deep.equal(sorted(new Set([...a, ...b])));
      expect([...bits(a).intersect(bits(b))]).to.deep.equal(sorted(both));
      expect([...bits(a).subtract(bits(b))]).to.deep.equal(sorted(onlyA));
      expect(bits(a).size).to.equal(a.size);
      expect(bits(a).isEmpty).to.equal(a.size === 0);
    }
  });

  it('below a number has every smaller one and no other', () => {
    for (const size of [0, 1, 31, 32, 33, 64, 100]) {
      expect([...Bitset.below(size)]).to.deep.equal([...Array(size).keys()]);
    }
  });

  it('a copy goes its own way, and a deleted member is gone', () => {
    const original = bits(new Set([3, 40]));
    const copy = original.copy().add(70).delete(3);
    expect([...original]).to.deep.equal([3, 40]);
    expect([...copy]).to.deep.equal([40, 70]);
    expect(copy.has(9_999)).to.equal(false);
  });

  it('goes from one member to the next', () => {
    const set = bits(new Set([0, 5, 31, 32, 100]));
    const met: number[] = [];
    for (let at = set.next(0); at >= 0; at = set.next(at + 1)) met.push(at);
    expect(met).to.deep.equal([0, 5, 31, 32, 100]);
    expect([6, 33, 101, 9_999].map((from) => set.next(from))).to.deep.equal([31, 100, -1, -1]);
    expect(new Bitset().next(0)).to.equal(-1);
  });

  it('weighs its members', () => {
    expect(bits(new Set([0, 2, 50])).weigh([10, 1, 5])).to.equal(15);
  });
});

function bits(members: Iterable<number>): Bitset {
  const set = new Bitset();
  for (const member of members) set.add(member);
  return set;
}
