// What the packets between the API server and its clients wait on the network, beside what the
// server itself takes.

import { ZERO } from '../values/time';
import type { Duration } from '../values/time';

/** One way and the other, as the client sees them. */
export interface Lag {
  readonly there: Duration;
  readonly back: Duration;
}

const NONE: Lag = { there: ZERO, back: ZERO };

export class Lags {
  /** By client, then by who slows it down. */
  private readonly byActor = new Map<string, Map<string, Lag>>();

  /** What one token adds for a client; nothing where both are zero. */
  set(actor: string, token: string, lag: Lag): void {
    const own = this.byActor.get(actor) ?? new Map<string, Lag>();
    if (lag.there === 0 && lag.back === 0) own.delete(token);
    else own.set(token, lag);
    if (own.size === 0) this.byActor.delete(actor);
    else this.byActor.set(actor, own);
  }

  /** Everything that slows a client down. */
  of(actor: string): Lag {
    const own = this.byActor.get(actor);
    if (own === undefined) return NONE;
    return [...own.values()].reduce((sum, { there, back }) => ({
      there: (sum.there + there) as Duration,
      back: (sum.back + back) as Duration,
    }));
  }
}
