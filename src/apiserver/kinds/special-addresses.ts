// Addresses that mean one host or one link alone. Nothing outside can be reached by them, so the
// API server takes them neither for endpoints nor for external addresses.

import { cidr, contains } from '../../values/cidr';
import type { Cidr } from '../../values/cidr';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';

/** Unspecified, loopback, link-local, and multicast that stays on its link. */
const SPECIAL: Readonly<Record<Family, readonly Cidr[]>> = {
  IPv4: ['0.0.0.0/32', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/24'].map(cidr),
  IPv6: ['::/127', 'fe80::/10', 'ff02::/16'].map(cidr),
};

/** What is said of such an address. */
export const SPECIAL_ADDRESS = 'is an address of a host or a link alone';

/** source: pkg/apis/core/validation/validation.go ValidateNonSpecialIP, ValidateEndpointIP */
export function isSpecialAddress(address: IP): boolean {
  return SPECIAL[familyOf(address)].some((range) => contains(range, address));
}
