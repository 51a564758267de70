// When the kernel sends a lost packet again.

import { later } from '../values/time';
import type { Duration, Instant } from '../values/time';

/**
 * The first instant at or after `from` at which a packet of `sentAt` is sent again: `first` later,
 * and after that twice as long each time, up to two minutes.
 * source: Linux net/ipv4/tcp_timer.c tcp_retransmit_timer (TCP_RTO_MAX)
 */
export function retransmission(sentAt: Instant, first: Duration, from: Instant): Instant {
  if (first <= 0) return from > sentAt ? from : sentAt;
  let at = sentAt;
  for (let wait: number = first; at < from; wait = Math.min(2 * wait, RTO_MAX)) {
    at = later(at, wait as Duration);
  }
  return at;
}

/** Two minutes, in microseconds. */
export const RTO_MAX = 120_000_000;
