// Goal: probabilities are exact. Three thirds are one, whatever the order of adding.

import { expect } from 'chai';
import {
  add,
  CERTAIN,
  compareRatios,
  complement,
  equalRatio,
  formatRatio,
  multiply,
  NEVER,
  ratio,
} from '../../src/values/ratio';

describe('a ratio', () => {
  it('is kept in lowest terms', () => {
    expect(ratio(2, 6)).to.deep.equal({ numerator: 1, denominator: 3 });
    expect(ratio(0, 7)).to.deep.equal(NEVER);
    expect(ratio(-2, 4)).to.deep.equal({ numerator: -1, denominator: 2 });
  });

  it('refuses what is no fraction of whole numbers', () => {
    expect(() => ratio(1, 0)).to.throw(RangeError, 'not a ratio: 1/0');
    expect(() => ratio(0.5, 2)).to.throw(RangeError);
    expect(() => ratio(1, -2)).to.throw(RangeError);
  });

  it('is the nearest one where whole numbers cannot carry it, and never impossible by that', () => {
    const rare = ratio(1, 1_000_003);
    const twice = multiply(rare, rare);
    expect(multiply(twice, twice)).to.deep.equal({ numerator: 1, denominator: 10 ** 15 });
    const sum = add(ratio(1, 94_906_267), ratio(1, 94_906_249));
    expect(sum.numerator / sum.denominator).to.be.closeTo(2.1e-8, 1e-9);
    // What is exact in lowest terms stays so, however large the numbers in between.
    expect(multiply(ratio(99_999_999, 100_000_000), ratio(100_000_000, 99_999_999))).to.deep.equal(
      CERTAIN,
    );
  });

  it('is compared without rounding', () => {
    expect(compareRatios(ratio(1, 3), ratio(333_333_333, 1_000_000_000))).to.equal(1);
    expect(compareRatios(ratio(2, 6), ratio(1, 3))).to.equal(0);
    expect(compareRatios(NEVER, ratio(1, 10 ** 15))).to.equal(-1);
  });

  it('adds up to certainty', () => {
    const third = ratio(1, 3);
    expect(equalRatio(add(third, add(third, third)), CERTAIN)).to.equal(true);
  });

  it('gives each of n endpoints 1/n by the chain of rules that iptables has', () => {
    for (const count of [1, 2, 3, 7, 100]) {
      let left = CERTAIN;
      for (let index = 0; index < count; index++) {
        const taken = ratio(1, count - index);
        expect(formatRatio(multiply(left, taken))).to.equal(formatRatio(ratio(1, count)));
        left = multiply(left, complement(taken));
      }
      expect(left).to.deep.equal(NEVER);
    }
  });

  it('prints as people write it', () => {
    expect([ratio(1, 3), CERTAIN, NEVER].map(formatRatio)).to.deep.equal(['1/3', '1', '0']);
  });
});
