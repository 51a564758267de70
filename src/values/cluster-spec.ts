// A cluster as a scenario describes it, after validation: plain data, every default filled in.
// The language writes it, the cluster reads it.

import type { Definition } from './definition';
import type { Protocol } from './flow';
import type { Family, IP } from './ip';
import type { KubeObject } from './kube-object';
import type { KubeletSettings } from './kubelet-settings';
import type { KubeVersion } from './kube-version';
import type { Labels } from './labels';
import type { LoadBalancerSpec } from './load-balancer-spec';
import type { Ratio } from './ratio';
import type { Duration, Instant } from './time';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface NodeSpec {
  readonly name: string;
  /** One address per family of the cluster, the primary one first. */
  readonly addresses: readonly IP[];
  /** Empty for none. */
  readonly zone: string;
  readonly labels: Labels;
  readonly taints: readonly Taint[];
  /** Ranges given by the scenario; empty leaves them to the node IPAM controller. */
  readonly podCIDRs: readonly string[];
  readonly role: 'worker' | 'control-plane';
  /** How many pods fit (kubelet maxPods). */
  readonly maxPods: number;
  /** Bytes of its disk, where the scenario says so. */
  readonly storage?: number;
  /** Of its kubelet and kube-proxy, where they are not of the version of the cluster. */
  readonly version?: KubeVersion;
  /** How its kubelet is set up, where the scenario says anything of it. */
  readonly kubelet?: KubeletSettings;
}

export interface ListenSpec {
  readonly port: number;
  readonly protocol: Protocol;
  /** The only addresses of its network namespace at which it takes packets; all without it. */
  readonly addresses?: readonly IP[];
}

/** Whether a socket takes packets for a port; `address` undefined asks for any of its addresses. */
export function listensOn(
  { port, protocol, addresses }: ListenSpec,
  asked: { readonly port: number; readonly protocol: Protocol; readonly address?: IP | undefined },
): boolean {
  if (port !== asked.port || protocol !== asked.protocol) return false;
  return (
    addresses === undefined || asked.address === undefined || addresses.includes(asked.address)
  );
}

/** A machine outside of the cluster. */
export interface ExternalSpec {
  readonly name: string;
  readonly address: IP;
  readonly listen: readonly ListenSpec[];
  /** DNS names that it answers to. */
  readonly names: readonly string[];
}

/** From this instant on a workload needs so much of processors, in thousandths of a CPU. */
export interface LoadStep {
  readonly at: Instant;
  readonly millicores: number;
}

/** What the containers of a workload do, where their image does not say. */
export interface BehaviourSpec {
  /** By its full name: `deployment/shop/backend`, `pod/shop/cart-0`, `image/nginx*`. */
  readonly target: string;
  readonly listen?: readonly ListenSpec[];
  /** From the start of the process until it listens. */
  readonly startup?: Duration;
  readonly onTerm?: { readonly do: 'close' | 'drain' | 'ignore'; readonly for: Duration };
  /** From the start of the process until its readiness probes succeed. */
  readonly ready?: Duration;
  /** HTTP status by path; 200 elsewhere. */
  readonly http?: Readonly<Record<string, number>>;
  /** Exit code by command of exec probes; 0 elsewhere. */
  readonly exec?: Readonly<Record<string, number>>;
  readonly libc?: string;
  /** Bytes, and processes, that each container uses as long as it runs. */
  readonly uses?: { readonly memory?: number; readonly disk?: number; readonly pids?: number };
  /** What all of its pods together need, by growing instants. */
  readonly load?: readonly LoadStep[];
}

/** NodeLocal DNSCache. */
export interface NodeLocalDnsSpec {
  /** The link-local address at which it listens on every node. */
  readonly address: IP;
  /** Replaces the Corefile of the add-on. */
  readonly corefile?: string;
}

export interface ClusterSpec {
  readonly kubernetes: KubeVersion;
  /** `cluster.local`. */
  readonly domain: string;
  readonly nodes: readonly NodeSpec[];
  /** Address of the control plane host that is no node. */
  readonly controlPlane: IP;
  readonly ipFamilies: readonly Family[];
  /** One range per family, in the order of `ipFamilies`. */
  readonly podCIDRs: readonly string[];
  readonly serviceCIDRs: readonly string[];
  readonly nodeCIDRs: readonly string[];
  readonly cni: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  readonly proxy: { readonly mode: string; readonly options: Readonly<Record<string, unknown>> };
  readonly dns: {
    readonly replicas: number;
    readonly corefile?: string;
    /** A cache of DNS on every node; absent for none. */
    readonly nodelocal?: NodeLocalDnsSpec;
    /** How likely two questions from one socket collide in conntrack; absent for never. */
    readonly race?: Ratio;
  };
  readonly externals: readonly ExternalSpec[];
  readonly loadBalancer: LoadBalancerSpec;
  readonly timing: {
    readonly profile: string;
    readonly overrides: Readonly<Record<string, Duration>>;
  };
  readonly featureGates: Readonly<Record<string, boolean>>;
  /** Whether t=0 is a settled cluster or an empty API server. */
  readonly start: 'settled' | 'cold';
  readonly behaviours: readonly BehaviourSpec[];
  /** Everything to apply, in the order of files and documents, namespaces filled in. */
  readonly manifests: readonly KubeObject[];
  /** Where they stand, and what later steps apply; an object may have several. */
  readonly definitions?: readonly Definition[];
}

/** The settings of kubelets by node; none for those of which nobody says anything. */
export function kubeletsOf({ nodes }: ClusterSpec): ReadonlyMap<string, KubeletSettings> {
  return new Map(nodes.flatMap(({ name, kubelet }) => (kubelet ? [[name, kubelet]] : [])));
}

/** The versions of processes that do not begin with that of the cluster, by their actors. */
export function versionsOf({ nodes }: ClusterSpec): ReadonlyMap<string, KubeVersion> {
  const of = ({ name, version }: NodeSpec) =>
    version === undefined
      ? []
      : ['kubelet', 'kube-proxy'].map((process) => [`${process}@${name}`, version] as const);
  return new Map(nodes.flatMap(of));
}
