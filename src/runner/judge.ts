// From histories to outcomes: what each operator says of its claim, with title, explanation and
// the command that repeats it.

import type { Cluster } from '../cluster/cluster';
import type { Entry } from '../kernel/journal';
import type { Plan, PlannedExpectation } from '../language/plan';
import { formatPlace } from '../values/definition';
import { keyOf } from '../values/kube-object';
import { formatInstant, later, START } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Observation } from '../vocabulary/define';
import type { Judgement } from '../vocabulary/operator';
import { FOREVER, neverEvaluated } from '../vocabulary/operator';
import { agreeing } from '../vocabulary/sentence';
import { claimNamed, operatorNamed } from '../vocabulary/index';
import type { Execution } from './execution';
import { chainOfDue, chainOfSuccess, explain, explainLate, explainTurn } from './explain';
import type { Explanation } from './explain';
import type { Watch } from './observe';
import type { Outcome } from './result';
import { expectedSettling, SETTLES, stillAtWork } from './settle';

const WAITED = 'what it waits for did not';
const SO_FROM_THE_START = 'it was so from the start: no step has changed it';
const STEPS_TAKE_EFFECT = 'every step of the timeline takes effect';

/** The title of each outcome of a run of this plan, in the order of RunResult.outcomes. */
export function titlesOf(plan: Plan): readonly string[] {
  const titles = plan.expectations.map((expectation) => {
    const phrase = agreeing(claimNamed(expectation.claim).phrase(expectation.args));
    return expectation.title ?? operatorNamed(expectation.operator).title(phrase, expectation);
  });
  return [...titles, ...(plan.timeline.length > 0 ? [STEPS_TAKE_EFFECT] : []), SETTLES];
}

/** What each operator says, in the order of the plan's expectations. */
export function judgeAll(execution: Execution): readonly Judgement[] {
  const { watches, timeline } = execution;
  return watches.map((watch) => {
    if (watch.broken !== undefined) return neverEvaluated(watch.broken);
    const { expectation, history, operator, demand } = watch;
    if (operator.span(expectation, timeline) === undefined) {
      return neverEvaluated('the step that it waits for never happened');
    }
    if (history.samples.length === 0) return neverEvaluated('the run ended before its time came');
    return operator.judge(expectation, history, timeline, demand);
  });
}

/** All outcomes of a run: the expectations in their order, the timeline, the settling. */
export function outcomesOf(
  execution: Execution,
  judgements: readonly Judgement[],
  seed: number,
): readonly Outcome[] {
  const { plan, watches } = execution;
  const titles = titlesOf(plan);
  const outcomes = watches.map((watch, position) =>
    outcomeOf(execution, watch, judgements[position]!, titles[position]!, seed),
  );
  const steps = plan.timeline.length > 0 ? [stepsOutcome(execution, seed)] : [];
  return [...outcomes, ...steps, settlingOutcome(execution, seed)];
}

function outcomeOf(
  execution: Execution,
  watch: Watch,
  judgement: Judgement,
  title: string,
  seed: number,
): Outcome {
  const { expectation, operator, demand } = watch;
  const { status, code, actual, sample } = judgement;
  const observation = watch.explained ?? sample?.observation;
  const explanation = explanationOf(execution, judgement, watch, observation);
  const outcome: Outcome = {
    title,
    claim: expectation.claim,
    operator: expectation.operator,
    status,
    ...(code !== undefined && { code }),
    expected: operator.expected(demand, expectation, execution.timeline),
    actual,
    ...decidedAt(judgement, demand),
    traces: status === 'passed' ? [] : (observation?.traces ?? []),
    why: [...(judgement.why ?? []), ...explanation.why],
    chain: explanation.chain,
    range: expectation.range,
    repeat: repeatOf(execution.plan, expectation.range.line, seed),
  };
  return isSaidOf(expectation, seed) ? outcome : notJudged(outcome, expectation, seed);
}

