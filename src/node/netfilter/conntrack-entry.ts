// One connection as conntrack keeps it: its two tuples, its condition, and how long it stays.
// source: net/netfilter/nf_conntrack_proto_tcp.c, nf_conntrack_proto_udp.c

import type { FiveTuple, Protocol } from '../../values/flow';
import { TIMERS } from '../../timing';
import type { TimerName } from '../../timing';
import { between, later, seconds } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

export interface ConntrackEntry {
  readonly original: FiveTuple;
  /** As the responder will send it: the inverse of DNAT and SNAT together. */
  readonly reply: FiveTuple;
  /** TCP state by conntrack's names; empty for other protocols. */
  readonly state: TcpState | '';
  readonly unreplied: boolean;
  readonly assured: boolean;
  /** When its first packet came. */
  readonly begun: Instant;
  /** The first instant at which the entry is gone. */
  readonly expires: Instant;
  /**
   * Of a connection whose answers go past the node that chose its backend. There, how the dialled
   * address goes with the packets; on the backend's node, that answers come from that address.
   */
  readonly direct?: 'opt' | 'geneve' | 'return';
}

/** The states of a TCP connection that the model has, each with what keeps its entry. */
const TCP_TIMERS = {
  SYN_SENT: 'conntrack.tcpSynSent',
  SYN_RECV: 'conntrack.tcpSynRecv',
  ESTABLISHED: 'conntrack.tcpEstablished',
  FIN_WAIT: 'conntrack.tcpFinWait',
  CLOSE_WAIT: 'conntrack.tcpCloseWait',
  LAST_ACK: 'conntrack.tcpLastAck',
  TIME_WAIT: 'conntrack.tcpTimeWait',
  CLOSE: 'conntrack.tcpClose',
} as const satisfies Record<string, TimerName>;

export type TcpState = keyof typeof TCP_TIMERS;

/** The same for the protocols without states; `UDP stream` is an answered flow that has gone on. */
const TIMERS_OF = {
  ...TCP_TIMERS,
  UDP: 'conntrack.udp',
  'UDP stream': 'conntrack.udpStream',
  ICMP: 'conntrack.icmp',
  SCTP: 'conntrack.sctp',
} as const satisfies Record<string, TimerName>;

/** How long an entry stays after its last packet, by TCP state or protocol: sysctls of a host. */
export type ConntrackTimeouts = Readonly<Record<keyof typeof TIMERS_OF, Duration>>;

/** What has timeouts of its own, each with the timer of it. */
const TIMED = Object.entries(TIMERS_OF);

/** Those of a host that nobody has told otherwise. */
export const USUAL_TIMEOUTS = readTimeouts((timer) => TIMERS[timer].value.least);

/** The timeouts that `read` gives by their names in the table of delays; mostly the usual ones. */
export function timeoutsBy(read: (timer: TimerName) => Duration): ConntrackTimeouts {
  const isUsual = TIMED.every(([, timer]) => read(timer) === TIMERS[timer].value.least);
  return isUsual ? USUAL_TIMEOUTS : readTimeouts(read);
}

function readTimeouts(read: (timer: TimerName) => Duration): ConntrackTimeouts {
  const entries = TIMED.map(([of, timer]) => [of, read(timer)] as const);
  return Object.freeze(Object.fromEntries(entries)) as ConntrackTimeouts;
}

const PROTOCOL_NUMBERS: Readonly<Record<Protocol, number>> = {
  TCP: 6,
  UDP: 17,
  SCTP: 132,
  ICMP: 1,
};

const STREAM_AFTER = seconds(2);

/** The entry of a first packet: unanswered, and for TCP in SYN_SENT. */
export function newEntry(
  original: FiveTuple,
  reply: FiveTuple,
  now: Instant,
  timeouts = USUAL_TIMEOUTS,
): ConntrackEntry {
  const { protocol } = original;
  const state = protocol === 'TCP' ? 'SYN_SENT' : '';
  const expires = later(now, timeoutOf(protocol, state, false, timeouts));
  return { original, reply, state, unreplied: true, assured: false, begun: now, expires };
}

/** The entry after an answer. A TCP connection counts as established and assured from here on. */
export function answered(
  entry: ConntrackEntry,
  now: Instant,
  timeouts = USUAL_TIMEOUTS,
): ConntrackEntry {
  const isTcp = entry.original.protocol === 'TCP';
  // The first answer itself is not yet one of a flow that was answered.
  if (!isTcp) return { ...refreshed(entry, now, timeouts), unreplied: false };
  const expires = later(now, timeouts.ESTABLISHED);
  return { ...entry, unreplied: false, assured: true, state: 'ESTABLISHED', expires };
}

/** The entry in another TCP state (a reset brings CLOSE), its time counted anew. */
export function inState(
  entry: ConntrackEntry,
  state: TcpState,
  now: Instant,
  timeouts = USUAL_TIMEOUTS,
): ConntrackEntry {
  return refreshed({ ...entry, state }, now, timeouts);
}

/** The entry after one more packet of its flow: its time is counted anew. */
export function refreshed(
  entry: ConntrackEntry,
  now: Instant,
  timeouts = USUAL_TIMEOUTS,
): ConntrackEntry {
  const { original, state } = entry;
  const assured = entry.assured || isStream(entry, now);
  const expires = later(now, timeoutOf(original.protocol, state, assured, timeouts));
  return { ...entry, assured, expires };
}

/**
 * Whether a packet of now makes a UDP flow a stream: one that was answered, and goes on for more
 * than two seconds.
 * source: net/netfilter/nf_conntrack_proto_udp.c nf_conntrack_udp_packet (stream_ts)
 */
function isStream({ original, unreplied, begun }: ConntrackEntry, now: Instant): boolean {
  return original.protocol === 'UDP' && !unreplied && between(begun, now) > STREAM_AFTER;
}

function timeoutOf(
  protocol: Protocol,
  state: ConntrackEntry['state'],
  assured: boolean,
  timeouts: ConntrackTimeouts,
): Duration {
  if (protocol === 'TCP') return timeouts[state === '' ? 'SYN_SENT' : state];
  return timeouts[protocol === 'UDP' && assured ? 'UDP stream' : protocol];
}

/**
 * The line that `conntrack -L` prints. A random port reads `any`; seconds are rounded up as far
 * as the tool's own clock ticks.
 * source: conntrack-tools src/conntrack.c; libnetfilter_conntrack src/conntrack/snprintf_default.c
 */
export function formatConntrackEntry(entry: ConntrackEntry, now: Instant): string {
  const { protocol } = entry.original;
  const left = Math.max(0, Math.ceil(between(now, entry.expires) / 1_000_000));
  const words = [
    protocol.toLowerCase(),
    PROTOCOL_NUMBERS[protocol],
    left,
    entry.state,
    formatDirection(entry.original, 'request'),
    entry.unreplied ? '[UNREPLIED]' : '',
    formatDirection(entry.reply, 'answer'),
    entry.assured ? '[ASSURED]' : '',
    'mark=0 use=1',
  ];
  return words.filter((word) => word !== '').join(' ');
}

function formatDirection(tuple: FiveTuple, direction: 'request' | 'answer'): string {
  const addresses = `src=${tuple.src} dst=${tuple.dst}`;
  if (tuple.protocol !== 'ICMP') return `${addresses} sport=${tuple.sport} dport=${tuple.dport}`;
  // An echo has an identifier in place of ports, and a type for each direction.
  const [type, id] = direction === 'request' ? [8, tuple.sport] : [0, tuple.dport];
  return `${addresses} type=${type} code=0 id=${id}`;
}
