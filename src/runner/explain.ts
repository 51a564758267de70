// Why a claim was as it was: from the objects and agents that decided a walk back to the fault, and
// forward to the event that came too late.

import type { Cluster } from '../cluster/cluster';
import type { Entry, Journal } from '../kernel/journal';
import { formatDuration, formatInstant, START } from '../values/time';
import type { Instant } from '../values/time';
import type { Trace } from '../values/trace';
import type { Observation } from '../vocabulary/define';

export interface Explanation {
  /** Sentences, the observation's own first. */
  readonly why: readonly string[];
  /** From the first cause to the event that settled the matter, or to the last one before. */
  readonly chain: readonly Entry[];
}

/** Explains an observation that was made at `at`, from the journal of the whole run. */
export function explain(cluster: Cluster, observation: Observation, at: Instant): Explanation {
  const { journal } = cluster.kernel;
  const blames = blamesOf(observation);
  const cured = journal.chain(firstAfter(journal, blames, at) ?? -1);
  // What began only after the deciding instant came too late for nothing.
  if (cured[0] !== undefined && cured[0].at <= at) {
    return { why: [...observation.why, ...tellGap(cluster, cured, at)], chain: cured };
  }
  const chain = journal.chain(lastUntil(journal, blames, at) ?? -1);
  const last = chain.at(-1);
  // What was done before the scenario's zero explains nothing: everything was.
  if (last === undefined || last.at < START) return { why: observation.why, chain: [] };
  return { why: [...observation.why, `${tellEntry(last)}, and nothing followed`], chain };
}

/** What decided, and the agents of the nodes on which it was decided. */
function blamesOf({ blames, traces }: Observation): ReadonlySet<string> {
  return new Set([...blames, ...traces.flatMap(agentsOf)]);
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
function tellGap(cluster: Cluster, chain: readonly Entry[], at: Instant): readonly string[] {
  const next = chain.findIndex((entry) => entry.at > at);
  if (next < 1) return [];
  const late = chain[next]!;
  const timer = tellTimer(cluster, late.timer);
  const before = chain.slice(Math.max(0, next - 2), next).map(tellEntry);
  return [`${before.join(', then ')}, but ${tellEntry(late)} only${timer}`];
}

/** `kube-proxy@worker-1 synced 3 services at t=12.6s`. */
function tellEntry({ at, actor, action, subject, detail }: Entry): string {
  const what = detail === '' ? '' : ` (${detail})`;
  return `${actor} ${action} ${subject}${what} at ${formatInstant(at)}`;
}

/** ` (kube-proxy.minSyncPeriod, 1s)`. */
function tellTimer({ timing }: Cluster, timer: string): string {
  if (timer === '') return '';
  if (!timing.knows(timer)) return ` (${timer})`;
  const { least, extra } = timing.delay(timer);
  const upTo = extra === 0 ? '' : ` to ${formatDuration((least + extra) as typeof least)}`;
  return ` (${timer}, ${formatDuration(least)}${upTo})`;
}
