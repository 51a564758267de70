// A namespace with Services and slices over a real store, and one CoreDNS that watches it.

import { KindAdmission } from '../../src/apiserver/admission';
import { ApiServer } from '../../src/apiserver/api-server';
import type { ApiRequest } from '../../src/apiserver/api-server';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import type { ClusterSpec } from '../../src/values/cluster-spec';
import { ip } from '../../src/values/ip';
import { keyOf } from '../../src/values/kube-object';
import type { KubeObject } from '../../src/values/kube-object';
import type { KubeVersion } from '../../src/values/kube-version';
import { CERTAIN } from '../../src/values/ratio';
import { seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import {
  CoreDns,
  coursesOf,
  defaultCorefile,
  DnsView,
  parseCorefile,
  upstreamOf,
} from '../../src/workloads/index';
import type { ServerGround } from '../../src/workloads/coredns/server';
import type { DnsReply } from '../../src/workloads/index';
import { USUAL_DELAY } from './usual-delay';

const VERSION = '1.36' as KubeVersion;

const SPEC: ClusterSpec = {
  kubernetes: VERSION,
  domain: 'cluster.local',
  nodes: [],
  controlPlane: ip('192.168.1.10'),
  ipFamilies: ['IPv4', 'IPv6'],
  podCIDRs: ['10.244.0.0/16', 'fd00:10:244::/56'],
  serviceCIDRs: ['10.96.0.0/12', 'fd00:10:96::/112'],
  nodeCIDRs: ['192.168.1.0/24'],
  cni: { name: 'flannel', options: {} },
  proxy: { mode: 'iptables', options: {} },
  dns: { replicas: 0 },
  externals: [{ name: 'internet', address: ip('203.0.113.5'), listen: [], names: ['example.com'] }],
  loadBalancer: 'none',
  timing: { profile: 'instant', overrides: {} },
  featureGates: {},
  start: 'cold',
  behaviours: [],
  manifests: [],
};

const PORTS = [{ name: 'http', port: 80, protocol: 'TCP' }];

export class DnsWorld {
  readonly kernel = new Kernel(1);
  readonly api: ApiServer;
  readonly view: DnsView;
  readonly dns: CoreDns;
  upstreamQueries = 0;

  /** `ground` replaces what the process is given: files, name servers, what upstreams say. */
  constructor(
    corefile = defaultCorefile(VERSION, 'cluster.local'),
    ground: Partial<ServerGround> = {},
  ) {
    const { kernel } = this;
    const timing = new Timing({ kubernetes: VERSION, profile: 'instant' }, kernel.random);
    this.api = new ApiServer(kernel, timing, new KindAdmission({ kernel, timing, spec: SPEC }));
    this.view = new DnsView(this.api, 'coredns@one');
    const upstream = upstreamOf(SPEC.externals);
    this.dns = new CoreDns(parseCorefile(corefile), {
      view: this.view,
      delay: USUAL_DELAY,
      addresses: () => [ip('10.244.1.2')],
      readFile: () => undefined,
      resolvers: ['node'],
      search: [],
      askUpstream: (_server, { question }) => {
        this.upstreamQueries++;
        return [{ probability: CERTAIN, value: upstream(question) }];
      },
      ...ground,
    });
    this.put('Namespace', 'v1', { metadata: { name: 'shop' } });
    this.view.sync();
  }

  /** Creates or replaces an object and lets everybody see it. */
  put(kind: string, apiVersion: string, parts: Record<string, unknown>): void {
    const object = { apiVersion, kind, ...parts } as unknown as KubeObject;
    const key = keyOf(object);
    const verb = this.api.store.get(kind, key) === undefined ? 'create' : 'replace';
    this.commit({ verb, kind, key, object, actor: 'spec' });
    // A pod is Pending when it is created, whatever it says.
    const patch = { status: object.status };
    if (kind === 'Pod') this.commit({ verb: 'patch', kind, key, patch, actor: 'spec' });
    this.kernel.runInstant();
  }

  private commit(request: ApiRequest): void {
    const result = this.api.commitNow(request);
    if (result === 'ok') return;
    throw new Error(`${request.key}: ${result}: ${this.kernel.journal.all().at(-1)?.detail}`);
  }

  service(name: string, spec: Record<string, unknown>): void {
    const whole = spec['type'] === 'ExternalName' ? spec : { ports: PORTS, ...spec };
    this.put('Service', 'v1', { metadata: { name, namespace: 'shop' }, spec: whole });
  }

  slice(service: string, endpoints: readonly Record<string, unknown>[], suffix = 'abc'): void {
    const labels = { 'kubernetes.io/service-name': service };
    this.put('EndpointSlice', 'discovery.k8s.io/v1', {
      metadata: { name: `${service}-${suffix}`, namespace: 'shop', labels },
      addressType: suffix === 'v6' ? 'IPv6' : 'IPv4',
      endpoints,
      ports: PORTS,
    });
  }

  /** Asks from a client that takes large answers. `at` is in seconds. */
  ask(name: string, type = 'A', { at = 0, real = true, client = '10.244.1.9' } = {}): DnsReply {
    const request = {
      question: { name, type },
      client: ip(client),
      transport: 'UDP',
      udpSize: 4_096,
      clock: { now: seconds(at) as number as Instant },
      real,
      depth: 0,
    } as const;
    return coursesOf((choose) => this.dns.answer({ ...request, choose }))[0]!.value;
  }

  /** The answer in one line: rcode and data. */
  say(name: string, type = 'A'): string {
    const { rcode, answers } = this.ask(name, type);
    return [rcode, ...answers.map(({ data }) => data)].join(' ');
  }
}
