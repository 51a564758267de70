// Goal: probabilities are exact. Three thirds are one, whatever the order of adding.

import { expect } from 'chai';
import {
  add,
  CERTAIN,
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
