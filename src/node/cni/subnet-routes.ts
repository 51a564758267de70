// Routes from every node to every other node's pods. They follow from one list of subnets that
// all nodes share; a node's own view of it is computed when a packet asks.

import type { IP } from '../../values/ip';
import type { Machine } from '../machine';
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

  /** The subnet to which an address belongs. */
  match(destination: IP): PrefixMatch<Subnet> | undefined {
    return this.byRange.match(destination);
  }

  all(): Iterable<Subnet> {
    return this.byRange.values();
  }
}

/** How a machine gets to another node's subnet; undefined where it does not. */
export interface Router {
  routeFrom(machine: Machine, subnet: Subnet): Route | undefined;
}

/**
 * The routes that one node has by a list: one for every subnet of another node. This is a view,
 * so five thousand nodes do not hold five thousand routes each.
 */
export class SubnetRoutes implements RouteSource {
  private readonly subnets: SubnetList;
  private readonly machine: Machine;
  private readonly router: Router;

  constructor(subnets: SubnetList, machine: Machine, router: Router) {
    this.subnets = subnets;
    this.machine = machine;
    this.router = router;
  }

  get version(): number {
    return this.subnets.version;
  }

  match(destination: IP): PrefixMatch<Route> | undefined {
    const found = this.subnets.match(destination);
    const value = found && this.routeTo(found.value);
    return value && { prefix: found.prefix, value };
  }

  *list(): Iterable<Route> {
    for (const subnet of this.subnets.all()) {
      const route = this.routeTo(subnet);
      if (route !== undefined) yield route;
    }
  }

  private routeTo(subnet: Subnet): Route | undefined {
    const { machine, router } = this;
    return subnet.node === machine.name ? undefined : router.routeFrom(machine, subnet);
  }
}
