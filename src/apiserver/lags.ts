// What the packets between the API server and its clients wait on the network, beside what the
// server itself takes.

import type { Arrival } from '../values/arrivals';
import type { DeclaredWait, TimerName } from '../timing';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { drawHandshake, SegmentLosses } from './segment-losses';
import type { SegmentLossesGround } from './segment-losses';

/** One way and the other, as the client sees them. */
export interface Lag {
  readonly there: Duration;
  readonly back: Duration;
  /** When one segment arrives, where it may be lost or overtake others; each way by itself. */
  readonly chances?: { readonly there: readonly Arrival[]; readonly back: readonly Arrival[] };
}

const NONE: Lag = { there: ZERO, back: ZERO };

export class Lags {
  private readonly ground: SegmentLossesGround;
  private readonly byActor = new Map<string, Lag>();
  private readonly losses: SegmentLosses;
  private readonly listeners: ((actor: string) => void)[] = [];

  constructor(ground: SegmentLossesGround) {
    this.ground = ground;
    this.losses = new SegmentLosses(ground);
  }

  /** Whether the network slows nobody down, now or by what it has lost before. */
  get isEmpty(): boolean {
    return this.byActor.size === 0 && this.losses.isEmpty;
  }

  /** What the network does to the packets of a client now. */
  set(actor: string, lag: Lag): void {
    const { there, back, chances } = lag;
    if (there === 0 && back === 0 && chances === undefined) this.byActor.delete(actor);
    else this.byActor.set(actor, lag);
    for (const listener of this.listeners) listener(actor);
  }

  /**
   * How long the client takes to connect over a line that loses packets, each time anew; undefined
   * where it gives up before.
   */
  handshake(actor: string): Duration | undefined {
    const chances = this.byActor.get(actor)?.chances;
    if (chances === undefined) return ZERO;
    const { kernel, timing } = this.ground;
    const stream = kernel.random.stream(`degrade.loss/handshake/${actor}`);
    const first = timing.delay('client.synRetransmission').least;
    return drawHandshake(chances, first, stream, timing.delay('client.dialTimeout').least);
  }

  /** Calls the listener at each change of what the network does to a client. */
  onChange(listener: (actor: string) => void): void {
    this.listeners.push(listener);
  }

  /** What the network does to the packets of a client now; undefined for nothing. */
  at(actor: string): Lag | undefined {
    return this.byActor.get(actor);
  }

  /**
   * How long a message of the client (`there`), or one to it, is under way that is sent when
   * `ready` is over. Where it may be lost, that is drawn.
   */
  of(actor: string, way: 'there' | 'back', ready: Duration = ZERO): Duration {
    return this.losses.wait(actor, way, this.byActor.get(actor) ?? NONE, ready);
  }
}

/** What most of a wait is, of those that add up to it. */
export function longest(
  ...parts: readonly (readonly [span: Duration, name: TimerName | DeclaredWait])[]
): TimerName | DeclaredWait {
  return parts.reduce((most, part) => (part[0] > most[0] ? part : most))[1];
}
