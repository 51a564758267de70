// Goal: a ratio says what it should: how much more time the subject takes for one unit.
// Method: a clock that the work itself moves, so that no busy machine can decide.

import { expect } from 'chai';
import { compare, median } from '../../bench/measure';

const COMMON = { name: 'work', unit: 'turns', yardstick: 'a shorter turn', rounds: 3 };

/** A clock that stands still but for the work that is done. */
function handMoved() {
  let now = 0n;
  const work = (milliseconds: number, units: number) => () => {
    now += BigInt(milliseconds) * 1_000_000n;
    return units;
  };
  return { clock: () => now, work };
}

describe('a measurement', () => {
  it('relates one unit of the subject to one of its yardstick', () => {
    const { clock, work } = handMoved();
    const slower = compare({ ...COMMON, subject: work(4, 1), base: work(1, 1) }, clock);
    expect(slower).to.include({ ratio: 4, perSecond: 250 });
    const more = compare({ ...COMMON, subject: work(4, 4), base: work(4, 1) }, clock);
    expect(more).to.include({ ratio: 0.25, perSecond: 1_000 });
  });

  it('does not count the round that warms up', () => {
    const { clock, work } = handMoved();
    let rounds = 0;
    const subject = () => work(rounds++ === 0 ? 1_000 : 2, 1)();
    expect(compare({ ...COMMON, rounds: 1, subject, base: work(1, 1) }, clock).ratio).to.equal(2);
  });

  it('leaves out as many rounds as it takes to warm up', () => {
    const { clock, work } = handMoved();
    let rounds = 0;
    const subject = () => work(rounds++ < 3 ? 1_000 : 2, 1)();
    const some = { ...COMMON, rounds: 1, warmUp: 3, subject, base: work(1, 1) };
    expect(compare(some, clock).ratio).to.equal(2);
    expect(rounds).to.equal(4);
  });

  it('takes the middle of its rounds', () => {
    expect(median([9, 1, 5])).to.equal(5);
    expect(median([4, 1, 2, 3])).to.equal(2);
  });
});
