// kube-proxy on every node, one for each family of the cluster.

import type { ApiServer } from '../apiserver/api-server';
import type { Kernel } from '../kernel/kernel';
import type { Daemon, Machine } from '../node/machine';
import type { IptablesBackend } from '../node/netfilter/ruleset';
import { answerForProxy, answerForService, PROXY_HEALTH_PORT } from '../node/proxy/health-check';
import type { HealthAnswer } from '../node/proxy/health-check';
import { KubeProxy } from '../node/proxy/kube-proxy';
import { proxyMode } from '../node/proxy/index';
import { ProxyInputs } from '../node/proxy/proxy-inputs';
import type { ProxyMode, ProxyNode, ServicePortName } from '../node/proxy/proxy-mode';
import type { Timing } from '../timing';
import type { ClusterSpec, NodeSpec } from '../values/cluster-spec';
import { cidr } from '../values/cidr';
import { familyOf } from '../values/ip';
import { compareText } from '../values/order';
import { isAtLeast } from '../values/kube-version';
import type { KubeVersion } from '../values/kube-version';
import type { Family, IP } from '../values/ip';
import type { Duration } from '../values/time';

const NAME = 'kube-proxy';
const NO_ENDPOINTS: readonly string[] = Object.freeze([]);

export interface ProxiesContext {
  readonly spec: ClusterSpec;
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly machines: ReadonlyMap<string, Machine>;
  /** The rules of the node have changed, or whether its kube-proxy runs. */
  readonly onChange: (node: string) => void;
}

export class Proxies {
  readonly mode: ProxyMode;
  private readonly context: ProxiesContext;
  private readonly byNode = new Map<string, readonly KubeProxy[]>();

  constructor(context: ProxiesContext) {
    this.context = context;
    const { api, spec } = context;
    const { mode, planes, backend, minSyncPeriod } = setupOf(spec);
    this.mode = mode;
    const inputs = spec.ipFamilies.map((family) => new ProxyInputs(api.store, family));
    spec.nodes.forEach(({ name }, index) => {
      if (backend !== undefined) this.changeBackend(name, backend);
      const ofNode = (nodes: readonly ProxyNode[], plane: number): KubeProxy =>
        this.proxy(context, nodes[index]!, inputs[plane]!, minSyncPeriod);
      this.byNode.set(name, planes.map(ofNode));
    });
  }

  /** Every proxy lists everything and begins its first sync. */
  startAll(): void {
    for (const node of this.byNode.keys()) this.start(node);
  }

  /** Every proxy has written its rules and is idle, as long after its start. */
  settleAll(): void {
    for (const [node, proxies] of this.byNode) {
      proxies.forEach((proxy) => proxy.syncNow());
      this.setUp(node);
    }
  }

  /** The process starts: empty memory, a list of everything, a full sync. */
  start(node: string): void {
    for (const proxy of this.of(node)) proxy.start();
    this.setUp(node);
    this.context.onChange(node);
  }

  /** The process ends; the rules in the kernel stay. */
  stop(node: string): void {
    for (const proxy of this.of(node)) proxy.stop();
    this.context.machines.get(node)!.daemons.delete(NAME);
    this.context.onChange(node);
  }

  /**
   * From now on the tool that loads the rules of a node fails, until every token is given back.
   * Modelled where the mode has an `upkeep`, as all of the following.
   */
  failRestores(node: string, token: string): void {
    for (const proxy of this.of(node)) proxy.failRestores(token);
  }

  mendRestores(node: string, token: string): void {
    for (const proxy of this.of(node)) proxy.mendRestores(token);
  }

  /** Somebody else on the node holds the lock of iptables, which both families share. */
  holdLock(node: string, token: string): void {
    for (const proxy of this.of(node)) proxy.holdLock(token);
  }

  releaseLock(node: string, token: string): void {
    for (const proxy of this.of(node)) proxy.releaseLock(token);
  }

  /**
   * The kube-proxy of a node gets an image with another iptables. It has to be started anew; what
   * it has written so far stays where it is.
   */
  changeBackend(node: string, backend: IptablesBackend): void {
    this.context.machines.get(node)!.changeProxyBackend(backend);
  }

