// What the kubelets hold in memory: one record for each node, pod and container. Events name a
// record by its number, so an event that outlives its record finds nothing and does nothing.

import type { Informer } from '../../apiserver/informer';
import type { Container, Pod, PodStatus } from '../../apiserver/kinds/pod';
import type { EventArgument } from '../../kernel/event-queue';
import type { ObjectKey } from '../../values/kube-object';
import { LateMap } from '../../values/late-map';
import type { Duration, Instant } from '../../values/time';
import type { Behaviour } from '../../workloads/index';
import type { NodeTicks } from './node-ticks';
import type { Machine } from '../machine';
import type { ContainerProcess, PodSandbox } from '../pod-sandbox';
import type { FailedPull, PullBackOff } from './image-pulls';
import { NodeFailures } from './node-failures';
import type { Pressure } from './node-failures';
import { isHeldUnready, PodFailures } from './pod-failures';
import type { FailuresOfPod } from './pod-failures';
import type { ProbeState } from './probes';
import type { RestingPod } from './resting-pods';
import { Arrivals } from './arrivals';

/** The kubelet of one node. */
export interface NodeAgent {
  readonly node: string;
  /** `kubelet@worker-1`: how the journal names it. */
  readonly actor: string;
  readonly machine: Machine;
  readonly informer: Informer;
  readonly ticks: NodeTicks;
  /** Workers on this node by number, in the order in which their pods came. */
  readonly workers: LateMap<number, PodWorker | RestingPod>;
  running: boolean;
  /** When the kubelet started last. */
  startedAt: Instant;
  /** Whether the node is on its way from power to a running kubelet. */
  booting: boolean;
  /** Grows with every change of power, so that a boot or a shutdown can be called off. */
  epoch: number;
  /** Set while the operating system shuts down: the kubelet is gone, processes may still run. */
  stopping: boolean;
  /** Set while its kubelet ends the pods, before the operating system shuts down. */
  leaving: Leaving | undefined;
  /** The last heartbeat before the power went. */
  lastRenewal: Instant | undefined;
  /** Pods whose addresses are still given out though their sandboxes went with the power. */
  readonly leftovers: Set<ObjectKey>;
  /** Images of containers that were started there. */
  readonly images: Set<string>;
}

/** How far a kubelet has come that ends its pods, one group after the other. */
export interface Leaving {
  /** Groups that have not begun, with the pods of the time at which all began. */
  readonly groups: readonly ShutdownGroup[];
  readonly current: ShutdownGroup | undefined;
  /** When the current group is waited for no longer. */
  readonly deadline: Instant;
}

export interface ShutdownGroup {
  /** How long its pods may take. */
  readonly grace: Duration;
  /** Numbers of workers. */
  readonly workers: readonly number[];
}

/**
 * `starting`: no sandbox yet. `running`: the sandbox stands. `terminating`: told to end, something
 * still runs. `ended`: nothing runs and the sandbox is gone.
 */
export type PodStage = 'starting' | 'running' | 'terminating' | 'ended';

export interface PodWorker {
  readonly id: number;
  readonly agent: NodeAgent;
  readonly key: ObjectKey;
  readonly uid: string;
  /** The object as this kubelet knows it. */
  pod: Pod;
  stage: PodStage;
  sandbox: PodSandbox | undefined;
  /** Init containers and sidecars in order, then the containers in order. */
  readonly containers: readonly ContainerRecord[];
  /** What the pod does wrongly at any time. */
  readonly failures: FailuresOfPod;
  /** Where the probes of this pod count their periods from. */
  addedAt: Instant;
  /** The deletion of the object is on its way. */
  tearingDown: boolean;
  /** Ready for its sandbox, but an earlier pod of the same name still has one on this node. */
  parked: boolean;
  /** A fault keeps exited containers down. */
  restartHeld: boolean;
  /** Set when every container is done for good. */
  outcome: 'Succeeded' | 'Failed' | undefined;
  /** Why the kubelet itself has ended the pod, where it has. */
  verdict: Verdict | undefined;
  /** The instant at which whatever still runs is killed. */
  deadline: Instant | undefined;
  /** Whether the object is in the API. A pod that has been running for long may be here first. */
  stored: boolean;
  /** The object is gone from the API: nothing is to be written about it. */
  removed: boolean;
  /** The pulls for it that failed last, by image; undefined while none ever did. */
  pulls: Map<string, PullBackOff> | undefined;
  /** The status as it was sent last. */
  sent: PodStatus | undefined;
  /** When the next relist that concerns this pod happens. */
  relistAt: Instant | undefined;
  /** Something that was to be written about it never got to the API server. */
  unsent: boolean;
  /** When a foreign change of the status is repaired. */
  repairAt: Instant | undefined;
}

