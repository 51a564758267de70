// One or more nodes with their kubelets over a real kernel, store and API server. Only the network
// is played: it gives out one address after the other.

import { KindAdmission } from '../../../src/apiserver/admission';
import { ApiServer } from '../../../src/apiserver/api-server';
import type { Node } from '../../../src/apiserver/kinds/node';
import type { Pod, PodSpec } from '../../../src/apiserver/kinds/pod';
import { conditionOf } from '../../../src/apiserver/kinds/pod';
import type { Entry } from '../../../src/kernel/journal';
import { Kernel } from '../../../src/kernel/kernel';
import { Kubelets } from '../../../src/node/kubelet/kubelet';
import type { PodNetwork } from '../../../src/node/kubelet/kubelet-ground';
import { Machine } from '../../../src/node/machine';
import { Timing } from '../../../src/timing';
import type { Profile } from '../../../src/timing';
import type { BehaviourSpec, ClusterSpec } from '../../../src/values/cluster-spec';
import { ip } from '../../../src/values/ip';
import { keyOf } from '../../../src/values/kube-object';
import type { KubeletSettings } from '../../../src/values/kubelet-settings';
import type { KubeVersion } from '../../../src/values/kube-version';
import { START } from '../../../src/values/time';
import type { Duration, Instant } from '../../../src/values/time';
import { Behaviours, DnsServers } from '../../../src/workloads/index';

export interface WorldOptions {
  readonly profile?: Profile;
  readonly kubernetes?: string;
  readonly seed?: number;
  readonly nodes?: number;
  readonly behaviours?: readonly BehaviourSpec[];
  /** Timers by name. */
  readonly overrides?: Readonly<Record<string, Duration>>;
  /** What the Node object says of the size of the machine. */
  readonly capacity?: Readonly<Record<string, string>>;
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** What is said of the kubelet of worker-1. */
  readonly kubelet?: KubeletSettings;
}

const POD_KEY = 'shop/web';

/** What admission and the API server read of a cluster's spec. */
function clusterSpec(kubernetes: KubeVersion): ClusterSpec {
  return {
    kubernetes,
    domain: 'cluster.local',
    nodes: [],
    controlPlane: ip('192.168.1.10'),
    ipFamilies: ['IPv4'],
    podCIDRs: ['10.244.0.0/16'],
    serviceCIDRs: ['10.96.0.0/12'],
    nodeCIDRs: ['192.168.1.0/24'],
    cni: { name: 'flannel', options: {} },
    proxy: { mode: 'iptables', options: {} },
    dns: { replicas: 0 },
    externals: [],
    loadBalancer: 'none',
    timing: { profile: 'default', overrides: {} },
    featureGates: {},
    start: 'cold',
    behaviours: [],
    manifests: [],
  };
}

class PlayedNetwork implements PodNetwork {
  readonly machines = new Map<string, Machine>();
  readonly detached: string[] = [];
  private given = 1;

  attachNext(): undefined {
    return undefined;
  }

  attachPod(): { ok: true; addresses: ReturnType<typeof ip>[] } {
    return { ok: true, addresses: [ip(`10.244.1.${++this.given}`)] };
  }

  detachPod(_node: string, podKey: string): void {
    this.detached.push(podKey);
  }

  callPod(): undefined {
    return undefined;
  }

  powerOff(node: string): void {
    this.machines.get(node)?.powerOff();
  }

  powerOn(node: string): void {
    this.machines.get(node)?.powerOn();
  }
}

export class KubeletWorld {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly kubelets: Kubelets;
  readonly network = new PlayedNetwork();

