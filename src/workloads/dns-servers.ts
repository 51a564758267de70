// The CoreDNS processes of the cluster by pod. Each has its own view, which dies with it.

import type { ApiServer } from '../apiserver/api-server';
import type { Pod } from '../apiserver/kinds/pod';
import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { CoreDns } from './coredns';
import type { Upstream } from './coredns';
import { CorefileError, parseCorefile } from './corefile';
import type { DnsAnswer, Question } from './dns-message';
import { DnsView } from './dns-view';

interface Server {
  readonly view: DnsView;
  dns: CoreDns | undefined;
  running: boolean;
  /** Why it cannot answer, where its configuration is not modelled. */
  problem: string;
}

export class DnsServers {
  private readonly api: ApiServer;
  private readonly upstream: Upstream;
  private readonly servers = new Map<ObjectKey, Server>();
  private readonly configMaps: ReturnType<ApiServer['informer']>;

  constructor(api: ApiServer, upstream: Upstream) {
    this.api = api;
    this.upstream = upstream;
    this.configMaps = api.informer({ kind: 'ConfigMap', owner: 'workloads', onChange: () => {} });
  }

  /** The process of the pod begins to listen: it has read its Corefile and listed everything. */
  start(pod: Pod): void {
    const key = keyOf(pod);
    let server = this.servers.get(key);
    if (server === undefined) {
      const view = new DnsView(this.api, `coredns@${pod.metadata.name}`);
      server = { view, dns: undefined, running: false, problem: '' };
      this.servers.set(key, server);
    }
    server.view.restart();
    server.view.sync();
    server.running = true;
    this.configure(server, pod);
  }

  /** The process ended; nothing of what it knew is left. */
  stop(pod: ObjectKey): void {
    const server = this.servers.get(pod);
    if (server === undefined) return;
    server.view.stop();
    server.running = false;
  }

  /** The process got SIGTERM: its informers stop first, so it answers from what it knows. */
  freeze(pod: ObjectKey): void {
    this.servers.get(pod)?.view.stop();
  }

  /** What the pod answers; undefined where no modelled DNS server runs in it. */
  answer(pod: ObjectKey, question: Question): DnsAnswer | undefined {
    const server = this.servers.get(pod);
    return server?.running === true ? server.dns?.answer(question) : undefined;
  }

  /** Why the answers of a pod are not modelled; empty where they are. */
  problemOf(pod: ObjectKey): string {
    return this.servers.get(pod)?.problem ?? '';
  }

  private configure(server: Server, pod: Pod): void {
    const corefile = this.corefileOf(pod);
    server.dns = undefined;
    server.problem = '';
    if (corefile === undefined) {
      server.problem = `pod ${keyOf(pod)} mounts no ConfigMap with a Corefile`;
      return;
    }
    try {
      server.dns = new CoreDns(server.view, parseCorefile(corefile), this.upstream);
    } catch (error) {
      if (!(error instanceof CorefileError)) throw error;
      server.problem = error.message;
    }
  }

  private corefileOf(pod: Pod): string | undefined {
    for (const volume of pod.spec.volumes ?? []) {
      const { name } = (volume.configMap ?? {}) as { readonly name?: string };
      const key = `${pod.metadata.namespace}/${name}`;
      const configMap: KubeObject | undefined = (name && this.configMaps.get(key)) || undefined;
      const corefile = (configMap?.data as { readonly Corefile?: string } | undefined)?.Corefile;
      if (corefile !== undefined) return corefile;
    }
    return undefined;
  }
}
