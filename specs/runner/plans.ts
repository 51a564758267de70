// Short ways to write plans for specs.

import type { Plan, PlannedExpectation, PlannedStep } from '../../src/language/plan';
import { run } from '../../src/runner/run';
import type { Outcome, RunResult } from '../../src/runner/result';
import type { SourceRange } from '../../src/values/diagnostic';
import { seconds } from '../../src/values/time';
import type { Duration, Instant } from '../../src/values/time';
import { shop, SPEC } from './fake-cluster';
import type { Change, FakeOptions } from './fake-cluster';

export const REACH = { from: 'shop/frontend', to: 'backend:80' };

export function s(count: number): Duration {
  return seconds(count);
}

export function t(second: number): Instant {
  return seconds(second) as number as Instant;
}

export function range(line = 1, column = 5): SourceRange {
  const file = 'scenarios/failover.yaml';
  return { file, line, column, endLine: line, endColumn: column + 1 };
}

/** A step that scales something: an action that every fake cluster takes. */
export function step(id: string, more: Partial<PlannedStep> = {}): PlannedStep {
  return {
    id,
    named: true,
    when: { at: t(10) },
    verb: { kind: 'action', name: 'scale' },
    args: { scale: 'deployment/shop/backend', replicas: 2 },
    range: range(20),
    ...more,
  };
}

export function expectation(more: Partial<PlannedExpectation>): PlannedExpectation {
  return { index: 0, operator: 'at', claim: 'reach', args: REACH, range: range(31), ...more };
}

export function after(id: string) {
  return { step: id, edge: 'start', repetition: 1 } as const;
}

export function plan(
  expectations: readonly Partial<PlannedExpectation>[],
  timeline: readonly PlannedStep[] = [step('crash')],
  more: Partial<Plan> = {},
): Plan {
  return {
    title: 'the shop keeps answering',
    about: '',
    tags: [],
    file: 'scenarios/failover.yaml',
    range: range(),
    row: {},
    cluster: SPEC,
    timeline,
    expectations: expectations.map(expectation),
    notes: [],
    ...more,
  };
}

/** Runs a plan against the shop that changes as the script says. */
export function runScript(
  written: Plan,
  script: readonly Change[] = [],
  options: FakeOptions = {},
): RunResult {
  const createCluster = () => shop({ ...options, script });
  return run(written, { seed: 1, createCluster });
}

/** The outcome of the one expectation of a plan. */
export function outcomeOf(
  expected: Partial<PlannedExpectation>,
  script: readonly Change[] = [],
  timeline?: readonly PlannedStep[],
): Outcome {
  return runScript(plan([expected], timeline), script).outcomes[0]!;
}
