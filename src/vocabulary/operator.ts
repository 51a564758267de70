// How operators are defined: an operator says when a claim has to be observed, and what the
// history of the observations must look like. It knows no claim in particular.

import type { Operator as OperatorName, PlannedExpectation, StepEdge } from '../language/plan';
import { formatInstant } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Observation, Phrase } from './define';
import type { History, Sample, Span } from './history';
import type { Stretch, StretchVerdict } from './stretch';

/** The instants that a timeline came to in one run. */
export interface Instants {
  /** When an edge of a step took place; undefined where it never does. */
  of(edge: StepEdge): Instant | undefined;
  /** When the timeline next does anything after `at`: a step, a repetition or a recovery. */
  nextAfter(at: Instant): Instant | undefined;
}

/** A span without an end: until the run is over. */
export const FOREVER = Number.MAX_SAFE_INTEGER as Instant;

export interface Judgement {
  /** `failed`: the claim does not hold. `error`: nothing trustworthy can be said. */
  readonly status: 'passed' | 'failed' | 'error';
  readonly code?: 'vacuous' | 'never-evaluated' | 'not-modelled';
  readonly actual: string;
  /** The instant that decided, and what was the case then. */
  readonly at?: Instant;
  readonly sample?: Sample;
  /** Why, as far as the operator itself can tell. */
  readonly why?: readonly string[];
  /** When it came true, or what the sample shows was over: where it is about how long that took. */
  readonly over?: Instant;
  /** How long what a claim about a stretch is about took. */
  readonly took?: Duration;
  /** It was true before anything could make it so: that it passed shows nothing. */
  readonly early?: true;
}

/** What a claim demands, in its own words. */
export interface Demand {
  readonly expected: string;
  readonly expectedNever: string;
  /** See Claim.judgesChange. */
  readonly judgesChange: boolean;
  /** Judges a whole stretch, where the claim is about one. */
  readonly stretch?: (stretch: Stretch) => StretchVerdict;
}

export interface Operator {
  readonly name: OperatorName;
  readonly summary: string;
  /** How a history is judged, in full sentences; for the reference pages. */
  readonly models: string;
  readonly examples: readonly string[];
  /** The sentence of the expectation, around the claim's own words. */
  title(phrase: Phrase, expectation: PlannedExpectation): string;
  expected(demand: Demand, expectation: PlannedExpectation, instants: Instants): string;
  /** When the claim must be observed; undefined where that never comes. */
  span(expectation: PlannedExpectation, instants: Instants): Span | undefined;
  /** Instants inside of the span at which it must be observed even if nothing changed. */
  marks(expectation: PlannedExpectation, instants: Instants): readonly Instant[];
  judge(
    expectation: PlannedExpectation,
    history: History,
    instants: Instants,
    demand: Demand,
  ): Judgement;
}

/** Defines an operator. */
export function defineOperator(operator: Operator): Operator {
  return Object.freeze(operator);
}

/** `refused for 1 of 3 possible backends`. */
export function tell({ actual, among }: Observation): string {
  return among === undefined ? actual : `${actual} ${among}`;
}

/** `refused until t=12.6s for 1 of 3 possible backends`. */
export function tellUntil({ actual, among }: Observation, end: Instant | undefined): string {
  const until = end === undefined ? 'until the end of the run' : `until ${formatInstant(end)}`;
  return among === undefined ? `${actual} ${until}` : `${actual} ${until} ${among}`;
}

/** The judgement where there was nothing to look at. */
export function neverEvaluated(why: string): Judgement {
  return { status: 'error', code: 'never-evaluated', actual: 'never evaluated', why: [why] };
}

/** The judgement where an answer depends on what the model does not know. */
export function notModelled(sample: Sample): Judgement {
  const reason = sample.observation.notModelled ?? 'the model does not know the answer';
  return {
    status: 'error',
    code: 'not-modelled',
    actual: `not modelled: ${reason}`,
    at: sample.at,
    sample,
  };
}

/** The judgement where no sample could have been otherwise. */
export function vacuous(sample: Sample, why: string): Judgement {
  return {
    status: 'error',
    code: 'vacuous',
    actual: `nothing to judge: ${why}`,
    at: sample.at,
    sample,
  };
}

/** Why none of the samples could be judged; undefined where one could. */
export function emptiness(samples: readonly Sample[]): string | undefined {
  const first = samples[0]?.observation.vacuous;
  return samples.every(({ observation }) => observation.vacuous !== undefined) ? first : undefined;
}

/** `"crash"`, `"crash#2"`, `the end of "loss"`. */
export function nameEdge({ step, edge, repetition }: StepEdge): string {
  const name = repetition === 1 ? `"${step}"` : `"${step}#${repetition}"`;
  return edge === 'end' ? `the end of ${name}` : name;
}

/** The judgement of a claim about a stretch; errors where nothing trustworthy can be said of it. */
export function judgeStretch(stretch: Stretch, judge: NonNullable<Demand['stretch']>): Judgement {
  const { samples } = stretch;
  if (samples.length === 0) return neverEvaluated('the run ended before its time came');
  const empty = emptiness(samples);
  if (empty !== undefined) return vacuous(samples[0]!, empty);
  const unknown = samples.find(({ observation }) => observation.notModelled !== undefined);
  if (unknown !== undefined) return notModelled(unknown);
  const verdict = judge(stretch);
  if (verdict.vacuous !== undefined) return vacuous(samples[0]!, verdict.vacuous);
  const { passed, actual, at, over, took, why } = verdict;
  const sample = at === undefined ? undefined : sampleAt(samples, at);
  return {
    status: passed ? 'passed' : 'failed',
    actual,
    ...(at !== undefined && { at }),
    ...(sample !== undefined && { sample: { ...sample, at: at! } }),
    ...(over !== undefined && { over }),
    ...(took !== undefined && { took }),
    ...(why !== undefined && { why }),
  };
}

function sampleAt(samples: readonly Sample[], instant: Instant): Sample | undefined {
  return samples.findLast(({ at }) => at <= instant);
}

/**
 * The judgement of a claim that came true at none of its instants: it failed, unless there was
 * nothing to look at or the model does not know.
 */
export function neverReached(
  samples: readonly Sample[],
  history: History,
  quality: 'holds' | 'possible',
): Judgement {
  const empty = emptiness(samples);
  if (empty !== undefined) return vacuous(samples[0]!, empty);
  const unknown = samples.find(({ observation }) => observation[quality] === undefined);
  if (unknown !== undefined) return notModelled(unknown);
  const last = samples.at(-1)!;
  const actual = tellUntil(last.observation, history.endOf(last));
  return { status: 'failed', actual, at: last.at, sample: last };
}
