// Where plans and the model come together.

import type { Cluster } from '../cluster/cluster';
import { createCluster } from '../cluster/create-cluster';
import type { Plan } from '../language/plan';
import type { Explaining } from '../runner/judge';
import type { RunResult } from '../runner/result';
import { run } from '../runner/run';
import { runSeeds } from '../runner/seeds';
import type { SeedRange } from '../runner/seeds';
import { sharingClusters } from '../runner/shared-clusters';

/** Runs one plan. Throws only for errors of kubedrill itself. */
export function runPlan(plan: Plan, seed: number, explain?: Explaining): RunResult {
  return run(plan, { seed, createCluster, ...(explain !== undefined && { explain }) });
}

/** Runs each of these plans by itself; a cluster that several begin with settles once. */
export function runnerOf(
  plans: readonly Plan[],
  seed: number,
  explain: Explaining,
): (plan: Plan) => RunResult {
  const options = { seed, explain, createCluster: sharingClusters(plans, createCluster) };
  return (plan) => run(plan, options);
}

/** Runs one plan under every seed of a range. Throws only for errors of kubedrill itself. */
export function runPlanUnder(plan: Plan, seeds: SeedRange, explain?: Explaining): RunResult {
  return runSeeds(plan, seeds, { createCluster, ...(explain !== undefined && { explain }) });
}

/** The cluster of a plan at its zero. */
export function clusterOf(plan: Plan, seed: number): Cluster {
  return createCluster(plan.cluster, { seed });
}
