// Goal: chance is reproducible, even, and separate by name: a new draw somewhere shifts nothing
// elsewhere. The frozen numbers below may never change: every printed seed depends on them.

import { expect } from 'chai';
import { hashText, Random } from '../../src/kernel/random';
import type { Stream } from '../../src/kernel/random';
import { microseconds } from '../../src/values/time';

const FROZEN = [997, 999, 929, 214, 91, 286];
const FROZEN_HASH = 162833601;

function draws(stream: Stream, count: number, bound: number): number[] {
  return Array.from({ length: count }, () => stream.below(bound));
}

describe('random numbers', () => {
  it('are the same for the same seed and name, forever', () => {
    expect(draws(new Random(1).stream('kubelet'), 6, 1_000)).to.deep.equal(FROZEN);
    expect(hashText('kubedrill')).to.equal(FROZEN_HASH);
  });

  it('differ by seed and by name', () => {
    const first = draws(new Random(1).stream('a'), 8, 1_000_000);
    expect(draws(new Random(2).stream('a'), 8, 1_000_000)).not.to.deep.equal(first);
    expect(draws(new Random(1).stream('b'), 8, 1_000_000)).not.to.deep.equal(first);
  });

  it('of names that begin alike are those of the whole names', () => {
    const random = new Random(7);
    const whole = draws(random.fresh('uid/shop/web-x'), 8, 1_000);
    expect(draws(random.family('uid/shop/').fresh('web-x'), 8, 1_000)).to.deep.equal(whole);
    random.reseed(8);
    expect(draws(random.family('uid/shop/').fresh('web-x'), 8, 1_000)).not.to.deep.equal(whole);
  });

  it('that are kept as one number go on as those of the whole names do', () => {
    const [random, other] = [new Random(7), new Random(7)];
    for (const seed of [undefined, 8]) {
      for (const one of [random, other]) if (seed !== undefined) one.reseed(seed);
      for (const [rest, count] of [
        ['web', 3],
        ['db', 1],
        ['web', 2],
        ['db', 5],
      ] as const) {
        const kept = random.keptOf('names/');
        const stream = kept.take(rest);
        const drawn = draws(stream, count, 2 ** 32);
        kept.keep(rest, stream);
        expect(drawn).to.deep.equal(draws(other.stream(`names/${rest}`), count, 2 ** 32));
      }
    }
  });

  it('of one name do not move when another name is drawn from', () => {
    const alone = draws(new Random(1).stream('a'), 8, 1_000);
    const random = new Random(1);
    draws(random.stream('b'), 5, 1_000);
    expect(draws(random.stream('a'), 8, 1_000)).to.deep.equal(alone);
  });

  it('fall evenly: a chi-square of ten buckets stays within its 99.9 % bound', () => {
    const counts = Array<number>(10).fill(0);
    for (const draw of draws(new Random(5).stream('even'), 10_000, 10)) counts[draw]!++;
    const statistic = counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    expect(statistic).to.be.below(27.88);
  });

  it('reach both ends of a span', () => {
    const stream = new Random(1).stream('span');
    const seen = new Set(Array.from({ length: 100 }, () => stream.upTo(microseconds(3))));
    expect([...seen].sort((a, b) => a - b)).to.deep.equal([0, 1, 2, 3]);
    expect(stream.upTo(microseconds(0))).to.equal(0);
  });

  it('stay within wide bounds, above 32 bits too', () => {
    const wide = draws(new Random(1).stream('wide'), 200, 2 ** 50);
    expect(Math.max(...wide)).to.be.below(2 ** 50);
    expect(Math.max(...wide)).to.be.above(2 ** 48);
    expect(wide.every(Number.isSafeInteger)).to.equal(true);
  });

  it('are the exact share of what is drawn, as whole numbers of any length have it', () => {
    for (const bound of [1, 3, 27, 0x1_0000, 999_983, 2 ** 21 + 1, 2 ** 31 - 1, 2 ** 32 - 1]) {
      // A bound of 52 bits takes two draws, and shows all 32 bits of the first one.
      const drawn = draws(new Random(1).stream('a'), 300, 2 ** 52);
      const first = drawn.map((wide) => BigInt(wide) >> 20n);
      const exact = first.map((raw) => Number((raw * BigInt(bound)) >> 32n));
      const found = draws(new Random(1).stream('a'), 600, bound);
      expect(found.filter((_, index) => index % 2 === 0)).to.deep.equal(exact);
    }
  });

  it('refuse a bound that is none', () => {
    const stream = new Random(1).stream('a');
    for (const bound of [0, -1, 0.5, 2 ** 54]) {
      expect(() => stream.below(bound)).to.throw(RangeError, `bad bound: ${bound}`);
    }
  });
});
