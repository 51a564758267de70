// Why a claim was as it was: from the objects and agents that decided a walk back to the fault, and
// forward to the event that came too late.

import type { Cluster } from '../cluster/cluster';
import type { Entry, Journal } from '../kernel/journal';
import { keyOf } from '../values/kube-object';
import { between, formatDuration, formatInstant, START } from '../values/time';
import type { Instant } from '../values/time';
import type { Trace } from '../values/trace';
import { slicesOf } from '../vocabulary/agreement/service';
import type { Observation } from '../vocabulary/define';
import { servicesAt } from '../vocabulary/diagnose';
import { chainTo, dominantOf, eventAt } from './cause-chain';
import type { ChainLink, ChainTimer, Suspects } from './cause-chain';

export interface Explanation {
  /** Sentences, the observation's own first. */
  readonly why: readonly string[];
  /** From the first cause to the event that settled the matter, or to the last one before. */
  readonly chain: readonly ChainLink[];
}

/** What was seen, and which lines of the journal a claim of that kind looks at. */
export interface Evidence {
  readonly observation: Observation;
  readonly mayBe: Suspects['mayBe'];
}

/**
 * Explains an observation that was made at `at`, from the journal of the whole run. `over`: when
 * what it shows had come to its end, where that is known.
 */
export function explain(
  cluster: Cluster,
  { observation, mayBe }: Evidence,
  at: Instant,
  over?: Instant,
): Explanation {
  const { journal } = cluster.kernel;
  const suspects = { ...suspectsOf(cluster, observation), mayBe };
  const { blames, topics } = suspects;
  const cure =
    over === undefined ? firstAfter(journal, blames, at) : eventAt(journal, over, suspects);
  const cured = chainTo(cluster, cure ?? -1, topics);
  // What began only after the deciding instant came too late for nothing.
  if (cured[0] !== undefined && cured[0].at <= at) {
    const told = [...tellGap(cured, at), ...tellCure(cured, at, over)];
    return { why: [...observation.why, ...told], chain: cured };
  }
  const chain = chainTo(cluster, lastUntil(journal, blames, at) ?? -1, topics);
  const last = chain.at(-1);
  // What was done before the scenario's zero explains nothing: everything was.
  if (last === undefined || last.at < START) return { why: observation.why, chain: [] };
  return { why: [...observation.why, `${tellLink(last)}, and nothing followed`], chain };
}

/** The chain of what came true at `over`, having been as the observation shows until then. */
export function chainOfSuccess(
  cluster: Cluster,
  { observation, mayBe }: Evidence,
  over: Instant,
): readonly ChainLink[] {
  const suspects = { ...suspectsOf(cluster, observation), mayBe };
  return chainTo(cluster, eventAt(cluster.kernel.journal, over, suspects) ?? -1, suspects.topics);
}

/** Explains by the event that made it so at `since`; undefined where nothing in the run did. */
export function explainTurn(
  cluster: Cluster,
  evidence: Evidence,
  since: Instant | undefined,
): Explanation | undefined {
  if (since === undefined) return undefined;
  const chain = chainOfSuccess(cluster, evidence, since);
  const last = chain.at(-1);
  if (last === undefined) return undefined;
  const { actor, action, subject } = last;
  const so = `so since ${formatInstant(since)}: ${actor} ${action} ${subject}`;
  return { why: [so, ...tellLongest(chain)], chain };
}

/** Explains by what ended it at `over`, all of which began after the instant that decided. */
export function explainLate(
  cluster: Cluster,
  evidence: Evidence,
  over: Instant | undefined,
): Explanation | undefined {
  if (over === undefined) return undefined;
  const chain = chainOfSuccess(cluster, evidence, over);
  const last = chain.at(-1);
  if (last === undefined) return undefined;
  return { why: [`it was over when ${tellLink(last)}`, ...tellLongest(chain)], chain };
}

/** Explains by the last line up to `at` that may tell of it, where no history was kept. */
export function explainLast(
  cluster: Cluster,
  { observation, mayBe }: Evidence,
  at: Instant,
): Explanation {
  const position = cluster.kernel.journal
    .all()
    .findLastIndex((entry) => entry.at >= START && entry.at <= at && mayBe(entry));
  const chain = chainTo(cluster, position, topicsOf(cluster, observation));
  const last = chain.at(-1);
  return { why: last === undefined ? [] : [tellLink(last), ...tellLongest(chain)], chain };
}

