// Connections that are really opened: their entries stand in the conntrack tables of the hosts on
// their path, with ports that are drawn, and every later packet follows them.

import type { Random, Stream } from '../kernel/random';
import type { Machine } from '../node/machine';
import type { ConntrackEntry } from '../node/netfilter/conntrack';
import { refreshed } from '../node/netfilter/conntrack-entry';
import { ANY_PORT, reversed } from '../values/flow';
import type { FiveTuple, Port } from '../values/flow';
import type { Destination, Origin } from '../values/origin';
import type { Instant } from '../values/time';
import type { Trace } from '../values/trace';
import type { Flight } from './flight';
import { prepare, PROBE_PORT, walkPacket } from './send';
import type { SendGround } from './send';
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
 * Opens one connection for each way that is answered. All ways are found first and committed
 * afterwards, so that none of them sees the others' entries.
 */
export function openConnections(
  ground: SendGround,
  random: Random,
  from: Origin,
  to: Destination,
): readonly Connection[] {
  const prepared = prepare(ground, from, to, PROBE_PORT);
  if ('disposition' in prepared) return [];
  const ports = random.stream(`network/ports/${originText(from)}`);
  return walkPacket(ground, prepared, true)
    .filter(({ trace }) => trace.disposition === 'answered')
    .map((ending) => commitNew(ground, ports, from, prepared.sender, ending));
}

/** The next packet of a connection, along the entries that stand now. They are kept fresh by it. */
export function continueConnection(
  ground: SendGround,
  connection: Connection,
  record = true,
): readonly Trace[] {
  const { sender, tuple, session } = connection;
  if (!isRunning(sender)) return [];
  const endings = walkPacket(ground, { sender, sent: tuple, kind: 'data', session }, record);
  for (const { flight } of endings) {
    // A packet that finds its connection forgotten may go several ways; none of them happened.
    if (endings.length > 1) break;
    for (const { machine, entry } of flight.entries) {
      machine.conntrack.put(refreshed(entry, ground.now));
    }
  }
  return endings.map(({ trace }) => trace);
}

/** Gives the way's entries concrete ports and writes them into the real tables. */
function commitNew(
  ground: SendGround,
  stream: Stream,
  from: Origin,
  sender: Sender,
  { trace, flight }: Ending,
): Connection {
  const ports = drawPorts(stream, flight, ground.now);
  for (const { machine, entry } of flight.entries) machine.conntrack.put(withPorts(entry, ports));
  for (const { machine, list, address } of flight.recentSets) {
    machine.recent.set(list, address, ground.now);
  }
  const tuple = concrete(trace.sent, ports, 'original');
  const serverTuple = concrete(serverTupleOf(trace, flight), ports, 'original');
  const translations = flight.entries.map(({ machine, entry }) => {
    const { original, reply, unreplied } = withPorts(entry, ports);
    return { node: machine.name, original, reply, unreplied };
  });
  const opened = { ...trace, sent: tuple, translations };
  return { from, tuple, opened, sender, session: sessionOf(flight, serverTuple) };
}

interface DrawnPorts {
  readonly client: number;
  readonly translated: number;
}

/** Ports that no host on the way uses for another flow. */
function drawPorts(stream: Stream, flight: Flight, now: Instant): DrawnPorts {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const ports = {
      client: drawFrom(stream, CLIENT_PORTS),
      translated: drawFrom(stream, TRANSLATED_PORTS),
    };
    if (ports.client === PROBE_PORT) continue;
    const isFree = flight.entries.every(({ machine, entry }) => {
      const wanted = withPorts(entry, ports);
      return isUnused(machine, wanted.original, now) && isUnused(machine, wanted.reply, now);
    });
    if (isFree) return ports;
  }
  throw new RangeError('no free port for another connection');
}

function drawFrom(stream: Stream, { first, last }: { first: number; last: number }): number {
  return first + stream.below(last - first + 1);
}

function isUnused(machine: Machine, tuple: FiveTuple, now: Instant): boolean {
  return machine.conntrack.lookup(tuple, now) === undefined;
}

function withPorts(entry: ConntrackEntry, ports: DrawnPorts): ConntrackEntry {
  return {
    ...entry,
    original: concrete(entry.original, ports, 'original'),
    reply: concrete(entry.reply, ports, 'reply'),
  };
}

/** The tuple with the client's side in place of the probe's port and of random ones. */
function concrete(
  tuple: FiveTuple,
  { client, translated }: DrawnPorts,
  direction: 'original' | 'reply',
): FiveTuple {
  const draw = (port: Port): Port =>
    port === ANY_PORT ? translated : port === PROBE_PORT ? client : port;
  return direction === 'original'
    ? { ...tuple, sport: draw(tuple.sport) }
    : { ...tuple, dport: draw(tuple.dport) };
}

/** The tuple of the packet as it reached the responder: after the last translation on its way. */
function serverTupleOf(trace: Trace, flight: Flight): FiveTuple {
  const last = flight.entries.at(-1);
  const seen = trace.responder!;
  const isThere = (tuple: FiveTuple): boolean =>
    tuple.src === seen.seenSource && tuple.dst === seen.address && tuple.dport === seen.port;
  const candidates = flight.entries.map(({ entry }) => reversed(entry.reply));
  return (
    candidates.findLast(isThere) ?? (last === undefined ? trace.sent : reversed(last.entry.reply))
  );
}

/** The server's end: the process that listens now, for as long as that one runs. */
function sessionOf({ server }: Flight, serverTuple: FiveTuple): Session {
  const { protocol, dport } = serverTuple;
  const process = server?.listenerOn(protocol, Number(dport));
  if (process === undefined) return { serverTuple, isAlive: () => true };
  const { startedAt } = process;
  const isAlive = (): boolean =>
    process.startedAt === startedAt &&
    (process.state === 'running' || process.state === 'draining');
  return { serverTuple, isAlive };
}

function isRunning(sender: Sender): boolean {
  return !('machine' in sender) || sender.machine.powered;
}

function originText(from: Origin): string {
  if ('pod' in from) return `pod/${from.pod}`;
  return 'node' in from ? `node/${from.node}` : `external/${from.external}`;
}
