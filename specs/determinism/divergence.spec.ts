// Goal: the comparison under the determinism spec sees any difference, and names the first.

import { expect } from 'chai';
import { differingOutcomes, differingRuns, firstDivergence } from './divergence';

describe('two journals', () => {
  it('part at their first different line', () => {
    expect(firstDivergence(['a', 'b', 'c', 'd'], ['a', 'b', 'x', 'y'])).to.equal(
      '  after    b\n  one run  c\n  another  x',
    );
  });

  it('part where one ends', () => {
    expect(firstDivergence(['a'], ['a', 'b'])).to.contain('one run  has ended\n  another  b');
    expect(firstDivergence([], ['b'])).to.contain('after    the beginning');
  });

  it('are equal where every line is', () => {
    expect(firstDivergence(['a', 'b'], ['a', 'b'])).to.equal(undefined);
  });
});

describe('two batches of runs', () => {
  const run = (name: string, digest: string, ...outcomes: string[]) => ({ name, digest, outcomes });

  it('differ by digest, and by a run that only one of them has', () => {
    const first = [run('a', '1'), run('b', '2'), run('c', '3')];
    const second = [run('a', '1'), run('b', '9'), run('d', '4')];
    expect(differingRuns(first, second)).to.deep.equal(['b', 'c', 'd']);
    expect(differingRuns(first, first)).to.deep.equal([]);
  });

  it('may differ by digest and agree in their outcomes', () => {
    const first = [run('a', '1', 'reaches: passed')];
    expect(differingOutcomes(first, [run('a', '2', 'reaches: passed')])).to.deep.equal([]);
    expect(differingOutcomes(first, [run('a', '1', 'reaches: failed')])).to.have.lengthOf(1);
    expect(differingOutcomes(first, [])).to.have.lengthOf(1);
  });
});
