// Virtual addresses for Services out of one range.
// source: pkg/registry/core/service/ipallocator/{ipallocator,bitmap}.go; services of kubeadm

import type { Random } from '../kernel/random';
import { addressAt, contains, sizeOf } from '../values/cidr';
import type { Cidr } from '../values/cidr';
import { ipToNumber } from '../values/ip';
import type { IP } from '../values/ip';

/** IPv6 ranges count as no larger than this many addresses. */
const SIZE_MAX = 1n << 16n;
/** The `kubernetes` Service has the first address, kube-dns the tenth: for who asks for them. */
const RESERVED: readonly bigint[] = [1n, 10n];

export class ClusterIpAllocator {
  readonly range: Cidr;
  private readonly random: Random;
  /** Owner (`namespace/name`) by address. */
  private readonly owners: Map<IP, string>;

  constructor(range: Cidr, random: Random, owners: Map<IP, string> = new Map()) {
    this.range = range;
    this.random = random;
    this.owners = owners;
  }

  /**
   * A free address for `owner`, or undefined when the range is full. Upstream draws a random offset
   * in the upper band and takes the next free address from there; the lower band is for explicit
   * addresses and is used when the upper one is full. Here the offset is drawn from a stream of the
   * owner's name, so that it does not depend on who came before.
   */
  allocate(owner: string): IP | undefined {
    const { first, band, last } = this.bounds();
    const upper = Number(last - band + 1n);
    if (upper > 0) {
      const offset = BigInt(this.random.stream(`apiserver/clusterIP/${owner}`).below(upper));
      const found = this.scan(band + offset, last) ?? this.scan(band, band + offset - 1n);
      if (found !== undefined) return this.take(found, owner);
    }
    const low = this.scan(first, band - 1n);
    return low === undefined ? undefined : this.take(low, owner);
  }

  /** Takes an address that `owner` asks for by itself. Returns the reason where it cannot. */
  claim(address: IP, owner: string): string | undefined {
    const { range } = this;
    const offset = ipToNumber(address) - range.first;
    const { first, last } = this.bounds();
    if (!contains(range, address) || offset < first || offset > last) {
      return `the provided IP ${address} is not in the valid range ${range.text}`;
    }
    const holder = this.owners.get(address);
    if (holder !== undefined && holder !== owner) {
      return `failed to allocate IP ${address}: provided IP is already allocated to ${holder}`;
    }
    this.owners.set(address, owner);
    return undefined;
  }

  release(address: IP): void {
    this.owners.delete(address);
  }

  fork(random: Random): ClusterIpAllocator {
    return new ClusterIpAllocator(this.range, random, new Map(this.owners));
  }

  /**
   * Offsets of the first usable address, of the first one of the upper band and of the last one.
   * The network address is never used, and of IPv4 neither is the broadcast address.
   */
  private bounds(): { first: bigint; band: bigint; last: bigint } {
    const size = sizeOf(this.range);
    const capped = size > SIZE_MAX && this.range.family === 'IPv6' ? SIZE_MAX : size;
    const last = this.range.family === 'IPv4' ? capped - 2n : capped - 1n;
    const usable = last;
    if (usable <= 16n) return { first: 1n, band: 1n, last };
    // min(max(16, size / 16), 256)
    const sixteenth = capped / 16n;
    const band = sixteenth < 16n ? 16n : sixteenth > 256n ? 256n : sixteenth;
    return { first: 1n, band: band + 1n, last };
  }

  private scan(from: bigint, to: bigint): IP | undefined {
    for (let offset = from; offset <= to; offset++) {
      if (RESERVED.includes(offset)) continue;
      const address = addressAt(this.range, offset);
      if (!this.owners.has(address)) return address;
    }
    return undefined;
  }

  private take(address: IP, owner: string): IP {
    this.owners.set(address, owner);
    return address;
  }
}
