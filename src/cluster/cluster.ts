// The composed model as the vocabulary, the runner and the chai plugin see it.

import type { ApiServer } from '../apiserver/api-server';
import type { PatchType } from '../apiserver/patch';
import type { Kernel } from '../kernel/kernel';
import type { Connection, StraySegment, Visit as NetworkVisit } from '../network/index';
import type { ImpairingHandles } from './faults/impairing';
import type { IptablesBackend } from '../node/netfilter/ruleset';
import type { Machine } from '../node/machine';
import type { Timing } from '../timing';
import type { ClusterSpec } from '../values/cluster-spec';
import type { Component } from '../values/component';
import type { KubeObject } from '../values/kube-object';
import type { Destination, Origin } from '../values/origin';
import type { Resolution } from '../values/resolution';
import type { Duration, Instant } from '../values/time';
import type { Trace } from '../values/trace';
import type { ComponentHandles } from './components/components';
import type { DrainOptions } from './commands/drains';
import type { ExhaustingHandles } from './faults/exhausting';
import type { FailingHandles } from './faults/failing';
import type { FreezingHandles } from './faults/freezing';
import type { ClockSkewHandles } from './faults/clock-skew';
import type { SlowingHandles } from './faults/slowing';
import type { StaleViewHandles } from './faults/stale-views';
import type { UpgradeHandles } from './components/upgrades';
import type { WipingHandles } from './faults/wiping';
import type { CommandFailure } from './commands/kubectl';
import type { LookUpOptions } from './lookups/names';

/** A connection that was really opened: its entries stand in the conntrack tables on its path. */
export type OpenConnection = Connection;

/** A way that a client's connection could have gone earlier, and what hosts would remember. */
export type Visit = NetworkVisit;

export { CONTROL_PLANE } from '../network/index';
export type { Between, Cut, Degradation, End, StraySegment } from '../network/index';

/** How a packet is sent. */
export interface ClusterSendOptions {
  readonly sport?: number;
  readonly since?: Visit;
  /** Bytes of data in one message and in its answer; just a first small packet by default. */
  readonly size?: number;
  /** It stands for a stream of such packets: how often one leaves. */
  readonly interval?: Duration;
  /** How long the client waits for an answer; as long as its system does by default. */
  readonly timeout?: Duration;
}

/** What faults and administrators can do. Each is idempotent and returns what it takes to undo. */
export interface Handles
  extends
    ImpairingHandles,
    FailingHandles,
    FreezingHandles,
    ComponentHandles,
    SlowingHandles,
    StaleViewHandles,
    ClockSkewHandles,
    ExhaustingHandles,
    UpgradeHandles,
    WipingHandles {
  /** Every container of the pod exits; sandbox and address stay. */
  crashPod(pod: string, options: { exitCode: number; restart: boolean }): void;
  crashContainer(
    pod: string,
    container: string,
    options: { exitCode: number; restart: boolean },
  ): void;
  /** kube-proxy's next start on the node is from an image with this back end of iptables. */
  changeIptables(node: string, backend: IptablesBackend): void;
  /** Allows a crashed pod's containers to be restarted again. */
  allowRestart(pod: string): void;
  powerOff(node: string): void;
  /** Boots the node: an empty kernel, then the kubelet, then the pods that are still bound. */
  powerOn(node: string): void;
  /** Stops the node as an operating system does: SIGTERM to every process, then no power. */
  shutdown(node: string): void;
  apply(objects: readonly KubeObject[]): void;
  /** `grace` in seconds; undefined means the object's own. */
  delete(kind: string, key: string, grace?: number): void;
  /** A JSON merge patch where nothing is said. */
  patch(kind: string, key: string, patch: unknown, type?: PatchType): void;
  scale(kind: string, key: string, replicas: number): void;
  /** Evicts a pod through the API, again and again while its budget refuses. */
  evict(pod: string): void;
  drain(node: string, options: DrainOptions): void;
}

export interface ForkOptions {
  /** For what is drawn from now on; that of the origin where nothing is said. */
  readonly seed?: number;
  /** Who has declared events of its own in the cluster, and is forked with it. */
  readonly companion?: Companion;
}

