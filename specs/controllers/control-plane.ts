// A control plane without machines: the API server, all controllers, and a kubelet of one rule (a
// bound pod runs and is ready at once, a terminating one goes at once).

import { KindAdmission } from '../../src/apiserver/admission';
import { ApiServer } from '../../src/apiserver/api-server';
import type { ApiRequest, ApiResult } from '../../src/apiserver/api-server';
import type { Change } from '../../src/apiserver/informer';
import { conditionOf } from '../../src/apiserver/kinds/pod';
import type { Pod } from '../../src/apiserver/kinds/pod';
import { createControllers } from '../../src/controllers';
import type { Controller, Heartbeats } from '../../src/controllers';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import type { Profile, TimerName } from '../../src/timing';
import type { ClusterSpec, NodeSpec } from '../../src/values/cluster-spec';
import { ip } from '../../src/values/ip';
import type { Family } from '../../src/values/ip';
import { keyOf } from '../../src/values/kube-object';
import type { KubeObject } from '../../src/values/kube-object';
import type { KubeVersion } from '../../src/values/kube-version';
import { later, seconds, START } from '../../src/values/time';
import type { Duration, Instant } from '../../src/values/time';

export interface PlaneOptions {
  /** Where the clock stands at first; negative for what precedes a scenario. */
  readonly start?: Instant;
  readonly nodes?: number;
  readonly zones?: readonly string[];
  readonly profile?: Profile;
  /** Timers that differ from the profile. */
  readonly timers?: Readonly<Partial<Record<TimerName, Duration>>>;
  readonly kubernetes?: string;
  readonly families?: readonly Family[];
  readonly maxPods?: number;
  readonly seed?: number;
  /** Whether the one-rule kubelet runs. */
  readonly kubelet?: boolean;
  readonly podCIDR?: string;
  readonly behaviours?: ClusterSpec['behaviours'];
}

const CIDRS = {
  IPv4: { pods: '10.244.0.0/16', services: '10.96.0.0/12', nodes: '192.168.1.0/24' },
  IPv6: { pods: 'fd00:10:244::/56', services: 'fd00:10:96::/112', nodes: 'fd00:192:168::/64' },
} as const;

/** Heartbeats that a spec stops and starts by hand; the last renewal is given with the stop. */
export class ManualHeartbeats implements Heartbeats {
  private readonly silent = new Map<string, Instant>();
  private readonly listeners: ((node: string) => void)[] = [];

  lastRenewal(node: string, now: Instant): Instant | undefined {
    return this.silent.get(node) ?? now;
  }

  isBeating(node: string): boolean {
    return !this.silent.has(node);
  }

  onChange(listener: (node: string) => void): void {
    this.listeners.push(listener);
  }

  stop(node: string, lastRenewal: Instant): void {
    this.silent.set(node, lastRenewal);
    for (const listener of this.listeners) listener(node);
  }

  start(node: string): void {
    this.silent.delete(node);
    for (const listener of this.listeners) listener(node);
  }
}

export class ControlPlane {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly api: ApiServer;
  readonly admission: KindAdmission;
  readonly controllers: readonly Controller[];
  readonly heartbeats = new ManualHeartbeats();
  readonly spec: ClusterSpec;
  private nextAddress = 10;

  constructor(options: PlaneOptions = {}) {
    this.spec = clusterSpec(options);
    this.kernel = new Kernel(options.seed ?? 1, options.start ?? START);
    const { kubernetes } = this.spec;
    this.timing = new Timing(
      { kubernetes, profile: options.profile ?? 'default', overrides: options.timers ?? {} },
      this.kernel.random,
    );
    const { kernel, timing, spec, heartbeats } = this;
    this.admission = new KindAdmission({ kernel, timing, spec });
    this.api = new ApiServer(kernel, timing, this.admission);
    this.controllers = createControllers({ kernel, api: this.api, timing, spec, heartbeats });
    if (options.kubelet ?? true) this.startKubelet();
    for (const node of spec.nodes) this.create(nodeObject(node));
  }

  /** Stores an object at this instant. A pod is Pending first, and then what its status says. */
  create(object: KubeObject): ApiResult {
    const { kind, status } = object;
    const key = keyOf(object);
    const result = this.commit({ verb: 'create', kind, key, object, actor: 'spec' });
    if (kind !== 'Pod' || status === undefined || result !== 'ok') return result;
    return this.patch(kind, key, { status });
  }

  patch(kind: string, key: string, patch: Record<string, unknown>): ApiResult {
    return this.commit({ verb: 'patch', kind, key, patch, actor: 'spec' });
  }

