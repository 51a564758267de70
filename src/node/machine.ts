// One host: its power, its interfaces, the sandboxes on it and its tables. What the kernel of a
// node holds is here; what the agents on it believe is theirs.

import { listensOn } from '../values/cluster-spec';
import type { ListenSpec } from '../values/cluster-spec';
import type { Protocol } from '../values/flow';
import { cidr, contains } from '../values/cidr';
import { familyOf } from '../values/ip';
import type { Family, IP } from '../values/ip';
import { LateMap } from '../values/late-map';
import type { LateSource } from '../values/late-map';
import { LateSet } from '../values/late-set';
import { Conntrack } from './netfilter/conntrack';
import { RecentLists } from './netfilter/recent';
import { HOST_BACKEND } from './netfilter/ruleset';
import type { IptablesBackend, RuleSource, Ruleset } from './netfilter/ruleset';
import type { PodSandbox } from './pod-sandbox';
import { RouteTable } from './route-table';
import type { Route } from './route-table';

export type { Route } from './route-table';

/** A network device with its addresses in CIDR form: `10.244.1.1/24`. */
export interface NetworkInterface {
  readonly name: string;
  readonly kind: 'loopback' | 'ethernet' | 'bridge' | 'tunnel' | 'veth' | 'dummy';
  readonly addresses: readonly string[];
  readonly mtu: number;
  /** Of a bridge: whether a frame may leave by the port through which it came in. */
  readonly hairpin?: boolean;
}

/** A process of the node itself that listens: the API server, the kubelet. */
export interface Daemon {
  readonly name: string;
  readonly listen: readonly ListenSpec[];
}

/** What a machine is made of before anybody configures it. */
export interface MachineOptions {
  readonly name: string;
  /** The node's own addresses, one per family, the primary one first. */
  readonly addresses: readonly IP[];
  /** The ranges of the network on which the node stands. */
  readonly nodeCIDRs: readonly string[];
  /** The routers to everywhere else, one per family. */
  readonly gateways: readonly IP[];
  /** Where all machines of a network enter their pods, by `namespace/name`. */
  readonly directory?: LateMap<string, PodSandbox>;
}

const LOOPBACK: NetworkInterface = {
  name: 'lo',
  kind: 'loopback',
  addresses: ['127.0.0.1/8', '::1/128'],
  mtu: 65_536,
};

/** What most machines have of something; to change it is to replace it. */
const NONE: readonly never[] = Object.freeze([]);
const NOBODY: readonly RuleSource[] = NONE;

export class Machine {
  readonly name: string;
  /** The node's own addresses, one per family. */
  readonly addresses: readonly IP[];
  /** Without power nothing is received, sent, forwarded or remembered. */
  powered = true;
  /** What has stopped it as a whole, its kernel included; empty while it runs. */
  readonly stoppedBy = new LateSet<string>();
  /** Counts the times it was switched on: what ran before an increase is gone. */
  boots = 1;
  /** The rules of kube-proxy, but for those that are awaited. */
  private readonly written = new LateMap<Family, Ruleset>();
  /** Who has rules in the kernel since the cluster settled that nobody has read yet. */
  private awaited: readonly RuleSource[] = NOBODY;
  /** The back end of the iptables in the image of kube-proxy on this host. */
  proxyBackend: IptablesBackend = HOST_BACKEND;
  /** What kube-proxy has left in the other back end when it got another image. */
  readonly leftRules = new LateMap<Family, Ruleset>();
  /** The back ends to which kube-proxy has written since the host booted, in that order. */
  hookedBackends: readonly IptablesBackend[] = NONE;
  /** The rules of the CNI. */
  readonly cniRules = new Map<Family, Ruleset>();
  /** The rules of a DNS cache on this node, which it puts before all others. */
  readonly dnsCacheRules = new LateMap<Family, Ruleset>();
  readonly conntrack = new Conntrack();
  /** The sysctl bridge-nf-call-iptables: whether rules see what a bridge passes on. */
  filtersBridges = true;
  /** The sysctl nf_conntrack_tcp_be_liberal: whether segments out of their window are let pass. */
  tcpBeLiberal = false;
  /** Who has taken every port by which the host could translate a source; nobody usually. */
  readonly portsTakenBy = new LateSet<string>();
  /** The address lists of `-m recent`: session affinity. */
  readonly recent = new RecentLists();
  /** Sandboxes on this host by pod address; host-network pods are in `hostSandboxes`. */
  readonly sandboxes: ReadonlyMap<IP, PodSandbox> = new LateMap();
  readonly hostSandboxes: ReadonlySet<PodSandbox> = new LateSet();
  readonly daemons = new Map<string, Daemon>();
  readonly routing = new RouteTable();
  private readonly options: MachineOptions;
  private readonly devices = new Map<string, NetworkInterface>();
  /** Every address of this host but those that each host has. */
  private readonly local = new Set<IP>();

