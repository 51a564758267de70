// Goal: many seeds of one scenario come to one result: each expectation has the worst verdict of
// all runs, told for the first seed that has it, and how long it took is told as a distribution.
// Method: each figure is compared with single runs under the same seeds.

import { expect } from 'chai';
import { runPlan, runPlanUnder } from '../../src/chai/model';
import type { Plan } from '../../src/language/plan';
import type { Outcome } from '../../src/runner/result';
import { tellDistribution, tellSeeds } from '../../src/runner/spread-text';
import { milliseconds, seconds } from '../../src/values/time';
import { planText } from './plan-text';

const SEEDS = { first: 1, last: 25 };

function planOf(claims: readonly string[]): Plan {
  return planText(
    [
      'scenario: s',
      'cluster: {nodes: 3}',
      'manifests: [scenarios/manifests/shop.yaml]',
      'timeline:',
      '  - {at: 10s, id: crash, kill: {pod: shop/backend#1}}',
      'expect:',
      ...claims.map((claim) => `  - ${claim}`),
    ].join('\n'),
    'seeds.yaml',
  );
}

const CONVERGES = '{after: crash, by: 60s, converge: {service: shop/backend}}';
const HURRIES = '{after: crash, by: 1500ms, converge: {service: shop/backend}}';

function singles(plan: Plan): readonly Outcome[] {
  const seeds = Array.from({ length: SEEDS.last }, (_, index) => index + 1);
  return seeds.map((seed) => runPlan(plan, seed).outcomes[0]!);
}

describe('many seeds', function () {
  this.timeout(120_000);

  it('tell how long a convergence took, by the figures of single runs', () => {
    const plan = planOf([CONVERGES]);
    const [outcome] = runPlanUnder(plan, SEEDS).outcomes;
    const took = singles(plan)
      .map(({ at }) => at! - seconds(10))
      .sort((a, b) => a - b);
    expect(outcome!.spread).to.deep.equal({
      passed: 25,
      failed: 0,
      error: 0,
      seed: 1,
      failing: [],
      took: {
        count: 25,
        min: took[0],
        p50: took[12],
        p90: took[22],
        p99: took[24],
        max: took[24],
      },
    });
    expect(new Set(took).size, 'the seeds differ').to.be.above(5);
  });

  it('fail where one of them fails, and repeat that one', () => {
    const plan = planOf([HURRIES]);
    const failing = singles(plan).flatMap(({ status }, index) =>
      status === 'failed' ? [index + 1] : [],
    );
    expect(failing.length, 'some fail and some do not').to.be.within(1, 24);
    const [outcome] = runPlanUnder(plan, SEEDS).outcomes;
    expect(outcome!.status).to.equal('failed');
    expect(outcome!.repeat).to.match(new RegExp(`--seed ${failing[0]}$`));
    expect(outcome!.spread!.failing).to.deep.equal(failing.slice(0, 10));
    expect(outcome!.spread!.failed).to.equal(failing.length);
    expect(outcome!.why, 'it is explained').not.to.deep.equal([]);
  });

  it('count how long it took in runs that failed, where it came true at last', () => {
    const [outcome] = runPlanUnder(planOf([HURRIES]), SEEDS).outcomes;
    const { passed, took } = outcome!.spread!;
    expect(took!.count).to.be.above(passed);
    expect(took!.max).to.be.above(milliseconds(1500));
  });

  it('pass a "sometimes" that is true under one of them', () => {
    const claim = '{sometimes: {reach: {from: shop/frontend, to: backend:80}}, during: 9s..9s}';
    const never = claim.replace('backend:80', 'backend:80, outcome: refused');
    const { outcomes } = runPlanUnder(planOf([claim, never, CONVERGES]), SEEDS);
    expect(outcomes.map(({ status }) => status).slice(0, 2)).to.deep.equal(['passed', 'failed']);
  });

  it('warn of an "eventually" only if it held from its start under each of them', () => {
    const claim = '{eventually: {reach: {from: shop/frontend, to: backend:80}}, during: 11s..60s}';
    const plan = planOf([claim, CONVERGES]);
    const seeds = Array.from({ length: SEEDS.last }, (_, index) => index + 1);
    const early = seeds.filter((seed) => runPlan(plan, seed).notes.length > 0);
    expect(early.length, 'some do and some do not').to.be.within(1, 24);
    const [first = 0] = early;
    const codes = (last: number) =>
      runPlanUnder(plan, { first, last }).notes.map(({ code }) => code);
    expect(codes(first)).to.deep.equal(['KD1508']);
    expect(codes(25)).to.deep.equal([]);
  });

  it('do not judge what is said of another seed, and still tell how it spreads', () => {
    const [exact] = runPlanUnder(planOf([CONVERGES]), { first: 1, last: 1 }).outcomes;
    const took = `${exact!.spread!.took!.min}us`;
    const pinned = `{after: crash, takes: ${took}, seed: 1, converge: {service: shop/backend}}`;
    const bare = pinned.replace('seed: 1, ', '');
    const plan = planOf([pinned, bare]);
    const [outcome, other] = runPlanUnder(plan, SEEDS).outcomes;
    expect(other!.status, 'without the word it fails').to.equal('failed');
    expect(outcome!.status).to.equal('passed');
    expect(outcome!.spread).to.include({ passed: 1, failed: 0, skipped: 24, seed: 1 });
    expect(outcome!.spread!.failing).to.deep.equal([]);
    expect(outcome!.spread!.took, 'of all seeds').to.deep.equal(other!.spread!.took);
  });

  it('skip what is said of a seed that is not among them', () => {
    const pinned = '{after: crash, takes: 1s, seed: 1, converge: {service: shop/backend}}';
    const plan = planOf([pinned]);
    const [outcome] = runPlanUnder(plan, { first: 2, last: 4 }).outcomes;
    expect(outcome!.status).to.equal('skipped');
    expect(outcome!.spread).to.include({ passed: 0, skipped: 3 });
    expect(outcome!.spread!.took!.count).to.equal(3);
    const [single] = runPlan(plan, 2).outcomes;
    expect(single).to.include({
      status: 'skipped',
      actual: 'not judged: it is said of seed 1, and this is seed 2',
    });
    expect([single!.why, single!.traces]).to.deep.equal([[], []]);
    expect(runPlan(plan, 1).outcomes[0]!.status, 'under its own seed').to.equal('failed');
  });

  it('are told apart from one run, and equal for equal seeds', () => {
    const plan = planOf([CONVERGES]);
    const range = { first: 3, last: 5 };
    const [one, other] = [runPlanUnder(plan, range), runPlanUnder(plan, range)];
    expect(one).to.deep.equal(other);
    expect(one.seeds).to.deep.equal(range);
    expect(one.digest).not.to.equal(runPlanUnder(plan, { first: 3, last: 4 }).digest);
  });
});

