// Arguments of directives: numbers, spans of time, zones.

import { parseCidr } from '../values/cidr';
import type { Cidr } from '../values/cidr';
import { bitsOf } from '../values/ip';
import { microseconds, seconds } from '../values/time';
import type { Duration } from '../values/time';
import type { Directive } from './corefile';
import { CorefileError } from './corefile';
import { normalName } from './dns-message';

/** The error for an option that exists but is not modelled, or that does not exist. */
export function notModelled(directive: Directive, option: Directive): CorefileError {
  const text = [option.name, ...option.args].join(' ');
  return new CorefileError(`"${directive.name} { ${text} }" is not modelled`, option.line);
}

/** A whole number inside of bounds. Throws CorefileError for anything else. */
export function readCount(directive: Directive, index: number, least = 0, most = 2 ** 31): number {
  const text = directive.args[index] ?? '';
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new CorefileError(`${directive.name}: "${text}" is no number here`, directive.line);
  }
  return value;
}

const UNITS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};

/** A span as Go writes it: `5s`, `1m30s`, `0`. Throws CorefileError for anything else. */
export function readSpan(directive: Directive, index: number): Duration {
  const text = directive.args[index] ?? '';
  if (text === '0') return seconds(0);
  if (!/^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/.test(text)) {
    throw new CorefileError(`${directive.name}: "${text}" is no duration`, directive.line);
  }
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g)) {
    total += Number(count) * UNITS[unit!]!;
  }
  return microseconds(Math.round(total));
}

/**
 * The zones that a word stands for: a name, or the reverse zones of a range of addresses. A range
 * that does not end at a label's border stands for several zones.
 * source: coredns plugin/pkg/cidr/cidr.go, plugin/normalize.go
 */
export function readZones(text: string): string[] {
  const range = text.includes('/') ? parseCidr(text) : undefined;
  if (range === undefined) return [normalName(text)];
  const step = range.family === 'IPv4' ? 8 : 4;
  const labels = Math.ceil(range.prefix / step);
  return Array.from({ length: 2 ** (labels * step - range.prefix) }, (_, index) =>
    reverseZone(range, labels, step, index),
  );
}

/** The name of the range's `index`-th part; `labels` counts the octets or nibbles of its name. */
function reverseZone({ family, first }: Cidr, labels: number, step: number, index: number): string {
  const number = (first >> BigInt(bitsOf(family) - labels * step)) + BigInt(index);
  const parts = Array.from({ length: labels }, (_, label) => {
    const part = (number >> BigInt(label * step)) & BigInt(2 ** step - 1);
    return part.toString(family === 'IPv4' ? 10 : 16);
  });
  return [...parts, family === 'IPv4' ? 'in-addr.arpa' : 'ip6.arpa'].join('.');
}

/** The zones of a directive: its arguments, or those of the server block without any. */
export function zonesOr(args: readonly string[], server: readonly string[]): readonly string[] {
  return args.length === 0 ? server : args.flatMap(readZones);
}
