// A cluster that does what a script says: real clock, store and sandboxes, but invented walks.
// With it, what operators and claims make of a situation can be checked without the model.

import { ApiServer } from '../../src/apiserver/api-server';
import type { Announced, Cluster, Handles, OpenConnection, Visit } from '../../src/cluster/cluster';
import { runsPod } from '../../src/cluster/views/running';
import { Kernel } from '../../src/kernel/kernel';
import { Phase } from '../../src/kernel/phase';
import { Machine } from '../../src/node/machine';
import { PodSandbox } from '../../src/node/pod-sandbox';
import { Timing } from '../../src/timing';
import type { ClusterSpec, NodeSpec } from '../../src/values/cluster-spec';
import type { Disposition } from '../../src/values/disposition';
import { ip } from '../../src/values/ip';
import type { KubeObject } from '../../src/values/kube-object';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import type { Component } from '../../src/values/component';
import type { Destination, Origin } from '../../src/values/origin';
import { ratio } from '../../src/values/ratio';
import type { Resolution } from '../../src/values/resolution';
import { seconds, ZERO } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';
import { recordingHandles } from './recording-handles';
import type { Call } from './recording-handles';

/** A scripted change: at this second of virtual time, do this. */
export type Change = readonly [second: number, change: (cluster: FakeCluster) => void];

/** From this second on nothing gets through. */
export function drop(second: number): Change {
  return [second, (it) => void (it.walks = () => [walk('dropped')])];
}

/** From this second on everything is answered. */
export function heal(second: number): Change {
  return [second, (it) => void (it.walks = () => [walk('answered')])];
}

export interface FakeOptions {
  readonly seed?: number;
  readonly script?: readonly Change[];
  /** Keeps an event in the queue for ever: the cluster never settles. */
  readonly restless?: boolean;
}

export type { Call };

export class FakeCluster implements Cluster {
  readonly spec: ClusterSpec = SPEC;
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly api: ApiServer;
  readonly machines = new Map<string, Machine>();
  readonly handles: Handles;
  readonly components: Component[] = [
    { name: 'apiserver', actor: 'apiserver' },
    { name: 'kube-proxy', node: 'worker-1', actor: 'kube-proxy@worker-1' },
    { name: 'kube-proxy', node: 'worker-2', actor: 'kube-proxy@worker-2' },
  ];
  readonly calls: Call[] = [];
  readonly failures: Cluster['failures'] = [];
  generation = 0;
  /** What a packet does now: one entry for each possible path. */
  walks: (from: Origin, to: Destination) => readonly Trace[] = () => [walk('answered')];
  lookups: (from: Origin, name: string) => readonly Resolution[] = () => [lookup(['10.96.0.20'])];
  continued: readonly Trace[] = [walk('answered')];
  /** The options of the last packet. */
  sentWith: object | undefined;
  state: Record<string, unknown> = {};
  assumed: readonly string[] = [];
  serves: readonly string[] = [];
  /** Endpoints by node. */
  readonly programs = new Map<string, readonly string[]>();
  /** What the API's pods say; by default what serves. */
  announces: Announced | undefined;
  policyAgent: string | undefined = 'calico-node';
  /** Nodes that do not enforce everything yet. */
  readonly unenforced = new Set<string>();
  /** The answers of DNS servers by pod. */
  readonly dnsAnswers = new Map<string, readonly string[] | string>();
  /** Keys of pods by `Kind namespace/name`. */
  readonly pods = new Map<string, string[]>();

  constructor({ seed = 1, script = [], restless = false }: FakeOptions = {}) {
    this.kernel = new Kernel(seed);
    this.timing = new Timing(
      { kubernetes: NEWEST_VERSION, profile: 'default' },
      this.kernel.random,
    );
    this.api = new ApiServer(this.kernel, this.timing, {
      admit: (object) => object,
      named: (object) => object,
      terminate: () => undefined,
      isFinished: () => false,
      release: () => {},
      scopeOf: () => undefined,
    });
    this.handles = recordingHandles(this.calls);
    for (const { name, addresses } of SPEC.nodes) {
      const { nodeCIDRs } = SPEC;
      this.machines.set(name, new Machine({ name, addresses, nodeCIDRs, gateways: [] }));
    }
    const change = this.kernel.declare('fake.change', (index) => {
      script[Number(index)]![1](this);
      this.generation++;
      this.kernel.note('fake', 'changed', `change/${index}`);
    });
    script.forEach(([second], index) => {
      this.kernel.schedule(seconds(second) as number as Instant, Phase.agent, change, index);
    });
    const tick = this.kernel.declare('fake.tick', () => {
      this.kernel.after(seconds(60), Phase.agent, tick, 'clock', 0, 'kubelet.syncFrequency');
    });
    if (restless) this.kernel.after(ZERO, Phase.agent, tick);
  }

