// What a run found. The only input of chai messages and reporters: they read these fields and
// never match message texts.

import type { Diagnostic, SourceRange } from '../values/diagnostic';
import type { Instant } from '../values/time';
import type { Trace } from '../values/trace';
import type { ChainLink } from './cause-chain';

/**
 * `failed`: the claim does not hold. `error`: nothing trustworthy can be said (vacuous, never
 * evaluated, not modelled).
 */
export type Status = 'passed' | 'failed' | 'error';

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
}

/** One run of one plan under one seed. */
export interface RunResult {
  readonly title: string;
  readonly file: string;
  readonly range: SourceRange;
  readonly tags: readonly string[];
  readonly row: Readonly<Record<string, string>>;
  readonly seed: number;
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
