// The CoreDNS processes of the cluster by pod. Each has its own view and its own caches, which die
// with it.

import type { ApiServer } from '../apiserver/api-server';
import type { Pod } from '../apiserver/kinds/pod';
import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { Place, Readable } from '../kernel/readings';
import type { DeclaredWait, TimerName, Timing } from '../timing';
import { processOwner } from '../values/component';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import { deepFreeze, keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { CERTAIN } from '../values/ratio';
import { later } from '../values/time';
import type { Duration } from '../values/time';
import { CoreDns } from './coredns/server';
import { readProcessOptions } from './coredns/passive';
import type { ProcessOptions } from './coredns/passive';
import type { AskUpstream, DnsRequest } from './coredns/plugin';
import { CorefileError, parseCorefile } from './corefile';
import { coursesOf } from './courses';
import type { Choose, Weighted } from './courses';
import { DnsFailures } from './dns-failures';
import type { Counts } from './dns-failures';
import type { DnsReply } from './dns-message';
import { SelfChecks } from './dns-self-checks';
import type { Instance } from './dns-self-checks';
import { DnsView } from './dns-view';
import { nodeCacheCorefile, nodeCacheOf, readKubeDnsConfig } from './node-cache';
import type { NodeCache } from './node-cache';
import { NODE_RESOLVERS } from './resolv-conf';

/** A question as it reaches a server. */
export interface Asked extends Omit<DnsRequest, 'clock' | 'choose' | 'goesOneWay'> {
  /** Decides for the one way of a question that goes one way. */
  readonly drawing?: Choose;
}

/** Sends a question of a pod's process to another server. */
export type AskFromPod = (
  pod: ObjectKey,
  ...rest: Parameters<AskUpstream>
) => ReturnType<AskUpstream>;

interface Server {
  readonly view: DnsView;
  pod: Pod;
  dns: CoreDns | undefined;
  instance: Instance | undefined;
  running: boolean;
  options: ProcessOptions | undefined;
  /** The configuration that it runs by. */
  corefile: string | undefined;
  /** The ClusterIP of the cluster's DNS, as the environment of a node-cache has it. */
  upstream: IP | undefined;
  /** Counts its starts, so that a reload of an earlier process is known as such. */
  start: number;
  /** Why it cannot answer, where its configuration is not modelled. */
  problem: string;
}

export interface DnsServersGround {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly ask: AskFromPod;
  /** Called after a server has begun to live by a new Corefile. */
  onReload(): void;
  /**
   * Called after a server has seen a change of an object that it answers from. What is read of its
   * view is noted by itself (kernel/readings.ts).
   */
  onLearn?(): void;
  /** Ends the process of a pod that has found that it asks itself. Without it none ends so. */
  onLoop?(pod: ObjectKey): void;
}

const NO_COUNTS: Counts = new Map();

const NOTHING = {
  dns: undefined,
  instance: undefined,
  options: undefined,
  corefile: undefined,
  upstream: undefined,
} as const;

export class DnsServers {
  /** Servers that answer wrongly, those outside of the cluster included. */
  readonly failures: DnsFailures;
  private readonly ground: DnsServersGround;
  private readonly servers = new Map<ObjectKey, Server>();
  private readonly configMaps: ReturnType<ApiServer['informer']>;
  private readonly reloadEvent: EventKind;
  private readonly selfChecks: SelfChecks;
  /** Configurations that were ever lived by. */
  private instances = 0;

  constructor(ground: DnsServersGround) {
    this.ground = ground;
    this.failures = new DnsFailures(ground.kernel.random);
    this.reloadEvent = ground.kernel.declare(
      'coredns.reload',
      (pod, start) => this.reload(String(pod), Number(start)),
      { owner: (pod) => this.ownerOf(String(pod)) },
    );
    this.selfChecks = new SelfChecks({
      kernel: ground.kernel,
      instanceAt: (id) => this.instanceAt(id),
      onLoop: (pod, why) => {
        ground.kernel.note(`coredns@${pod}`, 'gave up', `Pod/${pod}`, why);
        ground.onLoop?.(pod);
      },
    });
    this.configMaps = ground.api.informer({
      kind: 'ConfigMap',
      owner: 'workloads',
      onChange: ({ key }) => this.configMapChanged(key),
    });
  }

  /** What holds the place of a fork, for what was read of its servers. */
  readingAt(place: Place): Readable | undefined {
    if (place.room === this.failures.place.room) return this.failures;
    return this.servers.get(place.name)?.view.readingAt(place);
  }

  /** Makes the processes that `origin` has made, so that their state can be carried over. */
  resemble(origin: DnsServers): void {
    for (const [key, { pod, dns, instance, options }] of origin.servers) {
      const server = this.newServer(pod);
      this.servers.set(key, server);
      if (dns === undefined || instance === undefined) continue;
      server.options = options;
      this.live(server, instance.id, dns);
    }
  }

  /** The process of the pod begins to listen: it has read its Corefile and listed everything. */
  start(pod: Pod): void {
    const key = keyOf(pod);
    let server = this.servers.get(key);
    if (server === undefined) {
      server = this.newServer(pod);
      this.servers.set(key, server);
    }
    server.pod = pod;
    server.upstream = this.upstreamOf(pod);
    server.start++;
    server.view.restart();
    server.view.sync();
    server.running = true;
    this.configure(server);
    if (server.instance !== undefined) this.selfChecks.begin(server.instance);
  }

  /** The process ended; nothing of what it knew is left. */
  stop(pod: ObjectKey): void {
    const server = this.servers.get(pod);
    if (server === undefined) return;
    server.view.stop();
    server.running = false;
  }

  /**
   * The process got SIGTERM: its informers stop first, so it answers from what it knows. Returns
   * how long it goes on to serve; undefined where its configuration is not known.
   */
  freeze(pod: ObjectKey): Duration | undefined {
    const server = this.servers.get(pod);
    server?.view.stop();
    return server?.options?.lameduck;
  }

  /** Every reply that the pod may give; undefined where no modelled DNS server runs in it. */
  answer(pod: ObjectKey, asked: Asked): readonly Weighted<DnsReply>[] | undefined {
    const server = this.servers.get(pod);
    const { dns } = server ?? {};
    if (server?.running !== true || dns === undefined) return undefined;
    const { kernel } = this.ground;
    const { drawing } = asked;
    if (drawing !== undefined) {
      const request = { ...asked, clock: kernel, choose: drawing, goesOneWay: true };
      return [{ probability: CERTAIN, value: this.say(pod, dns, request) }];
    }
    return coursesOf((choose) => this.say(pod, dns, { ...asked, clock: kernel, choose }));
  }

  private say(pod: ObjectKey, dns: CoreDns, request: DnsRequest): DnsReply {
    const met = { ...request, counted: request.counted ?? NO_COUNTS };
    return this.failures.answer(pod, 'door', met, () => dns.answer(request));
  }

  /** Whether a modelled DNS server runs in the pod. */
  runsIn(pod: ObjectKey): boolean {
    return this.servers.get(pod)?.running === true;
  }

  /** Empties the caches of the server in a pod. False where none runs. */
  emptyCaches(pod: ObjectKey): boolean {
    const server = this.servers.get(pod);
    if (server?.running !== true) return false;
    server.dns?.emptyCaches();
    return true;
  }

  /** The pods with a server that watches the API, and the names of their clients there. */
  watching(): readonly { readonly pod: ObjectKey; readonly actor: string }[] {
    return [...this.servers.values()]
      .filter(({ running }) => running)
      .map(({ pod }) => ({ pod: keyOf(pod), actor: `coredns@${pod.metadata.name}` }));
  }

  /** Why the answers of a pod are not modelled; empty where they are. */
  problemOf(pod: ObjectKey): string {
    return this.servers.get(pod)?.problem ?? '';
  }

  private newServer(pod: Pod): Server {
    const { kernel, api } = this.ground;
    const actor = `coredns@${pod.metadata.name}`;
    const onLearn = (kind: string, key: ObjectKey): void => {
      if (kernel.leftOut() === undefined) kernel.note(actor, 'observed', `${kind}/${key}`);
      this.ground.onLearn?.();
    };
    const view = new DnsView(api, actor, { name: keyOf(pod), onLearn });
    return { view, pod, running: false, start: 0, problem: '', ...NOTHING };
  }

  private ownerOf(pod: ObjectKey): string | undefined {
    const container = this.servers.get(pod)?.pod.spec.containers[0];
    return container && processOwner(pod, container.name);
  }

  private configure(server: Server): void {
    const { pod } = server;
    const corefile = this.corefileOf(server);
    server.dns = undefined;
    server.instance = undefined;
    server.options = undefined;
    server.problem = '';
    if (corefile === undefined) {
      server.problem = `pod ${keyOf(pod)} mounts no ConfigMap with a Corefile`;
      return;
    }
    try {
      this.liveBy(server, corefile);
    } catch (error) {
      if (!(error instanceof CorefileError)) throw error;
      server.problem = error.message;
    }
  }

  /** Throws CorefileError for a configuration that is not modelled. */
  private liveBy(server: Server, corefile: string): void {
    const blocks = parseCorefile(corefile);
    const id = `${keyOf(server.pod)}#${++this.instances}`;
    server.options = deepFreeze(
      readProcessOptions(blocks, (timer) => this.ground.timing.base(timer)),
    );
    this.live(server, id, blocks);
    server.corefile = corefile;
  }

  private live(server: Server, id: string, config: ConstructorParameters<typeof CoreDns>[0]): void {
    const { pod, view } = server;
    const ask: AskUpstream = (...rest) => this.ground.ask(keyOf(pod), ...rest);
    server.dns = new CoreDns(config, {
      view,
      delay: (timer) => this.ground.timing.base(timer),
      addresses: () => this.addressesOf(keyOf(pod)),
      readFile: (path) => this.fileIn(pod, path),
      ...NODE_RESOLVERS,
      askUpstream: ask,
      failing: (request, truth) => {
        const met = { ...request, counted: request.counted ?? NO_COUNTS };
        return this.failures.answer(keyOf(pod), 'behind the cache', met, truth);
      },
      checkUpstream: (health, after) => this.selfChecks.checkFrom(id, health, after),
    });
    const { dns } = server;
    server.instance = { pod: keyOf(pod), id, dns, ask, checked: [], answers: new Map() };
  }

  /**
   * The kubelet writes a changed ConfigMap into its volume, and the process looks for that from
   * time to time. A Corefile that cannot be read changes nothing.
   * source: coredns plugin/reload/reload.go; pkg/kubelet/volumemanager (sync with the pod worker)
   */
  private configMapChanged(key: ObjectKey): void {
    const { kernel, timing } = this.ground;
    for (const [pod, server] of this.servers) {
      const isMounted = mountedIn(server.pod).some(({ configMap }) => configMap === key);
      if (!isMounted || !server.running || server.options?.reload === undefined) continue;
      const { interval, jitter } = server.options.reload;
      const written = timing.draw('kubelet.configMapPropagation', pod);
      const stream = kernel.random.stream(`coredns.reload/${pod}`);
      const isExact = timing.profile !== 'default';
      const look = isExact ? interval : stream.below(interval + jitter);
      const at = later(later(kernel.now, written), look as Duration);
      const timer: TimerName | DeclaredWait =
        written > look ? 'kubelet.configMapPropagation' : 'coredns.reload';
      kernel.schedule(at, Phase.agent, this.reloadEvent, pod, server.start, timer);
    }
  }

  private reload(pod: ObjectKey, start: number): void {
    const server = this.servers.get(pod);
    if (server === undefined || !server.running || server.start !== start) return;
    const { dns, instance, options, corefile, problem } = server;
    if (this.corefileOf(server) === corefile) return;
    this.configure(server);
    const { kernel, onReload } = this.ground;
    if (server.dns === undefined) {
      kernel.note(`coredns@${pod}`, 'refused', `Pod/${pod}`, server.problem);
      Object.assign(server, { dns, instance, options, corefile, problem });
      return;
    }
    kernel.note(`coredns@${pod}`, 'reloaded', `Pod/${pod}`, 'a new Corefile');
    onReload();
    if (server.instance !== undefined) this.selfChecks.begin(server.instance);
  }

  private instanceAt(id: string): Instance | undefined {
    const server = this.servers.get(id.slice(0, id.lastIndexOf('#')));
    return server?.running === true && server.instance?.id === id ? server.instance : undefined;
  }

  private addressesOf(pod: ObjectKey): readonly IP[] {
    const object = this.ground.api.store.get('Pod', pod) as Pod | undefined;
    const { podIPs = [] } = (object?.status ?? {}) as {
      podIPs?: readonly { readonly ip: string }[];
    };
    return podIPs.flatMap(({ ip }) => parseIp(ip) ?? []);
  }

  private corefileOf({ pod, upstream }: Server): string | undefined {
    const cache = nodeCacheIn(pod);
    for (const { configMap } of mountedIn(pod)) {
      const corefile = dataOf(this.configMaps.get(configMap))?.['Corefile'];
      if (corefile === undefined) continue;
      if (cache === undefined) return corefile;
      const kubeDns = dataOf(this.configMaps.get(`${pod.metadata.namespace}/kube-dns`));
      return nodeCacheCorefile(corefile, cache, upstream, readKubeDnsConfig(kubeDns));
    }
    return undefined;
  }

  /** The kubelet writes the Services of the pod's namespace into its environment, once. */
  private upstreamOf(pod: Pod): IP | undefined {
    const cache = nodeCacheIn(pod);
    if (cache === undefined) return undefined;
    const key = `${pod.metadata.namespace}/${cache.upstreamService}`;
    const { clusterIP } = (this.ground.api.store.get('Service', key)?.spec ?? {}) as {
      clusterIP?: string;
    };
    return parseIp(clusterIP ?? '');
  }

  /** A file of a mounted ConfigMap, by the last part of its path. */
  private fileIn(pod: Pod, path: string): string | undefined {
    const name = path.slice(path.lastIndexOf('/') + 1);
    for (const { configMap } of mountedIn(pod)) {
      const text = dataOf(this.configMaps.get(configMap))?.[name];
      if (text !== undefined) return text;
    }
    return undefined;
  }
}

function nodeCacheIn({ spec }: Pod): NodeCache | undefined {
  return spec.containers.map(nodeCacheOf).find((cache) => cache !== undefined);
}

function mountedIn(pod: Pod): { readonly configMap: ObjectKey }[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    const { name } = (volume.configMap ?? {}) as { readonly name?: string };
    return name === undefined ? [] : [{ configMap: `${pod.metadata.namespace}/${name}` }];
  });
}

function dataOf(object: KubeObject | undefined): Readonly<Record<string, string>> | undefined {
  return object?.data as Readonly<Record<string, string>> | undefined;
}
