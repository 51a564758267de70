// What TCP makes of a bad line between the API server and a client: a segment that is lost is sent
// again, later each time, and everything behind it waits for it.
// source: Linux net/ipv4/tcp_timer.c tcp_retransmit_timer; tcp_input.c tcp_rtt_estimator (the RTO
// is the round trip and at least 200 ms more)

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { Timing } from '../timing';
import type { Arrival } from '../values/arrivals';
import { between, later } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { Lag } from './lags';
import { RTO_MAX } from './retransmission';

/** As fine as shares are written: a thousandth of a percent. */
const FINENESS = 1_000_000_000;

export interface SegmentLossesGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  /** The client closes its connections: it has heard nothing for too long. */
  lose(actor: string): void;
}

export class SegmentLosses {
  private readonly ground: SegmentLossesGround;
  /** When the last segment arrives that could be lost, by direction: `kubelet@worker-1 there`. */
  private readonly arrivesAt = new Map<string, Instant>();
  /** Clients that will close their connections, because one is late for longer than they wait. */
  private readonly starved = new Set<string>();
  private readonly deadEvent: EventKind;

  constructor(ground: SegmentLossesGround) {
    this.ground = ground;
    this.deadEvent = ground.kernel.declare(
      'client.connectionStarved',
      (actor) => {
        for (const way of ['there', 'back']) this.arrivesAt.delete(`${actor} ${way}`);
        this.starved.delete(String(actor));
        ground.lose(String(actor));
      },
      { owner: (actor) => String(actor) },
    );
  }

  /** Whether nothing waits for what was lost before it. */
  get isEmpty(): boolean {
    return this.arrivesAt.size === 0;
  }

  /**
   * How long a message that is sent in `ready` from now on is under way after that. Also on a line
   * that is good again it waits for what was lost before it.
   */
  wait(actor: string, way: 'there' | 'back', lag: Lag, ready: Duration): Duration {
    if (lag.chances === undefined && this.arrivesAt.size === 0) return lag[way];
    const sentAt = later(this.ground.kernel.now, ready);
    const isBad = lag.chances !== undefined;
    const drawn = isBad ? this.draw(actor, way, lag) : lag[way];
    const own = later(sentAt, this.endured(actor, way, drawn));
    const key = `${actor} ${way}`;
    const before = this.arrivesAt.get(key) ?? own;
    const at = before > own ? before : own;
    if (isBad) this.arrivesAt.set(key, at);
    return between(sentAt, at);
  }

  private draw(actor: string, way: 'there' | 'back', lag: Lag): Duration {
    const { kernel, timing } = this.ground;
    const stream = kernel.random.stream(`degrade.loss/${actor}/${way}`);
    const roundTrip = lag.there + lag.back;
    const arrivals = lag.chances![way];
    let rto = Math.min(timing.delay('client.tcpRetransmission').least + roundTrip, RTO_MAX);
    for (let sentAfter = 0; ; rto = Math.min(2 * rto, RTO_MAX)) {
      const arrival = chosen(arrivals, stream.below(FINENESS));
      if (arrival !== undefined) return (sentAfter + arrival.after) as Duration;
      sentAfter += Math.max(rto, 1);
    }
  }

  /**
   * Pings of HTTP/2 wait behind what is lost as all else does, so the client closes its connection.
   * It repeats a request on its next one; what it was to be told comes by its next list, before
   * this late copy.
   */
  private endured(actor: string, way: 'there' | 'back', wait: Duration): Duration {
    const { kernel, timing } = this.ground;
    const idle = timing.delay('client.http2ReadIdle').least;
    const patience = (idle + timing.delay('client.http2PingTimeout').least) as Duration;
    if (patience === 0 || wait <= patience) return wait;
    if (!this.starved.has(actor)) {
      this.starved.add(actor);
      const timer = 'client.http2PingTimeout';
      kernel.after(patience, Phase.agent, this.deadEvent, actor, 0, timer);
    }
    return way === 'there' ? patience : ((2 * patience) as Duration);
  }
}

/** The arrival that the draw means; undefined for a loss. */
function chosen(arrivals: readonly Arrival[], draw: number): Arrival | undefined {
  let left = draw;
  for (const arrival of arrivals) {
    const { numerator, denominator } = arrival.probability;
    left -= Math.round((numerator / denominator) * FINENESS);
    if (left < 0) return arrival;
  }
  return undefined;
}
