// One plan under many seeds, one run after the other. Of each run only what the distribution
// needs is kept, so that a thousand of them take the memory of one.

import type { Plan } from '../language/plan';
import { hashText } from '../kernel/random';
import { between } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Judgement } from '../vocabulary/operator';
import { notesOfAll } from './early-claims';
import { Execution } from './execution';
import { judgeAll, outcomesOf } from './judge';
import type { Watch } from './observe';
import type { Outcome, RunResult, Spread, Status } from './result';
import { run } from './run';
import type { RunOptions } from './run';

/** Every whole number from `first` to `last`. */
export interface SeedRange {
  readonly first: number;
  readonly last: number;
}

/** So many of the seeds that failed are named; the rest is counted. */
const NAMED_MAX = 10;

/** What one expectation came to in all runs. */
interface Tally {
  readonly counts: Record<Status, number>;
  readonly failing: number[];
  readonly took: Duration[];
  /** The seed of the first run that ended so. */
  readonly first: Partial<Record<Status, number>>;
  /** Whether it was true before anything could make it so, in every run. */
  early: boolean;
}

/**
 * Runs a plan under every seed of the range. The outcome of an expectation is the worst of all
 * runs, told in full for the first seed that has it; `sometimes` passes if any run passes. What is
 * said of one seed is judged under that one alone; how long it takes is counted under all.
 */
export function runSeeds(
  plan: Plan,
  { first, last }: SeedRange,
  options: Omit<RunOptions, 'seed'>,
): RunResult {
  const tallies: Tally[] = [];
  const results = new Map<number, RunResult>();
  const resultFor = (seed: number): RunResult => {
    const known = results.get(seed) ?? run(plan, { ...options, seed });
    results.set(seed, known);
    return known;
  };
  let digest = 0;
  let end = 0;
  for (let seed = first; seed <= last; seed++) {
    const cluster = options.createCluster(plan.cluster, { seed, trace: false });
    const execution = new Execution(plan, cluster);
    runUnder(seed, execution);
    const { journal, now } = cluster.kernel;
    digest = hashText(journal.digest, digest);
    end = Math.max(end, now);
    count(tallies, execution, seed);
  }
  const outcomes = tallies.map((tally, position) => {
    const { operator, seed: pinned } = plan.expectations[position] ?? {};
    const status = operator === 'sometimes' ? bestOf(tally) : worstOf(tally);
    const seed = tally.first[status]!;
    return { ...resultFor(seed).outcomes[position]!, spread: spreadOf(tally, seed, pinned) };
  });
  const result = resultFor(first);
  return {
    ...result,
    outcomes,
    notes: notesOfAll(result.notes, plan.expectations, tallies),
    digest: digest.toString(16).padStart(8, '0'),
    end: end as Instant,
    seeds: { first, last },
  };
}

/** Whatever a run throws tells its seed. */
function runUnder(seed: number, execution: Execution): void {
  try {
    execution.run();
  } catch (error) {
    if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
    throw error;
  }
}

function count(tallies: Tally[], execution: Execution, seed: number): void {
  const judgements = judgeAll(execution);
  const outcomes: readonly Outcome[] = outcomesOf(execution, judgements, seed);
  outcomes.forEach(({ status }, position) => {
    const tally = (tallies[position] ??= {
      counts: { passed: 0, failed: 0, error: 0, skipped: 0 },
      failing: [],
      took: [],
      first: {},
      early: true,
    });
    tally.counts[status]++;
    tally.first[status] ??= seed;
    tally.early &&= judgements[position]?.early === true;
    if (['failed', 'error'].includes(status) && tally.failing.length < NAMED_MAX)
      tally.failing.push(seed);
    const watch = execution.watches[position];
    const took = watch && tookOf(execution, watch, judgements[position]!);
    if (took !== undefined) tally.took.push(took);
  });
}

/**
 * How long after its step the claim came true for good, or how long its stretch says that it took;
 * undefined where that has no end.
 */
function tookOf(
  { timeline }: Execution,
  { expectation, demand }: Watch,
  { status, at, over, took }: Judgement,
): Duration | undefined {
  if (demand.stretch !== undefined) return took;
  const reached = status === 'passed' ? at : over;
  if (expectation.after === undefined) return undefined;
  const start = timeline.of(expectation.after);
  if (start === undefined || reached === undefined) return undefined;
  return between(start, reached);
}

function worstOf({ counts }: Tally): Status {
  if (counts.failed > 0) return 'failed';
  if (counts.error > 0) return 'error';
  return counts.passed > 0 ? 'passed' : 'skipped';
}

function bestOf({ counts }: Tally): Status {
  if (counts.passed > 0) return 'passed';
  if (counts.failed > 0) return 'failed';
  return counts.error > 0 ? 'error' : 'skipped';
}

function spreadOf(
  { counts, failing, took }: Tally,
  seed: number,
  pinned: number | undefined,
): Spread {
  const { skipped, ...judged } = counts;
  const sorted = took.toSorted((a, b) => a - b);
  const rank = (percent: number): Duration =>
    sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)]!;
  return {
    ...judged,
    ...(pinned !== undefined && skipped > 0 && { skipped, pinned }),
    seed,
    failing,
    ...(sorted.length > 0 && {
      took: {
        count: sorted.length,
        min: rank(0),
        p50: rank(50),
        p90: rank(90),
        p99: rank(99),
        max: rank(100),
      },
    }),
  };
}
