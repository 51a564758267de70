// The runs of one command, each made once. `sometimes` is the one operator that is judged over
// several of them: it passes where any row of the scenario's matrix passes.

import type { Plan } from '../language/plan';
import type { Outcome, RunResult } from '../runner/result';

export class Runs {
  private readonly plans: readonly Plan[];
  private readonly run: (plan: Plan) => RunResult;
  private readonly results = new Map<Plan, RunResult>();

  constructor(plans: readonly Plan[], run: (plan: Plan) => RunResult) {
    this.plans = plans;
    this.run = run;
  }

  /** The result of a plan among its siblings. Throws what its own run throws. */
  resultOf(plan: Plan): RunResult {
    const own = this.once(plan);
    const outcomes = own.outcomes.map((outcome, position) => {
      const expectation = plan.expectations[position];
      const open = expectation?.operator === 'sometimes' && outcome.status === 'failed';
      return open ? (this.elsewhere(plan, expectation.index) ?? outcome) : outcome;
    });
    return { ...own, outcomes };
  }

  /** The outcome of the same expectation in a row where it passed. */
  private elsewhere(plan: Plan, index: number): Outcome | undefined {
    for (const sibling of this.plans.filter((other) => isSibling(plan, other))) {
      const position = sibling.expectations.findIndex((each) => each.index === index);
      const outcome = this.tolerant(sibling)?.outcomes[position];
      if (outcome?.status !== 'passed') continue;
      const row = Object.entries(sibling.row).map(([key, value]) => `${key}=${value}`);
      return { ...outcome, actual: `${outcome.actual} [${row.join(', ')}]` };
    }
    return undefined;
  }

  private once(plan: Plan): RunResult {
    const known = this.results.get(plan);
    if (known !== undefined) return known;
    const result = this.run(plan);
    this.results.set(plan, result);
    return result;
  }

  /** A sibling that breaks off tells of that in its own suite. */
  private tolerant(plan: Plan): RunResult | undefined {
    try {
      return this.once(plan);
    } catch {
      return undefined;
    }
  }
}

function isSibling(plan: Plan, other: Plan): boolean {
  return plan !== other && plan.file === other.file && plan.range.line === other.range.line;
}
