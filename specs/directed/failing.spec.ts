// Goal: what the timers of timing.md allow bounds what seeds 1..30 make of failing probes, images
// and sandboxes, and no seed goes beyond; the ends of the bounds are not reached by one value.

import { expect } from 'chai';

import { createCluster } from '../../src/index';
import type { Plan, RunResult } from '../../src/index';
import { loadScenarios } from '../../src/language/load';
import { DISK } from '../../src/language/source';
import type { Files } from '../../src/language/source';
import { run } from '../../src/runner/run';
import { lexicon } from '../../src/vocabulary/lexicon';

const SEEDS = Array.from({ length: 30 }, (_, index) => index + 1);
const SECOND = 1_000_000;

/** The scenarios of the library as they are, but for the instants that seed 1 gives them. */
const TIMELESS: Files = {
  ...DISK,
  read(path) {
    const reading = DISK.read(path);
    if (reading.is !== 'text') return reading;
    const text = reading.text.replace(/takes: [0-9]+(us|ms)/g, 'takes: {atLeast: 0s, atMost: 10m}');
    return { ...reading, text };
  },
};

function planOf(name: string): Plan {
  const { plans, diagnostics } = loadScenarios(
    [`scenarios/faults/${name}.yaml`],
    lexicon,
    TIMELESS,
  );
  expect(diagnostics.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
  return plans[0]!;
}

const results = new Map<string, readonly RunResult[]>();

/** What the seeds make of a scenario, run once. */
function resultsOf(scenario: string): readonly RunResult[] {
  const known = results.get(scenario);
  if (known !== undefined) return known;
  const plan = planOf(scenario);
  const made = SEEDS.map((seed) => run(plan, { seed, createCluster, trace: false }));
  results.set(scenario, made);
  return made;
}

/** How long after `since` (seconds) the expectation of that title was met, seed by seed. */
function spans(scenario: string, title: string, since: number): number[] {
  return resultsOf(scenario).map(({ outcomes }) => {
    const outcome = outcomes.find((it) => it.title.startsWith(title))!;
    const at = outcome.at ?? Number.NaN;
    return (at - since * SECOND) / SECOND;
  });
}

function expectWithin(values: readonly number[], least: number, most: number, distinct = 10): void {
  for (const value of values) expect(value).to.be.within(least, most);
  expect(new Set(values).size).to.be.above(distinct);
}

describe('failing things over many seeds', function () {
  this.timeout(60_000);

  it('three probes every 10 s take 20 to 30 s', () => {
    const title = 'three readiness probes in a row have failed';
    expectWithin(spans('failing-pods', title, 10), 20, 30.1);
  });

  it('the report of a kubelet is at most 10 s away', () => {
    const title = 'the node is not ready by its own word';
    expectWithin(spans('node-notready-but-lease-ok', title, 10), 0, 10.1);
  });

  it('the taint follows at a pass of the monitor, 5 s apart, and a pass of the eviction', () => {
    const title = 'it is tainted at a pass of the node life-cycle controller';
    expectWithin(spans('node-notready-but-lease-ok', title, 10), 0, 15.3);
  });

  it('the pods stay for 300 s after it', () => {
    const title = 'the pod is evicted 300 s after the taint';
    expectWithin(spans('node-notready-but-lease-ok', title, 10), 300, 320);
  });

  it('a sync that failed is tried again 30 s later', () => {
    const title = 'all rules are written 30 s after the failure';
    expectWithin(spans('partial-restore-fails-then-30s', title, 11), 30, 32.5, 0);
  });

  it('a refused write of a controller comes back after 1, 2, 4, 8, 16 or 32 s', () => {
    const title = 'the controller writes it at its next try';
    expectWithin(spans('api-server-refuses', title, 20), 0, 33, 0);
  });

  it('a sandbox is tried again within 15 s', () => {
    expectWithin(spans('sandbox-cannot-be-made', 'it runs after the next try', 70), 0, 18);
  });

  it('an image is pulled again when its back-off is over, at a look that is 10 to 15 s apart', () => {
    const title = 'it runs when the back-off allows the next pull';
    // Pulls fail after 0, 10-15 and 30-45 s; the next one is 40 s after the last, or a look later.
    expectWithin(spans('image-cannot-be-pulled', title, 80), 0, 60);
  });
});
