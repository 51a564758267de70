// Goal: health checks over a line that loses packets turn what is believed at the look that is the
// last of so many in a row, which the seed decides.

import { expect } from 'chai';

import { turnByChance } from '../../../src/cluster/load-balancing/looks-by-chance';
import type { LooksByChance } from '../../../src/cluster/load-balancing/looks-by-chance';
import { ratio } from '../../../src/values/ratio';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';

const SECOND = 1_000_000;

function turn(more: Partial<LooksByChance>) {
  const { at, turns } = turnByChance({
    seed: 1,
    name: 'looks',
    odds: ratio(1, 2),
    isHealthy: true,
    first: (4 * SECOND) as Instant,
    period: seconds(8),
    inARow: 3,
    ...more,
  });
  return { at: at / SECOND, turns };
}

describe('looks of a health check over a line that loses packets', () => {
  it('turn a target at the third failure in a row, never before the third look', () => {
    const found = new Set<number>();
    for (let seed = 1; seed <= 100; seed++) {
      const { at, turns } = turn({ seed });
      expect(turns).to.equal(true);
      expect((at - 4) % 8).to.equal(0);
      found.add((at - 4) / 8);
    }
    expect(Math.min(...found)).to.equal(2);
    expect(found.size).to.be.above(10);
  });

  it('count anew after each success', () => {
    const looks = Array.from({ length: 400 }, (_, seed) => (turn({ seed }).at - 4) / 8);
    // One success, then three failures; three failures out of four were three times as likely.
    expect(looks.filter((look) => look === 3).length / 400).to.be.closeTo(1 / 16, 0.04);
  });

  it('have luck of their own for each target', () => {
    const turns = Array.from({ length: 20 }, (_, index) => turn({ name: `looks ${index}` }).at);
    expect(new Set(turns).size).to.be.above(3);
    expect(turn({ name: 'looks 7' }).at).to.equal(turns[7]);
  });

  it('bring it back at the first success', () => {
    const back = { isHealthy: false, inARow: 1 };
    const looks = Array.from({ length: 400 }, (_, seed) => (turn({ ...back, seed }).at - 4) / 8);
    expect(looks.filter((look) => look === 0).length / 400).to.be.closeTo(1 / 2, 0.08);
  });

  it('go on where luck holds', () => {
    expect(turn({ odds: ratio(1, 1) })).to.deep.equal({ at: 4 + 200 * 8, turns: false });
    expect(turn({ odds: ratio(0, 1) })).to.deep.equal({ at: 4 + 2 * 8, turns: true });
  });
});