/** Whether an expectation is judged under that seed. */
export function isSaidOf(expectation: PlannedExpectation, seed: number): boolean {
  return expectation.seed === undefined || expectation.seed === seed;
}

/** What is left of an outcome under a seed that the expectation is not said of: how it went. */
function notJudged(
  { code: _code, ...outcome }: Outcome,
  { seed: pinned }: PlannedExpectation,
  seed: number,
): Outcome {
  const actual = `not judged: it is said of seed ${pinned}, and this is seed ${seed}`;
  return { ...outcome, status: 'skipped', actual, why: [], traces: [] };
}

/** The instant that decided; of a stretch that passed the one at which all was well again. */
function decidedAt(
  { status, at, over }: Judgement,
  { stretch }: Watch['demand'],
): { readonly at?: Instant } {
  const decided = status === 'passed' && stretch !== undefined ? over : at;
  return decided === undefined ? {} : { at: decided };
}

/** Of what passed, only what made it come true; and that only where it was asked for. */
function explanationOf(
  { cluster, timeline }: Execution,
  { status, at, over }: Judgement,
  watch: Watch,
  observation: Observation | undefined,
): Explanation {
  if (observation === undefined || at === undefined) return { why: [], chain: [] };
  const { explained, expectation, claim } = watch;
  const mayBe = (entry: Entry): boolean => claim.mayBeChangedBy?.(expectation.args, entry) === true;
  const evidence = { observation, mayBe };
  if (status === 'passed') {
    const since = over ?? watch.since(false);
    if (explained === undefined || since === undefined) return { why: [], chain: [] };
    return { why: [], chain: chainOfSuccess(cluster, evidence, since) };
  }
  const found = explain(cluster, evidence, at, over);
  if (status === 'error' || explained === undefined || found.chain.length > 0) return found;
  const turned =
    explainTurn(cluster, evidence, watch.since(true)) ?? explainLate(cluster, evidence, over);
  const stepped = (timeline.nextAfter((START - 1) as Instant) ?? FOREVER) <= at;
  if (turned === undefined && !stepped) return found;
  const turn = watch.since(false);
  const untold = turn === undefined ? SO_FROM_THE_START : tellUntold(turn);
  const why = [...found.why, ...(turned?.why ?? [untold])];
  return { why, chain: turned?.chain ?? [] };
}

/** What turns by time alone (a queue fills, an answer of a cache runs out) has no line. */
function tellUntold(since: Instant): string {
  return `so since ${formatInstant(since)}, and no line of the journal tells why`;
}

/** A step that hits nothing would make expectations that pass for the wrong reason. */
function stepsOutcome({ plan, steps, timeline, triggers }: Execution, seed: number): Outcome {
  steps.judgeFailures();
  const [problem] = steps.problems;
  const [unfailed] = steps.unfailed();
  const unfired = plan.timeline.find(
    ({ id }) => timeline.of({ step: id, edge: 'start', repetition: 1 }) === undefined,
  );
  const late = timeline.firings.length > steps.fired;
  const range = (problem?.firing ?? unfailed)?.step.range ?? unfired?.range ?? plan.range;
  const why = [
    ...steps.problems.map(({ firing, message }) => `step "${firing.name}": ${message}`),
    ...steps.unfailed().map(({ name }) => `step "${name}" did not fail as it says that it must`),
    ...(unfired === undefined
      ? []
      : [`step "${unfired.id}" never happened: ${triggers.reasonFor(unfired) ?? WAITED}`]),
    ...(late ? ['the run ended before some steps: see `end`'] : []),
  ];
  return {
    ...synthetic(STEPS_TAKE_EFFECT, 'timeline', plan, seed),
    status: why.length === 0 ? 'passed' : 'error',
    ...(why.length > 0 && { code: problem?.code ?? 'never-evaluated' }),
    expected: 'every step happens and hits something',
    actual: why.length === 0 ? tellSteps(steps.fired) : why[0]!,
    ...(problem !== undefined && { at: problem.firing.at }),
    why: why.slice(1),
    range,
    repeat: repeatOf(plan, range.line, seed),
  };
}

