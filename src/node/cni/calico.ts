// Calico: addresses in blocks of its own pools, a pair of devices per pod, and routes that BIRD
// or Felix program: plain ones, or through IPIP or VXLAN.
// source: projectcalico felix/dataplane/linux, node/pkg/lifecycle/startup, cni-plugin, confd

import { cidr } from '../../values/cidr';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import { START } from '../../values/time';
import type { Machine } from '../machine';
import type { PolicyProfile } from '../policy/profile';
import { CalicoPool } from './calico-ipam';
import { defineCni, delayIn } from './define';
import type { Attachment, CniCluster, CniNetwork, CniOptions } from './define';
import { masqueradeRules } from './masquerade-rules';
import { NodeRoutes } from './node-routes';
import type { Tunnel } from './node-routes';
import { hostRange, VethNodes } from './veth-node';

type Mode = 'ipip' | 'ipip-cross-subnet' | 'vxlan' | 'vxlan-cross-subnet' | 'bgp';

/** On links of 1500 bytes: IPIP takes 20 of them, VXLAN 50. */
const POD_MTU: Readonly<Record<Mode, number>> = {
  ipip: 1_480,
  'ipip-cross-subnet': 1_480,
  vxlan: 1_450,
  'vxlan-cross-subnet': 1_450,
  bgp: 1_500,
};

const TUNNEL: Readonly<Record<Family, string>> = {
  IPv4: 'vxlan.calico',
  IPv6: 'vxlan-v6.calico',
};

/** NetworkPolicies become policies of Calico's default tier; admin tiers have their own. */
const POLICY: PolicyProfile = {
  agent: 'calico-node',
  kinds: [
    'AdminNetworkPolicy',
    'BaselineAdminNetworkPolicy',
    'ClusterNetworkPolicy',
    'NetworkPolicy',
  ],
  delays: ['calico-node.calcTick', 'calico-node.applyThrottle', 'calico-node.apply'],
  established: 'kept',
  newPods: 'isolated',
  blocksMatchPods: true,
  // cali-INPUT runs the policies of the pod before DefaultEndpointToHostAction has its say.
  // source: felix/rules/static.go filterWorkloadToHostChain (ChainFromWorkloadDispatch)
  ownNode: 'judged',
};

/** source: felix/rules/rule_defs.go (FelixConfiguration iptablesFilterDenyAction) */
function policyOf({ denyAction }: CniOptions): PolicyProfile {
  return denyAction === 'reject' ? { ...POLICY, denial: 'rejected' } : POLICY;
}

export const calico = defineCni({
  name: 'calico',
  summary: 'Blocks of addresses that nodes claim as they need them; IPIP, VXLAN or plain routes.',
  source: 'projectcalico libcalico-go/lib/ipam, felix/dataplane/linux, cni-plugin',
  options: {
    mode: ['ipip', 'ipip-cross-subnet', 'vxlan', 'vxlan-cross-subnet', 'bgp'],
    blockSize: [26, 20, 21, 22, 23, 24, 25, 27, 28, 29, 30, 31, 32],
    strictAffinity: [false, true],
    natOutgoing: [true, false],
    denyAction: ['drop', 'reject'],
  },
  policy: policyOf,
  // Felix writes the routes of VXLAN, BIRD all others.
  routeUpkeep: ({ mode }) =>
    String(mode).startsWith('vxlan') ? 'calico-node.routeRefresh' : 'bird.kernelScan',
  create: (cluster, options) => new Calico(cluster, options),
});

class Calico implements CniNetwork {
  readonly ownAddresses = true;
  private readonly cluster: CniCluster;
  private readonly mode: Mode;
  private readonly natOutgoing: boolean;
  private readonly pods: VethNodes;
  private readonly pools: readonly CalicoPool[];
  private readonly routes: NodeRoutes;
  private readonly nodes = new Map<string, NodeState>();

  constructor(cluster: CniCluster, options: CniOptions) {
    this.cluster = cluster;
    this.mode = options['mode'] as Mode;
    this.natOutgoing = options['natOutgoing'] === true;
    this.pods = new VethNodes({ prefix: 'cali', mtu: POD_MTU[this.mode] });
    this.pools = cluster.podCIDRs.map((range) => this.poolOf(range, options));
    this.routes = new NodeRoutes({
      tunnel: (family) => this.tunnel(family),
      nodeCIDRs: cluster.nodeCIDRs ?? [],
    });
  }

  join(machine: Machine): void {
    const { name } = machine;
    let state = this.nodes.get(name);
    if (state === undefined) {
      state = { machine, tunnels: [], byId: new Map() };
      this.nodes.set(name, state);
    }
    this.routes.join(machine, this.announcedBy(name));
    for (const family of this.cluster.ipFamilies) {
      this.setUpTunnel(state, family);
      this.setUpRules(machine, family);
    }
    for (const range of this.pools.flatMap((pool) => pool.rangesOf(name))) {
      machine.routing.add({ destination: range, device: 'lo', blackhole: true });
    }
  }

