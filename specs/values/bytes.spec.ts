// Goal: quantities of bytes are read as the API reads them (apimachinery pkg/api/resource).

import { expect } from 'chai';
import { bytes, formatBytes } from '../../src/values/bytes';

describe('a quantity of bytes', () => {
  for (const [text, count] of [
    ['100Mi', 104_857_600],
    ['2G', 2_000_000_000],
    ['1Ki', 1_024],
    ['1.5Gi', 1_610_612_736],
    ['.5Ki', 512],
    ['+1Pi', 2 ** 50],
    ['2E', 2e18],
    ['1e3', 1_000],
    ['12E2', 1_200],
    ['2560m', 3],
    ['', 0],
    ['.', 0],
    ['0x10', 0],
    ['4096', 4_096],
    [17, 17],
    [undefined, 0],
    ['much', 0],
    ['5Xi', 0],
  ] as const) {
    it(`${text} counts ${count}`, () => {
      expect(bytes(text)).to.equal(count);
    });
  }

  it('is written in the largest unit that gives a whole number', () => {
    expect([104_857_600, 1_024, 1_000, 0].map(formatBytes)).to.deep.equal([
      '100Mi',
      '1Ki',
      '1000',
      '0',
    ]);
  });
});
