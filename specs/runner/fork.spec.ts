// Goal: a run can be forked at any instant, and the fork is exact: left alone, it lives the same
// life as its origin; told to go on differently, it differs only from there on; and nothing that
// it does is seen by the origin or by another fork. Method: the whole library, forked at the
// steps of each timeline and between them, against runs that nobody forked.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { load } from '../../src/chai/load';
import { createCluster } from '../../src/cluster/create-cluster';
import { formatEntry } from '../../src/kernel/journal';
import type { Plan, PlannedStep } from '../../src/language/plan';
import { Execution } from '../../src/runner/execution';
import { judgeAll, outcomesOf } from '../../src/runner/judge';
import { seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { printOf } from '../cluster/state-print';
import { pathsBelow } from '../tidy/tree';
import { planText } from './plan-text';

const LIBRARY = pathsBelow('scenarios').filter(
  (path) => path.endsWith('.yaml') && /^scenario:/m.test(readFileSync(path, 'utf8')),
);

function begin(plan: Plan, seed = 1): Execution {
  return new Execution(plan, createCluster(plan.cluster, { seed }));
}

function lived(execution: Execution): Execution {
  execution.run();
  return execution;
}

/** All that can be told of a run: every line, and every verdict with its instant. */
function recordOf(execution: Execution): string {
  const outcomes = outcomesOf(execution, judgeAll(execution), 1);
  const verdicts = outcomes.map(({ title, status, actual, at }) => [title, status, actual, at]);
  return [...linesOf(execution), JSON.stringify(verdicts)].join('\n');
}

function linesOf({ cluster }: Execution): string[] {
  return cluster.kernel.journal.all().map(formatEntry);
}

/** The first step of the timeline, and a third of a second after the next one. */
function instantsOf({ timeline, end }: Execution): Instant[] {
  const [first = 0, second = end / 2] = timeline.edges;
  const all = [first, Math.floor(second) + 333_333].filter((at) => at <= end);
  return [...new Set(all)].sort((a, b) => a - b) as Instant[];
}

/** Where forks of this plan are not exact; empty where all are. */
function differences(plan: Plan): string[] {
  const whole = lived(begin(plan));
  const expected = recordOf(whole);
  const origin = begin(plan);
  const found: string[] = [];
  for (const at of instantsOf(whole)) {
    origin.run(at);
    const fork = origin.fork();
    // Another one lives another life meanwhile, and the third is made as the second was.
    lived(origin.fork({ seed: 77 }));
    const again = printOf(origin.fork().cluster).join('\n');
    if (again !== printOf(fork.cluster).join('\n'))
      found.push(`${plan.file}: forks at ${at} differ`);
    if (recordOf(lived(fork)) !== expected) found.push(`${plan.file}: the fork at ${at} differs`);
  }
  if (recordOf(lived(origin)) !== expected) found.push(`${plan.file}: the origin was touched`);
  return found;
}

const SHOP = 'scenarios/manifests/shop.yaml';
const CRASH = '  - {at: 10s, id: crash, kill: {pod: shop/backend#1}}';

function shopPlan(timeline: string): Plan {
  const head = `scenario: s\ncluster: {nodes: 3}\nmanifests: [${SHOP}]\n`;
  const [, id] = /id: (\w+)/.exec(timeline)!;
  const claim = `{after: ${id}, by: 60s, reach: {from: shop/frontend, to: backend:80}}`;
  return planText(`${head}timeline:\n${timeline}\nexpect:\n  - ${claim}\n`, 'fork.yaml');
}

function stepsOf(execution: Execution): string[] {
  return linesOf(execution).filter((line) => line.includes(' started step/'));
}

describe('a fork of a run', function () {
  this.timeout(300_000);

  it('is exact for every scenario of the library, and leaves its origin alone', () => {
    expect(LIBRARY).to.have.length.above(100);
    const plans = LIBRARY.flatMap((file) => load([file]).plans.slice(0, 1));
    expect(plans.flatMap(differences)).to.deep.equal([]);
  });

  it('under another seed has the same past and another future', () => {
    const plan = shopPlan(`${CRASH}\n  - {at: 40s, kill: {pod: shop/backend#2}}`);
    const origin = begin(plan);
    origin.run(seconds(20) as number as Instant);
    const past = linesOf(origin);
    const whole = linesOf(lived(begin(plan)));
    const other = linesOf(lived(origin.fork({ seed: 2 })));
    expect(other.slice(0, past.length)).to.deep.equal(past);
    expect(other).not.to.deep.equal(whole);
    expect(origin.cluster.kernel.random.seed).to.equal(1);
  });

  it('carries out further steps, at instants that are yet to come', () => {
    const origin = begin(shopPlan(CRASH));
    origin.run(seconds(5) as number as Instant);
    const [more] = shopPlan('  - {at: 7s, id: more, kill: {pod: shop/backend#2}}').timeline;
    const fork = lived(origin.fork({ steps: [more as PlannedStep] }));
    expect(stepsOf(fork)).to.deep.equal([
      't=7s fault started step/more: kill',
      't=10s fault started step/crash: kill',
    ]);
    expect(stepsOf(lived(origin))).to.have.length(1);
    expect(() => fork.fork({ steps: [more as PlannedStep] })).to.throw(RangeError);
  });

  it('leaves out steps that have not begun', () => {
    const origin = begin(
      shopPlan(`${CRASH}\n  - {after: crash, plus: 5s, kill: {pod: shop/backend#2}}`),
    );
    origin.run(seconds(5) as number as Instant);
    const fork = lived(origin.fork({ without: ['crash'] }));
    expect(stepsOf(fork)).to.deep.equal([]);
  });

  it('waits for the same events as its origin', () => {
    const trigger =
      "{object: 'pod/shop/backend-*', becomes: {query: $.metadata.deletionTimestamp}}";
    const waiting = `  - {when: ${trigger}, id: next, kill: {pod: shop/frontend#1}}`;
    const removal = '  - {at: 10s, do: {delete: pod/shop/backend#1}}';
    const plan = shopPlan(`${removal}\n${waiting}`);
    const origin = begin(plan);
    origin.run(seconds(5) as number as Instant);
    const forked = recordOf(lived(origin.fork()));
    expect(forked)
      .to.equal(recordOf(lived(begin(plan))))
      .and.to.contain('started step/next');
  });

  it('can be forked where packets have met rules that are made at the first look', () => {
    const claim = '{always: {reach: {from: shop/frontend, to: backend:80}}}';
    const head = `scenario: s\ncluster: {nodes: 2, proxy: nftables}\nmanifests: [${SHOP}]\n`;
    const plan = planText(`${head}expect:\n  - ${claim}\nend: 20s\n`, 'fork.yaml');
    const origin = begin(plan);
    origin.run(seconds(10) as number as Instant);
    expect(recordOf(lived(origin.fork()))).to.equal(recordOf(lived(begin(plan))));
  });

  it('can be forked again', () => {
    const plan = shopPlan(CRASH);
    const origin = begin(plan);
    origin.run(seconds(4) as number as Instant);
    const child = origin.fork();
    child.run(seconds(11) as number as Instant);
    const grandchild = child.fork();
    const expected = recordOf(lived(begin(plan)));
    expect([grandchild, child, origin].map((it) => recordOf(lived(it)))).to.deep.equal([
      expected,
      expected,
      expected,
    ]);
  });
});
