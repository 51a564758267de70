// Flannel: each node has the pod range of its Node object on a bridge, and reaches the others'
// ranges through a VXLAN tunnel or by plain routes.
// source: flannel-io/flannel pkg/backend/vxlan, pkg/backend/hostgw, pkg/subnet/kube

import type { HostSetup, Machine, Route } from '../machine';
import { addressAt, cidr } from '../../values/cidr';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import { BridgedNodes } from './bridged-node';
import { defineCni } from './define';
import type { CniCluster, CniNetwork } from './define';
import { FlannelRules } from './flannel-rules';
import { SubnetList, SubnetRoutes } from './subnet-routes';
import type { Router, Subnet } from './subnet-routes';

type Backend = 'vxlan' | 'host-gw';

/** MTU of pods on links of 1500 bytes: VXLAN takes 50 of them for its outer header. */
const POD_MTU: Readonly<Record<Backend, number>> = { vxlan: 1_450, 'host-gw': 1_500 };

const TUNNEL: Readonly<Record<Family, string>> = { IPv4: 'flannel.1', IPv6: 'flannel-v6.1' };

export const flannel = defineCni({
  name: 'flannel',
  summary: 'One pod range per node on a bridge; a VXLAN tunnel or plain routes between the nodes.',
  source: 'flannel-io/flannel pkg/backend/{vxlan,hostgw}, pkg/trafficmngr/iptables',
  options: { mode: ['vxlan', 'host-gw'] },
  // A VXLAN backend writes its routes as it hears of a subnet, and never looks again.
  // source: flannel pkg/backend/vxlan/vxlan_network.go handleSubnetEvents
  routeUpkeep: ({ mode }) => (mode === 'host-gw' ? 'flannel.routeCheck' : 'never'),
  create: (cluster, options) => new Flannel(cluster, options['mode'] as Backend),
});

class Flannel implements CniNetwork, HostSetup, Router {
  private readonly cluster: CniCluster;
  private readonly backend: Backend;
  private readonly nodes: BridgedNodes;
  private readonly subnets = new SubnetList();
  /** The rules of all nodes by the range of the cluster. */
  private readonly rules = new Map<string, FlannelRules>();
  /** The nodes' own addresses, one per family: outer headers and gateways. */
  private readonly publicIPs = new Map<string, readonly IP[]>();

  constructor(cluster: CniCluster, backend: Backend) {
    this.cluster = cluster;
    this.backend = backend;
    this.nodes = new BridgedNodes({ mtu: POD_MTU[backend], hairpin: true });
  }

  join(machine: Machine, podCIDRs: readonly string[]): void {
    this.publicIPs.set(machine.name, machine.addresses);
    this.nodes.join(machine, podCIDRs);
    this.subnets.removeNode(machine.name);
    for (const range of podCIDRs) {
      this.subnets.add({ range, node: machine.name });
      // Once for all nodes: forks share them.
      this.rulesIn(this.clusterRange(range));
    }
    machine.setUpBy(this, podCIDRs);
  }

  setUp(machine: Machine, podCIDRs: readonly string[]): void {
    for (const range of podCIDRs) this.setUpFamily(machine, range);
    machine.routing.share(new SubnetRoutes(this.subnets, machine, this));
  }

  leave(machine: Machine): void {
    this.subnets.removeNode(machine.name);
    this.publicIPs.delete(machine.name);
    this.nodes.leave(machine);
  }

  attach(machine: Machine, id: string, isNew?: boolean): ReturnType<CniNetwork['attach']> {
    return this.nodes.attach(machine, id, isNew);
  }

  detach(machine: Machine, id: string): void {
    this.nodes.detach(machine, id);
  }

  allocations(node: string): ReadonlyMap<string, readonly IP[]> {
    return this.nodes.allocations(node);
  }

  private setUpFamily(machine: Machine, range: string): void {
    const { family } = cidr(range);
    machine.cniRules.set(family, this.rulesIn(this.clusterRange(range)).on(range));
    if (this.backend !== 'vxlan') return;
    // The tunnel's address is the very first one of the range, alone in its own network.
    const bits = family === 'IPv4' ? 32 : 128;
    const address = `${addressAt(cidr(range), 0)}/${bits}`;
    const mtu = POD_MTU.vxlan;
    machine.setDevice({ name: TUNNEL[family], kind: 'tunnel', addresses: [address], mtu });
  }

  /** The range of the cluster from which that of a node is. */
  private clusterRange(range: string): string {
    const { family } = cidr(range);
    return this.cluster.podCIDRs.find((text) => cidr(text).family === family) ?? range;
  }

  private rulesIn(clusterCIDR: string): FlannelRules {
    let rules = this.rules.get(clusterCIDR);
    if (rules === undefined) this.rules.set(clusterCIDR, (rules = new FlannelRules(clusterCIDR)));
    return rules;
  }

  /** As every other node sees that subnet. */
  routeFrom(_machine: Machine, { range, node }: Subnet): Route | undefined {
    const { family } = cidr(range);
    const remote = this.publicIPs.get(node)?.find((address) => familyOf(address) === family);
    if (remote === undefined) return undefined;
    if (this.backend === 'host-gw') return { destination: range, device: 'eth0', via: remote };
    return {
      destination: range,
      device: TUNNEL[family],
      via: addressAt(cidr(range), 0),
      encapsulation: { kind: 'vxlan', remote },
    };
  }
}
