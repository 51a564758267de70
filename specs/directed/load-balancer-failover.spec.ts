// Goal: the failover of external load balancers takes what their own parameters say, for every
// seed (composed timeline C14, reference timing.md §2.6 and §6), and not what the control plane
// takes.

import { expect } from 'chai';

import { loadScenarios, runPlan } from '../../src/index';
import type { Plan } from '../../src/index';

const SEEDS = 40;
const SECOND = 1_000_000;

function planOf(file: string): Plan {
  const { plans, diagnostics } = loadScenarios([file]);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
  return plans[0]!;
}

/** Seconds from the step to the instant at which the claim came true, for each seed. */
function delays(plan: Plan, claim: string, from: number): number[] {
  return Array.from({ length: SEEDS }, (_, index) => {
    const { outcomes } = runPlan(plan, index + 1);
    const failed = outcomes.filter(({ status }) => status !== 'passed');
    expect(
      failed.map(({ title, actual }) => `${title}: ${actual}`).join(),
      `seed ${index + 1}`,
    ).to.equal('');
    const found = outcomes.find((it) => it.operator === 'after' && it.claim === claim);
    return (found!.at! - from * SECOND) / SECOND;
  });
}

describe('the failover of a load balancer', function () {
  this.timeout(20_000);

  it('takes a cloud 17 to 25 s: three looks, 8 s apart, and a second to give up', () => {
    const all = delays(planOf('scenarios/services/cloud-failover.yaml'), 'inspect', 60);
    expect(Math.min(...all)).to.be.within(17, 18);
    expect(Math.max(...all)).to.be.within(24, 25.1);
  });

  it('takes MetalLB in layer 2 mode 5 to 10 s, as memberlist needs', () => {
    const all = delays(planOf('scenarios/services/metallb-layer2.yaml'), 'reach', 60);
    expect(Math.min(...all)).to.be.within(5, 5.5);
    expect(Math.max(...all)).to.be.within(9.5, 10.1);
  });
});