  leave({ name }: Machine): void {
    const state = this.nodes.get(name);
    for (const address of [...(state?.byId.values() ?? [])].flat()) this.release(address);
    for (const address of state?.tunnels ?? []) this.release(address);
    this.routes.leave(name);
    this.nodes.delete(name);
  }

  attach(machine: Machine, id: string): Attachment {
    const { name } = machine;
    const state = this.nodes.get(name);
    if (state === undefined) return { ok: false, error: `calico-node is not ready on ${name}` };
    const addresses: IP[] = [];
    for (const pool of this.pools) {
      const address = pool.assign(name);
      if (address === undefined) {
        for (const taken of addresses) this.release(taken);
        return { ok: false, error: `no more free addresses in the pool for node ${name}` };
      }
      addresses.push(address);
      if (pool.isBorrowed(address, name)) this.routes.announce(name, hostRange(address));
    }
    state.byId.set(id, addresses);
    this.pods.plug(machine, id, addresses);
    return { ok: true, addresses };
  }

  detach(machine: Machine, id: string): void {
    const byId = this.nodes.get(machine.name)?.byId;
    for (const address of byId?.get(id) ?? []) {
      this.routes.withdraw(machine.name, hostRange(address));
      this.release(address);
    }
    byId?.delete(id);
    this.pods.unplug(machine, id);
  }

  allocations(node: string): ReadonlyMap<string, readonly IP[]> {
    return this.nodes.get(node)?.byId ?? new Map();
  }

  private poolOf(range: string, options: CniOptions): CalicoPool {
    const isV4 = cidr(range).family === 'IPv4';
    const size = Number(options['blockSize']);
    return new CalicoPool(range, {
      // The default for IPv6 has as many addresses as the one for IPv4.
      blockSize: Math.max(isV4 ? size : size + 96, cidr(range).prefix),
      strictAffinity: options['strictAffinity'] === true,
      now: this.cluster.now ?? (() => START),
      reclaimAfter: (node) => delayIn(this.cluster, 'calico-ipam.emptyBlock', node),
      onBlock: (node, block, claimed) => this.onBlock(node, block, claimed),
    });
  }

  /** A node has a route that leads nowhere for each of its blocks, under those of its pods. */
  private onBlock(node: string, range: string, claimed: boolean): void {
    const machine = this.nodes.get(node)?.machine;
    if (claimed) {
      this.routes.announce(node, range);
      machine?.routing.add({ destination: range, device: 'lo', blackhole: true });
    } else {
      this.routes.withdraw(node, range);
      machine?.routing.remove(range);
    }
  }

  /** What the node's BIRD tells the others: its blocks, and each address that it has borrowed. */
  private announcedBy(node: string): readonly string[] {
    const { tunnels = [], byId } = this.nodes.get(node) ?? {};
    const addresses = [...tunnels, ...[...(byId?.values() ?? [])].flat()];
    const borrowed = addresses.filter((it) => this.pools.some((pool) => pool.isBorrowed(it, node)));
    return [...this.pools.flatMap((pool) => pool.rangesOf(node)), ...borrowed.map(hostRange)];
  }

  private release(address: IP): void {
    for (const pool of this.pools) pool.release(address);
  }

  /** IPIP carries IPv4 alone; IPv6 then goes by plain routes. */
  private tunnel(family: Family): Tunnel | undefined {
    const crossSubnetOnly = this.mode.endsWith('cross-subnet');
    if (this.mode.startsWith('vxlan')) {
      return { device: TUNNEL[family], kind: 'vxlan', crossSubnetOnly };
    }
    const isIpip = this.mode.startsWith('ipip') && family === 'IPv4';
    return isIpip ? { device: 'tunl0', kind: 'ipip', crossSubnetOnly } : undefined;
  }

  /** The tunnel's own address is one of the pool: what the host sends to pods comes from it. */
  private setUpTunnel(state: NodeState, family: Family): void {
    const tunnel = this.tunnel(family);
    if (tunnel === undefined) return;
    const { machine, tunnels } = state;
    let address = tunnels.find((it) => familyOf(it) === family);
    if (address === undefined) {
      address = this.pools[this.cluster.ipFamilies.indexOf(family)]?.assign(machine.name);
      if (address === undefined) return;
      tunnels.push(address);
    }
    const mtu = POD_MTU[this.mode];
    const addresses = [hostRange(address)];
    machine.setDevice({ name: tunnel.device, kind: 'tunnel', addresses, mtu });
  }

  /** source: felix/rules/nat.go (cali-nat-outgoing); IPv6 pools have it switched off */
  private setUpRules(machine: Machine, family: Family): void {
    if (!this.natOutgoing || family === 'IPv6') return;
    const rules = masqueradeRules(family, {
      chain: 'cali-nat-outgoing',
      comment: 'calico natOutgoing',
      sources: this.cluster.podCIDRs,
      exclude: this.cluster.podCIDRs,
    });
    if (rules !== undefined) machine.cniRules.set(family, Object.freeze(rules));
  }
}

interface NodeState {
  readonly machine: Machine;
  /** The addresses of its tunnels, one per family. */
  readonly tunnels: IP[];
  readonly byId: Map<string, readonly IP[]>;
}
