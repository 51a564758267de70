// What a limited rate costs: the time in which the bits of a packet leave the slowest line on its
// way. What is ahead of it there is said in line-queue.ts; bits for which a line has tokens leave
// it at once.
// source: net/sched/sch_netem.c packet_time_ns (qdisc_pkt_len: with the Ethernet header);
// net/sched/sch_tbf.c tbf_dequeue

import type { Line } from '../values/arrivals';
import { familyOf } from '../values/ip';
import type { FiveTuple } from '../values/flow';
import type { Duration } from '../values/time';
import type { Trace } from '../values/trace';

/** Bytes of a packet and of its answer, as they are on the wire. */
export interface Frames {
  readonly there: number;
  readonly back: number;
}

/** source: IEEE 802.3 (without preamble and checksum, as Linux counts) */
export const ETHERNET_HEADER = 14;

const IP_HEADER = { IPv4: 20, IPv6: 40 } as const;

/** A SYN of Linux has 20 bytes of options, every later segment 12 (timestamps). */
const SYN = 40;
const SEGMENT = 32;
const DATAGRAM = 8;

/** A fragment of IPv6 has a header of its own for that. source: RFC 8200 §4.5 */
const FRAGMENT = { IPv4: 0, IPv6: 8 } as const;

const MICROSECONDS = 1_000_000;

/** Bytes of a call between hosts. */
export const SYN_FRAME = ETHERNET_HEADER + IP_HEADER.IPv4 + SYN;

const NOTHING: Frames = { there: 0, back: 0 };

/** A handshake, a segment of an open connection, or a datagram: just the headers. */
export function bareFrames({ protocol, src }: FiveTuple, isOpen = false): Frames {
  const first = isOpen ? SEGMENT : SYN;
  const bytes = frame(src, protocol === 'TCP' ? first : DATAGRAM);
  return { there: bytes, back: bytes };
}

/** All frames that carry `size` bytes of data in IP packets of at most `length` bytes. */
export function framesOf({ protocol, src }: FiveTuple, size: number, length: number): number {
  const family = familyOf(src);
  if (protocol === 'TCP') {
    const headers = IP_HEADER[family] + SEGMENT;
    return size + Math.ceil(size / Math.max(8, length - headers)) * (ETHERNET_HEADER + headers);
  }
  const data = size + DATAGRAM;
  if (data + IP_HEADER[family] <= length) return frame(src, data);
  const headers = IP_HEADER[family] + FRAGMENT[family];
  // All fragments but the last one carry a multiple of eight bytes.
  const piece = Math.max(8, Math.floor((length - headers) / 8) * 8);
  return data + Math.ceil(data / piece) * (ETHERNET_HEADER + headers);
}

/**
 * The same trace, as much later as the lowest rates on its way make it. `before`: frames that have
 * used tokens already.
 */
export function withTransmission(trace: Trace, frames: Frames, before = NOTHING): Trace {
  const { stretch } = trace;
  const lines = stretch?.lines ?? [];
  if (stretch === undefined || lines.every(({ rate }) => rate === undefined)) return trace;
  const out = timeFor(frames.there, before.there, linesOn('request', lines));
  const home = timeFor(frames.back, before.back, linesOn('answer', lines));
  return {
    ...trace,
    stretch: {
      ...stretch,
      delay: (stretch.delay + out + home) as Duration,
      there: (stretch.there + out) as Duration,
    },
  };
}

function linesOn(leg: Line['leg'], lines: readonly Line[]): readonly Line[] {
  return lines.filter((line) => line.leg === leg);
}

/** The longest time that any of the lines takes. */
function timeFor(bytes: number, before: number, lines: readonly Line[]): number {
  const times = lines.map(({ rate = Infinity, tokens = 0 }) => {
    const bits = bytes * 8 - Math.max(0, tokens - before * 8);
    return Math.ceil((Math.max(0, bits) * MICROSECONDS) / rate);
  });
  return Math.max(0, ...times);
}

function frame(src: FiveTuple['src'], bytes: number): number {
  return ETHERNET_HEADER + IP_HEADER[familyOf(src)] + bytes;
}
