// Address ranges.

import { bitsOf, familyOf, ipFromNumber, ipToNumber, parseIp, v4ToNumber } from './ip';
import type { Family, IP } from './ip';

/** A range in canonical form: `first` is its lowest address. */
export interface Cidr {
  readonly family: Family;
  readonly first: bigint;
  readonly prefix: number;
  readonly text: string;
}

const parsed = new Map<string, Cidr>();

/** The lowest and the highest address of a range of IPv4. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

const boundsOfRange = new WeakMap<Cidr, Bounds>();

/** Reads `10.0.0.0/8` or `2001:db8::/32`; host bits are cleared. Undefined for anything else. */
export function parseCidr(text: string): Cidr | undefined {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const [address, length, ...rest] = text.split('/');
  const base = parseIp(address ?? '');
  if (base === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length ?? '')) return undefined;
  const family = familyOf(base);
  const prefix = Number(length);
  if (prefix > bitsOf(family)) return undefined;
  const hostBits = BigInt(bitsOf(family) - prefix);
  const first = (ipToNumber(base) >> hostBits) << hostBits;
  const range: Cidr = { family, first, prefix, text: `${ipFromNumber(first, family)}/${prefix}` };
  parsed.set(text, range);
  return range;
}

/** Reads a range that is known to be one. Throws otherwise. */
export function cidr(text: string): Cidr {
  const range = parseCidr(text);
  if (range === undefined) throw new RangeError(`not a CIDR: ${text}`);
  return range;
}

/** Number of addresses of the range. */
export function sizeOf(range: Cidr): bigint {
  return 1n << BigInt(bitsOf(range.family) - range.prefix);
}

export function contains(range: Cidr, address: IP): boolean {
  if (familyOf(address) !== range.family) return false;
  if (range.family === 'IPv4') {
    const { low, high } = boundsOf(range);
    const number = v4ToNumber(address);
    return number >= low && number <= high;
  }
  const offset = ipToNumber(address) - range.first;
  return offset >= 0n && offset < sizeOf(range);
}

function boundsOf(range: Cidr): Bounds {
  let bounds = boundsOfRange.get(range);
  if (bounds === undefined) {
    const low = Number(range.first);
    bounds = { low, high: low + Number(sizeOf(range)) - 1 };
    boundsOfRange.set(range, bounds);
  }
  return bounds;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.first < b.first + sizeOf(b) && b.first < a.first + sizeOf(a);
}

/** The address at `index`, counted from the lowest one. Throws outside the range. */
export function addressAt(range: Cidr, index: number | bigint): IP {
  // In the arithmetic that is fast; what is outside of the range is told below.
  const isShort = range.family === 'IPv4' && typeof index === 'number';
  if (isShort && index >= 0 && index < 2 ** (32 - range.prefix)) {
    return ipFromNumber(Number(range.first) + index, 'IPv4');
  }
  const offset = BigInt(index);
  if (offset < 0n || offset >= sizeOf(range))
    throw new RangeError(`${range.text} has no address ${index}`);
  return ipFromNumber(range.first + offset, range.family);
}

/** The `index`-th range of length `prefix` inside `range`. Undefined past its end. */
export function subnetAt(range: Cidr, prefix: number, index: number): Cidr | undefined {
  const size = 1n << BigInt(bitsOf(range.family) - prefix);
  const first = range.first + BigInt(index) * size;
  if (prefix < range.prefix || first + size > range.first + sizeOf(range)) return undefined;
  return cidr(`${ipFromNumber(first, range.family)}/${prefix}`);
}
