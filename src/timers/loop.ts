// Loops that look only every so often, without an event for each look.

import { later } from '../values/time';
import type { Duration, Instant } from '../values/time';
import type { TimerName } from './index';
import type { Delay } from './row';

/** Instants at `phase` + n × `period`. */
export interface Ticks {
  readonly phase: Duration;
  readonly period: Duration;
}

/** What a loop asks of the table as a run sees it (timing.ts). */
export interface LoopTiming {
  delay(name: TimerName): Delay;
  phase(name: TimerName, actor: string): Duration;
}

/** The ticks of one loop. A cluster settles without loops, and lives by its timers after that. */
export class Loop {
  private readonly timing: LoopTiming;
  private readonly timer: TimerName;
  private readonly actor: string;
  private known: Ticks | undefined;

  constructor(timing: LoopTiming, timer: TimerName, actor: string) {
    this.timing = timing;
    this.timer = timer;
    this.actor = actor;
  }

  /** The ticks under the timing of now. The phase is drawn once for each period. */
  get ticks(): Ticks {
    const period = this.timing.delay(this.timer).least;
    if (this.known?.period !== period) {
      this.known = { phase: this.timing.phase(this.timer, this.actor), period };
    }
    return this.known;
  }
}

/** The last tick at or before `instant`; the instant itself where there is no period. */
export function tickBefore({ phase, period }: Ticks, instant: Instant): Instant {
  if (period <= 0) return instant;
  return (phase + Math.floor((instant - phase) / period) * period) as Instant;
}

/** The first tick at or after `instant`; the instant itself where there is no period. */
export function tickAt({ phase, period }: Ticks, instant: Instant): Instant {
  if (period <= 0) return instant;
  return (phase + Math.ceil((instant - phase) / period) * period) as Instant;
}

/** The first tick after `instant`. */
export function tickAfter(ticks: Ticks, instant: Instant): Instant {
  return ticks.period <= 0 ? instant : tickAt(ticks, later(instant, 1 as Duration));
}
