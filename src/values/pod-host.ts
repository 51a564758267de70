// What the pods of a node have in common, for who puts them together late.

import { addressAt } from './cidr';
import type { Cidr } from './cidr';
import type { Family, IP } from './ip';
import { isSpecialRange } from './special-addresses';

/** A node with ranges of pod addresses that do not change. Frozen, as forks share it. */
export class PodHost {
  readonly node: string;
  /** Its own ones. */
  readonly addresses: readonly IP[];
  /** Out of each a pod has one address; none where its addresses come from somewhere else. */
  readonly podRanges: readonly Cidr[];
  private readonly isReachedByIPv4: boolean;
  private readonly isReachedByIPv6: boolean;

  constructor(node: string, addresses: readonly IP[], podRanges: readonly Cidr[] = []) {
    this.node = node;
    this.addresses = addresses;
    this.podRanges = podRanges;
    this.isReachedByIPv4 = isReached(podRanges, 'IPv4');
    this.isReachedByIPv6 = isReached(podRanges, 'IPv6');
    Object.freeze(this);
  }

  /** Whether each pod in the ranges has one address of the family, at which others reach it. */
  isReachedBy(family: Family): boolean {
    return family === 'IPv4' ? this.isReachedByIPv4 : this.isReachedByIPv6;
  }

  /** The addresses at a place that is the same in all ranges. */
  podAddresses(place: number): readonly IP[] {
    return this.podRanges.map((range) => addressAt(range, place));
  }
}

function isReached(ranges: readonly Cidr[], family: Family): boolean {
  let only: Cidr | undefined;
  for (const range of ranges) {
    if (range.family !== family) continue;
    if (only !== undefined || isSpecialRange(range)) return false;
    only = range;
  }
  return only !== undefined;
}
