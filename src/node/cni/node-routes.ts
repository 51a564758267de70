// Routes from every node to the ranges of every other one, straight or through a tunnel.

import { addressAt, cidr, contains } from '../../values/cidr';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import type { Machine, Route } from '../machine';
import type { TunnelKind } from '../route-table';
import { SubnetList, SubnetRoutes } from './subnet-routes';
import type { Router, Subnet } from './subnet-routes';

/** The tunnel of one address family. */
export interface Tunnel {
  readonly device: string;
  readonly kind: TunnelKind;
  /** Nodes of one network reach each other without it. source: Calico `ipipMode: CrossSubnet` */
  readonly crossSubnetOnly: boolean;
}

export interface RouteSettings {
  /** Undefined for plain routes. */
  tunnel?(family: Family): Tunnel | undefined;
  /** The networks on which nodes stand. */
  readonly nodeCIDRs?: readonly string[];
  /** The source of what a node itself sends to other nodes' pods; its device's by default. */
  source?(node: string, family: Family): IP | undefined;
}

export class NodeRoutes implements Router {
  private readonly settings: RouteSettings;
  private readonly subnets = new SubnetList();
  private readonly publicIPs = new Map<string, readonly IP[]>();

  constructor(settings: RouteSettings = {}) {
    this.settings = settings;
  }

  /** Announces the node's ranges, those of before excepted, and gives it routes to all others. */
  join(machine: Machine, ranges: readonly string[]): void {
    const { name, addresses } = machine;
    this.publicIPs.set(name, addresses);
    this.subnets.removeNode(name);
    for (const range of ranges) this.announce(name, range);
    machine.routing.share(new SubnetRoutes(this.subnets, machine, this));
  }

  routeFrom({ name, addresses }: Machine, subnet: Subnet): Route | undefined {
    const route = this.routeTo(addresses, subnet);
    const source = route && this.settings.source?.(name, cidr(subnet.range).family);
    return route && source ? { ...route, source } : route;
  }

  /** One more range of a node. */
  announce(node: string, range: string): void {
    this.subnets.add({ range, node });
  }

  /** The node has the range no more. */
  withdraw(node: string, range: string): void {
    this.subnets.remove({ range, node });
  }

  leave(node: string): void {
    this.subnets.removeNode(node);
    this.publicIPs.delete(node);
  }

  private routeTo(own: readonly IP[], { range, node }: Subnet): Route | undefined {
    const { family } = cidr(range);
    const remote = this.publicIPs.get(node)?.find((address) => familyOf(address) === family);
    if (remote === undefined) return undefined;
    const tunnel = this.settings.tunnel?.(family);
    if (tunnel === undefined || (tunnel.crossSubnetOnly && this.isOnLink(own, remote))) {
      return { destination: range, device: 'eth0', via: remote };
    }
    const { device, kind } = tunnel;
    const via = addressAt(cidr(range), 0);
    return { destination: range, device, via, encapsulation: { kind, remote } };
  }

  /** Whether a node of these addresses reaches the other without a router. */
  private isOnLink(own: readonly IP[], remote: IP): boolean {
    const { nodeCIDRs = [] } = this.settings;
    return nodeCIDRs.some((range) =>
      [remote, ...own.filter((it) => familyOf(it) === familyOf(remote))].every((address) =>
        contains(cidr(range), address),
      ),
    );
  }
}
