// Goal: who draws a name knows which ends of it are taken, whoever has taken them, be they few or
// many.

import { expect } from 'chai';

import { drawnEnd, endText, generatedEnd, splitEnd } from '../../src/apiserver/identity';
import { TakenNames } from '../../src/apiserver/taken-names';
import { Stream } from '../../src/kernel/random';

describe('the end of a drawn name', () => {
  it('is the same as a number and as a text', () => {
    const [one, other] = [new Stream(3), new Stream(3)];
    for (let draw = 0; draw < 500; draw++) {
      const end = drawnEnd(one);
      const text = generatedEnd(other);
      expect(endText(end)).to.equal(text);
      expect(splitEnd(`shop/web-${text}`)).to.deep.equal({ stem: 'shop/web-', end });
    }
  });

  it('is none in a name with other letters there', () => {
    for (const key of ['shop/web-0', 'shop/web-abcde', 'shop/web-bcd.f', 'a']) {
      expect(splitEnd(key), key).to.equal(undefined);
    }
  });
});

describe('names that are taken', () => {
  it('are known by what they begin and end with, however many there are', () => {
    const stream = new Stream(5);
    const taken = new TakenNames();
    const ends = new Map<string, Set<number>>([
      ['shop/web-', new Set()],
      ['bank/web-', new Set()],
    ]);
    for (let draw = 0; draw < 400; draw++) {
      const stem = [...ends.keys()][stream.below(2)]!;
      // From few numbers, so that many are drawn again.
      const end = stream.below(200);
      const known = ends.get(stem)!;
      expect(taken.of(stem).has(end)).to.equal(known.has(end));
      known.add(end);
      if (stream.below(2) === 0) taken.of(stem).add(end);
      else taken.add(stem + endText(end));
      for (const [other, all] of ends) {
        expect([...all].every((one) => taken.of(other).has(one))).to.equal(true);
      }
    }
    taken.clear();
    expect(taken.of('shop/web-').has([...ends.get('shop/web-')!][0]!)).to.equal(false);
  });

  it('are not those of keys that nobody could draw', () => {
    const taken = new TakenNames();
    taken.add('shop/web-abcde');
    expect(taken.of('shop/web-').has(0)).to.equal(false);
  });
});
