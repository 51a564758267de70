// Goal: what is sorted has one order, on every machine and however much of it there is.

import { expect } from 'chai';
import { sortedKeys } from '../../src/values/order';

/** The same keys each time, in an order that is none: 7 and 61 have no divisor in common. */
function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `k${(index * 7) % 61}`);
}

function recordOf(keys: readonly string[]): Record<string, number> {
  return Object.fromEntries(keys.map((key) => [key, 0]));
}

describe('the keys of a record', () => {
  for (const count of [0, 1, 2, 3, 9, 16, 17, 61]) {
    it(`come by code unit, ${count} of them`, () => {
      const keys = keysOf(count);
      expect(sortedKeys(recordOf(keys))).to.deep.equal([...keys].sort());
    });
  }

  it('come with numbers as texts, and capitals first', () => {
    const record = recordOf(['b', 'B', '10', '9', 'é', 'a-b', 'a/b']);
    expect(sortedKeys(record)).to.deep.equal(['10', '9', 'B', 'a-b', 'a/b', 'b', 'é']);
  });
});
