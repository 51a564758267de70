// The packet plane of one cluster: the machines with their CNI, the externals and the fabric
// between them. The cluster constructs it, moves its parts, and asks it about packets.

import type { Kernel } from '../kernel/kernel';
import { CNI_PLUGINS } from '../node/cni/index';
import type { Attachment, CniNetwork, CniPlugin } from '../node/cni/index';
import type { PodCall } from '../node/kubelet/kubelet-ground';
import { Machine } from '../node/machine';
import { timeoutsBy } from '../node/netfilter/conntrack-entry';
import type { ConntrackTimeouts } from '../node/netfilter/conntrack-entry';
import { Shortages } from '../node/netfilter/shortages';
import type { Shortage } from '../node/netfilter/shortages';
import type { PodSandbox } from '../node/pod-sandbox';
import type { TimerName, Timing } from '../timing';
import { addressAt, cidr, sizeOf } from '../values/cidr';
import type { ClusterSpec, NodeSpec } from '../values/cluster-spec';
import type { IP } from '../values/ip';
import { LateMap } from '../values/late-map';
import type { LateSource } from '../values/late-map';
import type { Destination, Origin } from '../values/origin';
import type { Duration, Instant } from '../values/time';
import type { Trace } from '../values/trace';
import { continueConnection, openConnections } from './connections';
import type { Connection } from './connections';
import type { Sighting } from './ends';
import { Fabric } from './fabric';
import type { ExternalHost } from './fabric';
import { callOver } from './exchange';
import { join, PERFECT, stretchOf } from './impairments';
import type { Degradation, Stretch } from './impairments';
import { queueAhead } from './line-queue';
import type { Offer, Queueing } from './line-queue';
import { drawDelay } from './jitter';
import type { Remember } from './known-ways';
import { LoadBalancers } from './load-balancer';
import type { PolicyEnforcer } from './policy-enforcer';
import { send, visit } from './send';
import { sendStraySegment } from './stray-segment';
import type { StraySegment } from './stray-segment';
import type { SendGround, SendOptions } from './send';
import { SYN_FRAME } from './transmission';
import type { Sender, Visit } from './walk';

export interface NetworkOptions {
  /** How people call a pod by its key; the key itself by default. */
  readonly nameOfPod?: (podKey: string) => string;
  /** The delays of the run; those of the table where there is no run. */
  readonly timing?: Timing;
}

/** The host of the control plane where no node has that role. It runs no kube-proxy and no CNI. */
export const CONTROL_PLANE = 'control-plane';

const API_SERVER = { name: 'kube-apiserver', listen: [{ port: 6_443, protocol: 'TCP' }] } as const;

/**
 * source: Linux drivers/net/vxlan (8472 unless told); calico felix/config (VXLANPort);
 * weaveworks/weave router/fastdp.go (6784)
 */
const LINUX_VXLAN_PORT = 8_472;
const VXLAN_PORTS: ReadonlyMap<string, number> = new Map([
  ['calico', 4_789],
  ['weave', 6_784],
]);

export class Network implements SendGround {
  readonly fabric = new Fabric();
  readonly balancers = new LoadBalancers();
  /** The nodes, in the order of the spec. */
  readonly machines: ReadonlyMap<string, Machine>;
  /** Every pod with a sandbox, by `namespace/name`. */
  readonly directory = new LateMap<string, PodSandbox>();
  readonly plugin: CniPlugin;
  policy: PolicyEnforcer | undefined;
  private readonly kernel: Kernel;
  private readonly options: NetworkOptions;
  private readonly cni: CniNetwork;
  /** Who keeps pod addresses of nodes from being given out. */
  private readonly addresses = new Map<string, Shortages>();
  /** What the CNI's agents were told of their nodes. */
  private readonly podCIDRs = new Map<string, readonly string[]>();
  /** The routers to everywhere else, one per node network. */
  private readonly gateways: readonly IP[];
  /** How long the nodes remember connections, where anybody says so. */
  private readonly timeouts: ConntrackTimeouts | undefined;
  private readonly externals: ReadonlyMap<string, ExternalHost>;

  constructor(spec: ClusterSpec, kernel: Kernel, options: NetworkOptions = {}) {
    this.kernel = kernel;
    this.options = options;
    this.plugin = pluginOf(spec);
    const { timing } = options;
    const delay = timing && ((timer: TimerName, node: string) => timing.draw(timer, `cni@${node}`));
    const { ipFamilies, podCIDRs, nodeCIDRs, nodes } = spec;
    const world = { ipFamilies, podCIDRs, nodeCIDRs, nodes, now: () => kernel.now, delay };
    this.cni = this.plugin.create(world, spec.cni.options);
    this.gateways = gatewaysOf(spec);
    this.timeouts = timing && timeoutsBy((timer) => timing.base(timer));
    this.machines = new Map(spec.nodes.map((node) => [node.name, this.connectNode(spec, node)]));
    this.connectControlPlane(spec);
    this.externals = new Map(spec.externals.map((it) => [it.name, { ...it, external: it.name }]));
    for (const external of this.externals.values()) this.fabric.connect(external);
  }

