import type { PlannedExpectation } from '../../language/plan';
import { between, formatDuration, formatInstant, later, START, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { deadline } from '../history';
import type { History, Sample, Span } from '../history';
import {
  defineOperator,
  emptiness,
  FOREVER,
  judgeStretch,
  nameEdge,
  neverEvaluated,
  notModelled,
  tell,
  tellUntil,
  vacuous,
} from '../operator';
import type { Demand, Instants, Judgement } from '../operator';
import { stretchOf } from '../stretch';
import type { Stretch } from '../stretch';

export default defineOperator({
  name: 'after',
  summary:
    'The claim becomes true within `by` of a step and stays true until the timeline does ' +
    'anything else, or for `hold`. `takes` says instead how long it takes to become true.',
  models:
    'It has become true at the first instant from which on it stays true without a gap. A claim ' +
    'that the step never disturbed is true at once. One that judges a change (`converge`) is an ' +
    'error where nothing changed. One about a stretch of time (`outage`) is about the time from ' +
    'the step until the timeline does anything else, or for `hold`, or to the end of the run.',
  examples: [
    '{after: crash, by: 2s, converge: {service: shop/backend, nodes: all}}',
    '{after: crash, by: 2s, hold: 30s, reach: {from: shop/frontend, to: backend:80}}',
    '{after: crash, hold: 30s, outage: {from: shop/frontend, to: backend:80, gap: 0s}}',
    '{after: crash, takes: {atLeast: 350ms, atMost: 350ms}, ' +
      'reach: {from: shop/frontend, to: backend:80}}',
  ],
  title({ subject, predicate, isStretch }, expectation) {
    const { takes, by = ZERO, hold, after } = expectation;
    const step = after === undefined ? 'the step' : nameEdge(after);
    if (isStretch === true) return `${subject} ${predicate}${titleStretch(expectation)} ${step}`;
    if (takes !== undefined) return `${subject} ${predicate} ${tellTakes(takes)} after ${step}`;
    const holding = hold === undefined ? '' : ` and for ${formatDuration(hold)}`;
    return `${subject} ${predicate} within ${formatDuration(by)} of ${step}${holding}`;
  },
  expected({ expected, stretch }, expectation, instants) {
    const { takes, by, hold } = expectation;
    if (stretch !== undefined) return expected;
    if (takes !== undefined)
      return `${expected} ${tellTakes(takes)} after the step, and from then on`;
    const start = startOf(expectation, instants);
    const limit = start === undefined ? '' : ` by ${formatInstant(deadline(start, by))}`;
    if (hold !== undefined)
      return `${expected}${limit}, and for ${formatDuration(hold)} from then on`;
    return `${expected}${limit}, and from then on`;
  },
  span: window,
  marks(expectation, instants) {
    const start = startOf(expectation, instants);
    if (start === undefined) return [];
    const { by, takes } = expectation;
    const before = start > START ? [(start - 1) as Instant] : [];
    return [...before, start, deadline(start, takes?.atMost ?? by)];
  },
  judge(expectation, history, instants, demand) {
    const start = startOf(expectation, instants);
    if (start === undefined) return neverEvaluated('its step never happened');
    if (demand.stretch !== undefined) {
      return judgeStretch(stretchAfter(start, expectation, history, instants), demand.stretch);
    }
    if (history.at(start) === undefined)
      return neverEvaluated('the run ended before its time came');
    const judgement = judgeFrom(start, expectation, history, instants);
    return suspect(judgement, { start, expectation, history, instants, demand }) ?? judgement;
  },
});

/** ` within 2s of the change, for 30s after`. */
function titleStretch({ by, hold }: PlannedExpectation): string {
  const limit = by === undefined ? '' : ` within ${formatDuration(by)} of the change,`;
  return hold === undefined ? `${limit} after` : `${limit} for ${formatDuration(hold)} after`;
}

function startOf({ after }: PlannedExpectation, instants: Instants): Instant | undefined {
  return after === undefined ? undefined : instants.of(after);
}

/** From just before the step until nothing can change the verdict any more. */
function window(expectation: PlannedExpectation, instants: Instants): Span | undefined {
  const start = startOf(expectation, instants);
  if (start === undefined) return undefined;
  const from = (start > START ? start - 1 : start) as Instant;
  if (expectation.hold === undefined || expectation.takes !== undefined)
    return { from, to: FOREVER };
  return { from, to: later(deadline(start, expectation.by), expectation.hold) };
}

/** From the step until the timeline does anything else, or for `hold`, or to the end. */
function stretchAfter(
  start: Instant,
  { hold, by }: PlannedExpectation,
  history: History,
  instants: Instants,
): Stretch {
  const to = hold === undefined ? instants.nextAfter(start) : later(start, hold);
  return stretchOf(history, { from: start, ...(to !== undefined && { to }) }, by);
}

function judgeFrom(
  start: Instant,
  expectation: PlannedExpectation,
  history: History,
  instants: Instants,
): Judgement {
  const { takes, by } = expectation;
  const last = takes === undefined ? deadline(start, by) : FOREVER;
  const reached = firstLasting(history, start, last, expectation, instants);
  if (takes !== undefined) return judgeDuration(start, reached, takes, history);
  if (reached === undefined) return judgeMissed(last, history);
  return {
    status: 'passed',
    actual: `${reached.observation.actual} since ${formatInstant(reached.at)}`,
    at: reached.at,
    sample: reached,
    ...(reached.at > start && { over: reached.at }),
  };
}

/** The first instant from which on the claim stays true for as long as it must. */
function firstLasting(
  history: History,
  from: Instant,
  to: Instant,
  { hold }: PlannedExpectation,
  instants: Instants,
): Sample | undefined {
  let previous = false;
  for (const sample of history.during({ from, to })) {
    const holds = sample.observation.holds === true;
    if (holds && !previous) {
      const until = hold === undefined ? instants.nextAfter(sample.at) : later(sample.at, hold);
      const broken = history.firstAfter(sample.at, (it) => it.holds !== true);
      if (broken === undefined || broken.at >= (until ?? FOREVER)) return sample;
    }
    previous = holds;
  }
  return undefined;
}

/** It was not true at the deadline, or it was and did not stay so. */
function judgeMissed(last: Instant, history: History): Judgement {
  const sample = { ...history.at(last)!, at: last };
  if (sample.observation.holds !== true) {
    if (sample.observation.holds === undefined) return notModelled(sample);
    const cure = history.firstAfter(last, (it) => it.holds === true);
    const actual = tellUntil(sample.observation, cure?.at);
    const over = cure === undefined ? {} : { over: cure.at };
    return { status: 'failed', actual, at: last, sample, ...over };
  }
  const broken = history.firstAfter(last, (it) => it.holds !== true)!;
  if (broken.observation.holds === undefined) return notModelled(broken);
  const since = `from ${formatInstant(broken.at)} on`;
  const actual = `${sample.observation.actual} at first, but ${tell(broken.observation)} ${since}`;
  return { status: 'failed', actual, at: broken.at, sample: broken };
}

type Takes = NonNullable<PlannedExpectation['takes']>;

function judgeDuration(
  start: Instant,
  reached: Sample | undefined,
  { atLeast, atMost }: Takes,
  history: History,
): Judgement {
  const limit = deadline(start, atMost);
  const sample = { ...history.at(limit)!, at: limit };
  if (reached === undefined) {
    if (sample.observation.holds === undefined) return notModelled(sample);
    const then = `at ${formatInstant(limit)}, and never for good after it`;
    const actual = `${tell(sample.observation)} ${then}`;
    return { status: 'failed', actual, at: limit, sample };
  }
  const took = between(start, reached.at);
  const then = `after ${formatDuration(took)} (${formatInstant(reached.at)})`;
  const actual = `${reached.observation.actual} ${then}`;
  const over = reached.at > start ? { over: reached.at } : {};
  if (took > atMost) return { status: 'failed', actual, at: limit, sample, ...over };
  const status = took < atLeast ? 'failed' : 'passed';
  return { status, actual, at: reached.at, sample: reached, ...over };
}

interface Judged {
  readonly start: Instant;
  readonly expectation: PlannedExpectation;
  readonly history: History;
  readonly instants: Instants;
  readonly demand: Demand;
}

/** Whether the verdict says less than it seems to: nothing to look at, or nothing that changed. */
function suspect(judgement: Judgement, judged: Judged): Judgement | undefined {
  const { start, expectation, history, instants, demand } = judged;
  const { by, takes } = expectation;
  const to = takes === undefined ? deadline(start, by) : (instants.nextAfter(start) ?? FOREVER);
  const samples = history.during({ from: start, to });
  const empty = emptiness(samples);
  if (empty !== undefined) return vacuous(samples[0]!, empty);
  if (!demand.judgesChange || judgement.status !== 'passed' || start === START) return undefined;
  const since = history.during({ from: (start - 1) as Instant, to });
  if (since.length > 1) return undefined;
  return vacuous(samples[0]!, `${nameEdge(expectation.after!)} changed nothing that it judges`);
}

/** `exactly 350ms`, `39.7s to 55s`. */
function tellTakes({ atLeast, atMost }: { atLeast: Duration; atMost: Duration }): string {
  if (atLeast === atMost) return `exactly ${formatDuration(atMost)}`;
  return atLeast === 0
    ? `at most ${formatDuration(atMost)}`
    : `${formatDuration(atLeast)} to ${formatDuration(atMost)}`;
}
