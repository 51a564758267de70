// Virtual time. Whole microseconds, so that sums are exact and ties are real ties:
// 2^53 µs is 285 years, far beyond any scenario.

/** A point of virtual time in whole microseconds since the scenario's zero. */
export type Instant = number & { readonly __unit: 'instant' };

/** A span of virtual time in whole microseconds. */
export type Duration = number & { readonly __unit: 'duration' };

export const START = 0 as Instant;
export const ZERO = 0 as Duration;

/** Whole microseconds as a duration. */
export function microseconds(count: number): Duration {
  if (!Number.isSafeInteger(count)) throw new RangeError(`not a whole microsecond: ${count}`);
  return count as Duration;
}

/** Milliseconds as a duration; fractions down to a microsecond are kept. */
export function milliseconds(count: number): Duration {
  return microseconds(Math.round(count * 1_000));
}

/** Seconds as a duration; fractions down to a microsecond are kept. */
export function seconds(count: number): Duration {
  return microseconds(Math.round(count * 1_000_000));
}

/** The instant `span` after `instant`. */
export function later(instant: Instant, span: Duration): Instant {
  return (instant + span) as Instant;
}

/** How long it is from `from` to `to`; negative where `to` is earlier. */
export function between(from: Instant, to: Instant): Duration {
  return (to - from) as Duration;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['h', 3_600_000_000],
  ['m', 60_000_000],
];

/**
 * A duration as people write it: `0s`, `350ms`, `1.075s`, `12s`, `1m30s`, `2h`. It reads back
 * to exactly the same number (language/duration.ts).
 */
export function formatDuration(span: Duration): string {
  if (span < 0) return `-${formatDuration((0 - span) as Duration)}`;
  if (span === 0) return '0s';
  if (span < 1_000) return `${span}us`;
  if (span < 1_000_000) return `${decimal(span, 1_000)}ms`;
  let rest: number = span;
  let text = '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return rest > 0 ? `${text}${decimal(rest, 1_000_000)}s` : text;
}

/** An instant as the reports print it: `t=12.6s`. */
export function formatInstant(instant: Instant): string {
  return `t=${formatDuration(instant as number as Duration)}`;
}

function decimal(value: number, unit: number): string {
  const whole = Math.floor(value / unit);
  const rest = value - whole * unit;
  if (rest === 0) return String(whole);
  const digits = String(unit).length - 1;
  return `${whole}.${String(rest).padStart(digits, '0').replace(/0+$/, '')}`;
}
