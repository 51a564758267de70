// Goal: a ratio says what it should: how much more time the subject takes for one unit.

import { expect } from 'chai';
import { compare, median } from '../../bench/measure';

function spin(milliseconds: number): number {
  const end = process.hrtime.bigint() + BigInt(milliseconds * 1_000_000);
  while (process.hrtime.bigint() < end);
  return 1;
}

describe('a measurement', () => {
  it('relates one unit of the subject to one of its yardstick', () => {
    const common = { name: 'spin', unit: 'turns', yardstick: 'a shorter turn', rounds: 3 };
    const four = compare({ ...common, subject: () => spin(4), base: () => spin(1) });
    // Wide bounds: the machine may be busy. What matters is that it is neither 1 nor 1/4.
    expect(four.ratio).to.be.within(2, 8);
    const units = compare({ ...common, subject: () => 4 * spin(4), base: () => spin(4) });
    expect(units.ratio).to.be.within(0.1, 0.6);
  });

  it('takes the middle of its rounds', () => {
    expect(median([9, 1, 5])).to.equal(5);
    expect(median([4, 1, 2, 3])).to.equal(2);
  });
});
