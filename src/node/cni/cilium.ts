// Cilium: a pair of devices per pod, a range per node out of the operator's pool or of the Node
// object, and a tunnel or plain routes between the nodes.
// source: cilium Documentation/network/concepts/{ipam,routing,masquerading}; pkg/ipam

import { cidr, subnetAt } from '../../values/cidr';
import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import type { Machine } from '../machine';
import type { PolicyProfile } from '../policy/profile';
import type { TunnelKind } from '../route-table';
import { defineCni } from './define';
import type { Attachment, CniCluster, CniNetwork, CniOptions } from './define';
import { HostLocal } from './host-local';
import { masqueradeRules } from './masquerade-rules';
import { NodeRoutes } from './node-routes';
import { hostRange, VethNodes } from './veth-node';

const HOST_DEVICE = 'cilium_host';

/** Prefix of a node's range in the operator's pool. */
const NODE_PREFIX: Readonly<Record<Family, number>> = { IPv4: 24, IPv6: 120 };

/**
 * By identity: ranges never mean pods or nodes (policy-cidr-match-mode is empty), and packets of
 * the side that opened a connection are looked up in the policy map each time.
 */
const POLICY: PolicyProfile = {
  agent: 'cilium-agent',
  kinds: ['NetworkPolicy'],
  delays: ['cilium-agent.apply'],
  established: 'cut',
  newPods: 'isolated',
  blocksMatchPods: false,
};

export const cilium = defineCni({
  name: 'cilium',
  summary: 'A range per node out of a pool of its own; a tunnel or plain routes; eBPF policies.',
  source: 'cilium Documentation/network/concepts/{ipam,routing,masquerading}, pkg/ipam, bpf/lib',
  options: {
    mode: ['tunnel', 'native'],
    tunnelProtocol: ['vxlan', 'geneve'],
    ipam: ['cluster-pool', 'kubernetes'],
    masquerade: ['iptables', 'bpf', 'none'],
  },
  policy: () => POLICY,
  create: (cluster, options) => new Cilium(cluster, options),
});

class Cilium implements CniNetwork {
  readonly ownAddresses: boolean;
  private readonly cluster: CniCluster;
  private readonly options: CniOptions;
  private readonly pods: VethNodes;
  private readonly routes: NodeRoutes;
  private readonly nodes = new Map<string, NodeState>();
  /** How many ranges of each pool were given to nodes. */
  private given = 0;

  constructor(cluster: CniCluster, options: CniOptions) {
    this.cluster = cluster;
    this.options = options;
    this.ownAddresses = options['ipam'] === 'cluster-pool';
    this.pods = new VethNodes({
      prefix: 'lxc',
      mtu: this.podMtu,
      hostAddress: ({ name }, family) => this.routerOf(name, family),
    });
    this.routes = new NodeRoutes({
      source: (node, family) => (this.isTunnelled ? this.routerOf(node, family) : undefined),
      tunnel: () =>
        this.isTunnelled
          ? { device: this.tunnelDevice, kind: this.kind, crossSubnetOnly: false }
          : undefined,
    });
  }

  /**
   * With plain routes there is a device for Geneve all the same, where that is the protocol: what
   * a backend answers directly may come by it (loadBalancer.dsrDispatch geneve).
   */
  join(machine: Machine, podCIDRs: readonly string[]): void {
    const state = this.stateOf(machine.name, podCIDRs);
    const mtu = this.podMtu;
    this.routes.join(machine, state.ranges);
    if (this.isTunnelled || this.kind === 'geneve') {
      machine.setDevice({ name: this.tunnelDevice, kind: 'tunnel', addresses: [], mtu });
    }
    const addresses = state.router.map(hostRange);
    machine.setDevice({ name: HOST_DEVICE, kind: 'ethernet', addresses, mtu });
    for (const range of state.ranges) {
      machine.routing.add({ destination: range, device: HOST_DEVICE, blackhole: true });
    }
    for (const family of this.cluster.ipFamilies) this.setUpRules(machine, state, family);
  }

  leave({ name }: Machine): void {
    this.routes.leave(name);
    this.nodes.delete(name);
  }

  attach(machine: Machine, id: string): Attachment {
    const state = this.nodes.get(machine.name);
    if (state === undefined || state.ranges.length === 0) {
      const agent = `cilium-agent on ${machine.name}`;
      return { ok: false, error: `${agent} waits for podCIDRs (CiliumNode.status.operator)` };
    }
    const addresses = state.ipam.reserve(id);
    if (typeof addresses === 'string') return { ok: false, error: addresses };
    this.pods.plug(machine, id, addresses);
    return { ok: true, addresses };
  }

  detach(machine: Machine, id: string): void {
    this.pods.unplug(machine, id);
    this.nodes.get(machine.name)?.ipam.release(id);
  }

  allocations(node: string): ReadonlyMap<string, readonly IP[]> {
    const own = this.nodes.get(node)?.ipam.allocations ?? new Map<string, readonly IP[]>();
    return new Map([...own].filter(([id]) => id !== ROUTER && id !== HEALTH));
  }

  private get isTunnelled(): boolean {
    return this.options['mode'] === 'tunnel';
  }

  private get kind(): TunnelKind {
    return this.options['tunnelProtocol'] as TunnelKind;
  }

  private get tunnelDevice(): string {
    return `cilium_${this.kind}`;
  }

  private get podMtu(): number {
    return this.isTunnelled ? 1_450 : 1_500;
  }

  private routerOf(node: string, family: Family): IP | undefined {
    return this.nodes.get(node)?.router.find((it) => familyOf(it) === family);
  }

  /** Two addresses of each node are the agent's own: the router's and the health endpoint's. */
  private stateOf(node: string, podCIDRs: readonly string[]): NodeState {
    const known = this.nodes.get(node);
    const ranges = this.ownAddresses ? (known?.ranges ?? this.nextRanges()) : podCIDRs;
    if (known !== undefined && known.ranges.join() === ranges.join()) return known;
    const ipam = new HostLocal(ranges);
    const router = ranges.length === 0 ? [] : ipam.reserve(ROUTER);
    if (ranges.length > 0) ipam.reserve(HEALTH);
    const state = { ranges, ipam, router: typeof router === 'string' ? [] : router };
    this.nodes.set(node, state);
    return state;
  }

  /** The operator's next range of every pool; none where one of them has no more. */
  private nextRanges(): readonly string[] {
    const found = this.cluster.podCIDRs.map((pool) => {
      const { family, prefix } = cidr(pool);
      return subnetAt(cidr(pool), Math.max(NODE_PREFIX[family], prefix), this.given);
    });
    this.given++;
    return found.some((range) => range === undefined) ? [] : found.map((range) => range!.text);
  }

  /** source: cilium daemon/cmd/datapath.go; bpf masquerading also spares the nodes' addresses */
  private setUpRules(machine: Machine, { ranges }: NodeState, family: Family): void {
    const { masquerade } = this.options;
    if (masquerade === 'none') return;
    const { podCIDRs, nodeCIDRs = [] } = this.cluster;
    const rules = masqueradeRules(family, {
      chain: 'CILIUM_POST_nat',
      comment: 'cilium masquerade',
      sources: ranges,
      exclude: masquerade === 'bpf' ? [...podCIDRs, ...nodeCIDRs] : podCIDRs,
    });
    if (rules !== undefined) machine.cniRules.set(family, Object.freeze(rules));
  }
}

const ROUTER = 'cilium router';
const HEALTH = 'cilium health';

interface NodeState {
  readonly ranges: readonly string[];
  readonly ipam: HostLocal;
  readonly router: readonly IP[];
}
