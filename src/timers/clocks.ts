// The clocks of single actors, where they differ from the time of the run: set wrong, or running
// fast or slow. What an actor writes down comes from the clock on its wall, which jumps when it is
// set; what it waits for comes from a clock that only runs.
// source: clock_gettime(2) (CLOCK_REALTIME, CLOCK_MONOTONIC); Go package time, "Monotonic Clocks"

import { later } from '../values/time';
import type { Duration, Instant } from '../values/time';

export interface Skew {
  /** How far ahead the clock is; negative behind. */
  readonly offset: number;
  /** How much faster it runs, in millionths; negative slower. */
  readonly drift: number;
}

const MILLION = 1_000_000;

class Clock {
  private readonly skews = new Map<string, Skew>();
  /** When it began to run as it does now, and how far it was ahead by drifting until then. */
  private since: Instant;
  private ahead = 0;

  constructor(now: Instant) {
    this.since = now;
  }

  get isRight(): boolean {
    return this.skews.size === 0 && this.ahead === 0;
  }

  /** How many millionths faster than time it runs. */
  get drift(): number {
    return [...this.skews.values()].reduce((sum, it) => sum + it.drift, 0);
  }

  change(token: string, skew: Skew | undefined, now: Instant): void {
    this.ahead = this.driftedBy(now);
    this.since = now;
    if (skew === undefined) this.skews.delete(token);
    else this.skews.set(token, skew);
    // Without a fault that makes it drift, the time service has it step back to the right time.
    if (this.drift === 0) this.ahead = 0;
  }

  offset(now: Instant): number {
    const set = [...this.skews.values()].reduce((sum, it) => sum + it.offset, 0);
    return set + this.driftedBy(now);
  }

  driftedBy(now: Instant): number {
    return this.ahead + Math.round(((now - this.since) * this.drift) / MILLION);
  }
}

export class Clocks {
  private readonly byActor = new Map<string, Clock>();

  set(actor: string, token: string, skew: Skew, now: Instant): void {
    const clock = this.byActor.get(actor) ?? new Clock(now);
    this.byActor.set(actor, clock);
    clock.change(token, skew, now);
  }

  putRight(actor: string, token: string, now: Instant): void {
    const clock = this.byActor.get(actor);
    clock?.change(token, undefined, now);
    if (clock?.isRight === true) this.byActor.delete(actor);
  }

  /** What the actor's wall clock shows. */
  reading(actor: string, now: Instant): Instant {
    // Nearly always all clocks are right: then it does not matter who asks.
    const clock = this.byActor.size === 0 ? undefined : this.byActor.get(actor);
    return clock === undefined ? now : ((now + clock.offset(now)) as Instant);
  }

  /** How long it takes until the actor's clock has counted a span. */
  span(actor: string, counted: Duration): Duration {
    const drift = this.byActor.get(actor)?.drift ?? 0;
    if (drift === 0) return counted;
    return Math.round((counted * MILLION) / (MILLION + drift)) as Duration;
  }

  /** An instant as the clock counts that the actor's loops run by. */
  counted(actor: string, instant: Instant): Instant {
    const clock = this.byActor.get(actor);
    return clock === undefined ? instant : later(instant, clock.driftedBy(instant) as Duration);
  }
}
