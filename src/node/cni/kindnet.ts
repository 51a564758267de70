// kindnet, the network of kind: host-local addresses out of the node's pod range, a pair of
// devices for each pod, and plain routes between nodes that see each other.
// source: kubernetes-sigs/kind images/kindnetd/cmd/kindnetd/{main.go,cni.go,routes.go,masq.go}

import { familyOf } from '../../values/ip';
import type { IP } from '../../values/ip';
import type { Machine } from '../machine';
import type { PolicyProfile } from '../policy/profile';
import { defineCni } from './define';
import type { Attachment, CniCluster, CniNetwork, CniOptions } from './define';
import { gatewayOf, HostLocal } from './host-local';
import { masqueradeRules } from './masquerade-rules';
import { NodeRoutes } from './node-routes';
import { VethNodes } from './veth-node';

/**
 * kindnetd runs kube-network-policies since kind 0.24. In strict mode that looks at what is open;
 * answers are not held against it here, though the queue judges those too where it finds any.
 */
function policyOf({ strictMode }: CniOptions): PolicyProfile {
  return {
    agent: 'kindnet',
    kinds: ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'NetworkPolicy'],
    delays: ['kube-network-policies.sync'],
    established: strictMode === true ? 'reviewed' : 'kept',
    newPods: 'isolated',
    blocksMatchPods: true,
  };
}

export const kindnet = defineCni({
  name: 'kindnet',
  summary: 'One pod range per node, a pair of devices per pod, plain routes between the nodes.',
  source: 'kubernetes-sigs/kind images/kindnetd; kubernetes-sigs/kube-network-policies',
  options: { strictMode: [false, true] },
  policy: policyOf,
  routeUpkeep: () => 'kindnet.reconcile',
  create: (cluster) => new Kindnet(cluster),
});

class Kindnet implements CniNetwork {
  private readonly cluster: CniCluster;
  private readonly pods: VethNodes;
  private readonly routes = new NodeRoutes();
  private readonly ranges = new Map<string, readonly string[]>();
  private readonly ipam = new Map<string, HostLocal>();

  constructor(cluster: CniCluster) {
    this.cluster = cluster;
    this.pods = new VethNodes({
      prefix: 'veth',
      mtu: 1_500,
      isAddressed: true,
      hostAddress: (machine, family) => this.gateway(machine.name, family),
    });
  }

  join(machine: Machine, podCIDRs: readonly string[]): void {
    const { name } = machine;
    if (this.ranges.get(name)?.join() !== podCIDRs.join()) {
      this.ranges.set(name, podCIDRs);
      this.ipam.set(name, new HostLocal(podCIDRs));
    }
    this.routes.join(machine, podCIDRs);
    for (const family of this.cluster.ipFamilies) {
      const rules = masqueradeRules(family, {
        chain: 'KIND-MASQ-AGENT',
        comment: 'kind-masq-agent',
        sources: podCIDRs,
        exclude: this.cluster.podCIDRs,
      });
      if (rules !== undefined) machine.cniRules.set(family, Object.freeze(rules));
    }
  }

  leave(machine: Machine): void {
    this.routes.leave(machine.name);
    this.ranges.delete(machine.name);
    this.ipam.delete(machine.name);
  }

  attach(machine: Machine, id: string, isNew?: boolean): Attachment {
    const ipam = this.ipam.get(machine.name);
    if (ipam === undefined) return { ok: false, error: `node ${machine.name} has no podCIDR yet` };
    const addresses = ipam.reserve(id, isNew);
    if (typeof addresses === 'string') return { ok: false, error: addresses };
    this.pods.plug(machine, id, addresses);
    return { ok: true, addresses };
  }

  detach(machine: Machine, id: string): void {
    this.pods.unplug(machine, id);
    this.ipam.get(machine.name)?.release(id);
  }

  allocations(node: string): ReadonlyMap<string, readonly IP[]> {
    return this.ipam.get(node)?.allocations ?? new Map();
  }

  /** The ptp plug-in gives the gateway's address to the host's end of every pair. */
  private gateway(node: string, family: 'IPv4' | 'IPv6'): IP | undefined {
    return this.ranges
      .get(node)
      ?.map(gatewayOf)
      .find((address) => familyOf(address) === family);
  }
}
