// Routes from every node to every other node's pods. They follow from one list of subnets that
// all nodes share; a node's own view of it is computed when a packet asks.

import { PrefixMap } from '../route-table';
import type { PrefixMatch, Route, RouteSource } from '../route-table';

/** One node's pod range, and the node. */
export interface Subnet {
  readonly range: string;
  readonly node: string;
}

/** All subnets of a cluster. */
export class SubnetList {
  private readonly byRange = new PrefixMap<Subnet>();
  private readonly rangesOf = new Map<string, string[]>();
  private changes = 0;

  get version(): number {
    return this.changes;
  }

  add(subnet: Subnet): void {
    this.byRange.set(subnet.range, subnet);
    const ranges = this.rangesOf.get(subnet.node);
    if (ranges === undefined) this.rangesOf.set(subnet.node, [subnet.range]);
    else ranges.push(subnet.range);
    this.changes++;
  }

  /** Forgets a subnet, unless another node has it by now. */
  remove({ range, node }: Subnet): void {
    const ranges = this.rangesOf.get(node) ?? [];
    if (!ranges.includes(range)) return;
    this.rangesOf.set(
      node,
      ranges.filter((it) => it !== range),
    );
    this.byRange.delete(range);
    this.changes++;
  }

  removeNode(node: string): void {
    for (const range of this.rangesOf.get(node) ?? []) this.byRange.delete(range);
    this.rangesOf.delete(node);
    this.changes++;
  }

  /**
   * The routes that one node has by this list: `routeTo` for every subnet of another node. The
   * result is a view, so five thousand nodes do not hold five thousand routes each.
   */
  routesOf(node: string, routeTo: (subnet: Subnet) => Route | undefined): RouteSource {
    const { byRange } = this;
    const version = (): number => this.changes;
    return {
      get version() {
        return version();
      },
      match(destination): PrefixMatch<Route> | undefined {
        const found = byRange.match(destination);
        if (found === undefined || found.value.node === node) return undefined;
        const value = routeTo(found.value);
        return value && { prefix: found.prefix, value };
      },
      *list() {
        for (const subnet of byRange.values()) {
          const route = subnet.node === node ? undefined : routeTo(subnet);
          if (route !== undefined) yield route;
        }
      },
    };
  }
}
