// One host: its power, its interfaces, the sandboxes on it and its tables. What the kernel of a
// node holds is here; what the agents on it believe is theirs.

import { listensOn } from '../values/cluster-spec';
import type { ListenSpec } from '../values/cluster-spec';
import type { Protocol } from '../values/flow';
import { familyOf } from '../values/ip';
import type { Family, IP } from '../values/ip';
import { LateMap } from '../values/late-map';
import type { LateSource } from '../values/late-map';
import { LateSet } from '../values/late-set';
import { PodHost } from '../values/pod-host';
import { HostTables } from './host-tables';
import type { BootConfiguration, NetworkInterface } from './host-tables';
import type { Conntrack } from './netfilter/conntrack';
import type { RecentLists } from './netfilter/recent';
import { HOST_BACKEND } from './netfilter/ruleset';
import type { IptablesBackend, RuleSource, Ruleset } from './netfilter/ruleset';
import type { PodSandbox } from './pod-sandbox';
import type { Route, RouteTable } from './route-table';

export { isLoopback } from './host-tables';
export type { NetworkInterface } from './host-tables';
export type { Route } from './route-table';

/** A process of the node itself that listens: the API server, the kubelet. */
export interface Daemon {
  readonly name: string;
  readonly listen: readonly ListenSpec[];
}

/** Who gives out the pod addresses of a machine one after the other. */
export interface AddressRow {
  /**
   * The place of the next ones in its ranges, for somebody whose name is new, and of whom `notes`
   * tells when somebody asks. Undefined where they do not come in a row any more.
   */
  takeNext(notes: LateSource): number | undefined;
  /** That is who has them. */
  note(id: string, addresses: readonly IP[]): void;
}

/** What a machine is made of before anybody configures it. */
export interface MachineOptions extends BootConfiguration {
  readonly name: string;
  /** Where all machines of a network enter their pods, by `namespace/name`. */
  readonly directory?: LateMap<string, PodSandbox>;
}

/** Who sets up devices, routes and rules of a host. It goes by what it is given alone. */
export interface HostSetup {
  setUp(machine: Machine, podCIDRs: readonly string[]): void;
}

/** What most machines have of something; to change it is to replace it. */
const NONE: readonly never[] = Object.freeze([]);
const NOBODY: readonly RuleSource[] = NONE;

export class Machine {
  readonly name: string;
  /** The node's own addresses, one per family. */
  readonly addresses: readonly IP[];
  /** As its pods know it. */
  host: PodHost;
  /** Who gives out pod addresses, where all that the next pod needs is one. */
  podRow: AddressRow | undefined;
  /** Without power nothing is received, sent, forwarded or remembered. */
  powered = true;
  /** What has stopped it as a whole, its kernel included; empty while it runs. */
  readonly stoppedBy = new LateSet<string>();
  /** Counts the times it was switched on: what ran before an increase is gone. */
  boots = 1;
  /** Who has rules in the kernel since the cluster settled that nobody has read yet. */
  private awaited: readonly RuleSource[] = NOBODY;
  /** The back end of the iptables in the image of kube-proxy on this host. */
  proxyBackend: IptablesBackend = HOST_BACKEND;
  /** The back ends to which kube-proxy has written since the host booted, in that order. */
  hookedBackends: readonly IptablesBackend[] = NONE;
  /** The sysctl bridge-nf-call-iptables: whether rules see what a bridge passes on. */
  filtersBridges = true;
  /** The sysctl nf_conntrack_tcp_be_liberal: whether segments out of their window are let pass. */
  tcpBeLiberal = false;
  /** Sandboxes on this host by pod address; host-network pods are in `hostSandboxes`. */
  readonly sandboxes: ReadonlyMap<IP, PodSandbox> = new LateMap();
  readonly hostSandboxes: ReadonlySet<PodSandbox> = new LateSet();
  readonly daemons = new LateMap<string, Daemon>();
  private readonly options: MachineOptions;
  /** What a packet meets in its kernel; undefined until somebody looks. */
  private made: HostTables | undefined;
  /** Who has yet to set up for pods what nobody has looked at, and with which ranges. */
  private setup: HostSetup | undefined;
  private plug: HostSetup | undefined;
  private podCIDRs: readonly string[] = NONE;

  constructor(options: MachineOptions) {
    this.options = options;
    this.name = options.name;
    this.addresses = options.addresses;
    this.host = new PodHost(options.name, options.addresses);
    this.podRow = undefined;
  }

