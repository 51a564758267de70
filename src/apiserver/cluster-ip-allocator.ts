// Virtual addresses for Services out of one range.
// source: pkg/registry/core/service/ipallocator/{ipallocator,bitmap}.go; services of kubeadm

import type { Random } from '../kernel/random';
import { addressAt, contains, sizeOf } from '../values/cidr';
import type { Cidr } from '../values/cidr';
import { ipToNumber } from '../values/ip';
import type { IP } from '../values/ip';

/** IPv6 ranges count as no larger than this many addresses. */
const SIZE_MAX = 2 ** 16;
/** The `kubernetes` Service has the first address, kube-dns the tenth: for who asks for them. */
const RESERVED: readonly number[] = [1, 10];

export class ClusterIpAllocator {
  readonly range: Cidr;
  private readonly random: Random;
  /** Offsets of the first address of the upper band, and of the last one. */
  private readonly band: number;
  private readonly last: number;
  /** Owner (`namespace/name`) by the offset of the address. */
  private readonly owners: Map<number, string>;

  constructor(range: Cidr, random: Random, owners: Map<number, string> = new Map()) {
    this.range = range;
    this.random = random;
    this.owners = owners;
    const { band, last } = bandOf(range);
    this.band = band;
    this.last = last;
  }

  /**
   * A free address for `owner`, or undefined when the range is full. Upstream draws a random offset
   * in the upper band and takes the next free address from there; the lower band is for explicit
   * addresses and is used when the upper one is full. Here the offset is drawn from a stream of the
   * owner's name, so that it does not depend on who came before.
   */
  allocate(owner: string): IP | undefined {
    const { band, last } = this;
    const upper = last - band + 1;
    if (upper > 0) {
      const streams = this.random.keptOf('apiserver/clusterIP/');
      const stream = streams.take(owner);
      const offset = stream.below(upper);
      streams.keep(owner, stream);
      const found = this.scan(band + offset, last) ?? this.scan(band, band + offset - 1);
      if (found !== undefined) return this.take(found, owner);
    }
    const low = this.scan(FIRST, band - 1);
    return low === undefined ? undefined : this.take(low, owner);
  }

  /** Takes an address that `owner` asks for by itself. Returns the reason where it cannot. */
  claim(address: IP, owner: string): string | undefined {
    const { range } = this;
    const offset = this.offsetOf(address);
    if (!contains(range, address) || offset < FIRST || offset > this.last) {
      return `the provided IP ${address} is not in the valid range ${range.text}`;
    }
    const holder = this.owners.get(offset);
    if (holder !== undefined && holder !== owner) {
      return `failed to allocate IP ${address}: provided IP is already allocated to ${holder}`;
    }
    this.owners.set(offset, owner);
    return undefined;
  }

  release(address: IP): void {
    this.owners.delete(this.offsetOf(address));
  }

  fork(random: Random): ClusterIpAllocator {
    return new ClusterIpAllocator(this.range, random, new Map(this.owners));
  }

  /** No address with an offset that a number cannot hold is ever given out. */
  private offsetOf(address: IP): number {
    return Number(ipToNumber(address) - this.range.first);
  }

  private scan(from: number, to: number): number | undefined {
    for (let offset = from; offset <= to; offset++) {
      if (!RESERVED.includes(offset) && !this.owners.has(offset)) return offset;
    }
    return undefined;
  }

  private take(offset: number, owner: string): IP {
    this.owners.set(offset, owner);
    return addressAt(this.range, offset);
  }
}

/** The offset of the first usable address: that of the network itself is never used. */
const FIRST = 1;

/** The first offset of the upper band, and the last one: before the broadcast address of IPv4. */
function bandOf(range: Cidr): { band: number; last: number } {
  const size = Number(sizeOf(range));
  const isIPv4 = range.family === 'IPv4';
  const capped = isIPv4 ? size : Math.min(size, SIZE_MAX);
  const last = isIPv4 ? capped - 2 : capped - 1;
  // Few addresses are not parted.
  if (last <= 16) return { band: FIRST, last };
  const lower = Math.min(Math.max(16, Math.floor(capped / 16)), 256);
  return { band: lower + FIRST, last };
}
