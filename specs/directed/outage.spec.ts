// Goal: the length of an outage is an exact instant under one seed and stays between the extremes
// of the timers under any. Method: the crash of scenarios/timing/outage.yaml under many seeds; the
// extremes are those of timeline C2: a relist of the kubelet (0 to 1.04 s) and 65 ms to the rules.

import { expect } from 'chai';
import { createCluster } from '../../src/cluster/create-cluster';
import { loadPlans } from '../../src/mocha/load-plans';
import { run } from '../../src/runner/run';
import { milliseconds } from '../../src/values/time';
import type { Duration } from '../../src/values/time';
import { duration } from '../../src/language/duration';

const SEEDS = 200;
/** What the profiles `best` and `worst` of the scenario take, one probe more or less. */
const LEAST = milliseconds(65);
const MOST = milliseconds(1_115);

const plan = loadPlans(['scenarios/timing/outage.yaml']).plans.find(
  ({ row }) => row['cluster.timing'] === 'default',
)!;
const position = plan.expectations.findIndex(({ title }) => title?.startsWith('the gap lasts'));
const alone = { ...plan, expectations: [plan.expectations[position]!] };

function gapUnder(seed: number): { readonly length: Duration; readonly actual: string } {
  const { actual } = run(alone, { seed, createCluster, trace: false }).outcomes[0]!;
  return { actual, length: duration(/^a gap of (\S+) /.exec(actual)![1]!) };
}

describe('the outage after a crash', () => {
  it('lasts exactly so long under seed 1', () => {
    expect(gapUnder(1).actual).to.equal(
      'a gap of 930ms from t=10s to t=10.93s: 93 probes refused (refused-by-listener) ' +
        'for 1 of 3 possible backends',
    );
  });

  it(`is between the extremes under the seeds 1 to ${SEEDS}, and not always the same`, () => {
    const lengths = Array.from({ length: SEEDS }, (_, index) => gapUnder(index + 1).length);
    expect(Math.min(...lengths)).to.be.at.least(LEAST);
    expect(Math.max(...lengths)).to.be.at.most(MOST);
    expect(new Set(lengths).size).to.be.above(SEEDS / 4);
  }).timeout(60_000);
});
