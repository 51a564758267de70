// What a run found. The only input of chai messages and reporters: they read these fields and
// never match message texts.

import type { Diagnostic, SourceRange } from '../values/diagnostic';
import type { Duration, Instant } from '../values/time';
import type { Trace } from '../values/trace';
import type { ChainLink } from './cause-chain';

/**
 * `failed`: the claim does not hold. `error`: nothing trustworthy can be said (vacuous, never
 * evaluated, not modelled). `skipped`: it is said of another seed (`seed:` of the expectation).
 */
export type Status = 'passed' | 'failed' | 'error' | 'skipped';

export interface Outcome {
  /** `shop/frontend reaches backend:80 within 2s of "crash"`. */
  readonly title: string;
  readonly claim: string;
  readonly operator: string;
  readonly status: Status;
  /** Why an `error` is one; `refused`: the API server did not take what the scenario gives it. */
  readonly code?: 'vacuous' | 'never-evaluated' | 'not-modelled' | 'not-settled' | 'refused';
  readonly expected: string;
  readonly actual: string;
  /** The instant that decided. */
  readonly at?: Instant;
  /** The packet walks that decided, the failing one first. */
  readonly traces: readonly Trace[];
  /** Sentences that tell why, in order; each names its object, rule or timer. */
  readonly why: readonly string[];
  /**
   * The cause chain from the fault to the verdict. What passed has one where the run explains
   * everything (RunOptions.explain) and its verdict was reached by something that happened.
   */
  readonly chain: readonly ChainLink[];
  readonly range: SourceRange;
  /** The command that repeats exactly this. */
  readonly repeat: string;
  /** Where the plan ran under several seeds: what they all came to. */
  readonly spread?: Spread;
}

/** What one expectation came to under many seeds. */
export interface Spread {
  readonly passed: number;
  readonly failed: number;
  readonly error: number;
  /** The runs in which it was not judged, and the seed that it is said of; absent for none. */
  readonly skipped?: number;
  readonly pinned?: number;
  /** The seed that the outcome itself tells of. */
  readonly seed: number;
  /** The first seeds under which it did not pass, in order. */
  readonly failing: readonly number[];
  /** How long after its step it came true for good, in the runs in which it did. */
  readonly took?: Distribution;
}

/** By nearest rank: each of the figures is that of one run. */
export interface Distribution {
  readonly count: number;
  readonly min: Duration;
  readonly p50: Duration;
  readonly p90: Duration;
  readonly p99: Duration;
  readonly max: Duration;
}

/** One run of one plan under one seed. */
export interface RunResult {
  readonly title: string;
  readonly file: string;
  readonly range: SourceRange;
  readonly tags: readonly string[];
  readonly row: Readonly<Record<string, string>>;
  readonly seed: number;
  /** Where it stands for one run under each of several seeds. */
  readonly seeds?: { readonly first: number; readonly last: number };
  /** The journal's digest: equal for equal runs. */
  readonly digest: string;
  /** Virtual time at the end of the run. */
  readonly end: Instant;
  readonly outcomes: readonly Outcome[];
  readonly notes: readonly Diagnostic[];
  /** What the run took containers to do where nothing says it; one sentence each. */
  readonly assumptions: readonly string[];
  readonly cluster: {
    readonly kubernetes: string;
    readonly cni: string;
    readonly proxy: string;
    readonly timing: string;
    readonly nodes: number;
  };
}
