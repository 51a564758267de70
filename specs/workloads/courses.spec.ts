// Goal: every combination of choices is followed once, with its exact probability; courses that
// stand alike go on as one.

import { expect } from 'chai';
import { formatRatio, ratio } from '../../src/values/ratio';
import { coursesOf, merged, TooManyCourses } from '../../src/workloads/courses';
import type { Choose, Join, Weighted } from '../../src/workloads/courses';

const COIN = ['heads', 'tails'].map((value) => ({ probability: ratio(1, 2), value }));

function say(courses: readonly Weighted<unknown>[]): unknown[] {
  return courses.map(({ value, probability }) => [value, formatRatio(probability)]);
}

describe('courses', () => {
  it('are as many as there are combinations, also where one choice depends on another', () => {
    const courses = coursesOf((choose) => {
      const first = choose(COIN);
      return first === 'heads' ? `heads ${choose(COIN)}` : first;
    });
    expect(say(courses)).to.deep.equal([
      ['heads heads', '1/4'],
      ['heads tails', '1/4'],
      ['tails', '1/2'],
    ]);
  });

  it('are one where nothing is chosen', () => {
    expect(coursesOf(() => 1)).to.have.length(1);
  });

  it('with the same end can be merged', () => {
    const ends = merged([...COIN, ...COIN], (value) => value);
    expect(ends.map(({ probability }) => formatRatio(probability))).to.deep.equal(['1', '1']);
  });

  it('are refused where they are too many to be followed', () => {
    const tosses = (choose: Choose) => Array.from({ length: 20 }, () => choose(COIN));
    expect(() => coursesOf(tosses)).to.throw(TooManyCourses);
  });
});

describe('courses that stand alike', () => {
  /** How many heads a number of tosses brings. */
  const headsOf = (tosses: number) => (choose: Choose, join: Join) => {
    let heads = 0;
    for (let toss = 0; toss < tosses; toss++) {
      if (choose(COIN) === 'heads') heads++;
      const standing = `${heads} of ${toss}`;
      join(() => standing);
    }
    return heads;
  };

  it('go on as one, with the sum of their probabilities', () => {
    expect(say(coursesOf(headsOf(4)))).to.deep.equal([
      [4, '1/16'],
      [3, '1/4'],
      [2, '3/8'],
      [1, '1/4'],
      [0, '1/16'],
    ]);
  });

  it('are as many as there are places to stand in, and not as there are combinations', () => {
    let runs = 0;
    const courses = coursesOf((choose, join) => {
      runs++;
      return headsOf(40)(choose, join);
    });
    expect(courses).to.have.length(41);
    // One for each side of the coin at each of the places.
    expect(runs).to.be.below(2 * ((40 * 41) / 2 + 1));
  });

  it('are told apart where they stood apart before and do so again', () => {
    const courses = coursesOf((choose, join) => {
      const first = choose(COIN);
      join(() => 'tossed once');
      const second = choose(COIN);
      join(() => `tossed twice: ${second}`);
      return [first, second, choose(COIN)].join(' ');
    });
    // Where two stand alike, the first one speaks for both.
    expect(say(courses)).to.deep.equal([
      ['heads heads heads', '1/4'],
      ['heads heads tails', '1/4'],
      ['heads tails heads', '1/4'],
      ['heads tails tails', '1/4'],
    ]);
  });
});