export interface Companion {
  readonly origin: readonly object[];
  /** Makes its counterpart, which declares the same events; its state is carried over after. */
  create(fork: Cluster): readonly object[];
}

export interface Announced {
  /** Sorted. */
  readonly endpoints: readonly string[];
  readonly since?: Instant;
}

/** Under which a cluster tells of rules and of processes on its nodes (Cluster.standing). */
export const NODES = 'nodes';

export interface Cluster {
  readonly spec: ClusterSpec;
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly api: ApiServer;
  /** Machines by node name, in the order of the spec. */
  readonly machines: ReadonlyMap<string, Machine>;
  /** Moves whenever anything that a claim can observe has changed. */
  readonly generation: number;
  /**
   * Moves whenever anything that a claim can observe has changed, apart from what notes by itself
   * that it was read (kernel/readings.ts): objects of the API, views of them, the clock. What
   * kube-proxy programs and which processes run in pods moves under NODES alone, which whoever asks
   * for machines has read; packets, names and `isRunning` note by themselves what they meet of it.
   */
  standing?(key: string): unknown;
  readonly handles: Handles;
  /** The processes that make the cluster work: the control plane, then node by node. */
  readonly components: readonly Component[];
  /** The commands of administrators that failed so far, those at the start included. */
  readonly failures: readonly CommandFailure[];
  /** Every path that a new flow can take now, with exact probabilities. Changes nothing. */
  send(from: Origin, to: Destination, options?: ClusterSendOptions): readonly Trace[];
  /** The ways in which a connection would be answered now. Changes nothing. */
  visit(from: Origin, to: Destination): readonly Visit[];
  /** Opens one real connection for each possible path that is answered. */
  open(from: Origin, to: Destination): readonly OpenConnection[];
  /**
   * The next packet of an open connection; before it, one side may send a stray segment.
   * `interval`: how often one like it follows.
   */
  proceed(connection: OpenConnection, stray?: StraySegment, interval?: Duration): readonly Trace[];
  /**
   * A lookup with the container's own resolver; every query is a packet. One entry for each way
   * in which it can go, the worst first; the probabilities add up to 1. Changes nothing, unless it
   * is really made: then the caches on every way learn from it.
   */
  resolve(from: Origin, name: string, options?: LookUpOptions): readonly Resolution[];
  /** Whether a process of the pod (of that container, if given) runs, so that it can send. */
  isRunning(pod: string, container?: string): boolean;
  /** Keys of the pods that a workload ever had, in the order of creation: `#1` is the first. */
  podsOf(kind: string, key: string): readonly string[];
  /** Endpoints (`ip:port`) that a node spreads the connections of a Service over, sorted. */
  programmed(node: string, service: string): readonly string[];
  /** Endpoints (`ip:port`) whose processes really run and are ready by now, sorted. */
  serving(service: string): readonly string[];
  /**
   * Endpoints (`ip:port`) of the pods that are ready by the API, whatever really runs, and since
   * when that is so, as the trigger time of EndpointSlices would tell.
   */
  announced(service: string): Announced;
  /** The name of the agents that enforce policies; undefined where nothing enforces any. */
  readonly policyAgent: string | undefined;
  /** Whether a node enforces everything that the API server holds of policies. */
  enforces(node: string): boolean;
  /**
   * The addresses that the DNS server in a pod would answer for a full name, whichever of its
   * answers it gives; undefined where it does not answer; a text that says why they are not known.
   */
  answersOf(pod: string, name: string): readonly string[] | string | undefined;
  /** One sentence for each container whose behaviour nobody declared and no image tells, sorted. */
  assumptions(): readonly string[];
  /** The state as one frozen JSON object; what `inspect` queries. */
  snapshot(): Readonly<Record<string, unknown>>;
  /**
   * A cluster of its own in the same state, with the same past and the same plans. What happens in
   * one of the two happens in that one only. Whoever observes the origin from outside does not
   * observe the fork.
   */
  fork(options?: ForkOptions): Cluster;
}
