// Durations as Go writes them: `300ms`, `-1.5h`, `2h45m`, `10m100ns`.
// source: Go time.ParseDuration

import type { Duration } from '../values/time';

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ns: 1n,
};

/** The longest span that a run can hold. */
const MOST = BigInt(Number.MAX_SAFE_INTEGER) * 1_000n;

/** A duration in whole microseconds; what is finer is cut off, as `exact` tells. */
export interface GoDuration {
  readonly value: Duration;
  readonly exact: boolean;
}

/** Undefined where the text is no duration of Go, or longer than 285 years. */
export function parseGoDuration(text: string): GoDuration | undefined {
  const [, sign, body = ''] = /^([-+]?)(.*)$/.exec(text.trim())!;
  if (body === '0') return { value: 0 as Duration, exact: true };
  if (!/^((\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|μs|ns))+$/.test(body)) return undefined;
  let total = 0n;
  for (const [, number = '', unit = ''] of body.matchAll(/([\d.]+)(h|ms|m|s|us|µs|μs|ns)/g)) {
    const [whole = '', fraction = ''] = number.split('.');
    const size = NANOSECONDS[unit]!;
    total += (BigInt(`${whole}${fraction}` || '0') * size) / 10n ** BigInt(fraction.length);
  }
  if (total > MOST) return undefined;
  const value = Number(total / 1_000n);
  return { value: (sign === '-' ? 0 - value : value) as Duration, exact: total % 1_000n === 0n };
}