/** Why a kubelet ends a pod or does not take it on, as the status of the pod says it. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
  /** Whether the pod gets the condition DisruptionTarget: it ran, and is not to blame. */
  readonly disrupts: boolean;
}

export type ContainerRole = 'init' | 'sidecar' | 'main';

/** What the kubelet knows of a container's latest process. */
export type Seen =
  | { readonly state: 'waiting' }
  | { readonly state: 'running'; readonly startedAt: Instant }
  | Termination;

export interface Termination {
  readonly state: 'terminated';
  readonly exitCode: number;
  readonly reason: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
}

export interface ContainerRecord {
  readonly id: number;
  readonly worker: PodWorker;
  readonly spec: Container;
  readonly role: ContainerRole;
  /** Grows with every start; what concerns an earlier one is stale. */
  attempt: number;
  /** Whether a start is under way. */
  creating: boolean;
  process: ContainerProcess | undefined;
  behaviour: Behaviour | undefined;
  seen: Seen;
  /** Which attempt `seen` is about. */
  seenAttempt: number;
  /** How the attempt before the seen one ended. */
  last: Termination | undefined;
  /** Restarts, those before this kubelet's time included. */
  restarts: number;
  /** Whether the startup probe has passed, or there is none. */
  started: boolean;
  inBackOff: boolean;
  backOff: Duration;
  /** When the back-off was last counted up; undefined before the first restart. */
  backOffAt: Instant | undefined;
  /** When the back-off under way ends; undefined outside of one. */
  restartAt: Instant | undefined;
  /** The pull for the start that is due, while it fails. */
  pull: FailedPull | undefined;
  /** Why the kubelet itself ends the process; empty while it does not. */
  killedFor: string;
  /** When a process that was told to stop is killed. */
  killAt: Instant | undefined;
  readonly probes: readonly ProbeState[];
}

/** Every record of all kubelets. */
export interface KubeletState {
  readonly agents: Map<string, NodeAgent>;
  /** Those that are no resting pods. */
  readonly workers: Map<number, PodWorker>;
  readonly containers: Map<number, ContainerRecord>;
  readonly probes: Map<number, { readonly probe: ProbeState; readonly container: ContainerRecord }>;
  /** The newest worker of each pod. */
  readonly byPod: LateMap<ObjectKey, PodWorker | RestingPod>;
  readonly arrivals: Arrivals;
  readonly podFailures: PodFailures;
  readonly nodeFailures: NodeFailures;
  /** Pressures that the eviction managers hold their nodes to be under. */
  readonly pressures: Map<string, ReadonlySet<Pressure>>;
  nextId: number;
}

export function emptyState(): KubeletState {
  const agents = new Map<string, NodeAgent>();
  const byPod = new LateMap<ObjectKey, PodWorker | RestingPod>();
  return {
    agents,
    workers: new Map(),
    containers: new Map(),
    probes: new Map(),
    byPod,
    arrivals: new Arrivals(agents, byPod),
    podFailures: new PodFailures(),
    nodeFailures: new NodeFailures(),
    pressures: new Map(),
    nextId: 1,
  };
}

/** Which kubelet acts in the events of a pod, by the number of its worker. */
export function ownerOfWorker(state: KubeletState): (id: EventArgument) => string | undefined {
  return (id) => state.workers.get(Number(id))?.agent.actor;
}

/** Which kubelet acts in the events of a container, by the number of its record. */
export function ownerOfContainer(state: KubeletState): (id: EventArgument) => string | undefined {
  return (id) => state.containers.get(Number(id))?.worker.agent.actor;
}

/** Whether the machine runs a process of this container now, whatever the kubelet knows. */
export function isAlive({ process }: ContainerRecord): boolean {
  return process !== undefined && process.state !== 'exited';
}

/** Whether the kubelet counts the container as ready. */
export function isReady(container: ContainerRecord): boolean {
  if (container.seen.state !== 'running' || !container.started) return false;
  if (isHeldUnready(container.worker.failures)) return false;
  for (const { type, result } of container.probes) {
    if (type === 'readiness') return result === 'success';
  }
  return true;
}
