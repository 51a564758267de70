// The VPC CNI of AWS: pods have addresses of the VPC itself, on network interfaces of their
// node's instance. The VPC's router knows them all; nothing is wrapped.
// source: aws/amazon-vpc-cni-k8s pkg/ipamd, pkg/networkutils/network.go

import { addressAt, cidr, sizeOf } from '../../values/cidr';
import { familyOf } from '../../values/ip';
import type { IP } from '../../values/ip';
import { START } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import type { Machine } from '../machine';
import type { PolicyProfile } from '../policy/profile';
import { EniPool, INSTANCE_TYPES } from './aws-eni';
import type { EniGround, EniLimits } from './aws-eni';
import { defineCni, delayIn } from './define';
import type { Attachment, CniCluster, CniNetwork, CniOptions } from './define';
import { masqueradeRules } from './masquerade-rules';
import { NodeRoutes } from './node-routes';
import { hostRange, VethNodes } from './veth-node';

/** The VPC takes jumbo frames. */
const POD_MTU = 9_001;

/** A VPC keeps the first four addresses of a subnet and the last one for itself. */
const SUBNET_RESERVED = 4n;

/** The agent with its own eBPF programs, where `enableNetworkPolicy` is set. */
function policyOf(options: CniOptions): PolicyProfile | undefined {
  if (options['networkPolicy'] === 'off') return undefined;
  return {
    agent: 'aws-network-policy-agent',
    kinds: ['NetworkPolicy'],
    delays: ['aws-network-policy-agent.apply'],
    established: 'kept',
    newPods: options['networkPolicy'] === 'strict' ? 'closed' : 'open',
    blocksMatchPods: true,
  };
}

export const awsVpc = defineCni({
  name: 'aws-vpc',
  summary: 'Addresses of the VPC on the interfaces of each instance; nothing is wrapped.',
  source: 'aws/amazon-vpc-cni-k8s pkg/ipamd, pkg/networkutils; aws/aws-network-policy-agent',
  options: {
    instanceType: Object.keys(INSTANCE_TYPES),
    warmEniTarget: [1, 0, 2],
    externalSnat: [false, true],
    networkPolicy: ['standard', 'strict', 'off'],
  },
  policy: policyOf,
  create: (cluster, options) => new AwsVpc(cluster, options),
});

class AwsVpc implements CniNetwork, EniGround {
  readonly ownAddresses = true;
  readonly limits: EniLimits;
  readonly warmEnis: number;
  private readonly cluster: CniCluster;
  private readonly options: CniOptions;
  private readonly pods = new VethNodes({ prefix: 'eni', mtu: POD_MTU });
  private readonly routes = new NodeRoutes();
  private readonly nodes = new Map<string, NodeState>();
  /** The subnet of the pods; the nodes stand in another one of the same VPC. */
  private readonly subnet: string;
  private nextIndex = SUBNET_RESERVED;

  constructor(cluster: CniCluster, options: CniOptions) {
    this.cluster = cluster;
    this.options = options;
    this.limits = INSTANCE_TYPES[String(options['instanceType'])]!;
    this.warmEnis = Number(options['warmEniTarget']);
    const subnet = cluster.podCIDRs.find((range) => cidr(range).family === 'IPv4');
    if (subnet === undefined) throw new RangeError('aws-vpc is modelled for IPv4 alone');
    this.subnet = subnet;
  }

  join(machine: Machine): void {
    const { name } = machine;
    const known = this.nodes.get(name);
    this.routes.join(machine, known?.pool.addresses.map(hostRange) ?? []);
    if (known === undefined) {
      this.nodes.set(name, { pool: new EniPool(name, this), byId: new Map() });
    }
    const uplink = machine.device('eth0');
    if (uplink !== undefined) machine.setDevice({ ...uplink, mtu: POD_MTU });
    this.setUpRules(machine);
  }

  leave({ name }: Machine): void {
    this.routes.leave(name);
    this.nodes.delete(name);
  }

  attach(machine: Machine, id: string): Attachment {
    const state = this.nodes.get(machine.name);
    const address = state?.pool.assign(id);
    if (state === undefined || address === undefined) {
      return { ok: false, error: 'failed to assign an IP address to container' };
    }
    state.byId.set(id, [address]);
    this.pods.plug(machine, id, [address]);
    return { ok: true, addresses: [address] };
  }

  detach(machine: Machine, id: string): void {
    const state = this.nodes.get(machine.name);
    for (const address of state?.byId.get(id) ?? []) state?.pool.release(address);
    state?.byId.delete(id);
    this.pods.unplug(machine, id);
  }

  allocations(node: string): ReadonlyMap<string, readonly IP[]> {
    return this.nodes.get(node)?.byId ?? new Map();
  }

  now(): Instant {
    return this.cluster.now?.() ?? START;
  }

  attaching(node: string): Duration {
    return delayIn(this.cluster, 'aws-node.eniAttach', node);
  }

  cooling(node: string): Duration {
    return delayIn(this.cluster, 'aws-node.ipCooldown', node);
  }

  onAddress(node: string, address: IP): void {
    this.routes.announce(node, hostRange(address));
  }

  take(count: number): readonly IP[] {
    const range = cidr(this.subnet);
    const taken: IP[] = [];
    while (taken.length < count && this.nextIndex < sizeOf(range) - 1n) {
      taken.push(addressAt(range, this.nextIndex++));
    }
    return taken;
  }

  /** What leaves the VPC takes the node's primary address, unless a NAT gateway does that. */
  private setUpRules(machine: Machine): void {
    if (this.options['externalSnat'] === true) return;
    const { podCIDRs, nodeCIDRs = [] } = this.cluster;
    const address = machine.addresses.find((it) => familyOf(it) === 'IPv4');
    if (address === undefined) return;
    const rules = masqueradeRules('IPv4', {
      chain: 'AWS-SNAT-CHAIN-0',
      comment: 'AWS SNAT CHAIN',
      sources: podCIDRs,
      exclude: [...podCIDRs, ...nodeCIDRs],
      target: { do: 'snat', address },
    });
    if (rules !== undefined) machine.cniRules.set('IPv4', Object.freeze(rules));
  }
}

interface NodeState {
  readonly pool: EniPool;
  readonly byId: Map<string, readonly IP[]>;
}
