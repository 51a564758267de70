// What TCP makes of a bad line between the API server and a client: a segment that is lost is sent
// again, later each time, and everything behind it waits for it.
// source: Linux net/ipv4/tcp_timer.c tcp_retransmit_timer; tcp_input.c tcp_rtt_estimator (the RTO
// is the round trip and at least 200 ms more)

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { Stream } from '../kernel/random';
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
    const first = (timing.delay('client.tcpRetransmission').least + roundTrip) as Duration;
    return drawArrival(lag.chances![way], first, stream)!;
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

/**
 * How long after it was sent a segment arrives that is sent again when `first` is over, and after
 * twice as long each time; undefined where that would not be within `limit`.
 */
export function drawArrival(
  arrivals: readonly Arrival[],
  first: Duration,
  stream: Stream,
  limit: number = Number.POSITIVE_INFINITY,
): Duration | undefined {
  let rto = Math.min(first, RTO_MAX);
  for (let sentAfter = 0; sentAfter < limit; rto = Math.min(2 * rto, RTO_MAX)) {
    const arrival = drawOne(arrivals, stream);
    if (arrival !== undefined) return (sentAfter + arrival) as Duration;
    sentAfter += Math.max(rto, 1);
  }
  return undefined;
}

/**
 * How long a client takes to connect: a SYN is sent again after `first`, and after twice as long
 * each time, until one of them and its answer get through. Undefined where that would not be
 * within `limit`.
 * source: Linux net/ipv4/tcp_timer.c (tcp_syn_retries, TCP_TIMEOUT_INIT)
 */
export function drawHandshake(
  { there, back }: NonNullable<Lag['chances']>,
  first: Duration,
  stream: Stream,
  limit: number,
): Duration | undefined {
  let wait = Math.max(first, 1);
  for (let sentAfter = 0; sentAfter < limit; sentAfter += wait, wait *= 2) {
    const [syn, answer] = [drawOne(there, stream), drawOne(back, stream)];
    if (syn === undefined || answer === undefined) continue;
    return (sentAfter + syn + answer) as Duration;
  }
  return undefined;
}

/** How long a segment is under way that is sent once; undefined where it is lost. */
function drawOne(arrivals: readonly Arrival[], stream: Stream): Duration | undefined {
  return chosen(arrivals, stream.below(FINENESS))?.after;
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
