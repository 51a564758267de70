// Durations, instants and windows as people write them: `350ms`, `1m30s`, `30s..45s`.

import type { Duration, Instant } from '../values/time';
import { START } from '../values/time';

/** What reading a text gave: the value, or what is wrong with it and what to write instead. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

export interface Window {
  readonly from: Instant;
  readonly to: Instant;
}

/** Units in whole microseconds, the longest first: a duration names them in this order. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['h', 3_600_000_000n],
  ['m', 60_000_000n],
  ['s', 1_000_000n],
  ['ms', 1_000n],
  ['us', 1n],
]);

const NUMBER = '[0-9]+(\\.[0-9]+)?';

/** The same grammar for editors, which check by pattern. `µs` is read as `us`. */
export const DURATION_PATTERN = `(?=[0-9])${['h', 'm', 's', 'ms', '[uµ]s']
  .map((unit) => `(${NUMBER}${unit})?`)
  .join('')}`;

/**
 * Reads a duration to the exact microsecond. A bare number, an unknown unit, units out of order
 * and fractions finer than a microsecond are refused, each with what to write instead.
 */
export function parseDuration(text: string): Reading<Duration> {
  const fault = faultOf(text);
  if (fault !== undefined) return fault;
  let total = 0n;
  let rest = text.replaceAll('µ', 'u');
  let previous: bigint | undefined;
  while (rest !== '') {
    const [part, whole = '', fraction = '', unit = ''] = /^(\d+)(?:\.(\d+))?([a-z]+)/.exec(rest)!;
    const size = UNITS.get(unit)!;
    if (previous !== undefined && size >= previous) return outOfOrder(text);
    previous = size;
    const scale = 10n ** BigInt(fraction.length);
    const scaled = BigInt(whole + fraction) * size;
    if (scaled % scale !== 0n) return refuse(`"${text}" is finer than a microsecond`);
    total += scaled / scale;
    rest = rest.slice(part.length);
  }
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) return refuse(`"${text}" is longer than 285 years`);
  return { ok: true, value: Number(total) as Duration };
}

/** Reads an instant: a duration counted from the scenario's zero. */
export function parseInstant(text: string): Reading<Instant> {
  const reading = parseDuration(text);
  return reading.ok ? { ok: true, value: (START + reading.value) as Instant } : reading;
}

/** Reads `30s..45s`; the end may not lie before the beginning. */
export function parseWindow(text: string): Reading<Window> {
  const [first, second, ...more] = text.split('..');
  if (first === undefined || second === undefined || more.length > 0) {
    return refuse(`"${text}" is not a window`, 'a window is two instants: 30s..45s');
  }
  const from = parseInstant(first);
  if (!from.ok) return from;
  const to = parseInstant(second);
  if (!to.ok) return to;
  if (to.value < from.value) {
    return refuse(`the window "${text}" ends before it begins`, `write ${second}..${first}`);
  }
  return { ok: true, value: { from: from.value, to: to.value } };
}

/** Reads a duration that the schema has passed already. Throws a RangeError otherwise. */
export function duration(text: string): Duration {
  const reading = parseDuration(text);
  if (!reading.ok) throw new RangeError(reading.message);
  return reading.value;
}

/** Reads an instant that the schema has passed already. Throws a RangeError otherwise. */
export function instant(text: string): Instant {
  return duration(text) as number as Instant;
}

function faultOf(text: string): Reading<never> | undefined {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    return refuse(`"${text}" has no unit`, `write ${trimmed}s or ${trimmed}ms`);
  }
  if (trimmed.startsWith('-')) return refuse(`"${text}" is negative`, 'durations count forwards');
  if (/\s/.test(text)) {
    const closed = text.replace(/\s+/g, '').replace(/[a-zµ]+/g, (it) => FOREIGN_UNITS[it] ?? it);
    return refuse(`"${text}" contains a space`, `write ${closed}`);
  }
  if (!/^(\d+(\.\d+)?[a-zµ]+)+$/.test(text)) {
    return refuse(`"${text}" is not a duration`, 'durations are written 350ms, 12s, 1m30s or 2h');
  }
  for (const [, unit = ''] of text.matchAll(/[\d.]+([a-zµ]+)/g)) {
    if (!UNITS.has(unit.replace('µ', 'u'))) return unknownUnit(text, unit);
  }
  return undefined;
}

const FOREIGN_UNITS: Readonly<Record<string, string>> = {
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hour: 'h',
  hours: 'h',
  hr: 'h',
  msec: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  usec: 'us',
};

function unknownUnit(text: string, unit: string): Reading<never> {
  const known = FOREIGN_UNITS[unit];
  const advice = known === undefined ? 'units are h, m, s, ms and us' : undefined;
  return refuse(
    `"${text}" has the unknown unit "${unit}"`,
    advice ?? `write ${text.replace(unit, known ?? unit)}`,
  );
}

function outOfOrder(text: string): Reading<never> {
  return refuse(`the units of "${text}" are out of order`, 'the longest unit comes first: 1m30s');
}

function refuse(message: string, hint?: string): Reading<never> {
  return hint === undefined ? { ok: false, message } : { ok: false, message, hint };
}