  constructor(options: MachineOptions) {
    this.options = options;
    this.name = options.name;
    this.addresses = options.addresses;
    this.bootNetwork();
  }

  get interfaces(): readonly NetworkInterface[] {
    return [...this.devices.values()];
  }

  get routes(): readonly Route[] {
    return this.routing.list();
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
      if (length === 0 || this.primaryOf(device, family) !== undefined) return device;
    }
    return undefined;
  }

  /** The rules of kube-proxy as they stand in the kernel now; no entry before its first sync. */
  get proxyRules(): Map<Family, Ruleset> {
    const { awaited } = this;
    this.awaited = NOBODY;
    for (let index = 0; index < awaited.length; index++) awaited[index]!.writeRules();
    return this.written;
  }

  /** Rules stand in the kernel from now on that are asked for when somebody reads any. */
  awaitRules(source: RuleSource): void {
    this.awaited = this.awaited.concat(source);
  }

  /** Whether a packet to this address ends on the host itself. */
  isLocal(address: IP): boolean {
    if (this.local.has(address) || isLoopback(address)) return true;
    // IPVS binds the addresses of Services to a device of its own, kube-ipvs0.
    const { ipvs } = this.proxyRules.get(familyOf(address)) ?? {};
    return ipvs?.addresses.has(address) === true;
  }

  /**
   * The address that MASQUERADE and locally made packets take on a device: its own first one of
   * the family, or the node's where the device has none of global scope.
   * source: net/ipv4/devinet.c inet_select_addr
   */
  primaryAddress(device: string, family: Family): IP | undefined {
    const known = this.devices.get(device);
    const own = known === undefined ? undefined : this.primaryOf(known, family);
    return own ?? this.addresses.find((address) => familyOf(address) === family);
  }

  /**
   * The source address of a packet that a process of this host makes. Undefined without a route.
   * source: net/ipv4/route.c ip_route_output_key_hash_rcu
   */
  sourceFor(destination: IP): IP | undefined {
    if (this.isLocal(destination)) return destination;
    const route = this.routing.lookup(destination);
    if (route === undefined) return undefined;
    return route.source ?? this.primaryAddress(route.device, familyOf(destination));
  }

  /**
   * kube-proxy gets an image whose iptables has this back end. What it has written so far stays in
   * the kernel, and what stands in the new one is its own again.
   */
  changeProxyBackend(backend: IptablesBackend): void {
    if (backend === this.proxyBackend) return;
    const [written, left] = [[...this.proxyRules], [...this.leftRules]];
    this.proxyBackend = backend;
    this.proxyRules.clear();
    this.leftRules.clear();
    for (const [family, ruleset] of left) this.proxyRules.set(family, ruleset);
    for (const [family, ruleset] of written) this.leftRules.set(family, ruleset);
  }

  /** Whether the kernel calls what kube-proxy has left before what it writes now. */
  get asksLeftFirst(): boolean {
    // Of two at one hook and priority, the one that came last is called first.
    return this.hookedBackends.at(-1) !== this.proxyBackend;
  }

  /** The rules of a family in the order in which their built-in chains are passed. */
  rulesets(family: Family): readonly Ruleset[] {
    const proxy = this.proxyRules.get(family);
    const cni = this.cniRules.get(family);
    const cache = this.dnsCacheRules.get(family);
    const left = this.leftRules.get(family);
    if (left !== undefined) {
      const both = this.asksLeftFirst ? [left, proxy] : [proxy, left];
      return [cache, ...both, cni].filter((it) => it !== undefined);
    }
    if (cache !== undefined) return [cache, proxy, cni].filter((it) => it !== undefined);
    if (proxy === undefined) return cni === undefined ? [] : [cni];
    return cni === undefined ? [proxy] : [proxy, cni];
  }

  /** Plugs a pod's network namespace in, or lets a host-network pod use the host's. */
  installSandbox(sandbox: PodSandbox): void {
    if (sandbox.hostNetwork) {
      (this.hostSandboxes as Set<PodSandbox>).add(sandbox);
    } else {
      const sandboxes = this.sandboxes as LateMap<IP, PodSandbox>;
      for (const address of sandbox.addresses) sandboxes.later(address, sandbox);
    }
    this.options.directory?.later(sandbox.podKey, sandbox);
  }

  /** Pods have come of which `source` tells who asks for any. */
  awaitPods(source: LateSource): void {
    (this.sandboxes as LateMap<IP, PodSandbox>).fillFrom(source);
    this.options.directory?.fillFrom(source);
  }

  /** Removes what `installSandbox` did; whatever took the pod's address or name since stays. */
  removeSandbox(sandbox: PodSandbox): void {
    (this.hostSandboxes as Set<PodSandbox>).delete(sandbox);
    const sandboxes = this.sandboxes as Map<IP, PodSandbox>;
    for (const address of sandbox.addresses) {
      if (sandboxes.get(address) === sandbox) sandboxes.delete(address);
    }
    const { directory } = this.options;
    if (directory?.get(sandbox.podKey) === sandbox) directory.delete(sandbox.podKey);
  }

  /** What takes packets to this port of one of the host's own addresses, or of any of them. */
  hostListener(protocol: Protocol, port: number, address?: IP): PodSandbox | Daemon | undefined {
    for (const sandbox of this.hostSandboxes) {
      if (sandbox.listenerOn(protocol, port, address) !== undefined) return sandbox;
    }
    for (const daemon of this.daemons.values()) {
      if (daemon.listen.some((it) => listensOn(it, { port, protocol, address }))) return daemon;
    }
    return undefined;
  }

  /** The kernel and every process are gone: no rule, no connection, no sandbox survives. */
  powerOff(): void {
    this.powered = false;
    this.stoppedBy.clear();
    for (const sandbox of [...this.sandboxes.values(), ...this.hostSandboxes]) {
      this.removeSandbox(sandbox);
    }
    this.proxyRules.clear();
    this.leftRules.clear();
    this.hookedBackends = NONE;
    this.cniRules.clear();
    this.dnsCacheRules.clear();
    this.conntrack.flush();
    this.portsTakenBy.clear();
    this.filtersBridges = true;
    this.tcpBeLiberal = false;
    this.recent.flush();
    this.devices.clear();
    this.local.clear();
    this.routing.clear();
  }

  /** An empty kernel with the network of the operating system; the CNI comes after it. */
  powerOn(): void {
    if (this.powered) return;
    this.powered = true;
    this.boots++;
    this.bootNetwork();
  }

  private primaryOf(device: NetworkInterface, family: Family): IP | undefined {
    for (const text of device.addresses) {
      const address = addressOf(text);
      if (familyOf(address) === family && !isLoopback(address)) return address;
    }
    return undefined;
  }

  private bootNetwork(): void {
    const { addresses, nodeCIDRs, gateways } = this.options;
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
}

/** Whether the address never leaves its host or pod. */
export function isLoopback(address: IP): boolean {
  return address.startsWith('127.') || address === '::1';
}

function addressOf(withPrefix: string): IP {
  return withPrefix.slice(0, withPrefix.indexOf('/')) as IP;
}

function rangeOf(address: IP, nodeCIDRs: readonly string[]): string {
  const range = nodeCIDRs.find((text) => contains(cidr(text), address));
  return range ?? `${address}/${familyOf(address) === 'IPv4' ? 32 : 128}`;
}
