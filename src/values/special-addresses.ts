// Addresses that mean one host or one link alone. Nothing outside can be reached by them, so the
// API server takes them neither for endpoints nor for external addresses.

import { cidr, contains, overlaps } from './cidr';
import type { Cidr } from './cidr';
import { familyOf, v4ToNumber } from './ip';
import type { IP } from './ip';

/** Unspecified, loopback, link-local, and multicast that stays on its link. */
const IPV6 = ['::/127', 'fe80::/10', 'ff02::/16'].map(cidr);
/** The same by the numbers of their first and last addresses: every endpoint comes by here. */
const IPV4 = ['0.0.0.0/32', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/24'].map((text) => {
  const { first, prefix } = cidr(text);
  return { low: Number(first), high: Number(first) + 2 ** (32 - prefix) - 1 };
});

/** What is said of such an address. */
export const SPECIAL_ADDRESS = 'is an address of a host or a link alone';

/** source: pkg/apis/core/validation/validation.go ValidateNonSpecialIP, ValidateEndpointIP */
export function isSpecialAddress(address: IP): boolean {
  if (familyOf(address) === 'IPv6') return IPV6.some((range) => contains(range, address));
  const number = v4ToNumber(address);
  for (const { low, high } of IPV4) if (number >= low && number <= high) return true;
  return false;
}

/** Whether one of its addresses is such. */
export function isSpecialRange(range: Cidr): boolean {
  if (range.family === 'IPv6') return IPV6.some((special) => overlaps(special, range));
  const first = Number(range.first);
  const last = first + 2 ** (32 - range.prefix) - 1;
  return IPV4.some(({ low, high }) => first <= high && last >= low);
}
