// What kubelets do about nodes that run short of memory or disk: they say so, and end pods, one at
// a time, until there is enough. Nothing is looked at while nothing is short.
// source: pkg/kubelet/eviction/{eviction_manager,helpers,defaults_linux}.go

import type { Node } from '../../apiserver/kinds/node';
import { isCriticalPod } from '../../apiserver/kinds/pod-priority';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { TIMERS } from '../../timing';
import type { TimerName } from '../../timing';
import { bytes, formatBytes } from '../../values/bytes';
import { between, later, seconds } from '../../values/time';
import type { Instant } from '../../values/time';
import { REQUESTED, rankForEviction, usageOf } from './eviction-ranking';
import type { Resource } from './eviction-ranking';
import { EVICTED } from './kubelet-admission';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent, PodWorker } from './kubelet-state';
import type { Pressure } from './node-failures';
import type { NodeStatuses } from './node-status';
import type { PodTermination } from './pod-termination';

const MONITORING: TimerName = 'kubelet.evictionMonitoringPeriod';
const CLEANUP: TimerName = 'kubelet.evictionCleanupPoll';
const TRANSITION: TimerName = 'kubelet.evictionPressureTransitionPeriod';

/** Between looks that must not happen at one instant, where a profile lets them take no time. */
const PAUSE = TIMERS[MONITORING].value.least;

/** source: eviction_manager.go immediateEvictionGracePeriodSeconds */
const GRACE = seconds(1);

/** evictionHard memory.available. source: eviction/defaults_linux.go DefaultEvictionHard */
const LEAST_MEMORY = bytes('100Mi');

/** evictionHard imagefs.available, which is above nodefs.available where both are one disk. */
const LEAST_DISK = 0.15;

const PRESSURE_OF: Readonly<Record<Resource, Pressure>> = {
  memory: 'MemoryPressure',
  disk: 'DiskPressure',
};

/** Memory is reclaimed before anything else. source: helpers.go byEvictionPriority */
const RESOURCES: readonly Resource[] = ['memory', 'disk'];

/** Somebody takes so much of a node that `left` bytes are available, as long as pods use `used`. */
interface Shortage {
  readonly resource: Resource;
  readonly left: number;
  readonly used: number;
}

/** What the eviction manager of one node remembers. */
interface Watch {
  readonly shortages: Map<string, Shortage>;
  /** When each pressure was seen last. */
  readonly seen: Map<Pressure, Instant>;
  /** The next look; undefined while a pod is being evicted. */
  next: Instant | undefined;
  /** The number of the pod that is being evicted. */
  evicting: number | undefined;
}

export class EvictionManager {
  private readonly ground: KubeletGround;
  private readonly termination: PodTermination;
  private readonly nodeStatuses: NodeStatuses;
  private readonly watches = new Map<string, Watch>();
  private readonly lookEvent: EventKind;
  private readonly idleLookEvent: EventKind;

  constructor(ground: KubeletGround, termination: PodTermination, nodeStatuses: NodeStatuses) {
    this.ground = ground;
    this.termination = termination;
    this.nodeStatuses = nodeStatuses;
    const { kernel, state } = ground;
    const look = (node: string | number, at: string | number): void => {
      const agent = state.agents.get(String(node));
      const watch = this.watches.get(String(node));
      if (agent?.running === true && watch?.next === at) this.synchronize(agent, watch);
    };
    const owner = (node: string | number): string => `kubelet@${node}`;
    this.lookEvent = kernel.declare('kubelet.eviction', look, { owner });
    // A run is settled though a kubelet goes on looking at what it can do nothing about.
    this.idleLookEvent = kernel.declare('kubelet.evictionIdle', look, { owner, background: true });
  }

  /** From now on so many bytes are available on the node, and more where pods use less than now. */
  exhaust(agent: NodeAgent, resource: Resource, token: string, left: number): void {
    const { kernel } = this.ground;
    const watch = this.watches.get(agent.node) ?? {
      shortages: new Map<string, Shortage>(),
      seen: new Map<Pressure, Instant>(),
      next: undefined,
      evicting: undefined,
    };
    this.watches.set(agent.node, watch);
    watch.shortages.set(token, { resource, left, used: usedOn(agent, resource) });
    if (watch.evicting !== undefined || !agent.running) return;
    this.lookAt(
      agent,
      watch,
      watch.next ?? agent.ticks.nextEvictionLook(kernel.now),
      this.lookEvent,
    );
  }

  relieve({ node }: NodeAgent, token: string): void {
    this.watches.get(node)?.shortages.delete(token);
  }

  /** A pod of the node may have ended: it was the evicted one, and its cleanup is awaited. */
  podEnded(worker: PodWorker): void {
    const { agent, id } = worker;
    const watch = this.watches.get(agent.node);
    if (watch?.evicting !== id || worker.stage !== 'ended') return;
    watch.evicting = undefined;
    const { kernel, timing } = this.ground;
    const at = later(kernel.now, timing.delay(CLEANUP).least);
    this.lookAt(agent, watch, at, this.lookEvent, CLEANUP);
  }

  /** Processes of a pod have started. Where looking takes no time, it is done at once. */
  usageChanged({ agent, addedAt }: PodWorker): void {
    const { kernel, timing } = this.ground;
    const watch = this.watches.get(agent.node);
    const isAwaited = watch?.evicting !== undefined || watch?.next === kernel.now;
    if (watch === undefined || isAwaited || timing.delay(MONITORING).least > 0) return;
    const at = addedAt < kernel.now ? kernel.now : later(kernel.now, PAUSE);
    this.lookAt(agent, watch, at, this.lookEvent);
  }

