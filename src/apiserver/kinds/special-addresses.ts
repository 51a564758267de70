// Addresses that mean one host or one link alone. Nothing outside can be reached by them, so the
// API server takes them neither for endpoints nor for external addresses.

import { cidr, contains } from '../../values/cidr';
import type { IP } from '../../values/ip';

/** Unspecified, loopback, link-local, and multicast that stays on its link. */
const SPECIAL = [
  '0.0.0.0/32',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/24',
  '::/127',
  'fe80::/10',
  'ff02::/16',
].map((range) => cidr(range));

/** What is said of such an address. */
export const SPECIAL_ADDRESS = 'is an address of a host or a link alone';

/** source: pkg/apis/core/validation/validation.go ValidateNonSpecialIP, ValidateEndpointIP */
export function isSpecialAddress(address: IP): boolean {
  return SPECIAL.some((range) => contains(range, address));
}
