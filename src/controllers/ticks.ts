// Loops that look only every so often, without an event for each look.

import { later } from '../values/time';
import type { Duration, Instant } from '../values/time';

/** Instants at `phase` + n × `period`. */
export interface Ticks {
  readonly phase: Duration;
  readonly period: Duration;
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
