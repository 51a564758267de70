// What exploring costs: a fork against building a settled cluster, a thousand seeds against as many
// runs alone, time in which nothing happens, and a typical scenario against the bare event loop.

import { runPlan, runPlanUnder } from '../src/chai/model';
import type { Cluster } from '../src/cluster/cluster';
import { createCluster } from '../src/cluster/create-cluster';
import { EventQueue } from '../src/kernel/event-queue';
import type { Plan } from '../src/language/index';
import { Execution } from '../src/runner/execution';
import { judgeAll } from '../src/runner/judge';
import { seconds } from '../src/values/time';
import type { Duration, Instant } from '../src/values/time';
import { compare } from './measure';
import type { Measurement } from './measure';
import { bareEvents, FRONTEND, planOf, serviceOf, SMALL_SCENARIO } from './scenario';

const SEEDS = 1_000;

/** A single run takes a few milliseconds, of which chance may take as many again. */
const RUNS_ALONE = 50;

/** Five nodes, ten minutes, ten crashes, thirty expectations. */
const TYPICAL_SCENARIO = `
scenario: ten minutes of crashes
cluster: {nodes: 5}
end: 10m
timeline:
${lines((n) => `  - {at: ${n * 55}s, id: crash-${n}, kill: {pod: "backend#${(n % 6) + 1}"}}`)}
expect:
${lines((n) => `  - {at: ${n * 55 - 5}s, reach: {from: frontend, to: backend:80}}`)}
${lines((n) => `  - {after: crash-${n}, by: 10s, reach: {from: frontend, to: backend:80}}`)}
${lines((n) => `  - {at: ${n * 55 + 30}s, converge: {service: default/backend}}`)}
---
${FRONTEND}
---
${serviceOf('backend', 6)}
`;

/** One line for each of the ten crashes. */
function lines(line: (n: number) => string): string {
  return Array.from({ length: 10 }, (_, index) => line(index + 1)).join('\n');
}

export function explorationMeasurements(): Measurement[] {
  const small = planOf(SMALL_SCENARIO);
  return [forkMeasurement(small), seedsMeasurement(small), idleMeasurement(small), typical()];
}

function forkMeasurement(plan: Plan): Measurement {
  const settled = createCluster(plan.cluster, { seed: 1 });
  return compare({
    name: 'fork of a settled cluster: 3 nodes',
    unit: 'forks',
    yardstick: 'building a settled cluster',
    subject: () => Number(settled.fork({ seed: 2 }).kernel.now === settled.kernel.now),
    base: () => Number(createCluster(plan.cluster, { seed: 2 }).kernel.now === 0),
    rounds: 30,
    goal: 0.5,
  });
}

function seedsMeasurement(plan: Plan): Measurement {
  return compare({
    name: `${SEEDS} seeds of the small scenario in one process`,
    unit: 'runs',
    yardstick: 'one run of it, alone',
    subject: () => runPlanUnder(plan, { first: 1, last: SEEDS }).outcomes[0]!.spread!.passed,
    base: () => runAlone(plan),
    rounds: 1,
    goal: 1.5,
  });
}

function runAlone(plan: Plan): number {
  let runs = 0;
  while (runs < RUNS_ALONE) runs += Number(runPlan(plan, 1).outcomes.length > 0);
  return runs;
}

/** An hour in which nothing happens has no events, and costs what a minute costs. */
function idleMeasurement(plan: Plan): Measurement {
  const idle = (span: Duration): number => {
    const cluster = createCluster(plan.cluster, { seed: 1 });
    cluster.kernel.runUntil(seconds(60) as number as Instant);
    const lived = cluster.kernel.journal.length;
    cluster.kernel.runUntil((seconds(60) + span) as Instant);
    return cluster.kernel.journal.length >= lived ? 1 : 0;
  };
  return compare({
    name: 'an idle hour of 3 nodes, with what settles before it',
    unit: 'hours',
    yardstick: 'an idle minute of the same',
    subject: () => idle(seconds(3_600)),
    base: () => idle(seconds(60)),
    rounds: 15,
    goal: 1.1,
  });
}

/** From zero on: a fork of the settled cluster lives the ten minutes. */
function typical(): Measurement {
  const plan = planOf(TYPICAL_SCENARIO);
  const failed = runPlan(plan, 1).outcomes.filter(({ status }) => status !== 'passed');
  if (failed.length > 0) throw new Error(`the typical scenario fails: ${failed[0]!.actual}`);
  const settled = createCluster(plan.cluster, { seed: 1 });
  const events = eventsOf(plan, settled);
  return compare({
    name: `scenario: 10 minutes, 5 nodes, 30 expectations (${events} events)`,
    unit: 'runs',
    yardstick: 'as many events of the bare kernel',
    subject: () => liveThrough(plan, settled.fork()),
    base: () => bareEvents(events),
    // Warm means that the compiler of the engine has seen it all: that takes it some 200 runs.
    warmUp: 200,
    rounds: 101,
    goal: 10,
  });
}

function liveThrough(plan: Plan, cluster: Cluster): number {
  const execution = new Execution(plan, cluster);
  execution.run();
  return Number(judgeAll(execution).length > 0);
}

/** How many events a run handles; a change that several watch is one for each of them. */
function eventsOf(plan: Plan, settled: Cluster): number {
  const advance = EventQueue.prototype.advance;
  let count = 0;
  EventQueue.prototype.advance = function counted(this: EventQueue) {
    count++;
    return advance.call(this);
  };
  try {
    liveThrough(plan, settled.fork());
  } finally {
    EventQueue.prototype.advance = advance;
  }
  return count;
}
