// Connections that a claim has really opened at an earlier instant, and what becomes of their next
// packets. Shared by the claims that speak of connections which stand.

import type { Cluster, OpenConnection, StraySegment } from '../cluster/cluster';
import type { Duration } from '../values/time';
import type { Walk, Walks } from './walks';
import { destinationsOf } from './walks';
import { sourcesOf } from './targets';
import type { OriginArgs } from './targets';

/** A connection with the name of the source that opened it. */
export interface Opened {
  readonly name: string;
  readonly connection: OpenConnection;
}

/** Opens one connection for each possible path of every source that is answered. */
export function openAll(cluster: Cluster, from: OriginArgs, to: string): readonly Opened[] {
  return sourcesOf(cluster, from).sources.flatMap((source) =>
    destinationsOf(cluster, source, to).flatMap((destination) =>
      cluster
        .open(source.origin, destination)
        .map((connection) => ({ name: source.name, connection })),
    ),
  );
}

/** The next packets of the connections that were opened; `when` is the instant for people. */
export function nextPackets(
  cluster: Cluster,
  prepared: unknown,
  when: string,
  segment?: StraySegment,
): Walks {
  const opened = (prepared ?? []) as readonly Opened[];
  if (opened.length === 0) {
    return { walks: [], missing: `no connection could be opened ${when}`, single: true };
  }
  return { walks: opened.flatMap((one) => nextPacket(cluster, one, segment)), single: true };
}

/** The ways of the next packet of one connection, of which one leaves at every `interval`. */
export function nextPacket(
  cluster: Cluster,
  { name, connection }: Opened,
  segment?: StraySegment,
  interval?: Duration,
): readonly Walk[] {
  return cluster.proceed(connection, segment, interval).map((trace) => ({
    source: { name, origin: connection.from },
    trace: { ...trace, sender: name },
  }));
}
