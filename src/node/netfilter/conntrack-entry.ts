// One connection as conntrack keeps it: its two tuples, its condition, and how long it stays.
// source: net/netfilter/nf_conntrack_proto_tcp.c, nf_conntrack_proto_udp.c

import type { FiveTuple, Protocol } from '../../values/flow';
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

/**
 * How long an entry stays after its last packet, by TCP state. ESTABLISHED and CLOSE_WAIT are
 * kube-proxy's settings; the kernel's own are five days and one minute.
 * source: net/netfilter/nf_conntrack_proto_tcp.c tcp_timeouts;
 * pkg/proxy/apis/config/v1alpha1/defaults.go (Conntrack), pkg/proxy/conntrack/sysctls.go
 */
const TCP_TIMEOUTS = {
  SYN_SENT: seconds(120),
  SYN_RECV: seconds(60),
  ESTABLISHED: seconds(86_400),
  FIN_WAIT: seconds(120),
  CLOSE_WAIT: seconds(3_600),
  LAST_ACK: seconds(30),
  TIME_WAIT: seconds(120),
  CLOSE: seconds(10),
} as const satisfies Record<string, Duration>;

export type TcpState = keyof typeof TCP_TIMEOUTS;

/**
 * The same for the protocols without states; `UDP stream` is an answered flow that has gone on.
 * source: net/netfilter/nf_conntrack_proto_{udp,icmp,sctp}.c
 */
const OTHER_TIMEOUTS = {
  UDP: seconds(30),
  'UDP stream': seconds(120),
  ICMP: seconds(30),
  SCTP: seconds(210),
} as const satisfies Record<string, Duration>;

const PROTOCOL_NUMBERS: Readonly<Record<Protocol, number>> = {
  TCP: 6,
  UDP: 17,
  SCTP: 132,
  ICMP: 1,
};

const STREAM_AFTER = seconds(2);

/** The entry of a first packet: unanswered, and for TCP in SYN_SENT. */
export function newEntry(original: FiveTuple, reply: FiveTuple, now: Instant): ConntrackEntry {
  const state = original.protocol === 'TCP' ? 'SYN_SENT' : '';
  const fresh = { original, reply, state, unreplied: true, assured: false } as const;
  return refreshed({ ...fresh, begun: now, expires: now }, now);
}

/** The entry after an answer. A TCP connection counts as established and assured from here on. */
export function answered(entry: ConntrackEntry, now: Instant): ConntrackEntry {
  // The first answer itself is not yet one of a flow that was answered.
  if (entry.original.protocol !== 'TCP') return { ...refreshed(entry, now), unreplied: false };
  return refreshed({ ...entry, unreplied: false, assured: true, state: 'ESTABLISHED' }, now);
}

/** The entry in another TCP state (a reset brings CLOSE), its time counted anew. */
export function inState(entry: ConntrackEntry, state: TcpState, now: Instant): ConntrackEntry {
  return refreshed({ ...entry, state }, now);
}

/** The entry after one more packet of its flow: its time is counted anew. */
export function refreshed(entry: ConntrackEntry, now: Instant): ConntrackEntry {
  const kept = isStream(entry, now) ? { ...entry, assured: true } : entry;
  return { ...kept, expires: later(now, timeoutOf(kept)) };
}

/**
 * Whether a packet of now makes a UDP flow a stream: one that was answered, and goes on for more
 * than two seconds.
 * source: net/netfilter/nf_conntrack_proto_udp.c nf_conntrack_udp_packet (stream_ts)
 */
function isStream({ original, unreplied, begun }: ConntrackEntry, now: Instant): boolean {
  return original.protocol === 'UDP' && !unreplied && between(begun, now) > STREAM_AFTER;
}

function timeoutOf({ original, state, assured }: ConntrackEntry): Duration {
  if (original.protocol === 'TCP') return TCP_TIMEOUTS[state === '' ? 'SYN_SENT' : state];
  if (original.protocol === 'UDP') return OTHER_TIMEOUTS[assured ? 'UDP stream' : 'UDP'];
  return OTHER_TIMEOUTS[original.protocol];
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
