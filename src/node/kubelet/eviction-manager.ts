// What kubelets do about nodes that run short of memory, disk or processes: they say so, and end
// pods, one at a time, until there is enough. Nothing is looked at while nothing is short.
// source: pkg/kubelet/eviction/{eviction_manager,helpers,defaults_linux}.go

import type { Node } from '../../apiserver/kinds/node';
import { isCriticalPod } from '../../apiserver/kinds/pod-priority';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { TIMERS } from '../../timing';
import type { TimerName } from '../../timing';
import { bytes, formatBytes } from '../../values/bytes';
import type { EvictionThreshold } from '../../values/kubelet-settings';
import { between, later, seconds, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { REQUESTED, rankForEviction, usageOf } from './eviction-ranking';
import type { Resource } from './eviction-ranking';
import { leastOf, look, resourceOf } from './eviction-thresholds';
import type { Remembered, Supply } from './eviction-thresholds';
import { EVICTED } from './kubelet-admission';
import { settingsOf } from './kubelet-ground';
import type { KubeletGround } from './kubelet-ground';
import type { NodeAgent, PodWorker } from './kubelet-state';
import type { Pressure } from './node-failures';
import type { NodeStatuses } from './node-status';
import type { PodTermination } from './pod-termination';
import { awakeAmong, workersOn } from './resting-pods';

const MONITORING: TimerName = 'kubelet.evictionMonitoringPeriod';
const CLEANUP: TimerName = 'kubelet.evictionCleanupPoll';
const TRANSITION: TimerName = 'kubelet.evictionPressureTransitionPeriod';

/** Between looks that must not happen at one instant, where a profile lets them take no time. */
const PAUSE = TIMERS[MONITORING].value.least;

/** source: eviction_manager.go immediateEvictionGracePeriodSeconds */
const GRACE = seconds(1);

const PRESSURE_OF: Readonly<Record<Resource, Pressure>> = {
  memory: 'MemoryPressure',
  disk: 'DiskPressure',
  pids: 'PIDPressure',
};

/** Somebody takes so much of a node that `left` is available, as long as pods use `used`. */
interface Shortage {
  readonly resource: Resource;
  readonly left: number;
  readonly used: number;
}

/** What the eviction manager of one node remembers. */
interface Watch extends Remembered {
  readonly shortages: Map<string, Shortage>;
  /** When each pressure was seen last. */
  readonly pressed: Map<Pressure, Instant>;
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

  /** From now on so much is available on the node, and more where pods use less than now. */
  exhaust(agent: NodeAgent, resource: Resource, token: string, left: number): void {
    const { kernel, timing } = this.ground;
    const watch = this.watches.get(agent.node) ?? {
      shortages: new Map<string, Shortage>(),
      pressed: new Map<Pressure, Instant>(),
      seen: new Map<number, Instant>(),
      driving: new Set<number>(),
      next: undefined,
      evicting: undefined,
    };
    this.watches.set(agent.node, watch);
    watch.shortages.set(token, { resource, left, used: usedOn(agent, resource) });
    if (watch.evicting !== undefined || !agent.running) return;
    // A loop without a period does not look while nothing is short.
    const isIdle = watch.seen.size === 0 && timing.delay(MONITORING).least === 0;
    const next = isIdle ? undefined : watch.next;
    const at = next ?? agent.ticks.nextEvictionLook(kernel.now);
    this.lookAt(agent, watch, at, this.lookEvent);
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
    // A kubelet that is dead makes no plans: it looks when it starts.
    if (watch === undefined || !agent.running) return;
    const isAwaited = watch.evicting !== undefined || watch.next === kernel.now;
    if (isAwaited || timing.delay(MONITORING).least > 0) return;
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
    watch.pressed.clear();
    watch.seen = new Map();
    watch.driving = new Set();
    watch.next = undefined;
    watch.evicting = undefined;
    state.pressures.delete(agent.node);
  }

  /** Whether the kubelet of a node looks at what is left of a resource at all. */
  isWatched(node: string, resource: Resource): boolean {
    const { thresholds } = settingsOf(this.ground, node);
    return thresholds.some((threshold) => resourceOf(threshold) === resource);
  }

  /** source: eviction_manager.go synchronize */
  private synchronize(agent: NodeAgent, watch: Watch): void {
    const { kernel, state } = this.ground;
    const { node } = agent;
    const { now } = kernel;
    watch.next = undefined;
    const { thresholds } = settingsOf(this.ground, node);
    const { seen, driving } = look(thresholds, watch, this.supplyOf(agent, watch), now);
    Object.assign(watch, { seen, driving });
    const short = new Set([...seen.keys()].map((it) => PRESSURE_OF[resourceOf(thresholds[it]!)]));
    for (const pressure of short) watch.pressed.set(pressure, now);
    const transition = this.transitionOf(node);
    for (const [pressure, at] of watch.pressed) {
      if (!short.has(pressure) && between(at, now) >= transition) watch.pressed.delete(pressure);
    }
    state.pressures.set(node, new Set(watch.pressed.keys()));
    this.nodeStatuses.pressureChanged(node);
    // Thresholds are in the order of their signals: memory is reclaimed before anything else.
    // Upstream leaves the rest to chance, here the first one of the list goes before.
    // source: helpers.go byEvictionPriority, thresholdsMetGracePeriod (a map)
    const [first] = driving;
    const evicted = first === undefined ? undefined : this.evict(agent, watch, thresholds[first]!);
    if (evicted !== undefined) {
      watch.evicting = evicted.id;
      this.podEnded(evicted);
    } else if (watch.shortages.size > 0 || watch.pressed.size > 0) {
      this.lookAgain(agent, watch, short.size > 0);
    } else {
      this.watches.delete(node);
      state.pressures.delete(node);
    }
  }

  /** A loop without a period has nothing to see before the first pressure may be forgotten. */
  private lookAgain(agent: NodeAgent, watch: Watch, isShort: boolean): void {
    const { kernel, timing } = this.ground;
    const period = timing.delay(MONITORING).least;
    const transition = this.transitionOf(agent.node);
    const ends = [...watch.pressed.values()].map((at) => later(at, transition));
    const pause = period > 0 ? period : PAUSE;
    const isLooking = period > 0 || isShort;
    if (!isLooking && ends.length === 0) return;
    const next = isLooking ? later(kernel.now, pause) : (Math.min(...ends) as Instant);
    this.lookAt(agent, watch, next, this.idleLookEvent);
  }

  private transitionOf(node: string): Duration {
    return this.ground.timing.delay(TRANSITION, 'gain', `kubelet@${node}`).least;
  }

  /** The first pod in rank that may be evicted goes; critical ones are passed over. */
  private evict(
    agent: NodeAgent,
    watch: Watch,
    threshold: EvictionThreshold,
  ): PodWorker | undefined {
    const { api, kernel, timing, state } = this.ground;
    const read = (kind: string, key: string) => api.store.get(kind, key);
    // Where nothing takes time, the successor of an evicted pod would be the next one, for ever.
    const takesTime = timing.delay(MONITORING).least > 0;
    const active = workersOn(state, agent).filter(
      ({ stage, addedAt }) => stage !== 'ended' && (takesTime || addedAt < kernel.now),
    );
    const chosen = rankForEviction(active, resourceOf(threshold), read).find(
      ({ pod }) => !isCriticalPod(pod, read),
    );
    if (chosen === undefined) return undefined;
    const message = this.explain(agent, watch, threshold, chosen);
    const grace = this.graceOf(agent, threshold, chosen);
    this.termination.condemn(chosen, grace, { reason: EVICTED, message, disrupts: true });
    return chosen;
  }

  /**
   * After a hard threshold a second; after a soft one what the pod asks for, up to the maximum.
   * source: eviction_manager.go synchronize (gracePeriodOverride); pkg/kubelet/pod_workers.go
   * calculateEffectiveGracePeriod (never less than a second)
   */
  private graceOf({ node }: NodeAgent, threshold: EvictionThreshold, { pod }: PodWorker): Duration {
    if (threshold.grace === ZERO) return GRACE;
    const { maxPodGrace } = settingsOf(this.ground, node);
    const asked = pod.spec.terminationGracePeriodSeconds;
    const most = asked === undefined ? maxPodGrace : Math.min(maxPodGrace, seconds(asked));
    return Math.max(GRACE, most) as Duration;
  }

  /** source: helpers.go evictionMessage; of processes it says nothing about containers */
  private explain(
    agent: NodeAgent,
    watch: Watch,
    threshold: EvictionThreshold,
    worker: PodWorker,
  ): string {
    const resource = resourceOf(threshold);
    const name = REQUESTED[resource];
    const least = leastOf(threshold, this.supplyOf(agent, watch));
    const available = availableOn(agent, watch, resource);
    const format = resource === 'pids' ? String : formatBytes;
    const used = worker.containers.map(({ spec, behaviour }) => {
      const usage = behaviour?.uses[resource] ?? 0;
      const request = String(spec.resources?.requests?.[name] ?? 0);
      return resource === 'pids' || usage <= bytes(request)
        ? ''
        : `Container ${spec.name} was using ${formatBytes(usage)}, request is ${request}, ` +
            `has larger consumption of ${name}. `;
    });
    return (
      `The node was low on resource: ${name}. Threshold quantity: ${format(least)}, ` +
      `available: ${format(available)}. ${used.join('')}`
    );
  }

  /** What there is on a node. How much of it the node has is known of disks alone. */
  private supplyOf(agent: NodeAgent, watch: Watch): Supply {
    const { store } = this.ground.api;
    return {
      available: (resource) => availableOn(agent, watch, resource),
      capacity: () => {
        const { status } = store.get('Node', agent.node) as Node;
        return bytes(status?.capacity?.[REQUESTED.disk]);
      },
    };
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
  // Pods that rest use nothing, as far as anybody has said.
  return awakeAmong(workers).reduce((sum, worker) => sum + usageOf(worker, resource), 0);
}
