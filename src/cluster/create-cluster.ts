// The composition root of the model: makes the parts, introduces them to each other, and brings
// the cluster to the state in which a scenario begins.

import { KindAdmission } from '../apiserver/admission';
import { ApiServer } from '../apiserver/api-server';
import { pluralNamed } from '../apiserver/kinds/index';
import { createControllers } from '../controllers/index';
import type { Controller } from '../controllers/index';
import { copiesOf, UNCHANGED } from '../kernel/copy-recipe';
import { Kernel } from '../kernel/kernel';
import { nextRound, noteFleeting } from '../kernel/readings';
import type { Place } from '../kernel/readings';
import { datagram, handshake, Network, repeated, segment } from '../network/index';
import type { SendOptions, StraySegment } from '../network/index';
import { Kubelets } from '../node/kubelet/kubelet';
import type { PolicyAgents } from '../node/policy/index';
import { Timing } from '../timing';
import { kubeletsOf } from '../values/cluster-spec';
import type { ClusterSpec } from '../values/cluster-spec';
import { keyOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import type { Destination, Origin } from '../values/origin';
import type { Resolution } from '../values/resolution';
import { START, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { Trace } from '../values/trace';
import { Behaviours, DnsServers } from '../workloads/index';
import { ApiPaths } from './api-paths';
import { NODES } from './cluster';
import type {
  Announced,
  Cluster,
  ClusterSendOptions,
  ForkOptions,
  OpenConnection,
  Visit,
} from './cluster';
import type { Components } from './components/components';
import { createComponents } from './components/create-components';
import { createEdge } from './load-balancing/edge';
import type { Edge } from './load-balancing/edge';
import { answersOf } from './lookups/dns-answers';
import { destinationText, Findings, questionOf } from './findings';
import { createHandles } from './handles';
import { HandingOut } from './handing-out';
import type { Parts } from './handing-out';
import { Kubectl } from './commands/kubectl';
import type { CommandFailure } from './commands/kubectl';
import { askFromPod, lookUp } from './lookups/names';
import type { LookUpOptions, NamesContext } from './lookups/names';
import { watchNodeRanges } from './node-ranges';
import { PodOrdinals } from './commands/pod-ordinals';
import { enforcePolicies } from './policies';
import { Proxies } from './proxies';
import { seedObjects } from './seed-objects';
import { SettledAdmission } from './settled/settled-admission';
import type { Settlers } from './settled/settled-admission';
import { beginningOf, objectsIn, profileOf, timingOptions } from './settled/start';
import { announcedEndpoints, programmedEndpoints, servingEndpoints } from './views/service-truth';
import { runsPod } from './views/running';
import { takeSnapshot } from './views/snapshot';
import { systemManifests } from './system-manifests';

class ModelCluster extends HandingOut implements Cluster {
  /** What forks call it. */
  readonly place: Place = { room: 'cluster', name: '' };
  readonly movesInTurns = true;
  readonly spec: ClusterSpec;
  protected readonly parts: Parts;
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
  private readonly admission: SettledAdmission;
  private readonly scheduler: Controller;
  private moves = 0;
  /**
   * The same without what is read from objects of the API, which tell by themselves: another object
   * after each change. Forks share it, being frozen, for as long as they have changed nothing.
   */
  private state = Object.freeze({});
  /** The same for rules of kube-proxy and processes of pods, which packets and names tell by. */
  private turns = 0;
  private readonly findings: Findings;

  constructor(spec: ClusterSpec, seed: number) {
    super();
    const touch = (): void => this.shifted();
    const turn = (): void => this.turned();
    this.spec = spec;
    const kernel = new Kernel(seed, beginningOf(spec));
    const timing = new Timing(timingOptions(spec), kernel.random);
    const admission = new KindAdmission({ kernel, timing, spec });
    this.admission = new SettledAdmission(admission, this.settlers());
    const api = new ApiServer(kernel, timing, this.admission);
    this.ordinals = new PodOrdinals(api.store);
    this.network = new Network(spec, kernel, {
      nameOfPod: (pod) => this.ordinals.nameOf(pod),
      timing,
    });
    const { network, ordinals } = this;
    this.behaviours = new Behaviours(kernel, api, timing, spec.behaviours);
    this.servers = this.createServers(kernel, api, timing);
    const { behaviours, servers } = this;
    this.findings = new Findings({ cluster: this, kernel, ordinals, network, api, servers });
    const clients = () => servers.watching().map(({ pod, actor }) => ({ actor, origin: { pod } }));
    this.apiPaths = new ApiPaths({ spec, api, network, podClients: clients });
    this.kubelets = new Kubelets({
      kernel,
      api,
      timing,
      network,
      behaviours,
      servers,
      featureGates: spec.featureGates,
      settings: kubeletsOf(spec),
      touch: (node, what) => {
        if (what === 'processes') turn();
        else touch();
        this.edge?.powerMayHaveChanged(node);
        this.apiPaths.refresh();
      },
    });
    const { kubelets } = this;
    const { machines } = network;
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
    this.scheduler = controllers.find(({ name }) => name === 'scheduler')!;
    const model = { spec, kernel, api, timing, network, kubelets, proxies, touch };
    const { components, upgrades } = createComponents(model, controllers, this.agents);
    this.kubectl = new Kubectl(kernel, api, spec.manifests);
    const { apiPaths, kubectl, edge } = this;
    const onNetworkChange = (): void => edge?.networkChanged();
    const reach = { servers, components, upgrades, kubectl, apiPaths, onNetworkChange };
    const handles = createHandles(model, reach);
    this.parts = { kernel, timing, api, handles, components, machines };
    api.observeCommits((version, kind) => this.ordinals.observe(version, kind));
    api.observeCommits(() => void this.moves++);
    followPower(kubelets, proxies, components);
  }

  get failures(): readonly CommandFailure[] {
    return this.kubectl.failures;
  }

  get generation(): number {
    return this.moves;
  }

  standing(key: string): unknown {
    return key === NODES ? this.turns : this.state;
  }

  common(key: string): unknown {
    return key === NODES ? undefined : this.state;
  }

  /** Applies everything and lives on until zero. */
  begin(): void {
    const { spec, admission } = this;
    const isCold = spec.start === 'cold';
    this.network.begin(spec);
    this.parts.kernel.expectObjects(objectsIn(spec));
    for (const object of seedObjects(spec)) this.create(object);
    for (const node of spec.nodes) this.kubelets.start(node.name);
    if (isCold) admission.end();
    for (const object of [...systemManifests(spec), ...spec.manifests]) this.create(object);
    if (isCold) this.proxies.startAll();
    else this.settle();
  }

  private settle(): void {
    this.admission.begin();
    this.parts.kernel.runUntil(START);
    this.parts.api.catchUp();
    this.admission.end();
    this.proxies.settleAll();
    this.edge?.settle();
    this.parts.timing.switchTo(profileOf(this.spec));
  }

  fork({ seed, companion }: ForkOptions = {}): ModelCluster {
    const fork = new ModelCluster(this.spec, this.parts.kernel.random.seed);
    // In the order in which they come about: first the kubelets, then what runs in pods.
    fork.kubelets.resemble(this.kubelets);
    fork.servers.resemble(this.servers);
    copiesOf(this).carry(
      [this.spec, this, ...(companion?.origin ?? [])],
      [this.spec, fork, ...(companion?.create(fork) ?? [])],
      this.mayHaveChanged ? this.moves : UNCHANGED,
    );
    if (seed !== undefined) fork.parts.kernel.random.reseed(seed);
    this.findings.tell(fork.findings);
    return fork;
  }

  send(
    from: Origin,
    to: Destination,
    options: SendOptions & ClusterSendOptions = {},
  ): readonly Trace[] {
    const { timeout = this.parts.timing.delay('tcp.connectTimeout').least } = options;
    const patience = to.protocol === 'TCP' ? handshake(timeout) : datagram(timeout);
    const send = (): readonly Trace[] =>
      this.network
        .send(from, to, options, this.findings.remember)
        .flatMap((trace) => repeated(trace, patience));
    if (options.since !== undefined) return send();
    return this.findings.once(questionOf('send', from, destinationText(to), options), send, true);
  }

  visit(from: Origin, to: Destination): readonly Visit[] {
    return this.network.visit(from, to);
  }

  open(from: Origin, to: Destination): readonly OpenConnection[] {
    const connections = this.network.open(from, to);
    this.changedByAsking();
    return connections;
  }

  proceed(connection: OpenConnection, stray?: StraySegment, interval?: Duration): readonly Trace[] {
    const { timing } = this.parts;
    const { least } = timing.delay('tcp.connectTimeout');
    const within = timing.base('tcp.retransmissionTimeout');
    const patience = connection.tuple.protocol === 'TCP' ? segment(ZERO, within) : datagram(least);
    noteFleeting();
    const ways =
      stray === undefined
        ? this.network.proceed(connection, interval)
        : this.network.proceedOutOfWindow(connection, stray);
    const traces = ways.flatMap((trace) => repeated(trace, patience));
    // The packet has kept entries fresh.
    this.mayHaveChanged = true;
    nextRound();
    return traces;
  }

  resolve(from: Origin, name: string, options?: LookUpOptions): readonly Resolution[] {
    const ask = (): readonly Resolution[] => lookUp(this.names, from, name, options);
    const isReal = options?.real === true;
    const question = questionOf('resolve', from, name, options);
    const resolutions = isReal ? ask() : this.findings.once(question, ask, true);
    if (isReal) this.changedByAsking();
    return resolutions;
  }

  isRunning(pod: string, container?: string): boolean {
    return runsPod(this.parts, pod, container);
  }

  podsOf(kind: string, key: string): readonly string[] {
    return this.ordinals.podsOf(kind, key);
  }

  programmed(node: string, service: string): readonly string[] {
    this.noteNodes();
    return programmedEndpoints(this.parts.api.store, this.proxies, node, service);
  }

  serving(service: string): readonly string[] {
    this.noteNodes();
    return servingEndpoints(this.parts.api.store, this.kubelets, service);
  }

  announced(service: string): Announced {
    return announcedEndpoints(this.parts.api.store, service);
  }

  get policyAgent(): string | undefined {
    return this.agents?.name;
  }

  enforces(node: string): boolean {
    return this.agents?.isCurrent(node) ?? false;
  }

  answersOf(pod: string, name: string): readonly string[] | string | undefined {
    return answersOf(this.servers, pod, name, this.spec.ipFamilies);
  }

  assumptions(): readonly string[] {
    return this.behaviours.assumptions();
  }

  snapshot(): Readonly<Record<string, unknown>> {
    this.noteNodes();
    const { proxies } = this;
    const { kernel, api, machines } = this.parts;
    return takeSnapshot({
      kernel,
      store: api.store,
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
    const { spec, network, behaviours, servers, findings } = this;
    const { api, timing } = this.parts;
    const send = (from: Origin, to: Destination): readonly Trace[] =>
      findings.once(
        questionOf('packet', from, destinationText(to)),
        () => network.send(from, to, {}, findings.remember),
        true,
      );
    return { spec, api, network, timing, behaviours, servers, send };
  }

  private turned(): void {
    this.moves++;
    this.turns++;
  }

  private shifted(): void {
    this.turned();
    this.state = Object.freeze({});
  }

  /** Who was only asked has changed something: nothing that is known holds any longer. */
  private changedByAsking(): void {
    this.mayHaveChanged = true;
    noteFleeting();
    nextRound();
    this.shifted();
  }

  private createServers(kernel: Kernel, api: ApiServer, timing: Timing): DnsServers {
    return new DnsServers({
      kernel,
      api,
      timing,
      ask: (pod, ...question) => askFromPod(this.names, pod, ...question),
      onReload: () => this.shifted(),
      onLearn: () => void this.moves++,
      onLoop: (pod) => this.kubelets.crashPod(pod, { exitCode: 1, restart: true }),
    });
  }

  private settlers(): Settlers {
    return {
      placed: (pod, key) => this.scheduler.placed(pod, key),
      named: (key, nodeName) => this.scheduler.named(key, nodeName),
      running: (comer) => this.kubelets.take(comer),
    };
  }

  /** Manifests of a settled start are there at once. */
  private create(object: KubeObject): void {
    const { kind } = object;
    const request = { verb: 'create', kind, key: keyOf(object), object, actor: 'kubectl' } as const;
    if (this.spec.start === 'cold') this.parts.api.submit(request);
    else this.parts.api.commitNow(request);
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
