// A scenario after validation: plain data with source places, one plan for each row of its
// matrix. The runner reads nothing else.

import type { ClusterSpec } from '../values/cluster-spec';
import type { Diagnostic, SourceRange } from '../values/diagnostic';
import type { Duration, Instant } from '../values/time';

/** When a step happens. */
export type StepWhen =
  | { readonly at: Instant }
  /** A window; the instant is drawn from the seed. */
  | { readonly from: Instant; readonly to: Instant }
  /** Relative to another step: its start, or its recovery, or a repetition of it. */
  | { readonly after: StepEdge; readonly plus: Duration }
  /** On an event, whose instant is known when it has come. */
  | { readonly on: PlannedTrigger; readonly plus: Duration };

/** What a step waits for. */
export interface PlannedTrigger {
  /** The key that says it: `object`, `rollout`. */
  readonly name: string;
  /** The whole value of `when`, as validated by its schema. */
  readonly args: unknown;
  /** Where the change is observed; absent means the API server. */
  readonly seenBy?: { readonly component: string; readonly node?: string };
  /** 1-based. */
  readonly nth: number;
}

/** `crash`, `crash.end`, `crash#2`. */
export interface StepEdge {
  readonly step: string;
  readonly edge: 'start' | 'end';
  /** 1-based. */
  readonly repetition: number;
}

export interface PlannedStep {
  /** As written, or `step-<n>` where none was given. */
  readonly id: string;
  readonly named: boolean;
  readonly when: StepWhen;
  /** `kill`, or the action of `do`: `scale`. */
  readonly verb: { readonly kind: 'fault' | 'action'; readonly name: string };
  /** The value of the verb's key, as validated by its schema. */
  readonly args: unknown;
  /** When a fault recovers; absent means never. */
  readonly recovery?: { readonly for: Duration } | { readonly until: Instant };
  readonly repeat?: { readonly every: Duration; readonly times: number };
  /** The repetitions recover in an order that is drawn, not in that of their beginning. */
  readonly shuffled?: boolean;
  readonly range: SourceRange;
}

export type Operator = 'at' | 'after' | 'always' | 'during' | 'never' | 'eventually' | 'sometimes';

export interface PlannedExpectation {
  /** Position in the file's list, from 0, stable over the rows of the matrix. */
  readonly index: number;
  /** What the scenario's author called it, if anything. */
  readonly title?: string;
  readonly operator: Operator;
  /** For `at`. */
  readonly at?: Instant;
  /** For `after`, with `by` and optionally `hold`. */
  readonly after?: StepEdge;
  /** For `after` and `eventually`: how long it may take. */
  readonly by?: Duration;
  readonly hold?: Duration;
  /** For `after`: how long after the step the claim becomes true; it stays true from then on. */
  readonly takes?: { readonly atLeast: Duration; readonly atMost: Duration };
  /** The one seed that it is said of; under others it is not judged. Absent: of all. */
  readonly seed?: number;
  /** Bounds of `always`, `never`, `eventually`; by itself the stretch that a claim is about. */
  readonly during?: { readonly from: Instant; readonly to: Instant };
  readonly claim: string;
  /** The value of the claim's key, as validated by its schema. */
  readonly args: unknown;
  readonly range: SourceRange;
}

export interface Plan {
  readonly title: string;
  readonly about: string;
  readonly tags: readonly string[];
  /** Path of the scenario's file as the user named it, with forward slashes. */
  readonly file: string;
  readonly range: SourceRange;
  /** The values of this row of the matrix by path; empty without a matrix. */
  readonly row: Readonly<Record<string, string>>;
  readonly cluster: ClusterSpec;
  readonly timeline: readonly PlannedStep[];
  readonly expectations: readonly PlannedExpectation[];
  /** Where the scenario says so; otherwise the runner goes to the last instant that it names. */
  readonly end?: Instant;
  /** The scenario's own seed; the command line may ask for another. */
  readonly seed?: number;
  /** Warnings about this scenario and its manifests: fields that are not modelled, and the like. */
  readonly notes: readonly Diagnostic[];
}
