// On which of its addresses a node takes NodePort traffic.
// source: pkg/proxy/util/nodeport_addresses.go NewNodePortAddresses, GetNodeIPs, MatchAll

import { contains, parseCidr } from '../../values/cidr';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';

export interface NodePortAddresses {
  /** Whether the setting leaves this family unrestricted. */
  readonly all: boolean;
  /** The selected ones among the host's addresses, in their order. */
  readonly addresses: readonly IP[];
}

/**
 * `setting` is `--nodeport-addresses`: ranges of both families, or the word `primary`. A family
 * without a range of its own is unrestricted. `addresses` are the host's, the primary one first.
 */
export function nodePortAddresses(
  setting: readonly string[],
  family: Family,
  addresses: readonly IP[],
): NodePortAddresses {
  const own = addresses.filter((address) => familyOf(address) === family);
  if (setting[0] === 'primary') {
    return { all: false, addresses: own.filter((address) => !isLoopback(address)).slice(0, 1) };
  }
  const ranges = setting.map((text) => parseCidr(text)).filter((it) => it?.family === family);
  if (ranges.length === 0 || ranges.some((range) => range!.prefix === 0)) {
    return { all: true, addresses: own };
  }
  const selected = own.filter((address) => ranges.some((range) => contains(range!, address)));
  return { all: false, addresses: selected };
}

export function isLoopback(address: IP): boolean {
  return address === '::1' || address.startsWith('127.');
}
