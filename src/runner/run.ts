// A plan becomes a result. Runs are untraced; where an expectation fails, the same run is repeated
// and the deciding instants are explained. Determinism makes that exact, and the repetition checks
// it at the same time.

import type { Cluster } from '../cluster/cluster';
import { formatEntry } from '../kernel/journal';
import type { Journal } from '../kernel/journal';
import type { Plan } from '../language/plan';
import type { ClusterSpec } from '../values/cluster-spec';
import { earlyClaims } from './early-claims';
import { Execution } from './execution';
import { judgeAll, outcomesOf, worthExplaining } from './judge';
import type { Explaining } from './judge';
import type { RunResult } from './result';

/** Builds a cluster that stands at its scenario's zero. `trace`: every walk may be asked for. */
export type CreateCluster = (
  spec: ClusterSpec,
  options: { readonly seed: number; readonly trace: boolean },
) => Cluster;

export interface RunOptions {
  readonly seed: number;
  readonly createCluster: CreateCluster;
  /** Whether failures are explained by a second run; true by default. Bulk runs switch it off. */
  readonly trace?: boolean;
  /** Whether that run also tells how what passed came true; `failures` by default. */
  readonly explain?: Explaining;
}

/** Two runs of one plan under one seed differed: a defect of kubedrill, never of a scenario. */
export class NondeterminismError extends Error {
  readonly code = 'NONDETERMINISM';
}

/** Runs a plan once under one seed and judges all of its expectations. */
export function run(plan: Plan, options: RunOptions): RunResult {
  const { seed, createCluster, trace = true, explain = 'failures' } = options;
  const first = new Execution(plan, createCluster(plan.cluster, { seed, trace: false }));
  first.run();
  const judgements = judgeAll(first);
  const wanted = worthExplaining(judgements, plan, { seed, explain });
  if (!trace || wanted.size === 0) return resultOf(first, judgements, options);
  const second = new Execution(plan, createCluster(plan.cluster, { seed, trace: true }), wanted);
  second.run();
  demandSame(first.cluster.kernel.journal, second.cluster.kernel.journal);
  return resultOf(second, judgeAll(second), options);
}

function resultOf(
  execution: Execution,
  judgements: ReturnType<typeof judgeAll>,
  { seed }: RunOptions,
): RunResult {
  const { plan, cluster } = execution;
  const { spec } = cluster;
  return {
    title: plan.title,
    file: plan.file,
    range: plan.range,
    tags: plan.tags,
    row: plan.row,
    seed,
    digest: cluster.kernel.journal.digest,
    end: cluster.kernel.now,
    outcomes: outcomesOf(execution, judgements, seed),
    notes: [
      ...plan.notes,
      ...execution.steps.warnings,
      ...earlyClaims(plan.expectations, judgements),
    ],
    assumptions: cluster.assumptions(),
    cluster: {
      kubernetes: spec.kubernetes,
      cni: spec.cni.name,
      proxy: spec.proxy.mode,
      timing: spec.timing.profile,
      nodes: spec.nodes.length,
    },
  };
}

function demandSame(one: Journal, other: Journal): void {
  if (one.digest === other.digest && one.length === other.length) return;
  const lines = one.all().map(formatEntry);
  const others = other.all().map(formatEntry);
  const index = lines.findIndex((line, position) => line !== others[position]);
  const at = index < 0 ? lines.length : index;
  throw new NondeterminismError(
    `two runs under one seed part at event ${at}: ` +
      `"${lines[at] ?? 'the end'}" and "${others[at] ?? 'the end'}"`,
  );
}