/** The chain to what the first of the events that are still due follows. */
export function chainOfDue(cluster: Cluster): readonly ChainLink[] {
  const [due] = cluster.kernel.pending();
  return due === undefined ? [] : chainTo(cluster, due.cause, new Set());
}

function suspectsOf(cluster: Cluster, observation: Observation): Omit<Suspects, 'mayBe'> {
  return { blames: blamesOf(observation), topics: topicsOf(cluster, observation) };
}

/** What decided, and the agents of the nodes on which it was decided. */
function blamesOf({ blames, traces }: Observation): ReadonlySet<string> {
  return new Set([...blames, ...traces.flatMap(agentsOf)]);
}

/** What decided, and the Services that were dialled, with their slices: what it is about. */
function topicsOf(cluster: Cluster, observation: Observation): ReadonlySet<string> {
  const dialled = observation.traces.flatMap((trace) => servicesAt(cluster, trace)).map(keyOf);
  const about = [...new Set(dialled)].flatMap((key) => [
    `Service/${key}`,
    ...slicesOf(cluster, key),
  ]);
  return new Set([...observation.blames, ...about]);
}

/** A packet that was translated was translated by the rules that its node's proxy had written. */
function agentsOf({ hops }: Trace): readonly string[] {
  return hops
    .filter(({ steps }) => steps.some(({ place }) => place.startsWith('nat/')))
    .map(({ node }) => `kube-proxy@${node}`);
}

function isAbout({ actor, subject }: Entry, blames: ReadonlySet<string>): boolean {
  return blames.has(actor) || blames.has(subject);
}

/** Position of the first entry after `at` that is about one of the names. */
function firstAfter(
  journal: Journal,
  blames: ReadonlySet<string>,
  at: Instant,
): number | undefined {
  // The agent's own act is the better cure: an object's new version cures nobody by itself.
  const entries = journal.all();
  const acts = entries.findIndex((entry) => entry.at > at && blames.has(entry.actor));
  if (acts >= 0) return acts;
  const any = entries.findIndex((entry) => entry.at > at && isAbout(entry, blames));
  return any < 0 ? undefined : any;
}

/** Position of the last entry up to `at` that is about one of the names. */
function lastUntil(journal: Journal, blames: ReadonlySet<string>, at: Instant): number | undefined {
  const index = journal.all().findLastIndex((entry) => entry.at <= at && isAbout(entry, blames));
  return index < 0 ? undefined : index;
}

/** Where a chain of events was at the deciding instant: what had happened, what was yet to come. */
function tellGap(chain: readonly ChainLink[], at: Instant): readonly string[] {
  const next = chain.findIndex((link) => link.at > at);
  if (next < 1) return [];
  const late = chain[next]!;
  const before = chain.slice(Math.max(0, next - 2), next).map(tellLink);
  return [`${before.join(', then ')}, but ${tellLink(late)} only${tellTimer(late.timer)}`];
}

/** What ended it, and which link of the chain took longest until then. */
function tellCure(
  chain: readonly ChainLink[],
  at: Instant,
  over: Instant | undefined,
): readonly string[] {
  const last = chain.at(-1)!;
  if (over === undefined || last.at !== over) return [];
  const first = chain.findIndex((link) => link.at > at);
  const ended = chain.indexOf(last) === first ? [] : [`it was over when ${tellLink(last)}`];
  return [...ended, ...tellLongest(chain)];
}

/** Which link of a chain took longest; nothing where none of them waited for a timer. */
function tellLongest(chain: readonly ChainLink[]): readonly string[] {
  const longest = dominantOf(chain);
  if (longest?.timer === undefined) return [];
  const whole = formatDuration(between(chain[0]!.at, chain.at(-1)!.at));
  const part = formatDuration(longest.took);
  const { actor, action, subject, timer } = longest;
  const what = `${actor} ${action} ${subject}${tellTimer(timer)}`;
  return [`of these ${whole}, ${part} went by until ${what}`];
}

/** `kube-proxy@worker-1 synced 3 services at t=12.6s`. */
function tellLink({ at, actor, action, subject, detail }: ChainLink): string {
  const what = detail === '' ? '' : ` (${detail})`;
  return `${actor} ${action} ${subject}${what} at ${formatInstant(at)}`;
}

/** ` (kube-proxy.minSyncPeriod, 1s)`. */
function tellTimer(timer: ChainTimer | undefined): string {
  if (timer === undefined) return '';
  const { name, least, most } = timer;
  if (least === undefined || most === undefined) return ` (${name})`;
  const upTo = least === most ? '' : ` to ${formatDuration(most)}`;
  return ` (${name}, ${formatDuration(least)}${upTo})`;
}