  /**
   * Has the CNI set the host up for pods of these ranges: at once, or when somebody looks at it.
   * Of the hosts of a large cluster hardly any is ever looked at.
   */
  setUpBy(setup: HostSetup, podCIDRs: readonly string[]): void {
    const canWait = this.made === undefined && this.setup === undefined;
    // What was to be set up before comes first, with the ranges of then.
    if (!canWait && this.made === undefined) this.makeTables();
    this.podCIDRs = podCIDRs;
    if (canWait) this.setup = setup;
    else setup.setUp(this, podCIDRs);
  }

  /** Has `plug` make the device into which pods are plugged, where there is none. */
  plugInto(device: string, plug: HostSetup): void {
    if (this.made === undefined) this.plug = plug;
    else if (this.made.device(device) === undefined) plug.setUp(this, this.podCIDRs);
  }

  get conntrack(): Conntrack {
    return this.tables.conntrack;
  }

  /** Whether it may remember any. */
  get hasConnections(): boolean {
    return this.made !== undefined && this.made.conntrack.size > 0;
  }

  /** Who has taken every port by which the host could translate a source; nobody usually. */
  get portsTakenBy(): Set<string> {
    return this.tables.portsTakenBy;
  }

  get recent(): RecentLists {
    return this.tables.recent;
  }

  get routing(): RouteTable {
    return this.tables.routing;
  }

  get routes(): readonly Route[] {
    return this.tables.routing.list();
  }

  get interfaces(): readonly NetworkInterface[] {
    return this.tables.interfaces;
  }

  device(name: string): NetworkInterface | undefined {
    return this.tables.device(name);
  }

  /** Adds a device, or gives one of that name its new form. */
  setDevice(device: NetworkInterface): void {
    this.tables.setDevice(device);
  }

  removeDevice(name: string): void {
    this.tables.removeDevice(name);
  }

  /** The device that takes the outer header off what comes through a tunnel. */
  tunnel(family: Family): NetworkInterface | undefined {
    return this.tables.tunnel(family);
  }

  /** The rules of the CNI. */
  get cniRules(): Map<Family, Ruleset> {
    return this.tables.cniRules;
  }

  /** The rules of a DNS cache on this node, which it puts before all others. */
  get dnsCacheRules(): Map<Family, Ruleset> {
    return this.tables.dnsCacheRules;
  }

  /** What kube-proxy has left in the other back end when it got another image. */
  get leftRules(): Map<Family, Ruleset> {
    return this.tables.leftRules;
  }

  /** The rules of kube-proxy as they stand in the kernel now; no entry before its first sync. */
  get proxyRules(): Map<Family, Ruleset> {
    const { awaited } = this;
    this.awaited = NOBODY;
    for (let index = 0; index < awaited.length; index++) awaited[index]!.writeRules();
    return this.tables.proxyRules;
  }

  /** Rules stand in the kernel from now on that are asked for when somebody reads any. */
  awaitRules(source: RuleSource): void {
    this.awaited = this.awaited.concat(source);
  }

  /** Whether a packet to this address ends on the host itself. */
  isLocal(address: IP): boolean {
    if (this.tables.isLocal(address)) return true;
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
    const own = this.tables.primaryAddress(device, family);
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
    if (this.made === undefined && this.awaited.length === 0) {
      this.proxyBackend = backend;
      return;
    }
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

  /** Whoever has the addresses and the name of the sandbox by now comes after all others. */
  putLast({ hostNetwork, addresses, podKey }: PodSandbox): void {
    const sandboxes = this.sandboxes as LateMap<IP, PodSandbox>;
    if (!hostNetwork) for (const address of addresses) sandboxes.putLast(address);
    this.options.directory?.putLast(podKey);
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
    this.awaited = NOBODY;
    this.setup = this.plug = undefined;
    if (this.made === undefined) this.made = new HostTables();
    else this.made.clear();
    this.hookedBackends = NONE;
    this.filtersBridges = true;
    this.tcpBeLiberal = false;
    this.podRow = undefined;
  }

  /** An empty kernel with the network of the operating system; the CNI comes after it. */
  powerOn(): void {
    if (this.powered) return;
    this.powered = true;
    this.boots++;
    this.tables.boot(this.options);
  }

  /** Looked at for the first time, it is as the operating system and the CNI have left it. */
  private get tables(): HostTables {
    return this.made ?? this.makeTables();
  }

  private makeTables(): HostTables {
    const tables = (this.made = new HostTables());
    tables.boot(this.options);
    const { setup, plug, podCIDRs } = this;
    this.setup = this.plug = undefined;
    setup?.setUp(this, podCIDRs);
    plug?.setUp(this, podCIDRs);
    return tables;
  }
}