  delete(kind: string, key: string, grace?: number): ApiResult {
    return this.commit({
      verb: 'delete',
      kind,
      key,
      actor: 'spec',
      ...(grace !== undefined && { grace }),
    });
  }

  get<T extends KubeObject>(kind: string, key: string): T | undefined {
    return this.api.store.get(kind, key) as T | undefined;
  }

  list<T extends KubeObject>(kind: string): T[] {
    return [...this.api.store.list(kind)] as T[];
  }

  /** Runs for a span of virtual time. */
  run(span: Duration = seconds(10)): void {
    this.kernel.runUntil(later(this.kernel.now, span));
  }

  /** Why the API server refused the last request that it refused. */
  get refusal(): string | undefined {
    return this.kernel.journal.all().findLast(({ action }) => action === 'refused')?.detail;
  }

  private commit(request: ApiRequest): ApiResult {
    this.kernel.because(-1);
    const result = this.api.commitNow(request);
    this.kernel.because(-1);
    return result;
  }

  private startKubelet(): void {
    this.api.informer({
      kind: 'Pod',
      owner: 'kubelet@all',
      onChange: ({ key, after }: Change) => {
        const pod = after as Pod | undefined;
        if (!pod?.spec.nodeName) return;
        if (pod.metadata.deletionTimestamp !== undefined) {
          if (!this.heartbeats.isBeating(pod.spec.nodeName)) return;
          this.api.submit({ verb: 'delete', kind: 'Pod', key, grace: 0, actor: 'kubelet@all' });
        } else if (pod.status?.podIP === undefined) {
          const patch = {
            status: runningStatus(this.kernel.now, `10.244.9.${this.nextAddress++}`),
          };
          this.api.submit({ verb: 'patch', kind: 'Pod', key, patch, actor: 'kubelet@all' });
        }
      },
    });
  }
}

/** The status of a pod that runs and is ready since `now`. */
export function runningStatus(now: number, podIP: string): Record<string, unknown> {
  return {
    phase: 'Running',
    startTime: now,
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }],
  };
}

export function nodeObject(node: NodeSpec): KubeObject {
  const zone = node.zone === '' ? {} : { 'topology.kubernetes.io/zone': node.zone };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: { ...node.labels, ...zone } },
    spec: {},
    status: {
      addresses: node.addresses.map((address) => ({ type: 'InternalIP', address })),
      allocatable: { pods: String(node.maxPods), cpu: '4' },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

function clusterSpec(options: PlaneOptions): ClusterSpec {
  const families = options.families ?? ['IPv4'];
  const names = Array.from({ length: options.nodes ?? 3 }, (_, index) => `worker-${index + 1}`);
  return {
    kubernetes: (options.kubernetes ?? '1.36') as KubeVersion,
    domain: 'cluster.local',
    nodes: names.map((name, index) => ({
      name,
      addresses: [ip(`192.168.${1 + Math.floor(index / 200)}.${11 + (index % 200)}`)],
      zone: options.zones?.[index] ?? '',
      labels: {},
      taints: [],
      podCIDRs: [],
      role: 'worker',
      maxPods: options.maxPods ?? 110,
    })),
    controlPlane: ip('192.168.1.10'),
    ipFamilies: families,
    podCIDRs: families.map((family) => options.podCIDR ?? CIDRS[family].pods),
    serviceCIDRs: families.map((family) => CIDRS[family].services),
    nodeCIDRs: families.map((family) => CIDRS[family].nodes),
    cni: { name: 'flannel', options: {} },
    proxy: { mode: 'iptables', options: {} },
    dns: { replicas: 2 },
    externals: [],
    loadBalancer: 'none',
    timing: { profile: options.profile ?? 'default', overrides: {} },
    featureGates: {},
    start: 'cold',
    behaviours: options.behaviours ?? [],
    manifests: [],
  };
}

/** A Deployment of pods that answer on 8080, with the label `app: <name>`. */
export function deploymentOf(name: string, replicas: number, spec: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'v1', ports: [{ containerPort: 8080 }] }] },
      },
      ...spec,
    },
  };
}

export function serviceOf(name: string, spec: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
}

/** A pod that is bound already, and tolerates nothing. */
export function podOn(nodeName: string): KubeObject {
  const containers = [{ name: 'main', image: 'registry.example/app:1' }];
  const metadata = { name: `on-${nodeName}`, namespace: 'shop' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, nodeName } };
}

/** Who the pod was told that ends it. */
export function disruptionOf({ status }: Pod): string | undefined {
  return conditionOf(status?.conditions, 'DisruptionTarget')?.reason;
}