  /** Stores an object as it stands. */
  put(object: KubeObject): void {
    const { name, namespace } = object.metadata;
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    this.api.commitNow({ verb: 'create', kind: object.kind, key, object, actor: 'spec' });
    this.generation++;
  }

  /** Adds a running pod of a workload (`Deployment shop/backend`), or one of its own. */
  addPod(key: string, address: string, node = 'worker-1', workload?: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const [kind = '', owner = ''] = workload?.split(' ') ?? [];
    const ownerReferences =
      workload === undefined
        ? {}
        : { ownerReferences: [reference(kind, owner.slice(owner.indexOf('/') + 1))] };
    const labels = { app: workload === undefined ? name : owner.slice(owner.indexOf('/') + 1) };
    this.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels, ...ownerReferences },
      spec: { nodeName: node, containers: [{ name: 'app', image: 'registry.example/app:1' }] },
      status: { podIPs: [{ ip: address }] },
    });
    const addresses = [ip(address)];
    const sandbox = new PodSandbox({ podKey: key, uid: key, node, addresses, hostNetwork: false });
    sandbox.processes.set('app', {
      container: 'app',
      state: 'running',
      listen: [],
      startedAt: 0 as Instant,
      exitCode: 0,
      exitedAt: 0 as Instant,
      stoppedBy: new Set(),
    });
    this.machines.get(node)!.installSandbox(sandbox);
    if (workload === undefined) return;
    this.pods.set(workload, [...(this.pods.get(workload) ?? []), key]);
    if (this.api.store.get(kind, owner) === undefined) {
      this.put({ apiVersion: 'apps/v1', kind, metadata: metadataOf(owner) });
    }
  }

  /** Lets every process of a pod exit. */
  stopPod(key: string): void {
    for (const { sandboxes } of this.machines.values()) {
      for (const sandbox of sandboxes.values()) {
        if (sandbox.podKey !== key) continue;
        for (const process of sandbox.processes.values()) process.state = 'exited';
      }
    }
    this.generation++;
  }

  send(from: Origin, to: Destination, options?: object): readonly Trace[] {
    this.sentWith = options;
    return this.walks(from, to);
  }

  open(from: Origin, to: Destination): readonly OpenConnection[] {
    this.calls.push(['open', from, to]);
    return this.walks(from, to)
      .filter(({ disposition }) => disposition === 'answered')
      .map((opened) => ({ from, tuple: opened.sent, opened }) as OpenConnection);
  }

  visit(from: Origin, to: Destination): readonly Visit[] {
    this.calls.push(['visit', from, to]);
    return this.walks(from, to)
      .filter(({ disposition }) => disposition === 'answered')
      .map((trace) => ({ at: this.kernel.now, trace, notes: [] }));
  }

  proceed(): readonly Trace[] {
    return this.continued;
  }

  resolve(from: Origin, name: string): readonly Resolution[] {
    return this.lookups(from, name);
  }

  isRunning(pod: string, container?: string): boolean {
    return runsPod(this, pod, container);
  }

  podsOf(kind: string, key: string): readonly string[] {
    return this.pods.get(`${kind} ${key}`) ?? [];
  }

  programmed(node: string): readonly string[] {
    return this.programs.get(node) ?? [];
  }

  serving(): readonly string[] {
    return this.serves;
  }

  announced(): Announced {
    return this.announces ?? { endpoints: this.serves };
  }

  enforces(node: string): boolean {
    return !this.unenforced.has(node);
  }

  answersOf(pod: string): readonly string[] | string | undefined {
    return this.dnsAnswers.get(pod);
  }

  fork(): Cluster {
    throw new RangeError('what a script does cannot be forked');
  }

  assumptions(): readonly string[] {
    return this.assumed;
  }

  snapshot(): Readonly<Record<string, unknown>> {
    return this.state;
  }
}

