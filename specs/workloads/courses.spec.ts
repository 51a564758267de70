// Goal: every combination of choices is followed once, with its exact probability.

import { expect } from 'chai';
import { formatRatio, ratio } from '../../src/values/ratio';
import { coursesOf, merged } from '../../src/workloads/courses';

const COIN = ['heads', 'tails'].map((value) => ({ probability: ratio(1, 2), value }));

describe('courses', () => {
  it('are as many as there are combinations, also where one choice depends on another', () => {
    const courses = coursesOf((choose) => {
      const first = choose(COIN);
      return first === 'heads' ? `heads ${choose(COIN)}` : first;
    });
    expect(
      courses.map(({ value, probability }) => [value, formatRatio(probability)]),
    ).to.deep.equal([
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
});
