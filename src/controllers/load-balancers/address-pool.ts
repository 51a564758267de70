// The addresses that a provider of load balancers has to give, in the order in which it gives
// them: the lowest free one first.
// source: metallb internal/allocator/allocator.go (Assign, AllocateFromPool)

import { cidr, sizeOf } from '../../values/cidr';
import { familyOf, ip, ipFromNumber, ipToNumber } from '../../values/ip';
import type { Family, IP } from '../../values/ip';

interface Range {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

export class AddressPool {
  readonly name: string;
  readonly autoAssign: boolean;
  private readonly ranges: readonly Range[];

  /** Throws RangeError for a text that is no range. */
  constructor(name: string, addresses: readonly string[], autoAssign: boolean) {
    this.name = name;
    this.autoAssign = autoAssign;
    this.ranges = addresses.map(readRange);
  }

  has(address: IP): boolean {
    const number = ipToNumber(address);
    const family = familyOf(address);
    return this.ranges.some(
      (it) => it.family === family && it.first <= number && number <= it.last,
    );
  }

  /** The lowest address of the family that is not `taken`; undefined where all are. */
  nextFree(family: Family, taken: (address: IP) => boolean): IP | undefined {
    for (const { first, last } of this.ranges.filter((it) => it.family === family)) {
      for (let number = first; number <= last; number++) {
        const address = ipFromNumber(number, family);
        if (!taken(address)) return address;
      }
    }
    return undefined;
  }
}

/** `192.168.1.240-192.168.1.250`, or a CIDR with all its addresses. */
function readRange(text: string): Range {
  const [first, last] = text.split('-');
  if (last !== undefined) {
    const [from, to] = [ip(first!), ip(last)];
    return { family: familyOf(from), first: ipToNumber(from), last: ipToNumber(to) };
  }
  const range = cidr(text);
  return { family: range.family, first: range.first, last: range.first + sizeOf(range) - 1n };
}
