// The routes of one host, found by longest prefix. A host of a large cluster has a route to every
// other host's pods; those come from one index that all hosts share.

import { bitsOf, familyOf, ipToNumber } from '../values/ip';
import type { Family, IP } from '../values/ip';
import { cidr } from '../values/cidr';
import { LateMap } from '../values/late-map';
import { LateSet } from '../values/late-set';

/** What a tunnel device may wrap packets in. */
export type TunnelKind = 'vxlan' | 'ipip' | 'geneve';

/** A line of `ip route`. */
export interface Route {
  readonly destination: string;
  readonly device: string;
  /** The gateway; absent for directly connected ranges. */
  readonly via?: IP;
  /** The outer header of a tunnel device towards this destination. */
  readonly encapsulation?: { readonly kind: TunnelKind; readonly remote: IP };
  /** A route that takes packets nowhere, so that they do not follow a shorter one. */
  readonly blackhole?: true;
  /** The address that locally made packets take. */
  readonly source?: IP;
}

/** What a prefix search found. */
export interface PrefixMatch<V> {
  /** Length of the range that matched. */
  readonly prefix: number;
  readonly value: V;
}

/** Routes that are not written down for each host but follow from something shared. */
export interface RouteSource {
  /** Moves with every change, so that readers know what to forget. */
  readonly version: number;
  match(destination: IP): PrefixMatch<Route> | undefined;
  list(): Iterable<Route>;
}

/** Looked-up destinations that one table remembers; the walks of one scenario ask for few. */
const REMEMBERED_MAX = 1_024;

/** Values by address range. A search costs one look per prefix length in use, not per range. */
export class PrefixMap<V> {
  private readonly byFamily = new LateMap<Family, PrefixLevel<V>[]>();
  /** Ranges since somebody asked last, each with its value behind it: few hosts send a packet. */
  private late: (string | V)[] | undefined;

  set(range: string, value: V): void {
    if (this.late === undefined) this.late = [range, value];
    else this.late.push(range, value);
  }

  delete(range: string): void {
    const { family, first, prefix } = cidr(range);
    const level = this.entered()
      .get(family)
      ?.find((it) => it.prefix === prefix);
    level?.values.delete(first >> level.hostBits);
  }

  /** The value of the longest range that holds the address. */
  match(address: IP): PrefixMatch<V> | undefined {
    const levels = this.entered().get(familyOf(address));
    if (levels === undefined) return undefined;
    const number = ipToNumber(address);
    for (const { prefix, hostBits, values } of levels) {
      const value = values.get(number >> hostBits);
      if (value !== undefined) return { prefix, value };
    }
    return undefined;
  }

  *values(): IterableIterator<V> {
    for (const levels of this.entered().values()) {
      for (const { values } of levels) yield* values.values();
    }
  }

  clear(): void {
    this.late = undefined;
    this.byFamily.clear();
  }

  private entered(): ReadonlyMap<Family, readonly PrefixLevel<V>[]> {
    const { late } = this;
    if (late !== undefined) {
      this.late = undefined;
      for (let at = 0; at < late.length; at += 2) {
        this.enter(late[at] as string, late[at + 1] as V);
      }
    }
    return this.byFamily;
  }

  private enter(range: string, value: V): void {
    const { family, first, prefix } = cidr(range);
    let levels = this.byFamily.get(family);
    if (levels === undefined) this.byFamily.set(family, (levels = []));
    let level = levels.find((it) => it.prefix === prefix);
    if (level === undefined) {
      level = { prefix, hostBits: BigInt(bitsOf(family) - prefix), values: new Map() };
      levels.push(level);
      levels.sort((a, b) => b.prefix - a.prefix);
    }
    level.values.set(first >> level.hostBits, value);
  }
}

interface PrefixLevel<V> {
  readonly prefix: number;
  readonly hostBits: bigint;
  readonly values: Map<bigint, V>;
}

/** A host's own routes over those that it shares with others. */
export class RouteTable {
  private readonly own = new PrefixMap<Route>();
  private shared: RouteSource | undefined;
  /** Destinations of shared routes that somebody has deleted here. */
  private readonly lost = new LateSet<string>();
  private readonly remembered = new LateMap<IP, Route | undefined>();
  private rememberedVersion = 0;

  add(route: Route): void {
    this.own.set(route.destination, route);
    this.remembered.clear();
  }

  remove(destination: string): void {
    this.own.delete(destination);
    this.remembered.clear();
  }

  /** Lets the table answer from `source` too; its own routes win where both are equally long. */
  share(source: RouteSource | undefined): void {
    this.shared = source;
    this.lost.clear();
    this.remembered.clear();
  }

  /** Deletes routes that come from what hosts share, here alone. Returns how many. */
  lose(isMeant: (route: Route) => boolean): number {
    const found = [...(this.shared?.list() ?? [])].filter(
      (route) => !this.lost.has(route.destination) && isMeant(route),
    );
    for (const { destination } of found) this.lost.add(destination);
    this.remembered.clear();
    return found.length;
  }

  /** Writes what `lose` has deleted. Returns whether there was any. */
  recover(): boolean {
    const any = this.lost.size > 0;
    this.lost.clear();
    this.remembered.clear();
    return any;
  }

  clear(): void {
    this.own.clear();
    this.share(undefined);
  }

  /** The route of the longest prefix, or undefined where there is none. */
  lookup(destination: IP): Route | undefined {
    const version = this.shared?.version ?? 0;
    if (version !== this.rememberedVersion || this.remembered.size >= REMEMBERED_MAX) {
      this.remembered.clear();
      this.rememberedVersion = version;
    }
    if (this.remembered.has(destination)) return this.remembered.get(destination);
    const route = this.search(destination);
    this.remembered.set(destination, route);
    return route;
  }

  /** Every route, in the order of `ip route`: by family, by address, longer prefixes first. */
  list(): Route[] {
    const shared = [...(this.shared?.list() ?? [])].filter((it) => !this.lost.has(it.destination));
    const routes = [...this.own.values(), ...shared];
    return routes.sort(compareRoutes);
  }

  private search(destination: IP): Route | undefined {
    const own = this.own.match(destination);
    const found = this.shared?.match(destination);
    const shared = found && this.lost.has(found.value.destination) ? undefined : found;
    if (shared === undefined || (own !== undefined && own.prefix >= shared.prefix)) {
      return own?.value;
    }
    return shared.value;
  }
}

function compareRoutes(a: Route, b: Route): number {
  const [x, y] = [cidr(a.destination), cidr(b.destination)];
  if (x.family !== y.family) return x.family === 'IPv4' ? -1 : 1;
  if (x.first !== y.first) return x.first < y.first ? -1 : 1;
  return y.prefix - x.prefix;
}