  /** The CNI joins the nodes whose ranges stand in the spec. A fork gets the outcome of that. */
  begin({ nodes }: ClusterSpec): void {
    for (const { name, podCIDRs } of nodes) {
      if (podCIDRs.length > 0 || this.cni.ownAddresses === true) {
        this.assignPodCIDRs(name, podCIDRs);
      }
    }
  }

  get now(): Instant {
    return this.kernel.now;
  }

  get quietNow(): Instant {
    return this.kernel.quietNow;
  }

  nameOfPod(podKey: string): string {
    return this.options.nameOfPod?.(podKey) ?? podKey;
  }

  sandboxOf(podKey: string): PodSandbox | undefined {
    return this.directory.get(podKey);
  }

  external(name: string): Sender | undefined {
    const external = this.externals.get(name);
    return external && { external };
  }

  /** The port that the plug-in's VXLAN tunnels use; others keep the kernel's default. */
  get vxlanPort(): number {
    return VXLAN_PORTS.get(this.plugin.name) ?? LINUX_VXLAN_PORT;
  }

  drawDelay(rule: Degradation): Duration {
    return drawDelay(rule, this.kernel.random.seed, this.kernel.now);
  }

  queueAhead(rule: Degradation, offer: Offer): Queueing | undefined {
    return queueAhead(rule, offer, this.kernel.now);
  }

  /** Tells the node's CNI which ranges its pods have (node.spec.podCIDRs). */
  assignPodCIDRs(node: string, podCIDRs: readonly string[]): void {
    this.podCIDRs.set(node, podCIDRs);
    this.cni.join(this.machine(node), podCIDRs);
  }

  /** The node is gone from the cluster: its ranges are free, and nobody has routes to them. */
  forgetNode(node: string): void {
    this.podCIDRs.delete(node);
    this.cni.leave(this.machine(node));
  }

  /** Every way of a new flow's first packet; changes nothing. `remember`: see send.ts. */
  send(
    from: Origin,
    to: Destination,
    options: SendOptions = {},
    remember?: Remember,
  ): readonly Trace[] {
    return send(this, from, to, options, remember);
  }

  /** The ways in which a connection would be answered now; changes nothing. */
  visit(from: Origin, to: Destination): readonly Visit[] {
    return visit(this, from, to);
  }

  /** Opens one real connection for each possible path that is answered. */
  open(from: Origin, to: Destination): readonly Connection[] {
    return openConnections(this, this.kernel.random, from, to);
  }

  /** The next packet of an open connection; with an `interval`, of a stream of them. */
  proceed(connection: Connection, interval?: Duration): readonly Trace[] {
    return continueConnection(this, connection, interval);
  }

  /** The same where one side sends a segment ahead of the TCP window first. */
  proceedOutOfWindow(
    connection: Connection,
    segment: StraySegment = 'out-of-window',
  ): readonly Trace[] {
    return sendStraySegment(this, connection, segment, this.proceed(connection));
  }

  /** What a node meets when it calls a port of a pod; undefined where all links are perfect. */
  callPod(node: string, podKey: string, port: number): PodCall | undefined {
    if (this.fabric.isPerfect) return undefined;
    const address = this.directory.get(podKey)?.addresses[0];
    if (address === undefined) return undefined;
    const [trace] = this.send({ node }, { address, port, protocol: 'TCP' }, { record: false });
    const { disposition, stretch = PERFECT } = trace!;
    // How long the process takes to answer is its own affair, and counts once.
    return callOver(stretch, disposition === 'answered');
  }

  /** Whether a call over a link gets through, and its answer back: for whoever watches nodes. */
  isLinkOpen(from: string, to: string, port: number): boolean {
    if (this.fabric.isPerfect) return true;
    const { cuts } = this.fabric;
    const passes = (by: string, target: string, leg: 'request' | 'answer'): boolean => {
      const sighting = { by: [{ host: by }], to: { host: target }, protocol: 'TCP', port, leg };
      return cuts.at('link', sighting as Sighting).length === 0;
    };
    return passes(from, to, 'request') && passes(to, from, 'answer');
  }

  /** A call over an open link, and its answer: what bad links make of it. */
  callOverLink(from: string, to: string, port: number): PodCall {
    const { degradations } = this.fabric;
    const over = (by: string, target: string, leg: Sighting['leg']): readonly Stretch[] => {
      const sighting = { by: [{ host: by }], to: { host: target }, protocol: 'TCP', port, leg };
      return degradations.at('link', sighting as Sighting).map((rule) => {
        const queue = this.queueAhead(rule, { frame: SYN_FRAME });
        return stretchOf(rule, leg, this.drawDelay(rule), queue);
      });
    };
    const all = [...over(from, to, 'request'), ...over(to, from, 'answer')].reduce(join, PERFECT);
    return callOver(all, all.arrives.numerator > 0);
  }