  /** A stranger deletes all chains of kube-proxy on the node, of both families. */
  flushRules(node: string): void {
    for (const proxy of this.of(node)) proxy.flushRules();
  }

  /** What a GET on a health check port of the node gets; undefined where nobody answers. */
  health(node: string, port: number, path: string): HealthAnswer | undefined {
    const proxies = this.of(node).filter(({ isRunning }) => isRunning);
    const isHealthy = proxies.length > 0 && proxies.every((proxy) => proxy.isHealthy);
    if (proxies.length === 0) return undefined;
    if (port === PROXY_HEALTH_PORT) {
      const { api, timing } = this.context;
      const version = timing.versions.of(`${NAME}@${node}`);
      return answerForProxy(path, api.store.get('Node', node), isHealthy, version);
    }
    const health = proxies.map((proxy) => proxy.serviceHealth().get(port)).find((it) => it);
    return health && answerForService(health, isHealthy);
  }

  /** Why no process of this version works as the scenario has it; undefined where it does. */
  whyNotAs(version: KubeVersion): string | undefined {
    return whyNoProxy(this.context.spec, version);
  }

  of(node: string): readonly KubeProxy[] {
    return this.byNode.get(node) ?? [];
  }

  /** Endpoints (`ip:port`) that a node spreads the connections of a Service port over, sorted. */
  programmed(node: string, id: ServicePortName): readonly string[] {
    let found = NO_ENDPOINTS;
    for (const proxy of this.of(node)) {
      const own = proxy.programmedEndpoints(id);
      // A Service port has endpoints of one family, unless it is of both.
      if (own.length > 0) found = found.length === 0 ? own : [...found, ...own].sort(compareText);
    }
    return found;
  }

  /** What a process does to its node as it starts; a sysctl stays when it ends. */
  private setUp(node: string): void {
    const machine = this.context.machines.get(node)!;
    machine.daemons.later(NAME, this.daemon(node));
    if (isLiberal(this.context.spec)) machine.tcpBeLiberal = true;
  }

  /** As the sockets of the host show it: its own port, and one for each Service that needs it. */
  private daemon(node: string): Daemon {
    return new ProxyDaemon(this.of(node));
  }

  private proxy(
    context: ProxiesContext,
    node: ProxyNode,
    inputs: ProxyInputs,
    minSyncPeriod: Duration | undefined,
  ): KubeProxy {
    const { kernel, api, timing, machines, onChange } = context;
    return new KubeProxy({
      kernel,
      api,
      timing,
      machine: machines.get(node.name)!,
      mode: this.mode,
      inputs,
      node,
      ...(minSyncPeriod === undefined ? {} : { minSyncPeriod }),
      onApplied: onChange,
    });
  }
}

class ProxyDaemon implements Daemon {
  readonly name = NAME;
  private readonly proxies: readonly KubeProxy[];

  constructor(proxies: readonly KubeProxy[]) {
    this.proxies = proxies;
  }

  get listen(): Daemon['listen'] {
    const ports = this.proxies.flatMap((proxy) => [...proxy.serviceHealth().keys()]);
    return [PROXY_HEALTH_PORT, ...ports].map((port) => ({ port, protocol: 'TCP' as const }));
  }
}

/** How the proxies of a cluster are set up. */
interface Setup {
  readonly mode: ProxyMode;
  /** By family, by position of the node. */
  readonly planes: readonly (readonly ProxyNode[])[];
  readonly backend: IptablesBackend | undefined;
  readonly minSyncPeriod: Duration | undefined;
}

/** Found once for all clusters of a spec: the forks of one are many. */
const setups = new WeakMap<ClusterSpec, Setup>();

function setupOf(spec: ClusterSpec): Setup {
  let setup = setups.get(spec);
  if (setup === undefined) {
    const mode = modeOf(spec);
    const given = settings(spec);
    const planes = spec.ipFamilies.map((family) => {
      const shared = sharedConfiguration(spec, family);
      return spec.nodes.map((node) => proxyNode(node, shared));
    });
    setup = {
      mode,
      planes,
      backend: given['iptablesBackend'] as IptablesBackend | undefined,
      minSyncPeriod: given['minSyncPeriod'] as Duration | undefined,
    };
    setups.set(spec, setup);
  }
  return setup;
}

