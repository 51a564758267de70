// The composition root of the model: makes the parts, introduces them to each other, and brings
// the cluster to the state in which a scenario begins.

import { KindAdmission } from '../apiserver/admission';
import { ApiServer } from '../apiserver/api-server';
import { pluralNamed } from '../apiserver/kinds/index';
import { createControllers } from '../controllers/index';
import { copyState } from '../kernel/copy-state';
import { Kernel } from '../kernel/kernel';
import { Answers, isReading, nextRound, noteFleeting, noteReading } from '../kernel/readings';
import { createNetwork, datagram, handshake, repeated, segment } from '../network/index';
import type { Network, SendOptions, StraySegment } from '../network/index';
import { Kubelets } from '../node/kubelet/kubelet';
import type { Machine } from '../node/machine';
import type { PolicyAgents } from '../node/policy/index';
import { presetOf, PROFILES, Timing } from '../timing';
import type { Profile } from '../timing';
import type { ClusterSpec } from '../values/cluster-spec';
import type { Component } from '../values/component';
import { keyOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import type { Destination, Origin } from '../values/origin';
import type { Resolution } from '../values/resolution';
import { seconds, START } from '../values/time';
import type { Instant } from '../values/time';
import type { Trace } from '../values/trace';
import { Behaviours, DnsServers } from '../workloads/index';
import { ApiPaths } from './api-paths';
import type { ApiClient } from './api-paths';
import { NODES } from './cluster';
import type {
  Announced,
  Cluster,
  ClusterSendOptions,
  ForkOptions,
  Handles,
  OpenConnection,
  Visit,
} from './cluster';
import type { Components } from './components/components';
import { createComponents } from './components/create-components';
import { createEdge } from './load-balancing/edge';
import type { Edge } from './load-balancing/edge';
import { answersOf } from './lookups/dns-answers';
import { createHandles } from './handles';
import { Kubectl } from './commands/kubectl';
import type { CommandFailure } from './commands/kubectl';
import { askFromPod, lookUp } from './lookups/names';
import type { LookUpOptions, NamesContext } from './lookups/names';
import { watchNodeRanges } from './node-ranges';
import { PodOrdinals } from './commands/pod-ordinals';
import { enforcePolicies } from './policies';
import { Proxies } from './proxies';
import { seedObjects } from './seed-objects';
import { announcedEndpoints, programmedEndpoints, servingEndpoints } from './views/service-truth';
import { takeSnapshot } from './views/snapshot';
import { systemManifests } from './system-manifests';

/** A settled start is lived through before zero, without latencies, for as long as this at most. */
const SETTLING = seconds(600);

class ModelCluster implements Cluster {
  readonly spec: ClusterSpec;
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly api: ApiServer;
  readonly handles: Handles;
  readonly components: readonly Component[];
  private readonly network: Network;
  private readonly behaviours: Behaviours;
  private readonly servers: DnsServers;
  private readonly kubelets: Kubelets;
  private readonly proxies: Proxies;
  private readonly edge: Edge | undefined;
  private readonly apiPaths: ApiPaths;
  private readonly agents: PolicyAgents | undefined;
  private readonly ordinals: PodOrdinals;
  private readonly kubectl: Kubectl;
  private moves = 0;
  /** The same without what is read from objects of the API, which tell by themselves. */
  private shifts = 0;
  /** The same for rules of kube-proxy and processes of pods, which packets and names tell by. */
  private turns = 0;
  /** What is known already, by the cluster itself: a fork has to find out everything anew. */
  private readonly answers = new WeakMap<ModelCluster, Answers>();

  constructor(spec: ClusterSpec, seed: number) {
    const touch = (): void => this.shifted();
    const turn = (): void => this.turned();
    this.spec = spec;
    this.kernel = new Kernel(seed, (spec.start === 'cold' ? START : -SETTLING) as Instant);
    const { kernel } = this;
    this.timing = new Timing(timingOptions(spec), kernel.random);
    const { timing } = this;
    this.api = new ApiServer(kernel, timing, new KindAdmission({ kernel, timing, spec }));
    const { api } = this;
    this.ordinals = new PodOrdinals(api.store);
    this.network = createNetwork(spec, kernel, {
      nameOfPod: (pod) => this.ordinals.nameOf(pod),
      timing,
    });
    const { network } = this;
    this.behaviours = new Behaviours(kernel, api, timing, spec.behaviours);
    this.servers = new DnsServers({
      kernel,
      api,
      timing,
      ask: (pod, ...question) => askFromPod(this.names, pod, ...question),
      onReload: touch,
      onLearn: () => void this.moves++,
      onLoop: (pod) => this.kubelets.crashPod(pod, { exitCode: 1, restart: true }),
    });
    const { behaviours, servers } = this;
    this.apiPaths = new ApiPaths({ spec, api, network, podClients: () => clientsOf(servers) });
    this.kubelets = new Kubelets({
      kernel,
      api,
      timing,
      network,
      behaviours,
      servers,
      featureGates: spec.featureGates,
      touch: (node, what) => {
        if (what === 'processes') turn();
        else touch();
        this.edge?.powerMayHaveChanged(node);
        this.apiPaths.refresh();
      },
    });
    const { kubelets, machines } = this;
    const onChange = (node: string): void => {
      touch();
      this.edge?.nodeChanged(node);
    };
    const onRules = (node: string): void => {
      turn();
      this.edge?.nodeChanged(node);
    };
    this.proxies = new Proxies({ spec, kernel, api, timing, machines, onChange: onRules });
    const { proxies } = this;
    this.edge = createEdge({ spec, kernel, api, timing, network, proxies, touch });
    this.agents = enforcePolicies({ spec, kernel, api, timing, network, onChange: touch });
    watchNodeRanges({ spec, kernel, api, network, onChange });
    const controllers = createControllers({ kernel, api, timing, spec, heartbeats: kubelets });
    const parts = { spec, kernel, api, timing, network, kubelets, proxies, controllers, touch };
    const { components, upgrades } = createComponents({ ...parts, agents: this.agents });
    this.components = components.all;
    this.kubectl = new Kubectl(kernel, api, spec.manifests);
    const { apiPaths, kubectl, edge } = this;
    const onNetworkChange = (): void => edge?.networkChanged();
    const reach = { servers, components, upgrades, kubectl, apiPaths, onNetworkChange };
    this.handles = createHandles({ ...parts, ...reach });
    api.observeCommits((version) => this.ordinals.observe(version));
    api.observeCommits(() => void this.moves++);
    followPower(kubelets, proxies, components);
  }

  get machines(): ReadonlyMap<string, Machine> {
    return this.network.machines;
  }

  get failures(): readonly CommandFailure[] {
    return this.kubectl.failures;
  }

  get generation(): number {
    return this.moves;
  }

  standing(key: string): number {
    return key === NODES ? this.turns : this.shifts;
  }

  /** Applies everything and lives on until zero. */
  begin(): void {
    this.kernel.expectObjects(objectsIn(this.spec));
    for (const object of seedObjects(this.spec)) this.create(object);
    for (const node of this.spec.nodes) this.kubelets.start(node.name);
    for (const object of [...systemManifests(this.spec), ...this.spec.manifests])
      this.create(object);
    if (this.spec.start === 'cold') {
      this.proxies.startAll();
      return;
    }
    this.kernel.runUntil(START);
    this.proxies.settleAll();
    this.edge?.settle();
    this.timing.switchTo(profileOf(this.spec));
  }

  fork({ seed, companion }: ForkOptions = {}): ModelCluster {
    const fork = new ModelCluster(this.spec, this.kernel.random.seed);
    // In the order in which they come about: first the kubelets, then what runs in pods.
    fork.kubelets.resemble(this.kubelets);
    fork.servers.resemble(this.servers);
    copyState([this.spec, this, companion?.origin], [this.spec, fork, companion?.create(fork)]);
    if (seed !== undefined) fork.kernel.random.reseed(seed);
    return fork;
  }

  send(
    from: Origin,
    to: Destination,
    options: SendOptions & ClusterSendOptions = {},
  ): readonly Trace[] {
    const { timeout = this.timing.delay('tcp.connectTimeout').least } = options;
    const patience = to.protocol === 'TCP' ? handshake(timeout) : datagram(timeout);
    const send = (): readonly Trace[] =>
      this.network.send(from, to, options).flatMap((trace) => repeated(trace, patience));
    return options.since === undefined ? this.once(['send', from, to, options], send) : send();
  }

  visit(from: Origin, to: Destination): readonly Visit[] {
    return this.network.visit(from, to);
  }

  open(from: Origin, to: Destination): readonly OpenConnection[] {
    const connections = this.network.open(from, to);
    this.changedByAsking();
    return connections;
  }

  proceed(connection: OpenConnection, stray?: StraySegment): readonly Trace[] {
    const { protocol } = connection.tuple;
    const { least } = this.timing.delay('tcp.connectTimeout');
    const patience = protocol === 'TCP' ? segment() : datagram(least);
    noteFleeting();
    const ways =
      stray === undefined
        ? this.network.proceed(connection)
        : this.network.proceedOutOfWindow(connection, stray);
    const traces = ways.flatMap((trace) => repeated(trace, patience));
    // The packet has kept entries fresh.
    nextRound();
    return traces;
  }

  resolve(from: Origin, name: string, options?: LookUpOptions): readonly Resolution[] {
    const ask = (): readonly Resolution[] => lookUp(this.names, from, name, options);
    const isReal = options?.real === true;
    const resolutions = isReal ? ask() : this.once(['resolve', from, name, options], ask);
    if (isReal) this.changedByAsking();
    return resolutions;
  }

  podsOf(kind: string, key: string): readonly string[] {
    return this.ordinals.podsOf(kind, key);
  }

  programmed(node: string, service: string): readonly string[] {
    return programmedEndpoints(this.api.store, this.proxies, node, service);
  }

  serving(service: string): readonly string[] {
    return servingEndpoints(this.api.store, this.kubelets, service);
  }

  announced(service: string): Announced {
    return announcedEndpoints(this.api.store, service);
  }

  get policyAgent(): string | undefined {
    return this.agents?.name;
  }

  enforces(node: string): boolean {
    return this.agents?.isCurrent(node) ?? false;
  }

  answersOf(pod: string, name: string): readonly string[] | undefined {
    return answersOf(this.servers, pod, name, this.spec.ipFamilies);
  }

  assumptions(): readonly string[] {
    return this.behaviours.assumptions();
  }

  snapshot(): Readonly<Record<string, unknown>> {
    const { kernel, machines, proxies } = this;
    return takeSnapshot({
      kernel,
      store: this.api.store,
      machines,
      pluralOf: pluralNamed,
      announcements: () => this.network.balancers.list(),
      proxyState: (node) => ({
        mode: proxies.mode.name,
        running: proxies.of(node).some((proxy) => proxy.isRunning),
      }),
    });
  }

  private get names(): NamesContext {
    const { spec, api, network, timing, behaviours, servers } = this;
    const send = (from: Origin, to: Destination): readonly Trace[] =>
      this.once(['packet', from, to], () => network.send(from, to));
    return { spec, api, network, timing, behaviours, servers, send };
  }

  /** Asks unless the same was asked before and nothing that the answer was read from has moved. */
  private once<T>(question: readonly unknown[], ask: () => T): T {
    if (!isReading()) return ask();
    let answers = this.answers.get(this);
    if (answers === undefined) this.answers.set(this, (answers = new Answers()));
    return answers.to(JSON.stringify(question), () => {
      noteReading(this, '');
      return ask();
    });
  }

  private turned(): void {
    this.moves++;
    this.turns++;
  }

  private shifted(): void {
    this.moves++;
    this.shifts++;
  }

  /** Who was only asked has changed something: nothing that is known holds any longer. */
  private changedByAsking(): void {
    noteFleeting();
    nextRound();
    this.shifted();
  }

  /** Manifests of a settled start are there at once. */
  private create(object: KubeObject): void {
    const request = { kind: object.kind, key: keyOf(object), object, actor: 'kubectl' } as const;
    if (this.spec.start === 'cold') this.api.submit({ verb: 'create', ...request });
    else this.api.commitNow({ verb: 'create', ...request });
  }
}

/** What a node runs beside its kubelet comes and goes with its power. */
function followPower(kubelets: Kubelets, proxies: Proxies, components: Components): void {
  kubelets.onBoot((node) => {
    proxies.start(node);
    components.hostBooted(node);
  });
  kubelets.onShutdown((node) => {
    proxies.stop(node);
    components.hostLost(node);
  });
}

/**
 * A cluster at time zero. Throws RangeError where the spec names what is not modelled; the
 * language reports that before, with its place.
 */
export function createCluster(spec: ClusterSpec, { seed }: { readonly seed: number }): Cluster {
  const cluster = new ModelCluster(spec, seed);
  cluster.begin();
  return cluster;
}

/** How many objects there will be, about: those of the manifests, their pods, and the nodes. */
function objectsIn({ manifests, nodes }: ClusterSpec): number {
  const pods = manifests.map(({ kind, spec }) => {
    const { replicas = 1 } = (spec ?? {}) as { readonly replicas?: number };
    return kind === 'DaemonSet' ? nodes.length : replicas;
  });
  return pods.reduce((sum, count) => sum + count + 1, nodes.length);
}

/** The DNS servers that watch the API, each from its own pod. */
function clientsOf(servers: DnsServers): readonly ApiClient[] {
  return servers.watching().map(({ pod, actor }) => ({ actor, origin: { pod } }));
}

function timingOptions(spec: ClusterSpec): ConstructorParameters<typeof Timing>[0] {
  const profile = spec.start === 'cold' ? profileOf(spec) : 'instant';
  // What a cluster is configured to do it does from the beginning, also while it settles.
  const overrides = { ...presetOf(spec.timing.profile)?.timers, ...spec.timing.overrides };
  return { kubernetes: spec.kubernetes, profile, overrides };
}

function profileOf({ timing }: ClusterSpec): Profile {
  const profile = PROFILES.find((it) => it === timing.profile);
  if (profile === undefined) throw new RangeError(`there is no timing profile ${timing.profile}`);
  return profile;
}
