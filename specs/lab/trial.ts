// One setting of the lab: build it, send every flow through it, and say which of them agree with
// the model.

import type { Cluster } from '../../src/cluster/cluster';
import type { Machine } from '../../src/node/machine';
import { outcomeOf } from '../../src/values/disposition';
import type { Trace } from '../../src/values/trace';
import { affinityVerdicts } from './affinity';
import { Building } from './building';
import {
  agrees,
  compare,
  describeObservation,
  describeTrace,
  hasLostEntry,
  isAgreed,
  MODEL_PORT,
} from './compare';
import type { Flow } from './flows';
import { LONGEST_PATIENCE, LONG_PATIENCE, Observer, SHORT_PATIENCE } from './observe';
import type { Observation, Request } from './observe';
import { ruleTexts } from './rules';
import type { RuleTexts } from './rules';
import type { LabService } from './services';

/** A flow, and how it differs; no text where model and kernel agree. */
export interface Verdict {
  readonly title: string;
  readonly difference: string | undefined;
  /** Whether an attempt was made again, since an entry of it had gone. */
  readonly isRepeated?: boolean;
}

/** A flow with what the model says of it and what came of it. */
export interface Case {
  readonly flow: Flow;
  readonly traces: readonly Trace[];
  readonly observations: Observation[];
  /** Attempts that count for nothing, since an entry had gone before it was read: one at most. */
  readonly lost: Observation[];
  /** Whether one attempt is all there is, so that not every possible way can be seen. */
  readonly isSample?: boolean;
}

/** Attempts in each round, for flows that may go several ways. */
const ATTEMPTS = 8;
/** With four ways, one of them stays unseen through all of these in one of a billion flows. */
const ROUNDS = 10;

/** Builds the cluster, sends every flow, and then the clients of Services with affinity. */
export async function trial(
  cluster: Cluster,
  flows: readonly Flow[],
  services: readonly LabService[],
  rules: (machine: Machine) => RuleTexts = ruleTexts,
): Promise<Verdict[]> {
  return withBuilding(cluster, rules, async (building) => {
    const observer = new Observer(building);
    const cases = flows.map((flow) => caseOf(cluster, flow));
    // What has no choice is sent once and may take long; the others go on in the meantime.
    const choosing = cases.filter(({ traces }) => traces.length > 1);
    const single = cases.filter(({ traces }) => traces.length === 1);
    await Promise.all([observe(observer, choosing), observe(observer, single)]);
    const sticky = await affinityVerdicts(cluster, observer, services);
    return [...cases.map(verdictOf), ...sticky, ...(await strayVerdict(observer))];
  });
}

export function caseOf(cluster: Cluster, flow: Flow): Case {
  const traces = cluster.send(flow.from, flow.to, { sport: MODEL_PORT });
  return { flow, traces, observations: [], lost: [] };
}

/** Builds, lets `work` be done, and takes everything down again, whatever happens. */
export async function withBuilding<T>(
  cluster: Cluster,
  rules: (machine: Machine) => RuleTexts,
  work: (building: Building) => Promise<T>,
): Promise<T> {
  let complain: (error: Error) => void = () => {};
  const trouble = new Promise<never>((_, reject) => (complain = reject));
  // Trouble may come before anybody waits for it.
  trouble.catch(() => {});
  const building = await Building.of(cluster, rules, complain);
  try {
    return await Promise.race([work(building), trouble]);
  } finally {
    await building.tearDown();
  }
}

/** Tries again and again what may go another way than it went so far. */
async function observe(observer: Observer, cases: readonly Case[]): Promise<void> {
  let open = cases;
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    await sendOnce(observer, open);
    open = open.filter(({ traces, observations: all }) => {
      const { unexpected, unseen } = compare(traces, all);
      return unexpected.length === 0 && unseen.length > 0;
    });
  }
}

/** One round; `times` for each flow, or as many as it needs. */
export async function sendOnce(
  observer: Observer,
  cases: readonly Case[],
  times?: number,
): Promise<void> {
  const requests = cases.map((it) => ({ ...requestOf(it), ...(times !== undefined && { times }) }));
  const observations = await observer.attempt(requests);
  cases.forEach((it, index) => {
    const told = observations[index]!.filter(({ hasClashed }) => !hasClashed);
    for (const seen of told) (isLost(it, seen) ? it.lost : it.observations).push(seen);
  });
}

/** One attempt that counts for each flow: one that clashed, or lost an entry, is made again. */
export async function sample(observer: Observer, cases: readonly Case[]): Promise<void> {
  let open = cases;
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    await sendOnce(observer, open, 1);
    open = open.filter(({ observations }) => observations.length === 0);
  }
}

/** The first attempt of a flow that lost an entry is made again; a second one is a difference. */
function isLost({ traces, lost }: Case, seen: Observation): boolean {
  if (lost.length > 0 || traces.some((trace) => agrees(trace, seen))) return false;
  return traces.some((trace) => hasLostEntry(trace, seen));
}

/** A flow that has a choice is sent several times; one of the others only to see its one way. */
function requestOf({ flow, traces }: Case): Request {
  const hasChoice = traces.length > 1;
  const mayDrawAgain =
    hasChoice && traces.some((it) => it.disposition !== 'answered' && it.translations.length === 0);
  const isSlow = traces.some(({ disposition }) => outcomeOf(disposition) === 'unreachable');
  const patience = isSlow ? LONGEST_PATIENCE : mayDrawAgain ? SHORT_PATIENCE : LONG_PATIENCE;
  return { flow, source: traces[0]!.sent.src, times: hasChoice ? ATTEMPTS : 1, patience };
}

/** Whether model and kernel agree on the flow. */
export function verdictOf({ flow, traces, observations, lost, isSample = false }: Case): Verdict {
  const comparison = compare(traces, observations);
  const isFine = isSample ? comparison.unexpected.length === 0 : isAgreed(comparison);
  const isRepeated = lost.length > 0;
  if (isFine && observations.length > 0)
    return { title: flow.title, difference: undefined, isRepeated };
  const { unexpected, unseen } = comparison;
  const really = unexpected.length > 0 ? unexpected : observations;
  const lines = [
    `  of ${traces.length} ways, ${unseen.length} not seen in ${observations.length} attempts`,
    ...traces.map((trace) => `    model  ${describeTrace(trace)}`),
    ...distinct(really.map((it) => `    kernel ${describeObservation(it)}`)).slice(0, 4),
  ];
  return { title: flow.title, difference: lines.join('\n') };
}

/** Whatever stands in a table must come from a flow. */
async function strayVerdict(observer: Observer): Promise<Verdict[]> {
  const strays = await observer.strays();
  const lines = strays.map(({ node, connection }) => `    ${node} ${JSON.stringify(connection)}`);
  const title = 'the connection tables hold the flows and nothing else';
  return [{ title, difference: lines.length === 0 ? undefined : lines.slice(0, 8).join('\n') }];
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
