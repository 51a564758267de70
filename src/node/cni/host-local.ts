// Pod addresses out of the ranges of one node, as the host-local plug-in gives them out: round
// robin from the last one, so that a released address rests until all others had their turn.
// source: containernetworking/plugins plugins/ipam/host-local/backend/allocator

import { addressAt, cidr, sizeOf } from '../../values/cidr';
import type { Cidr } from '../../values/cidr';
import { ipToNumber } from '../../values/ip';
import type { IP } from '../../values/ip';
import { LateMap } from '../../values/late-map';

/** The first usable address of a range: the bridge has it. */
export function gatewayOf(range: string): IP {
  return addressAt(cidr(range), 1);
}

/** Frozen, so that forks share it. */
interface Range {
  readonly addresses: Cidr;
  /** The place of its last usable address. */
  readonly end: number;
}

/** The addresses of one node. Lives on its disk: it outlasts a loss of power. */
export class HostLocal {
  private readonly ranges: readonly Range[];
  /** The place in its range of the address given out last, by the index of the range. */
  private readonly last: number[];
  /** Whether somebody has the address at a place, by the index of the range. */
  private readonly taken: boolean[][];
  private readonly byId = new LateMap<string, readonly IP[]>();

  constructor(podCIDRs: readonly string[]) {
    this.ranges = podCIDRs.map((range) => rangeOf(cidr(range)));
    // The search goes on behind the last address, and so begins anew.
    this.last = this.ranges.map(({ end }) => end);
    this.taken = this.ranges.map(() => []);
  }

  get allocations(): ReadonlyMap<string, readonly IP[]> {
    return this.byId;
  }

  /**
   * One address of each range, or the plug-in's error text. Nothing is taken on an error. `isNew`:
   * it is known that nobody of this name has any.
   */
  reserve(id: string, isNew = false): readonly IP[] | string {
    const held = isNew ? undefined : this.byId.get(id);
    if (held !== undefined) {
      return `${held[0]} has been allocated to ${id}, duplicate allocation is not allowed`;
    }
    const places = this.last.slice();
    for (let index = 0; index < places.length; index++) {
      const place = this.nextFree(index, places[index]!);
      if (place === undefined) {
        const range = rangeText(this.ranges[index]!.addresses);
        return `no IP addresses available in range set: ${range}`;
      }
      places[index] = place;
    }
    const addresses = this.take(places);
    this.byId.later(id, addresses);
    return addresses;
  }

  release(id: string): void {
    const addresses = this.byId.get(id) ?? [];
    for (let index = 0; index < addresses.length; index++) {
      const place = placeOf(addresses[index]!, this.ranges[index]!.addresses);
      this.taken[index]![place] = false;
    }
    this.byId.delete(id);
  }

  /** One place of each range. */
  private take(places: readonly number[]): readonly IP[] {
    // Mapped, not pushed: a list that grows keeps room for what never comes.
    return places.map((place, index) => {
      this.last[index] = place;
      this.taken[index]![place] = true;
      return addressAt(this.ranges[index]!.addresses, place);
    });
  }

  /** The next free place after `last`, round the range once; the gateway is nobody's. */
  private nextFree(index: number, last: number): number | undefined {
    const { end } = this.ranges[index]!;
    const taken = this.taken[index]!;
    const first = 1;
    const gateway = first;
    let place = last;
    for (let tried = first; tried <= end; tried++) {
      place = place >= end ? first : place + 1;
      if (place !== gateway && taken[place] !== true) return place;
    }
    return undefined;
  }
}

function placeOf(address: IP, { first }: Cidr): number {
  return Number(ipToNumber(address) - first);
}

/** Of an IPv6 range as many addresses are given out as numbers count exactly: it never ends. */
function rangeOf(range: Cidr): Range {
  const last = lastUsable(range);
  const end = last > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(last);
  return Object.freeze({ addresses: Object.freeze(range), end });
}

/** The highest address of a pod: all but the broadcast address, which IPv6 does not have. */
function lastUsable(range: Cidr): bigint {
  return sizeOf(range) - (range.family === 'IPv4' ? 2n : 1n);
}

function rangeText(range: Cidr): string {
  return `${addressAt(range, 1)}-${addressAt(range, lastUsable(range))}`;
}
