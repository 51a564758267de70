// The elements of ipsets: plain ones, and those that end in a range.

import { cidr, contains } from '../../values/cidr';
import type { IP } from '../../values/ip';
import type { SetElements } from '../netfilter/ruleset';

/** Texts that are looked for. They are hashed when the first packet asks; few sets are asked. */
export class Elements implements SetElements {
  private readonly keys: readonly string[];
  private known: ReadonlySet<string> | undefined;

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  has(key: string): boolean {
    return this.all().has(key);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.all()[Symbol.iterator]();
  }

  private all(): ReadonlySet<string> {
    this.known ??= new Set(this.keys);
    return this.known;
  }
}

/** Elements that end in a range: `1.2.3.4 . tcp . 80 . 203.0.113.0/24`. */
export class RangeElements implements SetElements {
  private readonly ranges = new Map<string, string[]>();

  constructor(keys: Iterable<string>) {
    for (const key of keys) {
      const end = key.lastIndexOf(' . ');
      const fixed = key.slice(0, end);
      this.ranges.set(fixed, [...(this.ranges.get(fixed) ?? []), key.slice(end + 3)]);
    }
  }

  has(key: string): boolean {
    const end = key.lastIndexOf(' . ');
    const address = key.slice(end + 3) as IP;
    const ranges = this.ranges.get(key.slice(0, end)) ?? [];
    return ranges.some((range) => contains(cidr(range), address));
  }

  *[Symbol.iterator](): Iterator<string> {
    for (const [fixed, ranges] of this.ranges) {
      for (const range of ranges) yield `${fixed} . ${range}`;
    }
  }
}
