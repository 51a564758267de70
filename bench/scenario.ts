// A small scenario, warm: load once, run again and again, against the bare event loop of the
// kernel doing as many events as the run wrote lines into its journal.

import { createCluster } from '../src/cluster/create-cluster';
import { Kernel } from '../src/kernel/kernel';
import { Phase } from '../src/kernel/phase';
import { loadScenarios } from '../src/language/index';
import type { Files, Plan } from '../src/language/index';
import { Execution } from '../src/runner/execution';
import { run } from '../src/runner/run';
import type { RunResult } from '../src/runner/result';
import type { Instant } from '../src/values/time';
import { lexicon } from '../src/vocabulary/lexicon';
import { compare } from './measure';
import type { Measurement } from './measure';

/** The client of the scenarios, as YAML. */
export const FRONTEND = `apiVersion: v1
kind: Pod
metadata: {name: frontend}
spec: {containers: [{name: main, image: example/frontend}]}`;

/** Three nodes, a Service with three backends, a crash, two expectations that hold. */
export const SMALL_SCENARIO = `
scenario: one backend crashes
cluster: {nodes: 3}
timeline:
  - {at: 10s, id: crash, kill: {pod: "backend#1"}}
expect:
  - {at: 5s, reach: {from: frontend, to: backend:80}}
  - {after: crash, by: 3s, reach: {from: frontend, to: backend:80}}
---
${FRONTEND}
---
${serviceOf('backend', 3)}
`;

/** A Deployment and the Service in front of it, as YAML. */
export function serviceOf(name: string, replicas: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: example/${name}, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{port: 80, targetPort: 8080}]}`;
}

/** The one plan of a scenario's text. Throws where the text is not one. */
export function planOf(text: string): Plan {
  const files: Files = { read: () => ({ is: 'text', text }), expand: (path) => [path] };
  const { plans, diagnostics } = loadScenarios(['bench.yaml'], lexicon, files);
  const [plan] = plans;
  if (plan === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return plan;
}

export function scenarioMeasurements(): Measurement[] {
  const plan = planOf(SMALL_SCENARIO);
  const failed = runOnce(plan).outcomes.filter(({ status }) => status !== 'passed');
  if (failed.length > 0) throw new Error(`the bench's scenario fails: ${failed[0]!.actual}`);
  const events = linesOf(plan);
  return [
    compare({
      name: `scenario: 3 nodes, 1 crash, 2 expectations (${events} journal lines)`,
      unit: 'runs',
      yardstick: 'as many events of the bare kernel',
      subject: () => {
        runOnce(plan);
        return 1;
      },
      base: () => bareEvents(events),
      rounds: 15,
    }),
  ];
}

function runOnce(plan: Plan): RunResult {
  return run(plan, { seed: 1, createCluster });
}

/** How many lines a run tells, those of a settled start left out. */
function linesOf(plan: Plan): number {
  const execution = new Execution(plan, createCluster(plan.cluster, { seed: 1 }));
  execution.run();
  return execution.cluster.kernel.journal.length;
}

/** The event loop alone: so many events, each of which writes a line. */
export function bareEvents(count: number): number {
  const kernel = new Kernel(1);
  const kind = kernel.declare('event', (a) => void kernel.note('bench', 'did', 'it', String(a)));
  for (let at = 0; at < count; at++) kernel.schedule(at as Instant, Phase.agent, kind, at);
  kernel.runUntil(count as Instant);
  return 1;
}
