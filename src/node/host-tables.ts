// What a packet meets in the kernel of one host: devices with their addresses, routes, rules, and
// connections.

import { cidr, contains } from '../values/cidr';
import { familyOf } from '../values/ip';
import type { Family, IP } from '../values/ip';
import { LateMap } from '../values/late-map';
import { LateSet } from '../values/late-set';
import { Conntrack } from './netfilter/conntrack';
import type { ConntrackTimeouts } from './netfilter/conntrack-entry';
import { RecentLists } from './netfilter/recent';
import type { Ruleset } from './netfilter/ruleset';
import { RouteTable } from './route-table';

/** A network device with its addresses in CIDR form: `10.244.1.1/24`. */
export interface NetworkInterface {
  readonly name: string;
  readonly kind: 'loopback' | 'ethernet' | 'bridge' | 'tunnel' | 'veth' | 'dummy';
  readonly addresses: readonly string[];
  readonly mtu: number;
  /** Of a bridge: whether a frame may leave by the port through which it came in. */
  readonly hairpin?: boolean;
}

/** What the operating system of a host knows of the network when it boots. */
export interface BootConfiguration {
  /** The node's own addresses, one per family, the primary one first. */
  readonly addresses: readonly IP[];
  /** The ranges of the network on which the node stands. */
  readonly nodeCIDRs: readonly string[];
  /** The routers to everywhere else, one per family. */
  readonly gateways: readonly IP[];
  /** How long it remembers connections, where anybody says so. */
  readonly timeouts?: ConntrackTimeouts | undefined;
}

const LOOPBACK: NetworkInterface = {
  name: 'lo',
  kind: 'loopback',
  addresses: ['127.0.0.1/8', '::1/128'],
  mtu: 65_536,
};

export class HostTables {
  /** The rules of kube-proxy. */
  readonly proxyRules = new LateMap<Family, Ruleset>();
  /** What kube-proxy has left in the other back end when it got another image. */
  readonly leftRules = new LateMap<Family, Ruleset>();
  /** The rules of the CNI. */
  readonly cniRules = new LateMap<Family, Ruleset>();
  /** The rules of a DNS cache on this node, which it puts before all others. */
  readonly dnsCacheRules = new LateMap<Family, Ruleset>();
  readonly conntrack = new Conntrack();
  /** Who has taken every port by which the host could translate a source; nobody usually. */
  readonly portsTakenBy = new LateSet<string>();
  /** The address lists of `-m recent`: session affinity. */
  readonly recent = new RecentLists();
  readonly routing = new RouteTable();
  private readonly devices = new Map<string, NetworkInterface>();
  /** Every address of this host but those that each host has. */
  private readonly local = new Set<IP>();

  get interfaces(): readonly NetworkInterface[] {
    return [...this.devices.values()];
  }

  device(name: string): NetworkInterface | undefined {
    return this.devices.get(name);
  }

  /** Adds a device, or gives one of that name its new form. */
  setDevice(device: NetworkInterface): void {
    this.removeDevice(device.name);
    this.devices.set(device.name, device);
    for (const text of device.addresses) {
      const address = addressOf(text);
      if (!isLoopback(address)) this.local.add(address);
    }
  }

  removeDevice(name: string): void {
    for (const text of this.devices.get(name)?.addresses ?? []) this.local.delete(addressOf(text));
    this.devices.delete(name);
  }

  /** The device that takes the outer header off what comes through a tunnel. */
  tunnel(family: Family): NetworkInterface | undefined {
    for (const device of this.devices.values()) {
      if (device.kind !== 'tunnel') continue;
      // Without an address of its own it takes both families.
      const { length } = device.addresses;
      if (length === 0 || addressIn(device, family) !== undefined) return device;
    }
    return undefined;
  }

  /** Whether a device has the address, or every host has. */
  isLocal(address: IP): boolean {
    return this.local.has(address) || isLoopback(address);
  }

  /** The first address of a device in that family that others can reach. */
  primaryAddress(device: string, family: Family): IP | undefined {
    const known = this.devices.get(device);
    return known && addressIn(known, family);
  }

  /** The network of the operating system; the CNI comes after it. */
  boot({ addresses, nodeCIDRs, gateways, timeouts }: BootConfiguration): void {
    if (timeouts !== undefined) this.conntrack.timeouts = timeouts;
    this.setDevice(LOOPBACK);
    const ranges = addresses.map((address) => rangeOf(address, nodeCIDRs));
    const texts = addresses.map((address, index) => `${address}/${cidr(ranges[index]!).prefix}`);
    this.setDevice({ name: 'eth0', kind: 'ethernet', addresses: texts, mtu: 1_500 });
    for (let index = 0; index < addresses.length; index++) {
      const source = addresses[index]!;
      this.routing.add({ destination: ranges[index]!, device: 'eth0', source });
    }
    for (const gateway of gateways) {
      const everywhere = familyOf(gateway) === 'IPv4' ? '0.0.0.0/0' : '::/0';
      this.routing.add({ destination: everywhere, device: 'eth0', via: gateway });
    }
  }

  /** The kernel is gone. */
  clear(): void {
    this.proxyRules.clear();
    this.leftRules.clear();
    this.cniRules.clear();
    this.dnsCacheRules.clear();
    this.conntrack.flush();
    this.portsTakenBy.clear();
    this.recent.flush();
    this.devices.clear();
    this.local.clear();
    this.routing.clear();
  }
}

/** Whether the address never leaves its host or pod. */
export function isLoopback(address: IP): boolean {
  return address.startsWith('127.') || address === '::1';
}

function addressIn({ addresses }: NetworkInterface, family: Family): IP | undefined {
  for (const text of addresses) {
    const address = addressOf(text);
    if (familyOf(address) === family && !isLoopback(address)) return address;
  }
  return undefined;
}

function addressOf(withPrefix: string): IP {
  return withPrefix.slice(0, withPrefix.indexOf('/')) as IP;
}

function rangeOf(address: IP, nodeCIDRs: readonly string[]): string {
  const range = nodeCIDRs.find((text) => contains(cidr(text), address));
  return range ?? `${address}/${familyOf(address) === 'IPv4' ? 32 : 128}`;
}
