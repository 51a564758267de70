// Notices that a node has fallen silent, says so in its status, takes its pods out of service, and
// taints it so that they are evicted in time.
// source: pkg/controller/nodelifecycle/node_lifecycle_controller.go

import { zoneOf } from '../../apiserver/kinds/node';
import type { Node } from '../../apiserver/kinds/node';
import { conditionOf, isPodReady, isPodTerminal, withCondition } from '../../apiserver/kinds/pod';
import type { Condition, Pod } from '../../apiserver/kinds/pod';
import { equalJson } from '../../apiserver/json';
import { NOT_READY_TAINT, UNREACHABLE_TAINT } from '../../apiserver/pod-admission';
import type { Change } from '../../apiserver/informer';
import { Loop, tickAfter, tickAt } from '../../timing';
import type { Ticks, TimerName } from '../../timing';
import type { Taint } from '../../values/cluster-spec';
import type { ObjectKey } from '../../values/kube-object';
import { between, later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { defineController } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { concernsNobody } from '../watched-kind';
import type { Pass } from '../pass';
import { isNodeReady, ZoneCensus } from './zone-disruption';

const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';
/** By the condition that brings each. source: nodeConditionToTaintKeyStatusMap */
const PRESSURE_TAINTS: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
};
const PRESSURES = Object.keys(PRESSURE_TAINTS);
const MONITOR: TimerName = 'controller-manager.nodelifecycle.monitorPeriod';
const GRACE: TimerName = 'controller-manager.nodelifecycle.monitorGracePeriod';
const STARTUP_GRACE: TimerName = 'controller-manager.nodelifecycle.startupGracePeriod';
const EVICTION: TimerName = 'controller-manager.nodelifecycle.evictionPeriod';
const INTERVAL: TimerName = 'controller-manager.nodelifecycle.evictionInterval';
const SECONDARY: TimerName = 'controller-manager.nodelifecycle.secondaryEvictionInterval';

export const nodeLifecycle = defineController({
  name: 'node-lifecycle',
  kind: 'Node',
  latency: 'none',
  create: (workplace) => new NodeLifecycleLogic(workplace),
});

/** When a node is to be tainted, and what it mostly waits for until then. */
interface Turn {
  readonly at: Instant;
  readonly timer: TimerName;
}

class NodeLifecycleLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private readonly monitor: Loop;
  private readonly eviction: Loop;
  /** The turn of each silent node that is to be tainted. */
  private readonly evictions = new Map<string, Turn>();
  /** When the next node of a zone may be tainted. */
  private readonly zoneFreeAt = new Map<string, Instant>();
  private readonly census = new ZoneCensus();
  /** Leases renewed earlier than this were seen by a process that is no more. */
  private startedAt: Instant | undefined;

  constructor(workplace: Workplace) {
    this.place = workplace;
    const { timing, actor } = workplace;
    this.monitor = new Loop(timing, MONITOR, actor);
    this.eviction = new Loop(timing, EVICTION, actor);
    this.watches = { Node: (change) => this.onNode(change), Pod: concernsNobody };
    workplace.heartbeats.onChange((node) => workplace.queue.add(node));
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const node = this.place.view.get('Node', key) as Node | undefined;
    if (node === undefined) return;
    const silentAt = this.silentAt(node);
    const { now } = this.place.kernel;
    if (silentAt !== undefined && !isUnknown(node)) {
      if (silentAt <= now) {
        this.declareSilent(node, pass);
        return;
      }
      pass.requeueAfter(between(now, silentAt), GRACE);
    }
    this.taint(node, pass);
  }

  reset(): void {
    this.evictions.clear();
    this.zoneFreeAt.clear();
    this.census.clear();
    this.startedAt = undefined;
  }

  private onNode({ key, before, after }: Change): readonly ObjectKey[] {
    this.startedAt ??= this.place.kernel.now;
    if (after === undefined) this.evictions.delete(key);
    if (areAlike(before as Node | undefined, after as Node | undefined)) return [];
    if (!this.census.update(before as Node | undefined, after as Node | undefined)) return [key];
    // A zone that is disrupted, or recovers, changes what is done with all nodes.
    this.evictions.clear();
    return [...this.place.view.list('Node')].map(({ metadata }) => metadata.name);
  }

  /**
   * The pass that finds the node silent; undefined while it renews its lease. The grace runs from
   * the pass that saw the last renewal, and ends at a pass.
   */
  private silentAt({ metadata }: Node): Instant | undefined {
    const { heartbeats, kernel, timing } = this.place;
    const { name } = metadata;
    if (heartbeats.isBeating(name)) return undefined;
    const renewed = heartbeats.lastRenewal(name, kernel.now);
    const since = renewed ?? ((metadata.creationTimestamp ?? 0) as Instant);
    const start = this.startedAt ?? kernel.now;
    const from = since > start ? since : start;
    const monitor = this.monitorAfter(from);
    const grace = timing.delay(renewed === undefined ? STARTUP_GRACE : GRACE).least;
    return tickAt(monitor, later(tickAt(monitor, from), grace));
  }

  /** The passes of the monitor; in the worst case one of them has just missed the renewal. */
  private monitorAfter(renewal: Instant): Ticks {
    const { ticks } = this.monitor;
    if (this.place.timing.profile !== 'worst') return ticks;
    return { ...ticks, phase: ((renewal - 1) % ticks.period) as Duration };
  }

  /** source: tryUpdateNodeHealth, then MarkPodsNotReady in the same pass */
  private declareSilent(node: Node, pass: Pass): void {
    const { now } = this.place.kernel;
    const wasReady = isNodeReady(node);
    const conditions = (node.status?.conditions ?? []).map((condition): Condition => ({
      ...condition,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: now,
    }));
    pass.effect = 'loss';
    pass.summary = 'Ready becomes Unknown: the node has not renewed its lease';
    pass.patch(node, { status: { conditions } });
    if (!wasReady) return;
    for (const pod of this.place.view.listIn('Pod', node.metadata.name) as Iterable<Pod>) {
      if (!isPodReady(pod) || isPodTerminal(pod)) continue;
      const notReady: Condition = { type: 'Ready', status: 'False', lastTransitionTime: now };
      pass.patch(pod, { status: { conditions: withCondition(pod.status?.conditions, notReady) } });
    }
  }

  /** Brings the taints in step with the node's condition. */
  private taint(node: Node, pass: Pass): void {
    const current = node.spec?.taints ?? [];
    const wanted = [
      ...current.filter((taint) => !isOwn(taint)),
      ...noScheduleTaints(node),
      ...this.noExecuteTaints(node, current, pass),
    ];
    const isSame =
      wanted.length === current.length &&
      wanted.every((it) => current.some((is) => isSameTaint(it, is)));
    if (isSame) return;
    const words = wanted.map(({ key, effect }) => `${key}:${effect}`);
    pass.summary = `taints: ${words.join(', ') || 'none'}`;
    pass.patch(node, { spec: { taints: wanted } });
  }

  private noExecuteTaints(node: Node, current: readonly Taint[], pass: Pass): Taint[] {
    const { now } = this.place.kernel;
    const { name } = node.metadata;
    const held = current.filter(({ key, effect }) => effect === 'NoExecute' && isConditionKey(key));
    if (this.census.isAllSilent()) {
      this.evictions.delete(name);
      return [];
    }
    if (isNodeReady(node)) {
      this.evictions.delete(name);
      // A node that answers again is seen to do so at the next pass of the monitor.
      const seen = tickAt(this.monitor.ticks, now);
      if (held.length === 0 || seen <= now) return [];
      pass.requeueAfter(between(now, seen), MONITOR);
      return held;
    }
    const wanted: Taint = {
      key: isUnknown(node) ? UNREACHABLE_TAINT : NOT_READY_TAINT,
      effect: 'NoExecute',
    };
    if (held.length > 0) return [wanted];
    const turn = this.evictionOf(node);
    if (turn === undefined) return [];
    if (turn.at <= now) return [wanted];
    pass.requeueAfter(between(now, turn.at), turn.timer);
    return [];
  }

  /** When the node's turn comes: nodes of one zone are tainted one after the other. */
  private evictionOf(node: Node): Turn | undefined {
    const { name } = node.metadata;
    const known = this.evictions.get(name);
    if (known !== undefined) return known;
    const { kernel, timing } = this.place;
    const zone = zoneOf(node) ?? '';
    const isPartial = this.census.stateOf(zone) === 'partial';
    if (isPartial && !this.census.isLarge) return undefined;
    const pace = isPartial ? SECONDARY : INTERVAL;
    // A kubelet that says itself that it is not ready is heard at a pass of the monitor.
    const heard = isUnknown(node) ? kernel.now : tickAt(this.monitor.ticks, kernel.now);
    const free = this.zoneFreeAt.get(zone);
    const earliest = tickAfter(this.eviction.ticks, heard);
    const isInLine = free !== undefined && free > earliest;
    const at = isInLine ? tickAt(this.eviction.ticks, free) : earliest;
    const timer = isInLine ? pace : heard > kernel.now ? MONITOR : EVICTION;
    const turn = { at, timer };
    this.zoneFreeAt.set(zone, later(at, timing.delay(pace).least));
    this.evictions.set(name, turn);
    return turn;
  }
}

function isUnknown({ status }: Node): boolean {
  return conditionOf(status?.conditions, 'Ready')?.status === 'Unknown';
}

/** source: pkg/controller/nodelifecycle nodeConditionToTaintKeyStatusMap */
function noScheduleTaints(node: Node): Taint[] {
  const taints: Taint[] = [];
  const ready = readinessOf(node);
  taints.push(...pressureTaints(node));
  if (ready === 'Unknown') taints.push({ key: UNREACHABLE_TAINT, effect: 'NoSchedule' });
  if (ready === 'False') taints.push({ key: NOT_READY_TAINT, effect: 'NoSchedule' });
  if (node.spec?.unschedulable) taints.push({ key: UNSCHEDULABLE_TAINT, effect: 'NoSchedule' });
  return taints;
}

/** Whether a node has changed in nothing that this controller reads. */
function areAlike(before: Node | undefined, after: Node | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return (
    readinessOf(before) === readinessOf(after) &&
    zoneOf(before) === zoneOf(after) &&
    equalJson(before.spec, after.spec) &&
    equalJson(pressureTaints(before), pressureTaints(after))
  );
}

function readinessOf({ status }: Node): Condition['status'] | undefined {
  return conditionOf(status?.conditions, 'Ready')?.status;
}

function pressureTaints({ status }: Node): Taint[] {
  return PRESSURES.filter((type) => conditionOf(status?.conditions, type)?.status === 'True').map(
    (type) => ({ key: PRESSURE_TAINTS[type]!, effect: 'NoSchedule' }),
  );
}

function isConditionKey(key: string): boolean {
  return key === NOT_READY_TAINT || key === UNREACHABLE_TAINT;
}

function isOwn({ key, effect }: Taint): boolean {
  if (isConditionKey(key)) return effect === 'NoSchedule' || effect === 'NoExecute';
  const isPressure = Object.values(PRESSURE_TAINTS).includes(key);
  return (isPressure || key === UNSCHEDULABLE_TAINT) && effect === 'NoSchedule';
}

function isSameTaint(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect && (a.value ?? '') === (b.value ?? '');
}
