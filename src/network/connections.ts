// Connections that are really opened: their entries stand in the conntrack tables of the hosts on
// their path, with ports that are drawn, and every later packet follows them.

import type { Random, Stream } from '../kernel/random';
import type { ConntrackEntry } from '../node/netfilter/conntrack';
import { refreshed } from '../node/netfilter/conntrack-entry';
import { ANY_PORT, reversed } from '../values/flow';
import type { FiveTuple, Port } from '../values/flow';
import type { Destination, Origin } from '../values/origin';
import type { Duration, Instant } from '../values/time';
import type { Trace } from '../values/trace';
import { clientEnd, serverEnd } from './connection-ends';
import type { End } from './connection-ends';
import { compareTurns } from './flight';
import type { Flight, TrackedEntry } from './flight';
import { prepare, PROBE_PORT, unsent, walkPacket } from './send';
import type { Sending, SendGround } from './send';
import { bareFrames, withTransmission } from './transmission';
import type { Ending, Sender, Session } from './walk';

/** An open connection, with what its two ends remember. */
export interface Connection {
  readonly from: Origin;
  /** The tuple as the client sees it. */
  readonly tuple: FiveTuple;
  /** The walk that opened it. */
  readonly opened: Trace;
  readonly sender: Sender;
  readonly session: Session;
  /** The client's process that opened it. */
  readonly client: End;
  /** Who answered. */
  readonly responder: Sender | undefined;
}

/**
 * What a client's kernel draws source ports from, and what MASQUERADE draws from.
 * source: net.ipv4.ip_local_port_range; net/netfilter/nf_nat_core.c nf_nat_l4proto_unique_tuple
 */
const CLIENT_PORTS = { first: 32_768, last: 60_999 } as const;
const TRANSLATED_PORTS = { first: 1_024, last: 65_535 } as const;

/** Draws of a port before the range counts as exhausted. */
const DRAWS_MAX = 1_000;

/**
 * Opens one connection for each way that is answered, each from a port of its own. All ways are
 * found before any is committed, so that none of them sees the others' entries.
 */
export function openConnections(
  ground: SendGround,
  random: Random,
  from: Origin,
  to: Destination,
): readonly Connection[] {
  const probe = prepare(ground, from, to, PROBE_PORT);
  if ('disposition' in probe) return [];
  const stream = random.stream(`network/ports/${originText(from)}`);
  const used = new Set<Port>([PROBE_PORT]);
  const ways = walkPacket(ground, { ...probe, isAnyPort: true }, false).filter(isAnswered);
  const opened = ways.map(({ flight }) => walkFromFreePort(ground, stream, probe, flight, used));
  return opened.map((ending) => commit(ground, stream, from, probe.sender, ending));
}

/**
 * The next packet of a connection, along the entries that stand now. They are kept fresh by it.
 * `interval`: how often one like it follows.
 */
export function continueConnection(
  ground: SendGround,
  connection: Connection,
  interval?: Duration,
): readonly Trace[] {
  const { sender, tuple, session } = connection;
  if (!connection.client.isAlive()) {
    const reason = 'the client that opened the connection runs no longer';
    return [unsent('pod-gone', tuple, reason)];
  }
  const sending = { sender, sent: tuple, kind: 'data', session, interval } as const;
  const endings = walkPacket(ground, sending, true);
  // A packet that finds its connection forgotten may go several ways; none of them happened.
  if (endings.length === 1) {
    for (const { machine, entry } of endings[0]!.flight.entries) {
      const { conntrack } = machine;
      conntrack.put(refreshed(entry, ground.now, conntrack.timeouts));
    }
  }
  return endings.map(({ trace }) => withTransmission(trace, bareFrames(tuple, true)));
}

function isAnswered({ trace }: Ending): boolean {
  return trace.disposition === 'answered';
}