  /** Somebody takes pod addresses of a node, or lowers how many there are. */
  takeAddresses(node: string, token: string, shortage: Shortage): void {
    let shortages = this.addresses.get(node);
    if (shortages === undefined) this.addresses.set(node, (shortages = new Shortages()));
    shortages.set(token, shortage);
  }

  giveAddresses(node: string, token: string): void {
    this.addresses.get(node)?.end(token);
  }

  /** CNI ADD for a new sandbox of the pod, or of one whose name is new. A refusal is noted. */
  attachPod(node: string, podKey: string, isNew = false): Attachment {
    const shortages = this.addresses.get(node);
    const attachment = this.hasAddress(node, shortages)
      ? this.cni.attach(this.machine(node), podKey, isNew)
      : { ok: false as const, error: `no IP addresses available on ${node}` };
    if (attachment.ok) shortages?.take();
    if (!attachment.ok) {
      this.kernel.note(`cni@${node}`, 'refused', `Pod/${podKey}`, attachment.error);
    }
    return attachment;
  }

  /**
   * The same for a pod whose name is new, and of which `notes` tells the plug-in when somebody
   * asks: the place of its addresses in the ranges of the machine. Undefined where it takes more
   * than the next address.
   */
  attachNext(machine: Machine, notes: LateSource): number | undefined {
    return this.addresses.size > 0 ? undefined : machine.podRow?.takeNext(notes);
  }

  /** CNI DEL: the sandbox is gone and its addresses may be given out again, after all others. */
  detachPod(node: string, podKey: string): void {
    const machine = this.machine(node);
    const sandbox = this.directory.get(podKey);
    if (sandbox?.node === node) machine.removeSandbox(sandbox);
    if (this.cni.allocations(node).has(podKey)) this.addresses.get(node)?.giveBack();
    this.cni.detach(machine, podKey);
  }

  /** The node loses its power, and with it every rule, connection and sandbox. */
  powerOff(node: string): void {
    this.machine(node).powerOff();
  }

  /** The node boots: an empty kernel, then its CNI. Its other agents come by themselves. */
  powerOn(node: string): void {
    const machine = this.machine(node);
    if (machine.powered) return;
    machine.powerOn();
    const podCIDRs = this.podCIDRs.get(node);
    if (podCIDRs !== undefined) this.cni.join(machine, podCIDRs);
  }

  private hasAddress(node: string, shortages: Shortages | undefined): boolean {
    if (shortages === undefined) return true;
    return shortages.left > 0 && this.cni.allocations(node).size < shortages.cap;
  }

  private machine(node: string): Machine {
    const machine = this.machines.get(node);
    if (machine === undefined) throw new RangeError(`there is no node ${node}`);
    return machine;
  }

  private connectNode(spec: ClusterSpec, node: NodeSpec): Machine {
    const machine = this.connectMachine(spec, node.name, node.addresses);
    if (node.role === 'control-plane') machine.daemons.set(API_SERVER.name, API_SERVER);
    return machine;
  }

  private connectControlPlane(spec: ClusterSpec): void {
    if (this.fabric.hostAt(spec.controlPlane) !== undefined) return;
    const machine = this.connectMachine(spec, CONTROL_PLANE, [spec.controlPlane]);
    machine.daemons.set(API_SERVER.name, API_SERVER);
  }

  private connectMachine(spec: ClusterSpec, name: string, addresses: readonly IP[]): Machine {
    const { nodeCIDRs } = spec;
    const { directory, gateways, timeouts } = this;
    const machine = new Machine({ name, addresses, nodeCIDRs, gateways, directory, timeouts });
    this.fabric.connect(machine);
    return machine;
  }
}

/** The packet plane that a cluster's spec describes. Throws RangeError for an unknown CNI. */
export function createNetwork(
  spec: ClusterSpec,
  kernel: Kernel,
  options: NetworkOptions = {},
): Network {
  const network = new Network(spec, kernel, options);
  network.begin(spec);
  return network;
}

/** The router of each node network: its first address, or the last one where a host has that. */
function gatewaysOf({ nodes, controlPlane, externals, nodeCIDRs }: ClusterSpec): IP[] {
  const isTaken = (first: IP): boolean =>
    first === controlPlane ||
    externals.some(({ address }) => address === first) ||
    nodes.some(({ addresses }) => addresses.includes(first));
  return nodeCIDRs.map((range) => {
    const first = addressAt(cidr(range), 1);
    return isTaken(first) ? addressAt(cidr(range), sizeOf(cidr(range)) - 2n) : first;
  });
}

function pluginOf({ cni }: ClusterSpec): CniPlugin {
  const plugin = CNI_PLUGINS.get(cni.name);
  if (plugin !== undefined) return plugin;
  const known = [...CNI_PLUGINS.keys()].join(', ');
  throw new RangeError(`cni "${cni.name}" is not modelled; modelled are: ${known}`);
}
