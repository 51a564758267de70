// Pod addresses out of the ranges of one node, as the host-local plug-in gives them out: round
// robin from the last one, so that a released address rests until all others had their turn.
// source: containernetworking/plugins plugins/ipam/host-local/backend/allocator

import { addressAt, cidr, sizeOf } from '../../values/cidr';
import type { Cidr } from '../../values/cidr';
import type { IP } from '../../values/ip';

/** The first usable address of a range: the bridge has it. */
export function gatewayOf(range: string): IP {
  return addressAt(cidr(range), 1);
}

/** An address that nobody has, and its place in its range. */
interface Free {
  readonly place: bigint;
  readonly address: IP;
}

/** The addresses of one node. Lives on its disk: it outlasts a loss of power. */
export class HostLocal {
  private readonly ranges: readonly Cidr[];
  /** The place in its range of the address given out last, by the index of the range. */
  private readonly last: bigint[];
  private readonly taken = new Set<IP>();
  private readonly byId = new Map<string, readonly IP[]>();

  constructor(podCIDRs: readonly string[]) {
    this.ranges = podCIDRs.map(cidr);
    // The search goes on behind the last address, and so begins anew.
    this.last = this.ranges.map(lastUsable);
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
    const found: Free[] = [];
    for (const range of this.ranges) {
      const free = this.nextFree(range, this.last[found.length]!);
      if (free === undefined) {
        return `no IP addresses available in range set: ${rangeText(range)}`;
      }
      found.push(free);
    }
    for (let index = 0; index < found.length; index++) this.last[index] = found[index]!.place;
    const addresses = found.map(({ address }) => address);
    for (const address of addresses) this.taken.add(address);
    this.byId.set(id, addresses);
    return addresses;
  }

  release(id: string): void {
    for (const address of this.byId.get(id) ?? []) this.taken.delete(address);
    this.byId.delete(id);
  }

  /** The next free one after the place `last`, round the range once; the gateway is nobody's. */
  private nextFree(range: Cidr, last: bigint): Free | undefined {
    const first = 1n;
    const end = lastUsable(range);
    const gateway = first;
    let place = last;
    for (let tried = first; tried <= end; tried++) {
      place = place >= end ? first : place + 1n;
      if (place === gateway) continue;
      const address = addressAt(range, place);
      if (!this.taken.has(address)) return { place, address };
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