function tellSteps(count: number): string {
  return count === 1 ? '1 step took effect' : `${count} steps took effect`;
}

/** The manifest that the API server refused is what every answer of the run may depend on. */
function refusedOutcome(execution: Execution, seed: number): Outcome | undefined {
  const { plan, cluster } = execution;
  const refused = cluster.failures.filter(({ entry }) => !hasStep(cluster, entry));
  const [first] = refused;
  if (first === undefined) return undefined;
  const place = cluster.spec.definitions?.find(
    ({ object }) => `${object.kind}/${keyOf(object)}` === first.subject,
  );
  const told = refused.map(({ subject, reason }) => `${subject} is refused: ${reason}`);
  const range = place?.range ?? plan.range;
  return {
    ...synthetic(SETTLES, 'settle', plan, seed),
    status: 'error',
    code: 'refused',
    expected: 'the API server takes every manifest',
    actual: place === undefined ? told[0]! : `${told[0]!} (${formatPlace(place.range)})`,
    at: first.at,
    why: told.slice(1),
    range,
  };
}

function hasStep({ kernel }: Cluster, entry: number): boolean {
  return kernel.journal.chain(entry).some(({ subject }) => subject.startsWith('step/'));
}

function settlingOutcome(execution: Execution, seed: number): Outcome {
  const { plan, cluster, end } = execution;
  const refused = refusedOutcome(execution, seed);
  if (refused !== undefined) return refused;
  const work = stillAtWork(cluster);
  const settled = work.length === 0;
  return {
    ...synthetic(SETTLES, 'settle', plan, seed),
    status: settled ? 'passed' : 'failed',
    ...(!settled && { code: 'not-settled' as const }),
    expected: expectedSettling(end),
    actual: settled ? 'settled' : `${cluster.kernel.pending().length} events are still due`,
    at: settled ? cluster.kernel.now : later(end, 0 as Duration),
    why: work,
    chain: settled ? [] : chainOfDue(cluster),
  };
}

function synthetic(title: string, claim: string, plan: Plan, seed: number) {
  return {
    title,
    claim,
    operator: claim,
    traces: [],
    chain: [],
    range: plan.range,
    repeat: repeatOf(plan, plan.range.line, seed),
  };
}

/** The command line that repeats exactly this. */
function repeatOf({ file, row }: Plan, line: number, seed: number): string {
  const rows = Object.entries(row).map(([key, value]) => ` --row ${quote(`${key}=${value}`)}`);
  return `npx kubedrill run ${quote(`${file}:${line}`)} --seed ${seed}${rows.join('')}`;
}

/** A path, or a cell of a row, as a shell reads it back. */
function quote(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Whether only what did not pass is explained, or also what took its time to pass. */
export type Explaining = 'failures' | 'everything';

/** The instants whose observations are worth an explanation, by position. */
export function worthExplaining(
  judgements: readonly Judgement[],
  { expectations }: Plan,
  { seed, explain }: { readonly seed: number; readonly explain: Explaining },
): ReadonlyMap<number, Instant> {
  const wanted = new Map<number, Instant>();
  judgements.forEach(({ status, at, sample, over }, position) => {
    if (at === undefined || sample === undefined) return;
    const isJudged = isSaidOf(expectations[position]!, seed);
    if (explain === 'failures' && (status === 'passed' || !isJudged)) return;
    if (status !== 'passed') wanted.set(position, at);
    // What came true is explained by what was missing just before.
    else if (over !== undefined) wanted.set(position, (over > at ? at : over - 1) as Instant);
    // What is to follow a step may have been true before it, by something else.
    else if (expectations[position]!.operator === 'after') wanted.set(position, at);
  });
  return wanted;
}
