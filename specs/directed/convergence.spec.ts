// Goal: the two events that every tutorial shows take, under the default timers, what the real
// control plane takes. The instant of seed 1 is pinned to the microsecond, so that a change of any
// timer on the way is seen; every one of the seeds 1..200 stays inside the bounds of the composed
// timelines C1 and C2 (reference timing.md §6), which is what a user may rely on.

import { expect } from 'chai';

import { loadScenarios, runPlan } from '../../src/index';
import type { Outcome, Plan } from '../../src/index';

const SEEDS = 200;

function plansOf(file: string): readonly Plan[] {
  const { plans, diagnostics } = loadScenarios([file]);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
  return plans;
}

function outcome(plan: Plan, seed: number, claim: string, operator = 'after'): Outcome {
  const { outcomes } = runPlan(plan, seed);
  const found = outcomes.find((it) => it.claim === claim && it.operator === operator);
  if (found === undefined) throw new Error(`no outcome of ${claim} in ${plan.title}`);
  return found;
}

function rowOf(plans: readonly Plan[], kubernetes: string): Plan {
  const plan = plans.find(({ row }) => row['cluster.kubernetes'] === kubernetes);
  if (plan === undefined) throw new Error(`no row for ${kubernetes}`);
  return plan;
}

describe('convergence under default timers', function () {
  // Two hundred seeds of two versions are some hundred runs.
  this.timeout(240_000);

  describe('a Service is created while its pods are ready (C1)', () => {
    const plans = plansOf('scenarios/timing/service-creation.yaml');

    it('is live 75 ms later up to 1.33, where kube-proxy has a burst of two syncs', () => {
      expect(outcome(rowOf(plans, '1.33'), 1, 'reach').at).to.equal(10_075_000);
    });

    it('is live 1.075 s later since 1.34, where the slice waits for minSyncPeriod', () => {
      expect(outcome(rowOf(plans, '1.36'), 1, 'reach').at).to.equal(11_075_000);
    });

    it('stays inside the bounds of C1 for every seed', () => {
      everySeedPasses(plans);
    });
  });

  describe('a container crashes for the first time (C2)', () => {
    const plans = plansOf('scenarios/timing/pod-death.yaml');

    for (const [kubernetes, moved, back] of [
      ['1.33', 10_925_941, 11_965_873],
      ['1.36', 10_925_941, 11_955_941],
    ] as const) {
      it(`moves traffic and brings the pod back at pinned instants in ${kubernetes}`, () => {
        const plan = rowOf(plans, kubernetes);
        expect(outcome(plan, 1, 'reach').at).to.equal(moved);
        expect(outcome(plan, 1, 'converge').at).to.equal(back);
      });
    }

    it('stays inside the bounds of C2 for every seed', () => {
      everySeedPasses(plans);
    });

    it('depends on the seed: the kubelet looks once a second, at a phase of its own', () => {
      const plan = rowOf(plans, '1.36');
      const instants = new Set([1, 2, 3, 4, 5].map((seed) => outcome(plan, seed, 'reach').at));
      expect(instants.size).to.be.greaterThan(1);
    });
  });
});

function everySeedPasses(plans: readonly Plan[]): void {
  for (const plan of plans) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { outcomes } = runPlan(plan, seed);
      const failed = outcomes.filter(({ status }) => status !== 'passed');
      const lines = failed.map(({ title, actual }) => `${title}: ${actual}`);
      expect(lines, `seed ${seed} of ${plan.title}`).to.deep.equal([]);
    }
  }
}
