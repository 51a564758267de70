// What the CNIs without a bridge have in common on one node: each pod has a pair of devices of
// its own, and the host a route to its address through that device.
// source: containernetworking/plugins plugins/main/ptp/ptp.go; projectcalico cni-plugin
// pkg/dataplane/linux/dataplane_linux.go

import { familyOf } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import type { Machine } from '../machine';

export interface VethSettings {
  /** `cali`, `lxc`, `eni`: what the name of each device begins with. */
  readonly prefix: string;
  readonly mtu: number;
  /** The source of what the host itself sends to a pod; the node's own address where left out. */
  readonly hostAddress?: (machine: Machine, family: Family) => IP | undefined;
  /** Whether the host's end of every pair has that address too, as with the ptp plug-in. */
  readonly isAddressed?: boolean;
}

/** The devices of all pods of a cluster. */
export class VethNodes {
  private readonly settings: VethSettings;
  private readonly addressesOf = new Map<string, readonly IP[]>();

  constructor(settings: VethSettings) {
    this.settings = settings;
  }

  plug(machine: Machine, id: string, addresses: readonly IP[]): void {
    const { mtu, hostAddress, isAddressed = false } = this.settings;
    const name = this.deviceOf(id);
    const own = isAddressed
      ? addresses.flatMap((it) => hostAddress?.(machine, familyOf(it)) ?? []).map(hostRange)
      : [];
    machine.setDevice({ name, kind: 'veth', addresses: own, mtu });
    for (const address of addresses) {
      const family = familyOf(address);
      const source = hostAddress?.(machine, family);
      const destination = hostRange(address);
      machine.routing.add({ destination, device: name, ...(source && { source }) });
    }
    this.addressesOf.set(id, addresses);
  }

  unplug(machine: Machine, id: string): void {
    for (const address of this.addressesOf.get(id) ?? []) {
      machine.routing.remove(hostRange(address));
    }
    this.addressesOf.delete(id);
    machine.removeDevice(this.deviceOf(id));
    // The address that all pairs share stays with the others.
    const left = machine.interfaces.find(({ kind, addresses }) => kind === 'veth' && addresses[0]);
    if (left !== undefined) machine.setDevice(left);
  }

  /** The host's end of the pair, named after the pod. Upstream hashes with SHA-1. */
  private deviceOf(id: string): string {
    return `${this.settings.prefix}${fnv32(id).toString(16).padStart(8, '0')}`;
  }
}

/** `10.244.1.5/32`. */
export function hostRange(address: IP): string {
  return `${address}/${familyOf(address) === 'IPv4' ? 32 : 128}`;
}

/** FNV-1 of 32 bits. source: hash/fnv (sum32) */
export function fnv32(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash, 0x0100_0193) >>> 0;
    hash = (hash ^ (text.charCodeAt(index) & 0xff)) >>> 0;
  }
  return hash;
}
