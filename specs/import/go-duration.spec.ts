// Goal: durations as Go writes them are read to the microsecond.

import { expect } from 'chai';
import { parseGoDuration } from '../../src/import/go-duration';

describe('a duration of Go', () => {
  it('is a sequence of numbers with units, in any order', () => {
    const read = (text: string) => parseGoDuration(text)?.value;
    expect(read('300ms')).to.equal(300_000);
    expect(read('1.5h')).to.equal(5_400_000_000);
    expect(read('2h45m')).to.equal(9_900_000_000);
    expect(read('5s1m')).to.equal(65_000_000);
    expect(read('.5s')).to.equal(500_000);
    expect(read('0')).to.equal(0);
    expect(read('-10m')).to.equal(-600_000_000);
  });

  it('says what is finer than a microsecond', () => {
    expect(parseGoDuration('-10m100ns')).to.deep.equal({ value: -600_000_000, exact: false });
    expect(parseGoDuration('3us')).to.deep.equal({ value: 3, exact: true });
  });

  it('is refused where Go refuses it', () => {
    for (const text of ['', '10', '5 s', '1d', 's', '9000000h']) {
      expect(parseGoDuration(text), text).to.equal(undefined);
    }
  });
});
