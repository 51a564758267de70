// Goal: the composed timelines that have a scenario and no spec of their own (reference timing.md
// §6): C3 deletion, C4 a process out of memory, C5 readiness, C7 drain, C9 name servers, C12 rolling
// update, C13 policies, C15 no endpoint left. The instants of seed 1 are pinned; every one of the
// seeds 1..200 stays inside min…max; and the seeds differ as much as the clocks do.

import { expect } from 'chai';

import { createCluster, loadScenarios } from '../../src/index';
import type { Outcome, Plan } from '../../src/index';
import type { Duration } from '../../src/values/time';
import { run } from '../../src/runner/run';

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

interface Case {
  readonly timeline: string;
  readonly file: string;
  /** A part of the title of an expectation that begins with `after`. */
  readonly title: string;
  /** When the clock starts, in seconds. */
  readonly since: number;
  /** Seconds after `since` for seed 1. */
  readonly pinned: number;
  /** Bounds in seconds, of all seeds. */
  readonly bounds: readonly [min: number, max: number];
  /** By how many seconds the seeds differ at least; 0 where nothing is drawn. */
  readonly spread: number;
}

const CASES: readonly Case[] = [
  {
    timeline: 'C3, the rules of the last node',
    file: 'lifecycle/delete-race-no-prestop',
    title: 'until the rules of its node lead elsewhere',
    since: 10,
    pinned: 0.065,
    bounds: [0.06, 1.1],
    spread: 0,
  },
  {
    timeline: 'C3, the successor serves',
    file: 'timing/pod-deletion',
    title: 'spreads over backend:80',
    since: 10,
    pinned: 2.125,
    bounds: [0.6, 3.5],
    spread: 1,
  },
  {
    timeline: 'C5, a process that hangs',
    file: 'lifecycle/readiness-25s',
    title: 'until the third probe has failed',
    since: 10,
    pinned: 27.828471,
    bounds: [21, 32.1],
    spread: 6,
  },
  {
    timeline: 'C5, it answers again',
    file: 'lifecycle/readiness-25s',
    title: 'it is back after the next probe',
    since: 70,
    pinned: 6.828471,
    bounds: [0, 11.1],
    spread: 6,
  },
  // The second eviction comes with a retry, 5 or 10 s after the first; the process drains for 5 s.
  {
    timeline: 'C7, a drain that the budget holds up',
    file: 'lifecycle/drain-under-budget',
    title: 'the node is empty',
    since: 10,
    pinned: 16.816765,
    bounds: [11, 17.1],
    spread: 1,
  },
  {
    timeline: 'C9, one of two name servers crashes',
    file: 'dns/one-server-lost',
    title: 'within 2.2s of "crash"',
    since: 10,
    pinned: 0.892558,
    bounds: [0.05, 2.2],
    spread: 0.9,
  },
  {
    timeline: 'C9, one of two name servers loses its node',
    file: 'dns/server-without-power',
    title: 'resolves backend to 10.96.0.20 within 1m',
    since: 10,
    pinned: 47.091966,
    bounds: [39.7, 60],
    spread: 10,
  },
  {
    timeline: 'C12, three pods, one at a time',
    file: 'lifecycle/rollout-surge-unavailable-zero-lost',
    title: 'the rollout takes this long',
    since: 10,
    pinned: 4.193771,
    bounds: [3, 20],
    spread: 1.5,
  },
  {
    timeline: 'C13, new connections',
    file: 'policy/policy-change-established-30s',
    title: 'new connections are held up',
    since: 20,
    pinned: 0.878229,
    bounds: [0.05, 1.1],
    spread: 0.8,
  },
  {
    timeline: 'C13, established connections',
    file: 'policy/policy-change-established-30s',
    title: 'then it is cut',
    since: 20,
    pinned: 20.015,
    bounds: [0, 30.1],
    spread: 0,
  },
  {
    timeline: 'C15, no endpoint left',
    file: 'lifecycle/scale-to-zero',
    title: 'is refused by backend:80',
    since: 10,
    pinned: 1.135,
    bounds: [0.06, 1.2],
    spread: 0,
  },
];

/** Exact spans are those of seed 1; with bounds in their place every seed can be judged. */
function withBounds(plan: Plan, { title, bounds }: Case): Plan {
  const [atLeast, atMost] = bounds.map((it) => (it * 1e6) as Duration) as [Duration, Duration];
  return {
    ...plan,
    expectations: plan.expectations.map((one) => {
      if (one.takes === undefined || one.title?.includes(title) !== true) return one;
      const { seed: _seed, ...ofAll } = one;
      return { ...ofAll, takes: { atLeast, atMost } };
    }),
  };
}

function planOf({ file }: Case): Plan {
  return loadScenarios([`scenarios/${file}.yaml`]).plans[0]!;
}

function judged(plan: Plan, { title }: Case, seed: number): Outcome {
  const { outcomes } = run(plan, { seed, createCluster, trace: false });
  const found = outcomes.find((it) => it.operator === 'after' && it.title.includes(title));
  if (found === undefined) throw new Error(`no expectation "${title}" in ${plan.file}`);
  return found;
}

describe('the composed timelines', function () {
  this.timeout(120_000);

  for (const one of CASES) {
    const { timeline, since, pinned, bounds, spread } = one;
    it(`${timeline}: ${bounds.join(' to ')} s for every seed, ${pinned} s for seed 1`, () => {
      const plan = withBounds(planOf(one), one);
      const found = SEEDS.map((seed) => {
        const { status, actual, at } = judged(plan, one, seed);
        expect(status, `seed ${seed}: ${actual}`).to.equal('passed');
        return at! / 1e6 - since;
      });
      expect(found[0]).to.be.closeTo(pinned, 1e-6);
      expect(Math.min(...found)).to.be.at.least(bounds[0]);
      expect(Math.max(...found)).to.be.at.most(bounds[1]);
      expect(Math.max(...found) - Math.min(...found)).to.be.at.least(spread);
    });
  }

  it('C4, a process out of memory: the scenario holds for every seed', () => {
    const [plan] = loadScenarios(['scenarios/faults/out-of-memory.yaml']).plans;
    for (const seed of SEEDS) {
      const { outcomes } = run(plan!, { seed, createCluster, trace: false });
      const failed = outcomes.filter(({ status }) => status !== 'passed');
      expect(
        failed.map(({ title, actual }) => `${title}: ${actual}`),
        `seed ${seed}`,
      ).to.deep.equal([]);
    }
  });
});