  /** The kubelet starts, or its process is gone, with all that it remembered. */
  processChanged(agent: NodeAgent): void {
    const { kernel, state } = this.ground;
    const watch = this.watches.get(agent.node);
    if (watch === undefined) return;
    if (agent.running) {
      if (watch.next === undefined && watch.evicting === undefined) {
        this.lookAt(agent, watch, kernel.now, this.lookEvent);
      }
      return;
    }
    watch.seen.clear();
    watch.next = undefined;
    watch.evicting = undefined;
    state.pressures.delete(agent.node);
  }

  /** source: eviction_manager.go synchronize */
  private synchronize(agent: NodeAgent, watch: Watch): void {
    const { kernel, timing, state } = this.ground;
    const { node } = agent;
    const { now } = kernel;
    watch.next = undefined;
    const short = RESOURCES.filter((it) => this.isShort(agent, watch, it));
    for (const resource of short) watch.seen.set(PRESSURE_OF[resource], now);
    const transition = timing.delay(TRANSITION).least;
    for (const [pressure, at] of watch.seen) {
      const isMet = short.some((it) => PRESSURE_OF[it] === pressure);
      if (!isMet && between(at, now) >= transition) watch.seen.delete(pressure);
    }
    state.pressures.set(node, new Set(watch.seen.keys()));
    this.nodeStatuses.pressureChanged(node);
    const evicted = short[0] === undefined ? undefined : this.evict(agent, watch, short[0]);
    if (evicted !== undefined) {
      watch.evicting = evicted.id;
      this.podEnded(evicted);
    } else if (watch.shortages.size > 0 || watch.seen.size > 0) {
      this.lookAgain(agent, watch, short.length > 0);
    } else {
      this.watches.delete(node);
      state.pressures.delete(node);
    }
  }

  /** A loop without a period has nothing to see before a pressure may be forgotten. */
  private lookAgain(agent: NodeAgent, watch: Watch, isShort: boolean): void {
    const { kernel, timing } = this.ground;
    const period = timing.delay(MONITORING).least;
    const transition = timing.delay(TRANSITION).least;
    const ends = [...watch.seen.values()].map((at) => later(at, transition));
    const pause = period > 0 ? period : PAUSE;
    const isLooking = period > 0 || isShort;
    const next = isLooking ? later(kernel.now, pause) : ends.find((at) => at > kernel.now);
    if (next !== undefined) this.lookAt(agent, watch, next, this.idleLookEvent);
  }

  /** The first pod in rank that may be evicted goes; critical ones are passed over. */
  private evict(agent: NodeAgent, watch: Watch, resource: Resource): PodWorker | undefined {
    const { api, kernel, timing } = this.ground;
    const read = (kind: string, key: string) => api.store.get(kind, key);
    // Where nothing takes time, the successor of an evicted pod would be the next one, for ever.
    const takesTime = timing.delay(MONITORING).least > 0;
    const active = [...agent.workers.values()].filter(
      ({ stage, addedAt }) => stage !== 'ended' && (takesTime || addedAt < kernel.now),
    );
    const chosen = rankForEviction(active, resource, read).find(
      ({ pod }) => !isCriticalPod(pod, read),
    );
    if (chosen === undefined) return undefined;
    const message = this.explain(agent, watch, resource, chosen);
    this.termination.condemn(chosen, GRACE, { reason: EVICTED, message, disrupts: true });
    return chosen;
  }

  /** source: helpers.go evictionMessage */
  private explain(agent: NodeAgent, watch: Watch, resource: Resource, worker: PodWorker): string {
    const name = REQUESTED[resource];
    const least = this.thresholdOf(agent, resource);
    const available = availableOn(agent, watch, resource);
    const used = worker.containers.map(({ spec, behaviour }) => {
      const usage = behaviour?.uses[resource] ?? 0;
      const request = String(spec.resources?.requests?.[name] ?? 0);
      return usage <= bytes(request)
        ? ''
        : `Container ${spec.name} was using ${formatBytes(usage)}, request is ${request}, ` +
            `has larger consumption of ${name}. `;
    });
    return (
      `The node was low on resource: ${name}. Threshold quantity: ${formatBytes(least)}, ` +
      `available: ${formatBytes(available)}. ${used.join('')}`
    );
  }

  private isShort(agent: NodeAgent, watch: Watch, resource: Resource): boolean {
    return availableOn(agent, watch, resource) < this.thresholdOf(agent, resource);
  }

  private thresholdOf({ node }: NodeAgent, resource: Resource): number {
    if (resource === 'memory') return LEAST_MEMORY;
    const { status } = this.ground.api.store.get('Node', node) as Node;
    return Math.floor(bytes(status?.capacity?.[REQUESTED.disk]) * LEAST_DISK);
  }

  private lookAt(
    { node }: NodeAgent,
    watch: Watch,
    at: Instant,
    event: EventKind,
    timer: TimerName = MONITORING,
  ): void {
    watch.next = at;
    this.ground.kernel.schedule(at, Phase.agent, event, node, at, timer);
  }
}

/** What is left of it by the greediest of those who take it; infinite where nobody does. */
function availableOn(agent: NodeAgent, { shortages }: Watch, resource: Resource): number {
  const left = [...shortages.values()]
    .filter((it) => it.resource === resource)
    .map((it) => it.left + it.used);
  return Math.max(0, Math.min(...left) - usedOn(agent, resource));
}

function usedOn({ workers }: NodeAgent, resource: Resource): number {
  return [...workers.values()].reduce((sum, worker) => sum + usageOf(worker, resource), 0);
}
