// Goal: leaving out the claims whose time is not now leaves out nothing that a look would have
// found. Method: watches of made-up times, and scenarios whose claims begin, end, wait for steps
// and are explained at all sorts of instants, against a run in which all are looked at always.

import { expect } from 'chai';
import { createCluster } from '../../src/cluster/create-cluster';
import type { Plan } from '../../src/language/index';
import { Execution } from '../../src/runner/execution';
import { InTime } from '../../src/runner/in-time';
import type { Watch } from '../../src/runner/observe';
import { seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { FRONTEND, planOf, serviceOf } from '../../bench/scenario';
import { replace } from '../mutants/replace';

const PLAN = `
scenario: claims of many times
cluster: {nodes: 3}
end: 2m
timeline:
  - {at: 20s, id: crash, kill: {pod: "backend#1"}}
  - id: late
    when: {object: 'pod/default/backend-*', becomes: {query: '$..containerStatuses[?(@.restartCount == 1)]'}}
    plus: 5s
    kill: {pod: "backend#2"}
expect:
  - {at: 10s, reach: {from: frontend, to: backend:80}}
  - {at: 10s, reach: {from: frontend, to: backend:80, outcome: refused, some: true}}
  - {after: crash, by: 10s, reach: {from: frontend, to: backend:80}}
  - {after: crash, by: 30s, converge: {service: default/backend}}
  - {after: late, by: 10s, reach: {from: frontend, to: backend:80}}
  - {after: late, by: 30s, converge: {service: default/backend}}
  - {at: 100s, reach: {from: frontend, to: backend:80}}
  - {during: 15s..40s, always: {reach: {from: frontend, to: backend:80}}}
  - {at: 50s, reach: {from: frontend, to: backend:80, opened: 12s}}
  - {never: {reach: {from: frontend, to: backend:80, outcome: reset}}}
---
${FRONTEND}
---
${serviceOf('backend', 3)}
`;

type At = (now: Instant, all: readonly Watch[]) => readonly Watch[];

function watch(from: number, to: number): Watch {
  return { time: { from: seconds(from), to: seconds(to) } } as unknown as Watch;
}

function at(second: number): Instant {
  return seconds(second) as number as Instant;
}

/** What every claim was over time; `explainAt` as in a run that is repeated for its explanation. */
function historiesOf(plan: Plan, explainAt?: ReadonlyMap<number, Instant>): string[] {
  const cluster = createCluster(plan.cluster, { seed: 1 });
  const execution = new Execution(plan, cluster, explainAt);
  execution.run();
  return execution.watches.map((it) =>
    JSON.stringify([it.history.samples, it.history.seen, it.broken, it.explained, it.since(true)]),
  );
}

function lookingAtAll(plan: Plan, explainAt?: ReadonlyMap<number, Instant>): string[] {
  const undo = replace<At>(InTime.prototype, 'at', () => (_now, all) => all);
  try {
    return historiesOf(plan, explainAt);
  } finally {
    undo();
  }
}

describe('what is in its time', () => {
  it('is in it from its first instant to its last', () => {
    const all = [watch(1, 3), watch(2, 2), watch(5, 9)];
    const inTime = new InTime();
    const found = [0, 1, 2, 3, 4, 5, 9, 10].map((second) =>
      inTime.at(at(second), all).map((it) => all.indexOf(it)),
    );
    expect(found).to.deep.equal([[], [0], [0, 1], [0], [], [2], [2], []]);
  });

  it('is looked for again where times have become known', () => {
    const all = [watch(5, 6)];
    const inTime = new InTime();
    expect(inTime.at(at(1), all)).to.deep.equal([]);
    all.push(watch(1, 2));
    inTime.forget();
    expect(inTime.at(at(1), all)).to.deep.equal([all[1]]);
  });

  it('is all that a look finds anything at', () => {
    const plan = planOf(PLAN);
    expect(historiesOf(plan)).to.deep.equal(lookingAtAll(plan));
  });

  it('is all of the past, too, of what is explained', () => {
    const plan = planOf(PLAN);
    for (const second of [22, 60]) {
      const explained = new Map(plan.expectations.map((_, index) => [index, at(second)]));
      expect(historiesOf(plan, explained)).to.deep.equal(lookingAtAll(plan, explained));
    }
  });
});
