// The reference bridge plug-in with host-local addresses and, between the nodes, the routes that
// an administrator adds by hand. Nothing masquerades what pods send out of the cluster.
// source: containernetworking/plugins plugins/main/bridge/bridge.go (ipMasq and hairpinMode are
// off by default)

import type { Machine } from '../machine';
import { familyOf } from '../../values/ip';
import type { IP } from '../../values/ip';
import { BridgedNodes } from './bridged-node';
import { defineCni } from './define';
import type { CniNetwork } from './define';
import { SubnetList } from './subnet-routes';

export const bridge = defineCni({
  name: 'bridge',
  summary: 'The reference bridge plug-in: a bridge per node, static routes between the nodes.',
  source: 'containernetworking/plugins plugins/main/bridge, plugins/ipam/host-local',
  options: { hairpinMode: [false, true] },
  create: (_cluster, options) => createBridge(options['hairpinMode'] === true),
});

function createBridge(hairpin: boolean): CniNetwork {
  const nodes = new BridgedNodes({ mtu: 1_500, hairpin });
  const subnets = new SubnetList();
  const publicIPs = new Map<string, readonly IP[]>();
  return {
    join(machine: Machine, podCIDRs: readonly string[]): void {
      publicIPs.set(machine.name, machine.addresses);
      nodes.join(machine, podCIDRs);
      subnets.removeNode(machine.name);
      for (const range of podCIDRs) subnets.add({ range, node: machine.name });
      const routes = subnets.routesOf(machine.name, ({ range, node }) => {
        const isV6 = range.includes(':');
        const via = publicIPs.get(node)?.find((it) => (familyOf(it) === 'IPv6') === isV6);
        return via && { destination: range, device: 'eth0', via };
      });
      machine.routing.share(routes);
    },
    leave(machine: Machine): void {
      subnets.removeNode(machine.name);
      publicIPs.delete(machine.name);
      nodes.leave(machine);
    },
    attach: (machine, id) => nodes.attach(machine, id),
    detach: (machine, id) => nodes.detach(machine, id),
    allocations: (node) => nodes.allocations(node),
  };
}
