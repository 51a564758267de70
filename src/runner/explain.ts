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
import type { ChainLink, ChainTimer } from './cause-chain';

export interface Explanation {
  /** Sentences, the observation's own first. */
  readonly why: readonly string[];
  /** From the first cause to the event that settled the matter, or to the last one before. */
  readonly chain: readonly ChainLink[];
}

/**
 * Explains an observation that was made at `at`, from the journal of the whole run. `over`: when
 * what it shows had come to its end, where that is known.
 */
export function explain(
  cluster: Cluster,
  observation: Observation,
  at: Instant,
  over?: Instant,
): Explanation {
  const { journal } = cluster.kernel;
  const blames = blamesOf(observation);
  const topics = topicsOf(cluster, observation);
  const cure =
    over === undefined ? firstAfter(journal, blames, at) : eventAt(journal, over, blames, topics);
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
  observation: Observation | undefined,
  over: Instant,
): readonly ChainLink[] {
  const blames = observation === undefined ? new Set<string>() : blamesOf(observation);
  const topics = observation === undefined ? blames : topicsOf(cluster, observation);
  return chainTo(cluster, eventAt(cluster.kernel.journal, over, blames, topics) ?? -1, topics);
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
  const longest = dominantOf(chain);
  const first = chain.findIndex((link) => link.at > at);
  const ended = chain.indexOf(last) === first ? [] : [`it was over when ${tellLink(last)}`];
  if (longest?.timer === undefined) return ended;
  const whole = formatDuration(between(chain[0]!.at, last.at));
  const part = formatDuration(longest.took);
  const { actor, action, subject, timer } = longest;
  const what = `${actor} ${action} ${subject}${tellTimer(timer)}`;
  return [...ended, `of these ${whole}, ${part} went by until ${what}`];
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
