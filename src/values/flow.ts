// A flow as conntrack and every firewall log name it: the five-tuple.

import { formatEndpoint } from './ip';
import type { IP } from './ip';

export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP';

/** A port that the kernel picks at random and that nobody may rely on. */
export const ANY_PORT = 'any';
export type Port = number | typeof ANY_PORT;

/** One direction of a flow. */
export interface FiveTuple {
  readonly protocol: Protocol;
  readonly src: IP;
  readonly sport: Port;
  readonly dst: IP;
  readonly dport: Port;
}

/** The tuple that an untranslated answer carries. */
export function reversed(tuple: FiveTuple): FiveTuple {
  return {
    protocol: tuple.protocol,
    src: tuple.dst,
    sport: tuple.dport,
    dst: tuple.src,
    dport: tuple.sport,
  };
}

/** A key that is equal for equal tuples. */
export function tupleKey(tuple: FiveTuple): string {
  return `${tuple.protocol} ${tuple.src} ${tuple.sport} ${tuple.dst} ${tuple.dport}`;
}

/** `10.244.1.3:54321 → 10.96.0.20:80`. */
export function formatTuple(tuple: FiveTuple): string {
  return `${formatEndpoint(tuple.src, tuple.sport)} → ${formatEndpoint(tuple.dst, tuple.dport)}`;
}