  constructor(options: WorldOptions = {}) {
    const kubernetes = (options.kubernetes ?? '1.36') as KubeVersion;
    this.kernel = new Kernel(options.seed ?? 1);
    const { kernel, network } = this;
    const profile = options.profile ?? 'instant';
    const overrides = options.overrides ?? {};
    const own = options.kubelet && [['kubelet@worker-1', options.kubelet.timers] as const];
    const ofActors = new Map(own);
    const timing = new Timing({ kubernetes, profile, overrides, ofActors }, kernel.random);
    this.timing = timing;
    const spec = clusterSpec(kubernetes);
    this.api = new ApiServer(kernel, timing, new KindAdmission({ kernel, timing, spec }));
    const { api } = this;
    const behaviours = new Behaviours(kernel, api, timing, options.behaviours ?? []);
    const servers = new DnsServers({ kernel, api, timing, ask: () => [], onReload: () => {} });
    for (let index = 1; index <= (options.nodes ?? 1); index++) {
      const name = `worker-${index}`;
      const address = ip(`192.168.${1 + Math.floor(index / 200)}.${11 + (index % 200)}`);
      const machine = { name, addresses: [address], nodeCIDRs: ['192.168.0.0/16'], gateways: [] };
      network.machines.set(name, new Machine(machine));
    }
    const { featureGates = {} } = options;
    const parts = { kernel, api, timing, network, behaviours, servers };
    const settings = new Map(options.kubelet && [['worker-1', options.kubelet]]);
    this.kubelets = new Kubelets({ ...parts, featureGates, settings });
    this.createNow('Namespace', { metadata: { name: 'shop' } });
    for (const name of network.machines.keys()) {
      const status = { capacity: options.capacity ?? {} };
      this.createNow('Node', { metadata: { name }, status });
      this.kubelets.start(name);
    }
  }

  /** Puts the pod `shop/web` on worker-1 and runs until it should be up. */
  run(spec: Partial<PodSpec> & Pick<PodSpec, 'containers'>, until = 0): void {
    this.add('web', spec);
    this.until(until);
  }

  /** Puts a pod of this name on worker-1. */
  add(name: string, spec: Partial<PodSpec> & Pick<PodSpec, 'containers'>): void {
    const whole = { nodeName: 'worker-1', ...spec };
    this.createNow('Pod', { metadata: { name, namespace: 'shop' }, spec: whole });
  }

  podOf(name: string): Pod | undefined {
    return this.api.store.get('Pod', `shop/${name}`) as Pod | undefined;
  }

  /** `True KubeletReady`: a condition of worker-1, as the API has it. */
  conditionOfNode(type: string): string {
    const node = this.api.store.get('Node', 'worker-1') as Node;
    const { status = 'absent', reason = '' } = conditionOf(node.status?.conditions, type) ?? {};
    return `${status} ${reason}`.trim();
  }

  createNow(kind: string, object: Record<string, unknown>): void {
    const whole = { apiVersion: 'v1', kind, ...object } as unknown as Pod;
    const key = keyOf(whole);
    const result = this.api.commitNow({ verb: 'create', kind, key, object: whole, actor: 'spec' });
    if (result !== 'ok') throw new Error(`${kind} ${key}: ${result}: ${this.journal().at(-1)}`);
  }

  /** Runs until so many seconds. */
  until(seconds: number): void {
    this.kernel.runUntil((START + Math.round(seconds * 1_000_000)) as Instant);
  }

  get pod(): Pod | undefined {
    return this.api.store.get('Pod', POD_KEY) as Pod | undefined;
  }

  get isReady(): boolean {
    return conditionOf(this.pod?.status?.conditions, 'Ready')?.status === 'True';
  }

  crash(restart = true): void {
    this.kubelets.crashPod(POD_KEY, { exitCode: 137, restart });
  }

  delete(grace?: number): void {
    const given = grace === undefined ? {} : { grace };
    this.api.submit({ verb: 'delete', kind: 'Pod', key: POD_KEY, actor: 'spec', ...given });
  }

  /** Seconds at which an actor did something, by its verb. */
  when(action: string, detail = ''): number[] {
    return this.entries(action, detail).map(({ at }) => at / 1_000_000);
  }

  entries(action: string, detail = ''): Entry[] {
    const all = this.kernel.journal.all();
    return all.filter((entry) => entry.action === action && entry.detail.includes(detail));
  }

  journal(): string[] {
    const all = this.kernel.journal.all();
    return all.map(({ at, actor, action, subject, detail }) => {
      return `${at / 1_000_000} ${actor} ${action} ${subject} ${detail}`;
    });
  }
}

/** A container of an image that the model does not know, on one port. */
export const WEB = { name: 'web', image: 'example/web', ports: [{ containerPort: 8080 }] };
