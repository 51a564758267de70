// Goal: `sometimes` is judged over all rows of a matrix, and nothing is run twice for that.

import { expect } from 'chai';
import type { Plan } from '../../src/language/plan';
import { Runs } from '../../src/mocha/runs';
import { outcome, planOf, result } from '../reporters/fixtures';

type Verdict = 'passed' | 'failed' | 'crash';

/** One scenario with one expectation, in as many rows as there are verdicts. */
function matrix(operator: string, verdicts: readonly Verdict[], file = 'a.yaml') {
  const calls: string[] = [];
  const plans = verdicts.map((verdict, index): Plan => {
    const outcomes = [outcome({ title: 'x', operator, status: verdict as 'passed' })];
    const plan = planOf(result({ file, row: { row: String(index) }, outcomes }));
    const expectations = plan.expectations.map((each) => ({ ...each, operator }));
    return { ...plan, expectations } as Plan;
  });
  const runs = new Runs(plans, (plan) => {
    calls.push(plan.row['row']!);
    const verdict = verdicts[plans.indexOf(plan)]!;
    if (verdict === 'crash') throw new Error('crash');
    return result({ file, row: plan.row, outcomes: [outcome({ title: 'x', status: verdict })] });
  });
  return { plans, runs, calls };
}

function statuses({ plans, runs }: ReturnType<typeof matrix>): string[] {
  return plans.map((plan) => runs.resultOf(plan).outcomes[0]!.status);
}

describe('the runs of a command', () => {
  it('pass `sometimes` in every row where one row passes', () => {
    const found = matrix('sometimes', ['failed', 'failed', 'passed']);
    expect(statuses(found)).to.deep.equal(['passed', 'passed', 'passed']);
    expect(found.calls.toSorted()).to.deep.equal(['0', '1', '2']);
    expect(found.runs.resultOf(found.plans[0]!).outcomes[0]!.actual).to.equal('ok [row=2]');
  });

  it('fail `sometimes` where no row passes', () => {
    expect(statuses(matrix('sometimes', ['failed', 'failed']))).to.deep.equal(['failed', 'failed']);
  });

  it('judge every other operator by its own row', () => {
    expect(statuses(matrix('always', ['failed', 'passed']))).to.deep.equal(['failed', 'passed']);
  });

  it('leave the error of a row to that row', () => {
    const { plans, runs } = matrix('sometimes', ['failed', 'crash']);
    expect(runs.resultOf(plans[0]!).outcomes[0]!.status).to.equal('failed');
    expect(() => runs.resultOf(plans[1]!)).to.throw('crash');
  });
});
