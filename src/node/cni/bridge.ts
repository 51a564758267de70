// The reference bridge plug-in with host-local addresses and, between the nodes, the routes that
// an administrator adds by hand. Nothing masquerades what pods send out of the cluster.
// source: containernetworking/plugins plugins/main/bridge/bridge.go (ipMasq and hairpinMode are
// off by default)

import type { HostSetup, Machine, Route } from '../machine';
import { familyOf } from '../../values/ip';
import type { IP } from '../../values/ip';
import { BridgedNodes } from './bridged-node';
import { defineCni } from './define';
import type { Attachment, CniNetwork } from './define';
import { SubnetList, SubnetRoutes } from './subnet-routes';
import type { Router, Subnet } from './subnet-routes';

export const bridge = defineCni({
  name: 'bridge',
  summary: 'The reference bridge plug-in: a bridge per node, static routes between the nodes.',
  source: 'containernetworking/plugins plugins/main/bridge, plugins/ipam/host-local',
  options: { hairpinMode: [false, true] },
  // No daemon: routes that are deleted stay so.
  routeUpkeep: () => 'never',
  create: (_cluster, options) => new Bridge(options['hairpinMode'] === true),
});

class Bridge implements CniNetwork, HostSetup, Router {
  private readonly nodes: BridgedNodes;
  private readonly subnets = new SubnetList();
  private readonly publicIPs = new Map<string, readonly IP[]>();

  constructor(hairpin: boolean) {
    this.nodes = new BridgedNodes({ mtu: 1_500, hairpin });
  }

  join(machine: Machine, podCIDRs: readonly string[]): void {
    const { name, addresses } = machine;
    this.publicIPs.set(name, addresses);
    this.nodes.join(machine, podCIDRs);
    this.subnets.removeNode(name);
    for (const range of podCIDRs) this.subnets.add({ range, node: name });
    machine.setUpBy(this, podCIDRs);
  }

  setUp(machine: Machine): void {
    machine.routing.share(new SubnetRoutes(this.subnets, machine, this));
  }

  routeFrom(_machine: Machine, { range, node }: Subnet): Route | undefined {
    const isV6 = range.includes(':');
    const via = this.publicIPs.get(node)?.find((it) => (familyOf(it) === 'IPv6') === isV6);
    return via && { destination: range, device: 'eth0', via };
  }

  leave(machine: Machine): void {
    this.subnets.removeNode(machine.name);
    this.publicIPs.delete(machine.name);
    this.nodes.leave(machine);
  }

  attach(machine: Machine, id: string, isNew?: boolean): Attachment {
    return this.nodes.attach(machine, id, isNew);
  }

  detach(machine: Machine, id: string): void {
    this.nodes.detach(machine, id);
  }

  allocations(node: string): ReadonlyMap<string, readonly IP[]> {
    return this.nodes.allocations(node);
  }
}
