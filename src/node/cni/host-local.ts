// Pod addresses out of the ranges of one node, as the host-local plug-in gives them out: round
// robin from the last one, so that a released address rests until all others had their turn.
// source: containernetworking/plugins plugins/ipam/host-local/backend/allocator

import { addressAt, cidr, sizeOf } from '../../values/cidr';
import type { Cidr } from '../../values/cidr';
import { ipToNumber } from '../../values/ip';
import type { IP } from '../../values/ip';

/** The first usable address of a range: the bridge has it. */
export function gatewayOf(range: string): IP {
  return addressAt(cidr(range), 1);
}

/** The addresses of one node. Lives on its disk: it outlasts a loss of power. */
export class HostLocal {
  private readonly ranges: readonly Cidr[];
  /** The last address given out, by the index of its range. */
  private readonly last: (IP | undefined)[] = [];
  private readonly taken = new Set<IP>();
  private readonly byId = new Map<string, readonly IP[]>();

  constructor(podCIDRs: readonly string[]) {
    this.ranges = podCIDRs.map(cidr);
  }

  get allocations(): ReadonlyMap<string, readonly IP[]> {
    return this.byId;
  }

  /** One address of each range, or the plug-in's error text. Nothing is taken on an error. */
  reserve(id: string): readonly IP[] | string {
    const held = this.byId.get(id);
    if (held !== undefined) {
      return `${held[0]} has been allocated to ${id}, duplicate allocation is not allowed`;
    }
    const addresses: IP[] = [];
    for (const [index, range] of this.ranges.entries()) {
      const address = this.nextFree(range, this.last[index]);
      if (address === undefined) {
        return `no IP addresses available in range set: ${rangeText(range)}`;
      }
      addresses.push(address);
    }
    addresses.forEach((address, index) => {
      this.last[index] = address;
      this.taken.add(address);
    });
    this.byId.set(id, addresses);
    return addresses;
  }

  release(id: string): void {
    for (const address of this.byId.get(id) ?? []) this.taken.delete(address);
    this.byId.delete(id);
  }

  /** The next address after `last`, round the range once; the gateway is nobody's. */
  private nextFree(range: Cidr, last: IP | undefined): IP | undefined {
    const first = 1n;
    const end = lastUsable(range);
    const gateway = first;
    let index = last === undefined ? end : ipToNumber(last) - range.first;
    for (let tried = first; tried <= end; tried++) {
      index = index >= end ? first : index + 1n;
      if (index === gateway) continue;
      const address = addressAt(range, index);
      if (!this.taken.has(address)) return address;
    }
    return undefined;
  }
}

/** The highest address of a pod: all but the broadcast address, which IPv6 does not have. */
function lastUsable(range: Cidr): bigint {
  return sizeOf(range) - (range.family === 'IPv4' ? 2n : 1n);
}

function rangeText(range: Cidr): string {
  return `${addressAt(range, 1)}-${addressAt(range, lastUsable(range))}`;
}
