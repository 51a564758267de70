// The chain of causes of one event of the run, each link with the time that it took and the timer
// that this time belongs to. Plain data: texts and pictures are drawn from it.

import type { Cluster } from '../cluster/cluster';
import type { Entry, Journal } from '../kernel/journal';
import { between, START } from '../values/time';
import type { Duration, Instant } from '../values/time';

/** The timer that lay between a link and the one before it. */
export interface ChainTimer {
  /** As `cluster.timing` calls it; what a manifest or the scenario sets has its own name. */
  readonly name: string;
  /** What this run draws it from; absent for what a manifest sets. */
  readonly least?: Duration;
  readonly most?: Duration;
  /** The flag or field of the real component that sets it, or who else does. */
  readonly knob?: string;
  readonly source?: string;
}

/** One event on the way from the fault to the verdict. */
export interface ChainLink {
  readonly at: Instant;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
  /** How long after the link before it; 0 for the first one. */
  readonly took: Duration;
  readonly timer?: ChainTimer;
}

/**
 * The chain that ends with the entry at that position of the journal. What was done for several
 * things at once was done for the one that is among `topics`.
 */
export function chainTo(
  cluster: Cluster,
  position: number,
  topics: ReadonlySet<string>,
): readonly ChainLink[] {
  const entries = cluster.kernel.journal.chain(position, topics);
  return entries.map((entry, index) => linkOf(cluster, entry, entries[index - 1]));
}

function linkOf(cluster: Cluster, entry: Entry, before: Entry | undefined): ChainLink {
  const { at, actor, action, subject, detail, timer } = entry;
  return {
    at,
    actor,
    action,
    subject,
    detail,
    took: before === undefined ? (0 as Duration) : between(before.at, at),
    ...(timer !== '' && { timer: timerOf(cluster, timer) }),
  };
}

function timerOf({ timing }: Cluster, name: string): ChainTimer {
  // What a manifest can set is as long as that says, whatever holds for the others.
  const setter = timing.declared(name);
  if (setter !== undefined) return { name, knob: setter };
  if (!timing.knows(name)) return { name };
  const { least, most } = timing.range(name);
  const { knob, source } = timing.row(name);
  return { name, least, most, source, ...(knob !== undefined && { knob }) };
}

/** The link that took longest; undefined where all of them happened at one instant. */
export function dominantOf(chain: readonly ChainLink[]): ChainLink | undefined {
  return chain.reduce<ChainLink | undefined>(
    (best, link) => (link.took > (best?.took ?? 0) ? link : best),
    undefined,
  );
}

/** What tells the event that made a verdict from the others of its instant. */
export interface Suspects {
  /** Agents and objects that decided. */
  readonly blames: ReadonlySet<string>;
  /** What it is about; see chainTo. */
  readonly topics: ReadonlySet<string>;
  /** Whether a line may tell of it, where nobody is to blame. */
  readonly mayBe: (entry: Entry) => boolean;
}

/**
 * Position of the event that made the verdict at `instant`: among those of that instant one by an
 * agent that is to blame, else one that the claim looks at, else one that a step of the timeline
 * led to, else the last one.
 */
export function eventAt(
  journal: Journal,
  instant: Instant,
  { blames, topics, mayBe }: Suspects,
): number | undefined {
  const entries = journal.all();
  const last = entries.findLastIndex(({ at }) => at <= instant);
  if (last < 0 || entries[last]!.at !== instant || instant < START) return undefined;
  const positions: number[] = [];
  for (let index = last; entries[index]?.at === instant; index--) positions.push(index);
  const byActor = positions.filter((index) => blames.has(entries[index]!.actor));
  const bySubject = positions.filter((index) => blames.has(entries[index]!.subject));
  const lookedAt = positions.filter((index) => mayBe(entries[index]!));
  const isByStep = (index: number): boolean => comesOfStep(journal, index, topics);
  const groups = [byActor, bySubject, lookedAt, positions];
  for (const group of groups) {
    const found = group.find(isByStep);
    if (found !== undefined) return found;
  }
  return byActor[0] ?? bySubject[0] ?? lookedAt[0] ?? positions[0];
}

/** Whether a step of the timeline is the first cause. */
function comesOfStep(journal: Journal, position: number, topics: ReadonlySet<string>): boolean {
  return journal.chain(position, topics)[0]?.subject.startsWith('step/') === true;
}
