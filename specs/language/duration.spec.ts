// Goal: durations are read exactly, to the microsecond, and refused with what to write instead.
// The inverse is values/time.ts formatDuration: what it prints reads back to the same number.

import { expect } from 'chai';
import {
  DURATION_PATTERN,
  duration,
  parseDuration,
  parseWindow,
} from '../../src/language/duration';
import { formatDuration } from '../../src/values/time';
import type { Duration } from '../../src/values/time';

describe('a duration', () => {
  const exact: readonly (readonly [string, number])[] = [
    ['0s', 0],
    ['1us', 1],
    ['1µs', 1],
    ['350ms', 350_000],
    ['1.075s', 1_075_000],
    ['0.000001s', 1],
    ['1m30s', 90_000_000],
    ['1h0.5m', 3_630_000_000],
    ['2h', 7_200_000_000],
    ['1h2m3s4ms5us', 3_723_004_005],
  ];
  for (const [text, microseconds] of exact) {
    it(`${text} is ${microseconds} microseconds`, () => {
      expect(parseDuration(text)).to.deep.equal({ ok: true, value: microseconds });
    });
  }

  const refused: readonly (readonly [string, RegExp, RegExp?])[] = [
    ['5', /no unit/, /write 5s or 5ms/],
    ['', /not a duration/],
    ['s', /not a duration/],
    ['1s30m', /out of order/, /1m30s/],
    ['1s1s', /out of order/],
    ['5sec', /unknown unit "sec"/, /write 5s$/],
    ['3d', /unknown unit "d"/, /h, m, s, ms and us/],
    ['1 m', /space/, /write 1m$/],
    ['5 seconds', /space/, /write 5s$/],
    ['-5s', /negative/],
    ['0.1us', /finer than a microsecond/],
    ['1.0000001s', /finer than a microsecond/],
    ['99999999999h', /longer than 285 years/],
  ];
  for (const [text, message, hint] of refused) {
    it(`"${text}" is refused: ${message.source}`, () => {
      const reading = parseDuration(text);
      if (reading.ok) throw new Error('it was read');
      expect(reading.message).to.match(message);
      if (hint !== undefined) expect(reading.hint).to.match(hint);
    });
  }

  it('reads back what formatDuration prints, and the pattern for editors agrees', () => {
    const pattern = new RegExp(`^${DURATION_PATTERN}$`);
    let value = 1;
    for (let step = 0; step < 400; step++) {
      const text = formatDuration(value as Duration);
      expect(duration(text), text).to.equal(value);
      expect(text).to.match(pattern);
      value = (value * 7 + step) % 9_007_199_254;
    }
  });

  it('throws where the schema should have refused the text', () => {
    expect(() => duration('soon')).to.throw(RangeError, /not a duration/);
  });
});

describe('a window', () => {
  it('has two instants', () => {
    expect(parseWindow('30s..1m')).to.deep.equal({
      ok: true,
      value: { from: 30_000_000, to: 60_000_000 },
    });
  });

  for (const text of ['30s', '30s..', '..30s', '1s..2s..3s', '45s..30s', '30..45s']) {
    it(`"${text}" is refused`, () => expect(parseWindow(text).ok).to.equal(false));
  }
});
