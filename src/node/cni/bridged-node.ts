// What the CNIs with a Linux bridge have in common on one node: the bridge `cni0` with the first
// address of the node's pod range, and host-local addresses for what is plugged into it.
// source: containernetworking/plugins plugins/main/bridge/bridge.go (isDefaultGateway)

import type { HostSetup, Machine } from '../machine';
import { cidr } from '../../values/cidr';
import type { IP } from '../../values/ip';
import { PodHost } from '../../values/pod-host';
import { gatewayOf, HostLocal } from './host-local';
import type { Attachment } from './define';

export const BRIDGE = 'cni0';

export interface BridgeSettings {
  readonly mtu: number;
  readonly hairpin: boolean;
}

/** The pod addresses of all nodes, and the bridges that carry them. */
export class BridgedNodes implements HostSetup {
  private readonly settings: BridgeSettings;
  private readonly ipam = new Map<string, HostLocal>();

  constructor(settings: BridgeSettings) {
    this.settings = settings;
  }

  /** Notes the pod ranges of a node; what its disk remembers of the same ranges stays. */
  join(machine: Machine, podCIDRs: readonly string[]): void {
    const { name, addresses } = machine;
    if (this.ipam.get(name)?.isOf(podCIDRs) === true) return;
    const ipam = new HostLocal(podCIDRs);
    this.ipam.set(name, ipam);
    machine.host = new PodHost(name, addresses, ipam.ranges);
    machine.podRow = undefined;
  }

  leave(machine: Machine): void {
    this.ipam.delete(machine.name);
    machine.podRow = undefined;
  }

  /** The first ADD on a node makes the bridge, as the plug-in does. */
  attach(machine: Machine, id: string, isNew?: boolean): Attachment {
    const ipam = this.ipam.get(machine.name);
    if (ipam === undefined) return { ok: false, error: `node ${machine.name} has no podCIDR yet` };
    const reserved = ipam.reserve(id, isNew);
    if (typeof reserved === 'string') return { ok: false, error: reserved };
    machine.plugInto(BRIDGE, this);
    // All that the next pod needs is an address.
    machine.podRow = ipam;
    return { ok: true, addresses: reserved };
  }

  detach(machine: Machine, id: string): void {
    this.ipam.get(machine.name)?.release(id);
  }

  allocations(node: string): ReadonlyMap<string, readonly IP[]> {
    return this.ipam.get(node)?.allocations ?? new Map();
  }

  setUp(machine: Machine, podCIDRs: readonly string[]): void {
    const { mtu, hairpin } = this.settings;
    const addresses = podCIDRs.map((destination) => {
      const source = gatewayOf(destination);
      machine.routing.add({ destination, device: BRIDGE, source });
      return `${source}/${cidr(destination).prefix}`;
    });
    machine.setDevice({ name: BRIDGE, kind: 'bridge', addresses, mtu, hairpin });
  }
}
