// Goal: virtual time is exact and prints as people write it.

import { expect } from 'chai';
import {
  between,
  formatDuration,
  formatInstant,
  later,
  microseconds,
  milliseconds,
  seconds,
  START,
} from '../../src/values/time';

describe('virtual time', () => {
  it('counts whole microseconds and refuses parts of them', () => {
    expect(milliseconds(0.5)).to.equal(500);
    expect(seconds(1.075)).to.equal(1_075_000);
    expect(() => microseconds(0.5)).to.throw(RangeError, 'not a whole microsecond: 0.5');
    expect(() => seconds(Number.POSITIVE_INFINITY)).to.throw(RangeError);
  });

  it('adds up without rounding over a long run', () => {
    let instant = START;
    for (let step = 0; step < 100_000; step++) instant = later(instant, milliseconds(0.1));
    expect(between(START, instant)).to.equal(seconds(10));
  });

  const written: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [7, '7us'],
    [1_500, '1.5ms'],
    [350_000, '350ms'],
    [1_075_000, '1.075s'],
    [12_000_000, '12s'],
    [60_000_000, '1m'],
    [90_000_000, '1m30s'],
    [90_000_001, '1m30.000001s'],
    [7_200_000_000, '2h'],
    [3_601_000_000, '1h1s'],
    [-350_000, '-350ms'],
  ];
  for (const [span, text] of written) {
    it(`prints ${text}`, () => {
      expect(formatDuration(microseconds(span))).to.equal(text);
    });
  }

  it('prints an instant by its distance from zero', () => {
    expect(formatInstant(later(START, seconds(12.6)))).to.equal('t=12.6s');
  });
});
