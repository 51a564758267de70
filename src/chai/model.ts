// The one place where scenarios, vocabulary and cluster come together outside of the command
// line: what to load with and what to run on.

import type { Cluster } from '../cluster/cluster';
import { createCluster } from '../cluster/create-cluster';
import { DISK, loadScenarios } from '../language/index';
import type { Files, LoadedScenarios, Plan } from '../language/index';
import type { RunResult } from '../runner/result';
import { run } from '../runner/run';
import { lexicon } from '../vocabulary/lexicon';

/** Loads scenarios with the whole vocabulary. Never throws for what is wrong with a file. */
export function load(paths: readonly string[], files: Files = DISK): LoadedScenarios {
  return loadScenarios(paths, lexicon, files);
}

/** Runs one plan. Throws only for errors of kubedrill itself. */
export function runPlan(plan: Plan, seed: number): RunResult {
  return run(plan, { seed, createCluster: (spec, options) => createCluster(spec, options.seed) });
}

/** The cluster of a plan at its zero. */
export function clusterOf(plan: Plan, seed: number): Cluster {
  return createCluster(plan.cluster, seed);
}
