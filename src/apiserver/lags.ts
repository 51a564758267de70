// What the packets between the API server and its clients wait on the network, beside what the
// server itself takes.

import type { Arrival } from '../values/arrivals';
import type { DeclaredWait, TimerName } from '../timing';
import { ZERO } from '../values/time';
import type { Duration } from '../values/time';
import { SegmentLosses } from './segment-losses';
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
  private readonly byActor = new Map<string, Lag>();
  private readonly losses: SegmentLosses;

  constructor(ground: SegmentLossesGround) {
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
