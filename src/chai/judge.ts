// A claim of the vocabulary, judged now or over the time to come. The judging is that of the
// scenario's operators, so that an assertion and an expectation can never disagree.

import type { Entry } from '../kernel/journal';
import type { Operator, PlannedExpectation } from '../language/plan';
import { explain, explainLast } from '../runner/explain';
import type { Explanation } from '../runner/explain';
import type { Outcome } from '../runner/result';
import type { SourceRange } from '../values/diagnostic';
import { formatDuration, formatInstant, later } from '../values/time';
import type { Duration, Instant } from '../values/time';
import { operatorNamed } from '../vocabulary/index';
import type { Claim, Observation } from '../vocabulary/define';
import { titleOf } from '../vocabulary/define';
import { History } from '../vocabulary/history';
import type { Sample } from '../vocabulary/history';
import type { Instants, Judgement } from '../vocabulary/operator';
import type { Stretch } from '../vocabulary/stretch';
import type { Subject } from './subject';

export interface Question {
  readonly claim: Claim;
  readonly args: unknown;
  readonly subject: Subject;
  /** `.not`: the claim must not be possible on any path from any source. */
  readonly denied: boolean;
  /** How long it may take to come true; denied, how long it must stay impossible. */
  readonly within?: Duration;
  readonly range: SourceRange;
}

/** Time has no steps of a timeline here. */
const NO_STEPS: Instants = { of: () => undefined, nextAfter: () => undefined };

/**
 * Judges, moving the drill's clock only where `within` says so: to the instant at which the claim
 * came true, and else to the end of the span.
 */
export function judge(question: Question): Outcome {
  const { claim, args, subject, denied, within } = question;
  const { drill } = subject;
  const start = drill.now;
  const end = within === undefined ? start : later(start, within);
  const history = new History();
  const isStretch = claim.stretch?.(args) !== undefined;
  const prepared = isStretch ? claim.prepare?.(drill.cluster, args) : subject.prepared;
  const look = (): Observation => {
    const context = { explain: true, denied, prepared };
    const observation = claim.observe(drill.cluster, args, context);
    history.add(drill.now, observation);
    return observation;
  };
  // A stretch is looked at to its end.
  const settled = ({ holds, possible }: Observation): boolean =>
    !isStretch && (denied ? possible === true : holds === true);
  if (!settled(look()) && within !== undefined) {
    drill.advance(end, () => settled(look()));
  }
  return outcomeOf(question, start, end, judgementOf(question, history, start, end));
}

function judgementOf(
  { claim, args, denied, within, range }: Question,
  history: History,
  from: Instant,
  to: Instant,
): Judgement {
  const operator = operatorOf(claim, args, denied, within);
  const expectation: PlannedExpectation = {
    index: 0,
    operator,
    claim: claim.name,
    args,
    range,
    ...(operator === 'at' ? { at: from } : { during: { from, to } }),
  };
  const demand = {
    expected: claim.expected(args),
    expectedNever: claim.expectedNever(args),
    judgesChange: claim.judgesChange ?? false,
    ...(operator === 'during' && { stretch: (it: Stretch) => claim.judgeStretch!(args, it) }),
  };
  return operatorNamed(operator).judge(expectation, history, NO_STEPS, demand);
}

function operatorOf(
  claim: Claim,
  args: unknown,
  denied: boolean,
  within: Duration | undefined,
): Operator {
  if (claim.stretch?.(args) !== undefined) return 'during';
  if (denied) return 'never';
  return within === undefined ? 'at' : 'eventually';
}

function explanationOf(
  { claim, args, subject }: Question,
  { observation, at }: Sample,
  over: Instant | undefined,
): Explanation {
  const { cluster } = subject.drill;
  const mayBe = (entry: Entry): boolean => claim.mayBeChangedBy?.(args, entry) === true;
  const found = explain(cluster, { observation, mayBe }, at, over);
  if (found.chain.length > 0) return found;
  const { why, chain } = explainLast(cluster, { observation, mayBe }, at);
  return { why: [...found.why, ...why], chain };
}

function outcomeOf(question: Question, from: Instant, to: Instant, found: Judgement): Outcome {
  const { claim, args, denied, within, range, subject } = question;
  const { status, code, actual, at, sample, over } = found;
  const isStretch = claim.stretch?.(args) !== undefined;
  const limit = within === undefined || isStretch ? '' : ` by ${formatInstant(to)}`;
  const explanation =
    status === 'passed' || sample === undefined
      ? { why: [], chain: [] }
      : explanationOf(question, sample, over);
  const expected = denied ? claim.expectedNever(args) : `${claim.expected(args)}${limit}`;
  return {
    title: `${titleOf(claim, args, denied)} ${when(from, within, isStretch)}`,
    claim: claim.name,
    operator: operatorOf(claim, args, denied, within),
    status,
    ...(code !== undefined && { code }),
    expected,
    actual,
    ...(at !== undefined && { at }),
    traces: sample?.observation.traces ?? [],
    why: [...(found.why ?? []), ...explanation.why],
    chain: explanation.chain,
    range,
    repeat: `npx mocha ${range.file} (seed ${subject.drill.seed})`,
  };
}

function when(from: Instant, within: Duration | undefined, isStretch: boolean): string {
  if (isStretch && within !== undefined) {
    return `for ${formatDuration(within)} from ${formatDuration(from as number as Duration)} on`;
  }
  const instant = formatDuration(from as number as Duration);
  return within === undefined ? `at ${instant}` : `within ${formatDuration(within)} of ${instant}`;
}
