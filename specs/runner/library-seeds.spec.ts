// Goal: what a scenario of the library says is true of every seed, or it says of which one. Bounds
// are reckoned from the timers, not from one run.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { runPlan } from '../../src/chai/model';
import { loadPlans } from '../../src/mocha/load-plans';
import { pathsBelow } from '../tidy/tree';

const LIBRARY = pathsBelow('scenarios').filter(
  (path) => path.endsWith('.yaml') && /^scenario:/m.test(readFileSync(path, 'utf8')),
);

describe('the library of scenarios', function () {
  this.timeout(240_000);
  const { plans } = loadPlans(LIBRARY);

  for (const seed of [2, 9]) {
    it(`holds under seed ${seed} as well, where it does not name its own`, () => {
      const broken = plans.flatMap((plan) =>
        runPlan(plan, seed)
          .outcomes.filter(({ status }) => status !== 'passed' && status !== 'skipped')
          .map(({ status, title }) => `${plan.file}: ${status}: ${title}`),
      );
      expect(broken).to.deep.equal([]);
    });
  }
});
