// When a kubelet that was cut off renews its lease again: which of its tries gets through first.
// source: component-helpers/apimachinery/lease/controller.go (sync, retryUpdateLease,
// backoffEnsureLease); cmd/kubelet/app/server.go (the client of heartbeats and its timeout)

import type { Cut } from '../../apiserver/connections';
import { retransmission } from '../../apiserver/retransmission';
import type { TimerName, Timing } from '../../timing';
import { later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

/** Tries of one renewal that follow each other at once. */
export const RETRIES = 5;
/**
 * From this failed try on the kubelet closes its connections before the next one. Real ones do so
 * where HTTP/2 is disabled; with it they leave that to its pings, which take up to 45 s.
 * source: cmd/kubelet/app/server.go buildKubeletClientConfig (DISABLE_HTTP2); kubernetes#108107
 */
export const DISTRUST = 2;

export interface Outage {
  /** Whose: the kubelet as the journal names it, whose settings may be its own. */
  readonly actor: string;
  readonly cut: Cut;
  /** The first renewal that is due since the path was cut. */
  readonly firstTry: Instant;
  /** Nothing is cut: packets are lost, and this renewal is late. */
  readonly isLossy?: true;
}

/** When the kubelet closes its connections because its heartbeats fail; undefined for never. */
export function distrustAt(outage: Outage, timing: Timing): Instant | undefined {
  const { actor, cut, firstTry } = outage;
  if (cut !== 'silent') return undefined;
  const timeout = patienceOf(actor, timing);
  return later(firstTry, (DISTRUST * timeout) as Duration);
}

/** A renewal that gets through, and what it mostly waited for since the path is free. */
export interface Renewal {
  readonly at: Instant;
  readonly timer: TimerName;
}

const TIMEOUT: TimerName = 'kubelet.leaseRequestTimeout';

/** How long a kubelet waits for the answer to one try. */
export function patienceOf(actor: string, timing: Timing): Duration {
  return timing.delay(TIMEOUT, 'gain', actor).least;
}

/** The try that succeeds, if the path is free from `mendedAt` on. */
export function leaseReturn(outage: Outage, mendedAt: Instant, timing: Timing): Renewal {
  const { actor, cut, firstTry } = outage;
  if (mendedAt <= firstTry) return { at: firstTry, timer: 'kubelet.leaseRenewInterval' };
  const timeout = cut === 'silent' ? patienceOf(actor, timing) : 0;
  const tries = new Tries(timing, timeout as Duration, mendedAt);
  let at = firstTry;
  for (let count = 0; count < RETRIES; count++) {
    // The first tries share a connection: what the first one sent is sent again and again.
    const isOld = count < DISTRUST;
    const success = isOld ? tries.onOld(firstTry, at) : tries.onNew(at, TIMEOUT);
    if (success !== undefined) return success;
    at = later(at, timeout as Duration);
  }
  const most = timing.delay('kubelet.leaseBackoffMax').least;
  const first = timing.delay('kubelet.leaseBackoff').least;
  for (let sleep = 2 * first; ; sleep = Math.min(2 * sleep, most)) {
    const success = tries.onNew(at, 'kubelet.leaseBackoff');
    if (success !== undefined) return success;
    at = later(at, (timeout + Math.max(sleep, 1)) as Duration);
  }
}

class Tries {
  private readonly timing: Timing;
  private readonly timeout: Duration;
  private readonly mendedAt: Instant;

  constructor(timing: Timing, timeout: Duration, mendedAt: Instant) {
    this.timing = timing;
    this.timeout = timeout;
    this.mendedAt = mendedAt;
  }

  /** A try over a connection that stands; what was sent first was sent at `sentAt`. */
  onOld(sentAt: Instant, at: Instant): Renewal | undefined {
    return this.within(at, sentAt, 'client.tcpRetransmission', TIMEOUT);
  }

  /** A try that has to connect first; before it came the wait of that name. */
  onNew(at: Instant, before: TimerName): Renewal | undefined {
    return this.within(at, at, 'client.synRetransmission', before);
  }

  private within(
    at: Instant,
    sentAt: Instant,
    repetition: TimerName,
    before: TimerName,
  ): Renewal | undefined {
    if (this.timeout === 0) return at >= this.mendedAt ? { at, timer: before } : undefined;
    const from = this.mendedAt > at ? this.mendedAt : at;
    const success = retransmission(sentAt, this.timing.delay(repetition).least, from);
    if (success >= later(at, this.timeout)) return undefined;
    // A try that begins when the path is free sends its first packet at once.
    return { at: success, timer: success > at ? repetition : before };
  }
}