function modeOf(spec: ClusterSpec): ProxyMode {
  const mode = proxyMode(spec.proxy.mode);
  if (mode === undefined) throw new RangeError(`proxy mode "${spec.proxy.mode}" is not modelled`);
  const problem = whyNoProxy(spec, spec.kubernetes);
  if (problem !== undefined) throw new RangeError(problem);
  return mode;
}

/** Why there is no kube-proxy of a version that is configured so; undefined where there is. */
export function whyNoProxy(spec: ClusterSpec, version: KubeVersion): string | undefined {
  const since = proxyMode(spec.proxy.mode)?.since;
  if (since !== undefined && !isAtLeast(version, since)) {
    return `proxy mode "${spec.proxy.mode}" exists since Kubernetes ${since}`;
  }
  if (!isLiberal(spec) || isAtLeast(version, '1.29')) return undefined;
  return 'conntrack.tcpBeLiberal exists since Kubernetes 1.29';
}

/** The settings of the mode by the names of KubeProxyConfiguration, and those of all modes. */
function settings({ proxy }: ClusterSpec): Readonly<Record<string, unknown>> {
  const own = proxy.options[proxy.mode];
  return typeof own === 'object' && own !== null ? { ...proxy.options, ...own } : proxy.options;
}

/** What the proxies of one family know alike on all nodes. */
type SharedConfiguration = Omit<ProxyNode, 'name' | 'addresses' | 'zone'>;

/** Made once for all nodes: it lists the addresses of all of them. */
function sharedConfiguration(spec: ClusterSpec, family: Family): SharedConfiguration {
  const options = settings(spec);
  const podCIDR = spec.podCIDRs[spec.ipFamilies.indexOf(family)];
  // source: cmd/kube-proxy/app/server_linux.go getLocalDetectors (one of each family, or none)
  const given = options['clusterCIDR'] as string | undefined;
  const ranges = (given ?? podCIDR ?? '').split(',').filter((it) => it !== '');
  return {
    family,
    clusterCIDR: ranges.find((range) => cidr(range).family === family),
    masqueradeAll: options['masqueradeAll'] === true,
    nodePortAddresses: (options['nodePortAddresses'] as readonly string[] | undefined) ?? [],
    localhostNodePorts: options['localhostNodePorts'] !== false,
    tcpBeLiberal: isLiberal(spec),
    serviceCIDRs: spec.serviceCIDRs.filter((range) => cidr(range).family === family),
    nodeAddresses: spec.nodes
      .flatMap((it) => it.addresses)
      .filter((address) => familyOf(address) === family),
    options,
    ...(typeof options['scheduler'] === 'string' && { scheduler: options['scheduler'] }),
    kubernetes: spec.kubernetes,
  };
}

/**
 * Whether kube-proxy sets nf_conntrack_tcp_be_liberal on its node.
 * source: cmd/kube-proxy/app/server_linux.go setupConntrack (TCPBeLiberal)
 */
function isLiberal(spec: ClusterSpec): boolean {
  const conntrack = settings(spec)['conntrack'] as { tcpBeLiberal?: boolean } | undefined;
  return conntrack?.tcpBeLiberal === true;
}

function proxyNode(node: NodeSpec, shared: SharedConfiguration): ProxyNode {
  const { family, options } = shared;
  const isOfFamily = (address: IP): boolean => familyOf(address) === family;
  // Most nodes have one, and a list that is sifted keeps room for many.
  const isWhole = node.addresses.every(isOfFamily);
  const addresses = isWhole ? node.addresses : node.addresses.filter(isOfFamily);
  // source: cmd/kube-proxy/app/server_linux.go getLocalDetector (LocalModeNodeCIDR)
  const isNodeLocal = options?.['detectLocalMode'] === 'NodeCIDR';
  const own = node.podCIDRs.find((range) => cidr(range).family === family);
  const { name, zone } = node;
  const all = Object.assign({ name, addresses, zone }, shared, isNodeLocal && { clusterCIDR: own });
  // What forks share is found again in all of them.
  return Object.freeze(all);
}
