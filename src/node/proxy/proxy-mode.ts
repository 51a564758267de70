// What every proxy mode is given and what it returns. One file per mode implements this.

import type { TimerName, Timing } from '../../timing';
import type { Family, IP } from '../../values/ip';
import type { Protocol } from '../../values/flow';
import type { ManifestProblem } from '../../values/manifest-problem';
import type { Instant } from '../../values/time';
import type { ConntrackEntry } from '../netfilter/conntrack';
import type { Ruleset } from '../netfilter/ruleset';
import type { Upkeep } from './restore-faults';

/** The key of a Service port: namespace, name, port name and protocol. */
export interface ServicePortName {
  readonly namespace: string;
  readonly name: string;
  /** Empty for an unnamed port. */
  readonly port: string;
  readonly protocol: Protocol;
}

/** One Service port as kube-proxy reads it: addresses of one family only. */
export interface ServicePort {
  readonly id: ServicePortName;
  readonly clusterIP: IP;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly externalIPs: readonly IP[];
  readonly loadBalancerVIPs: readonly IP[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly healthCheckNodePort: number | undefined;
  /** Seconds of ClientIP affinity; undefined for none. */
  readonly affinitySeconds: number | undefined;
  readonly internalPolicyLocal: boolean;
  readonly externalPolicyLocal: boolean;
}

/** One endpoint of a Service port with its conditions resolved (nil read as upstream reads it). */
export interface Endpoint {
  readonly ip: IP;
  readonly port: number;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly nodeName: string;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** Service ports in the order of their key text, with their endpoints sorted as upstream sorts. */
export interface ProxyInput {
  readonly servicePorts: ReadonlyMap<string, ServicePort>;
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
}

/** What kube-proxy knows of the machine it runs on, and its configuration. */
export interface ProxyNode {
  readonly name: string;
  readonly family: Family;
  /** Every address of the host in this family, loopback included; the primary one first. */
  readonly addresses: readonly IP[];
  readonly zone: string;
  /** The sources that the local detector takes for pods; undefined when detection is off. */
  readonly clusterCIDR: string | undefined;
  readonly masqueradeAll: boolean;
  /** `--nodeport-addresses`: ranges of either family, or `primary`; empty for all addresses. */
  readonly nodePortAddresses: readonly string[];
  readonly localhostNodePorts: boolean;
  /** `--conntrack-tcp-be-liberal`: nothing is INVALID for its window, so nothing is dropped. */
  readonly tcpBeLiberal?: boolean;
  /** Ranges of Service addresses in this family, as the ServiceCIDR objects of the API say. */
  readonly serviceCIDRs?: readonly string[];
  /** The addresses of all nodes in this family; only Cilium asks for them. */
  readonly nodeAddresses?: readonly IP[];
  /** The mode's own settings as the scenario gives them. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The scheduler of virtual servers in IPVS mode; round robin where it is not said. */
  readonly scheduler?: string;
  readonly kubernetes: string;
}

/** JSON Schemas by the names of KubeProxyConfiguration. */
export type ProxySettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The kernel at the moment at which rules are written. */
export interface Writing {
  /** When the sync started. */
  readonly start: Instant;
  /** Every connection of the host that stands. */
  readonly connections: readonly ConntrackEntry[];
}

/** How a process of kube-proxy replaces rules, where old ones do not simply vanish. */
export interface Replacement {
  /** What stands in the kernel once `after` is written; `after` itself where nothing lingers. */
  written(before: Ruleset, after: Ruleset, writing: Writing): Ruleset;
  /** The connections that the kernel ends by it. */
  ended?(before: Ruleset, after: Ruleset, writing: Writing): readonly ConntrackEntry[];
  /** The rules could not be written. */
  failed?(): void;
}

/** The network plug-in beside which a proxy runs, its options with their defaults. */
export interface PluginChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ProxyMode {
  readonly name: string;
  /** The first version of Kubernetes that has the mode; undefined where all modelled ones do. */
  readonly since?: string;
  /** Made for each process; without it, new rules take the place of old ones. */
  readonly replacement?: (timing: Timing) => Replacement;
  /** How it keeps its rules in the kernel; without it, nothing can come in between. */
  readonly upkeep?: Upkeep;
  /** The timer of its minimum interval between syncs, where it has one of its own. */
  readonly minSyncPeriod?: TimerName;
  /** Settings beside those that all modes have (settings.ts), as JSON Schemas by name. */
  readonly settings?: ProxySettings;
  /** With which settings it does not start beside a plug-in, by their paths. */
  problemsOf?(
    options: Readonly<Record<string, unknown>>,
    cni: PluginChoice,
  ): readonly ManifestProblem[];
  /** Pure: equal input gives an equal ruleset. */
  compile(input: ProxyInput, node: ProxyNode): Ruleset;
  /**
   * The endpoints (`ip:port`) to which the rules send connections of a Service port, sorted; read
   * from the rules, so they are what the kernel does and not what kube-proxy believes.
   */
  endpointsOf(ruleset: Ruleset, id: ServicePortName): readonly string[];
  /** The ruleset in the text form that the mode's real tool loads. */
  render(ruleset: Ruleset): string;
}

/** `ns/name:port/TCP`: the text by which maps are keyed and sorted. */
export function servicePortKey(id: ServicePortName): string {
  const port = id.port === '' ? '' : `:${id.port}`;
  return `${id.namespace}/${id.name}${port}/${id.protocol}`;
}