/** The same way again, from a client port that no host on it knows for this destination. */
function walkFromFreePort(
  ground: SendGround,
  stream: Stream,
  probe: Sending,
  way: Flight,
  used: Set<Port>,
): Ending {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const sport = drawFrom(stream, CLIENT_PORTS);
    if (used.has(sport)) continue;
    used.add(sport);
    const endings = walkPacket(ground, { ...probe, sent: { ...probe.sent, sport } }, true);
    const same = endings.find((it) => isAnswered(it) && compareTurns(it.flight, way) === 0);
    if (same?.flight.entries.every((it) => isUnused(it, ground.now))) return same;
  }
  throw new RangeError('no free port for another connection');
}

/** Gives random ports their numbers and writes the way's entries into the real tables. */
function commit(
  ground: SendGround,
  stream: Stream,
  from: Origin,
  sender: Sender,
  { trace, flight }: Ending,
): Connection {
  const entries = withDrawnPort(stream, flight, ground.now);
  for (const { machine, entry } of entries) machine.conntrack.put(entry);
  for (const { machine, list, address, capacity } of flight.recentSets) {
    machine.recent.set(list, address, ground.now, capacity);
  }
  if (flight.balanced !== undefined) ground.balancers.remember(flight.balanced);
  const translations = entries.map(({ machine, entry: { original, reply, unreplied } }) => {
    return { node: machine.name, original, reply, unreplied };
  });
  const client = clientEnd(ground, from, sender);
  const session = sessionOf(flight, serverTupleOf(flight, entries));
  const { socket: tuple } = flight;
  const responder = responderOf(ground, flight);
  return { from, tuple, opened: { ...trace, translations }, sender, session, client, responder };
}

/** The way's entries with one number in place of the random port that masquerading chose. */
function withDrawnPort(stream: Stream, { entries }: Flight, now: Instant): TrackedEntry[] {
  if (!entries.some(({ entry }) => hasRandomPort(entry))) return [...entries];
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const port = drawFrom(stream, TRANSLATED_PORTS);
    const drawn = entries.map(({ machine, entry }) => ({ machine, entry: withPort(entry, port) }));
    if (drawn.every((it) => isUnused(it, now))) return drawn;
  }
  throw new RangeError('no free port for another connection');
}

function drawFrom(stream: Stream, { first, last }: { first: number; last: number }): number {
  return first + stream.below(last - first + 1);
}

function isUnused({ machine, entry }: TrackedEntry, now: Instant): boolean {
  const { conntrack } = machine;
  const isKnown = (tuple: FiveTuple): boolean => conntrack.lookup(tuple, now) !== undefined;
  return !isKnown(entry.original) && !isKnown(entry.reply);
}

function hasRandomPort({ original, reply }: ConntrackEntry): boolean {
  return original.sport === ANY_PORT || reply.dport === ANY_PORT;
}

function withPort(entry: ConntrackEntry, port: number): ConntrackEntry {
  const { original, reply } = entry;
  return {
    ...entry,
    original: original.sport === ANY_PORT ? { ...original, sport: port } : original,
    reply: reply.dport === ANY_PORT ? { ...reply, dport: port } : reply,
  };
}

/** The tuple of the packet as it reached the responder: after the last translation on its way. */
function serverTupleOf({ socket }: Flight, entries: readonly TrackedEntry[]): FiveTuple {
  const last = entries.at(-1);
  return last === undefined ? socket : reversed(last.entry.reply);
}

/** The server's end: the process that listens now, for as long as that one runs. */
function sessionOf({ server }: Flight, serverTuple: FiveTuple): Session {
  if (server === undefined || 'boots' in server) return { serverTuple, server: serverEnd(server) };
  const { protocol, dport, dst } = serverTuple;
  return { serverTuple, server: serverEnd(server.listenerOn(protocol, Number(dport), dst)) };
}

function responderOf(
  { fabric, machines }: SendGround,
  { server, responder }: Flight,
): Sender | undefined {
  if (server !== undefined) {
    if ('boots' in server) return { machine: server };
    return server.hostNetwork ? { machine: machines.get(server.node)! } : { sandbox: server };
  }
  const host = responder && fabric.hostAt(responder.address);
  return host !== undefined && 'external' in host ? { external: host } : undefined;
}

function originText(from: Origin): string {
  if ('pod' in from) return `pod/${from.pod}`;
  return 'node' in from ? `node/${from.node}` : `external/${from.external}`;
}