/** A cluster with `shop/frontend` (one pod) and `shop/backend` (three pods). */
export function shop(options: FakeOptions = {}): FakeCluster {
  const cluster = new FakeCluster(options);
  cluster.addPod('shop/frontend-a', '10.244.1.3', 'worker-1', 'Deployment shop/frontend');
  cluster.addPod('shop/backend-a', '10.244.1.5', 'worker-1', 'Deployment shop/backend');
  cluster.addPod('shop/backend-b', '10.244.2.7', 'worker-2', 'Deployment shop/backend');
  cluster.addPod('shop/backend-c', '10.244.2.8', 'worker-2', 'Deployment shop/backend');
  return cluster;
}

export interface WalkOptions {
  readonly share?: readonly [number, number];
  /** Name and address of who answers. */
  readonly by?: readonly [string, string];
  readonly seen?: string;
  readonly reason?: string;
  readonly more?: Partial<Trace>;
}

const CLIENT = { protocol: 'TCP', src: ip('10.244.1.3'), sport: 40001 } as const;

/** One invented walk. */
export function walk(disposition: Disposition, options: WalkOptions = {}): Trace {
  const { share = [1, 1], by, seen = '10.244.1.3', reason = disposition, more = {} } = options;
  const sent = { ...CLIENT, dst: ip('10.96.0.20'), dport: 80 };
  const after = by === undefined ? sent : { ...CLIENT, dst: ip(by[1]), dport: 8080 };
  const steps = [{ place: 'nat/PREROUTING', action: 'DNAT', detail: `to ${after.dst}:8080` }];
  const responder =
    by === undefined || disposition !== 'answered'
      ? {}
      : { responder: { name: by[0], address: ip(by[1]), port: 8080, seenSource: ip(seen) } };
  return {
    disposition,
    probability: ratio(...share),
    sent,
    hops: [{ node: 'worker-1', device: 'cni0', before: sent, after, steps }],
    answerHops: [],
    translations: [],
    reason,
    blames: [],
    ...responder,
    ...more,
  };
}

/** One walk for each of the three backends, with the fates given. */
export function backends(a: Disposition, b: Disposition, c: Disposition): readonly Trace[] {
  return [
    walk(a, { share: [1, 3], by: ['shop/backend-a', '10.244.1.5'] }),
    walk(b, { share: [1, 3], by: ['shop/backend-b', '10.244.2.7'] }),
    walk(c, { share: [1, 3], by: ['shop/backend-c', '10.244.2.8'] }),
  ];
}

/** One invented way of a lookup; no answers mean NXDOMAIN. */
export function lookup(answers: readonly string[], more: Partial<Resolution> = {}): Resolution {
  return {
    probability: ratio(1, 1),
    rcode: answers.length > 0 ? 'NOERROR' : 'NXDOMAIN',
    answers,
    ttl: answers.length > 0 ? 5 : undefined,
    queries: ['backend.shop.svc.cluster.local A'],
    exchanges: [],
    took: ZERO,
    server: ip('10.96.0.10'),
    traces: [],
    reason: answers.length > 0 ? 'the Service exists' : 'no such Service',
    ...more,
  };
}

function reference(kind: string, name: string) {
  return { apiVersion: 'apps/v1', kind, name, uid: name, controller: true };
}

function metadataOf(key: string) {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

function nodeSpec(name: string, address: string): NodeSpec {
  return {
    name,
    addresses: [ip(address)],
    zone: name === 'worker-1' ? 'a' : 'b',
    labels: {},
    taints: [],
    podCIDRs: [],
    role: 'worker',
    maxPods: 110,
  };
}

export const SPEC: ClusterSpec = {
  kubernetes: NEWEST_VERSION,
  domain: 'cluster.local',
  nodes: [nodeSpec('worker-1', '192.168.1.11'), nodeSpec('worker-2', '192.168.1.12')],
  controlPlane: ip('192.168.1.10'),
  ipFamilies: ['IPv4'],
  podCIDRs: ['10.244.0.0/16'],
  serviceCIDRs: ['10.96.0.0/12'],
  nodeCIDRs: ['192.168.1.0/24'],
  cni: { name: 'flannel', options: {} },
  proxy: { mode: 'iptables', options: {} },
  dns: { replicas: 2 },
  externals: [{ name: 'external', address: ip('203.0.113.100'), listen: [], names: [] }],
  loadBalancer: 'none',
  timing: { profile: 'default', overrides: {} },
  featureGates: {},
  start: 'settled',
  behaviours: [],
  manifests: [],
};