describe('a spread in words', () => {
  const took = { count: 3, min: seconds(1), p50: seconds(2), p90: seconds(3), p99: seconds(3) };

  it('has the five figures', () => {
    const text = tellDistribution({ ...took, max: seconds(3) });
    expect(text).to.equal('min 1s, p50 2s, p90 3s, p99 3s, max 3s');
  });

  it('is one figure where all are alike', () => {
    const alike = { count: 3, min: took.min, p50: took.min, p90: took.min, p99: took.min };
    expect(tellDistribution({ ...alike, max: took.min })).to.equal('always 1s');
  });

  it('says how many were not judged', () => {
    const counts = { passed: 1, failed: 0, error: 0, seed: 1, failing: [] };
    const text = tellSeeds({ ...counts, skipped: 199, pinned: 1 });
    expect(text).to.equal('1 of 1 passed; 199 not judged: it is said of seed 1');
    const none = tellSeeds({ ...counts, passed: 0, seed: 2, skipped: 3, pinned: 1 });
    expect(none).to.equal('3 not judged: it is said of seed 1');
  });

  it('names the first seeds that did not pass and counts the others', () => {
    const counts = { passed: 197, failed: 2, error: 1, seed: 7 };
    expect(tellSeeds({ ...counts, failing: [7, 19, 44] })).to.equal(
      '197 of 200 passed, not 7, 19, 44',
    );
    expect(tellSeeds({ ...counts, failing: [7] })).to.equal('197 of 200 passed, not 7, … (2 more)');
  });
});
