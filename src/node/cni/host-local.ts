// Pod addresses out of the ranges of one node, as the host-local plug-in gives them out: round
// robin from the last one, so that a released address rests until all others had their turn.
// source: containernetworking/plugins plugins/ipam/host-local/backend/allocator

import { addressAt, cidr, sizeOf } from '../../values/cidr';
import type { Cidr } from '../../values/cidr';
import { bitsOf, ipToNumber } from '../../values/ip';
import type { IP } from '../../values/ip';
import { LateMap } from '../../values/late-map';
import type { LateSource } from '../../values/late-map';
import type { AddressRow } from '../machine';

/** The place of the first usable address of a range: the bridge has it. */
const GATEWAY = 1;

export function gatewayOf(range: string): IP {
  return addressAt(cidr(range), GATEWAY);
}

/** How far a range has come. */
interface Round {
  /** The place of the address given out last. */
  last: number;
  /** Whether somebody has the address at a place. */
  readonly taken: boolean[];
}

/** The addresses of one node. Lives on its disk: it outlasts a loss of power. */
export class HostLocal implements AddressRow {
  /** Frozen, so that forks share them. */
  readonly ranges: readonly Cidr[];
  /** The last place that there is in every range. */
  private readonly end: number;
  /** The place given out last. Until one is released, it is the same in all ranges. */
  private row = GATEWAY;
  /** By the index of the range, from the first release on. */
  private rounds: readonly Round[] | undefined;
  private readonly byId = new LateMap<string, readonly IP[]>();
  /** Who tells, when somebody asks, for whom the next ones were taken. */
  private notes: LateSource | undefined;

  constructor(podCIDRs: readonly string[]) {
    this.ranges = Object.freeze(podCIDRs.map((range) => Object.freeze(cidr(range))));
    let end = Infinity;
    for (const range of this.ranges) end = Math.min(end, lastPlaceOf(range));
    this.end = end;
  }

  /**
   * Whether it gives out addresses of just these ranges: the same text is read once, and is the
   * same range each time.
   */
  isOf(podCIDRs: readonly string[]): boolean {
    const { ranges } = this;
    return (
      podCIDRs.length === ranges.length && ranges.every((it, at) => it === cidr(podCIDRs[at]!))
    );
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
    const addresses = this.rounds === undefined ? this.inRow() : this.inTurn(this.rounds);
    if (typeof addresses !== 'string') this.byId.later(id, addresses);
    return addresses;
  }

  /** The same for one of whom `notes` tells when somebody asks who has any. */
  takeNext(notes: LateSource): number | undefined {
    if (this.rounds !== undefined || this.row >= this.end) return undefined;
    if (this.notes !== notes) {
      this.notes = notes;
      this.byId.fillFrom(notes);
    }
    return ++this.row;
  }

  note(id: string, addresses: readonly IP[]): void {
    this.byId.later(id, addresses);
  }

  release(id: string): void {
    const addresses = this.byId.get(id);
    if (addresses === undefined) return;
    this.rounds ??= this.ranges.map(() => roundUpTo(this.row));
    for (let index = 0; index < addresses.length; index++) {
      const place = placeOf(addresses[index]!, this.ranges[index]!);
      this.rounds[index]!.taken[place] = false;
    }
    this.byId.delete(id);
  }

  private inRow(): readonly IP[] | string {
    const place = this.row + 1;
    if (place > this.end) return exhausted(this.ranges.find((it) => place > lastPlaceOf(it))!);
    this.row = place;
    return this.ranges.map((range) => addressAt(range, place));
  }

  private inTurn(rounds: readonly Round[]): readonly IP[] | string {
    const places: number[] = [];
    for (let index = 0; index < rounds.length; index++) {
      const place = this.nextFree(index, rounds[index]!.last);
      if (place === undefined) return exhausted(this.ranges[index]!);
      places.push(place);
    }
    return places.map((place, index) => {
      const round = rounds[index]!;
      round.last = place;
      round.taken[place] = true;
      return addressAt(this.ranges[index]!, place);
    });
  }

  /** The next free place after `last`, round the range once; the gateway is nobody's. */
  private nextFree(index: number, last: number): number | undefined {
    const end = lastPlaceOf(this.ranges[index]!);
    const { taken } = this.rounds![index]!;
    const first = GATEWAY;
    let place = last;
    for (let tried = first; tried <= end; tried++) {
      place = place >= end ? first : place + 1;
      if (place !== GATEWAY && taken[place] !== true) return place;
    }
    return undefined;
  }
}

/** All places behind the gateway are taken up to that one. */
function roundUpTo(last: number): Round {
  return { last, taken: Array.from({ length: last + 1 }, (_, place) => place > GATEWAY) };
}

function exhausted(range: Cidr): string {
  const last = sizeOf(range) - BigInt(reservedAtEnd(range));
  const all = `${addressAt(range, GATEWAY)}-${addressAt(range, last)}`;
  return `no IP addresses available in range set: ${all}`;
}

function placeOf(address: IP, { first }: Cidr): number {
  return Number(ipToNumber(address) - first);
}

/** Of an IPv6 range as many addresses are given out as numbers count exactly: it never ends. */
function lastPlaceOf(range: Cidr): number {
  const size = 2 ** (bitsOf(range.family) - range.prefix);
  return Math.min(size - reservedAtEnd(range), Number.MAX_SAFE_INTEGER);
}

/** Behind the highest address of a pod there is the broadcast address, which IPv6 does not have. */
function reservedAtEnd({ family }: Cidr): number {
  return family === 'IPv4' ? 2 : 1;
}
