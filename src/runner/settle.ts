// After the last instant that the scenario names, a run goes on until only periodic work is left.
// What is still at work after ten minutes never comes to rest: a failure of its own.

import type { Cluster } from '../cluster/cluster';
import { formatDuration, formatInstant, later, seconds } from '../values/time';
import type { Instant } from '../values/time';

/** How much virtual time a cluster has to come to rest. */
const SETTLING_MAX = seconds(600);

/** At most this many of the things that are still at work are listed. */
const LISTED_MAX = 10;

/** The latest instant to which a run that ends at `end` settles. */
export function settledBy(end: Instant): Instant {
  return later(end, SETTLING_MAX);
}

export const SETTLES = 'the cluster settles';

/** What is expected of the settling, for the report. */
export function expectedSettling(end: Instant): string {
  const limit = formatDuration(SETTLING_MAX);
  return `only periodic work is left within ${limit} of ${formatInstant(end)}`;
}

/** Events that differ in their instants alone. */
interface Due {
  readonly what: string;
  readonly first: Instant;
  readonly timer: string;
  count: number;
}

/** What is still at work, one sentence each. Empty where the cluster has settled. */
export function stillAtWork(cluster: Cluster): readonly string[] {
  if (cluster.kernel.idle) return [];
  // By who and what: when the first is due, and how many.
  const alike = new Map<string, Due>();
  for (const { at, kind, a, b, owner, timer } of cluster.kernel.pending()) {
    const subject = [a, b].filter((it) => typeof it === 'string' && it !== owner);
    const whose = owner === '' || kind.startsWith(owner) ? [] : ['of', owner];
    const what = [kind, ...subject, ...whose].join(' ');
    const known = alike.get(`${what} ${timer}`);
    if (known === undefined) alike.set(`${what} ${timer}`, { first: at, timer, what, count: 1 });
    else known.count++;
  }
  const lines = [...alike.values()].map(sayDue);
  const rest = lines.length - LISTED_MAX;
  return rest > 0 ? [...lines.slice(0, LISTED_MAX), `and ${rest} more`] : lines;
}

function sayDue({ what, first, timer, count }: Due): string {
  const cause = timer === '' ? '' : ` (${timer})`;
  const others = count === 1 ? '' : `, and ${count - 1} more like it`;
  return `${what} is due at ${formatInstant(first)}${cause}${others}`;
}
