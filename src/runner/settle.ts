// After the last instant that the scenario names, a run goes on until only periodic work is left.
// What is still at work after ten minutes never comes to rest: a failure of its own.

import type { Cluster } from '../cluster/cluster';
import { formatDuration, formatInstant, later, seconds } from '../values/time';
import type { Instant } from '../values/time';

/** How much virtual time a cluster has to come to rest. */
export const SETTLING_MAX = seconds(600);

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

/** What is still at work, one sentence each. Empty where the cluster has settled. */
export function stillAtWork(cluster: Cluster): readonly string[] {
  if (cluster.kernel.idle) return [];
  const pending = cluster.kernel.pending().map(({ at, kind, a, b, timer }) => {
    const subject = [a, b].filter((it) => typeof it === 'string').join(' ');
    const cause = timer === '' ? '' : ` (${timer})`;
    return `${kind}${subject === '' ? '' : ` ${subject}`} is due at ${formatInstant(at)}${cause}`;
  });
  const rest = pending.length - LISTED_MAX;
  return rest > 0 ? [...pending.slice(0, LISTED_MAX), `and ${rest} more`] : pending;
}
