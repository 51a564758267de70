// Binds pods to nodes.
// source: pkg/scheduler/schedule_one.go; the filters of pkg/scheduler/framework/plugins

import type { Node } from '../../apiserver/kinds/node';
import { conditionOf, isPodTerminal, withCondition } from '../../apiserver/kinds/pod';
import type { Condition, Pod, PodStatus } from '../../apiserver/kinds/pod';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import { podsIn } from '../../apiserver/pod-run';
import type { PodRun } from '../../apiserver/pod-run';
import { keyOf } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { LateMap } from '../../values/late-map';
import { compareText } from '../../values/order';
import { between, later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { defineController } from '../define';
import type { ControllerLogic, Placement, Workplace } from '../define';
import { Demands } from './demands';
import { NodesByLoad } from './nodes-by-load';
import { NOBODY } from '../owner';
import type { Pass, Write } from '../pass';

/** source: pkg/scheduler/apis/config/v1/defaults.go (ClientConnection: 50 a second, burst 100) */
const REQUESTS = { timer: 'scheduler.requestInterval', factor: 1, burst: 100 } as const;

export const scheduler = defineController({
  name: 'scheduler',
  kind: 'Pod',
  process: 'scheduler',
  latency: 'scheduler.bind',
  requests: REQUESTS,
  create: (workplace) => new SchedulerLogic(workplace),
});

class SchedulerLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  readonly comings: NonNullable<ControllerLogic['comings']>;
  private readonly place: Workplace;
  /** What runs where, including what is being bound. */
  private readonly loads = new NodesByLoad();
  /** The node of each pod that counts on one, but for those in `runs`. */
  private readonly known = new LateMap<ObjectKey, string>();
  /** Pods of series that it was told of since somebody looked for one by its key. */
  private runs: PodRun[] = [];
  /** Others with their nodes that were bound at once, of which the API has not told it yet. */
  private unheard: string[] = [];
  /** How much of that list it has been told of. */
  private heard = 0;
  /** Pods that fitted nowhere: when they may be tried again, and how often they were. */
  private readonly unschedulable = new Map<
    ObjectKey,
    { readonly until: Instant; readonly tries: number }
  >();

  /** What the pod asks for that was looked at last: those of one template come in a row. */
  private last: Demands | undefined;
  /** The status of what was bound last as it was stored. */
  private common: { readonly at: Instant; readonly status: PodStatus } | undefined;

  constructor(workplace: Workplace) {
    this.place = workplace;
    this.watches = { Node: (change) => this.onNode(change), Pod: (change) => this.onPod(change) };
    this.comings = { Pod: (run) => this.onRun(run) };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const pod = this.place.view.get('Pod', key) as Pod | undefined;
    if (pod === undefined || !isWaiting(pod) || this.assigned.has(key)) return;
    const reasons = new Map<string, number>();
    const node = this.choose(this.demandsOf(pod), reasons);
    if (node === undefined) this.postpone(pod, reasons, pass);
    else this.bind(pod, this.loads.nameOf(node), pass);
  }

  /** What waits for nothing is bound as it is stored; undefined where it fits nowhere. */
  placed(pod: Pod, key: ObjectKey | undefined): Placement | undefined {
    const demands = this.demandsOf(pod);
    const node = isWaiting(pod) ? this.choose(demands) : undefined;
    if (node === undefined) return undefined;
    const nodeName = this.loads.nameOf(node);
    if (key === undefined) this.loads.count(node, demands, 1);
    else this.assign(pod, key, nodeName);
    return { nodeName, number: node, status: this.statusAtOnce(pod) };
  }

  /** One that was placed without its key, and does not come in a run. */
  named(key: ObjectKey, nodeName: string): void {
    this.known.later(key, nodeName);
    this.unheard.push(key, nodeName);
  }

  /** What is bound at one instant has one status, where nothing had been said of it. */
  private statusAtOnce(pod: Pod): PodStatus {
    const { now } = this.place.kernel;
    if (pod.status?.conditions !== undefined) return boundStatus(pod, now);
    if (this.common?.at !== now) this.common = { at: now, status: boundStatus(pod, now) };
    return this.common.status;
  }

  /** A binding that failed gives its place back. */
  answered(write: Write, result: string): void {
    if (result === 'ok' || this.assigned.get(write.key) === undefined) return;
    const pod = this.place.view.get('Pod', write.key) as Pod | undefined;
    if (pod?.spec.nodeName) return;
    this.unassign(write.key, pod);
  }

  reset(): void {
    this.loads.clear();
    this.known.clear();
    this.runs = [];
    this.unheard = [];
    this.heard = 0;
    this.unschedulable.clear();
  }

  private onNode({ key, before, after }: Change): readonly ObjectKey[] {
    if (after === undefined) {
      this.loads.delete(key);
      return [];
    }
    const isKnown = this.loads.numberOf(key) !== undefined;
    this.loads.put(after as Node);
    if (!isKnown) this.restoreLoad(key);
    if (this.unschedulable.size === 0) return NOBODY;
    const part = (node: KubeObject | undefined) =>
      node && [node.metadata.labels, node.spec, (node as Node).status?.allocatable];
    return equalJson(part(before), part(after)) ? [] : this.retryAll();
  }

  /** Whether the pod is told of for the first time, and it was bound at once: it counts. */
  private isNextBound(change: Change): boolean {
    const { unheard, heard } = this;
    if (change.late !== undefined) {
      // From the start on it is told of by a new list alone, to who has forgotten it.
      if (!this.place.kernel.isBeforeStart) return false;
      this.known.later(change.key, change.late.scope);
      return true;
    }
    if (unheard[heard] !== change.key) return false;
    const node = unheard[heard + 1];
    this.hasHeard();
    const after = change.after as Pod | undefined;
    return after !== undefined && after.spec.nodeName === node && !isPodTerminal(after);
  }

  private hasHeard(): void {
    this.heard += 2;
    if (this.heard < this.unheard.length) return;
    this.unheard = [];
    this.heard = 0;
  }

  /** What was made in series was bound as it was made: it counts. */
  private onRun(run: PodRun): readonly ObjectKey[] {
    this.runs.push(run);
    return NOBODY;
  }

  /** The node of each pod that counts on one. */
  private get assigned(): Map<ObjectKey, string> {
    const { runs, known } = this;
    if (runs.length === 0) return known;
    this.runs = [];
    for (const pod of podsIn(runs)) known.later(pod.key, pod.scope);
    return known;
  }

  private onPod(change: Change): readonly ObjectKey[] {
    if (this.isNextBound(change)) return NOBODY;
    const { key, before, after } = change;
    const was = before as Pod | undefined;
    const is = after as Pod | undefined;
    const counts = is !== undefined && !!is.spec.nodeName && !isPodTerminal(is);
    if (counts) {
      if (this.assigned.get(key) !== is.spec.nodeName) this.unassign(key, was);
      this.assign(is, key, is.spec.nodeName);
      return NOBODY;
    }
    if (is === undefined) this.unschedulable.delete(key);
    const freed = this.assigned.has(key) && (is === undefined || isPodTerminal(is));
    if (freed) {
      this.unassign(key, was);
      return this.retryAll();
    }
    const isNews = before === undefined || !equalJson(before.spec, after?.spec);
    return is !== undefined && isWaiting(is) && isNews ? [key] : [];
  }

  /** What changed may have made room: every waiting pod is tried again, after its back-off. */
  private retryAll(): ObjectKey[] {
    const { kernel, queue } = this.place;
    const due: ObjectKey[] = [];
    for (const [key, { until }] of this.unschedulable) {
      if (until <= kernel.now) due.push(key);
      else queue.addAfter(key, between(kernel.now, until), 'scheduler.podInitialBackoff');
    }
    return due;
  }

  /**
   * The node with the fewest pods of the same owner, then with the fewest pods, then the first.
   * Upstream scores by free resources and by spreading, and draws among equals.
   */
  private choose(demands: Demands, reasons?: Map<string, number>): number | undefined {
    const { loads } = this;
    const fresh = loads.firstOfLeast(demands);
    if (fresh !== undefined) return fresh;
    const spread = loads.spreadOf(demands.owner);
    let best: number | undefined;
    let [bestOwn, bestPods] = [0, 0];
    for (const node of loads.inOrder()) {
      const [own, pods] = [spread.get(node), loads.podsOn(node)];
      const isWorse =
        best !== undefined && (own > bestOwn || (own === bestOwn && pods >= bestPods));
      if (isWorse) continue;
      const reason = loads.whyNot(node, demands);
      if (reason === undefined) [best, bestOwn, bestPods] = [node, own, pods];
      else reasons?.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    return best;
  }

  private demandsOf(pod: Pod): Demands {
    if (this.last?.pod !== pod) this.last = new Demands(pod);
    return this.last;
  }

  private bind(pod: Pod, nodeName: string, pass: Pass): void {
    const { now } = this.place.kernel;
    this.assign(pod, keyOf(pod), nodeName);
    this.unschedulable.delete(keyOf(pod));
    pass.effect = 'gain';
    pass.summary = `to ${nodeName}`;
    pass.patch(pod, { spec: { nodeName }, status: boundStatus(pod, now) });
  }

  private postpone(pod: Pod, reasons: ReadonlyMap<string, number>, pass: Pass): void {
    const { kernel, timing } = this.place;
    const key = keyOf(pod);
    const tries = this.unschedulable.get(key)?.tries ?? 0;
    const first = timing.delay('scheduler.podInitialBackoff').least;
    const most = timing.delay('scheduler.podMaxBackoff').least;
    const backOff = Math.min(first * 2 ** tries, most) as Duration;
    this.unschedulable.set(key, { until: later(kernel.now, backOff), tries: tries + 1 });
    const message = explain(this.loads.size, reasons);
    pass.summary = message;
    const known = conditionOf(pod.status?.conditions, 'PodScheduled');
    if (known?.status === 'False' && known.message === message) return;
    const condition: Condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime: kernel.now,
    };
    const conditions = withCondition(pod.status?.conditions, condition);
    pass.patch(pod, { status: { phase: 'Pending', conditions } });
  }

  private assign(pod: Pod, key: ObjectKey, node: string): void {
    if (this.assigned.get(key) === node) return;
    this.assigned.set(key, node);
    this.count(node, pod, 1);
  }

  private unassign(key: ObjectKey, pod: Pod | undefined): void {
    const node = this.assigned.get(key);
    this.assigned.delete(key);
    if (node !== undefined && pod !== undefined) this.count(node, pod, -1);
  }

  private count(node: string, pod: Pod, by: 1 | -1): void {
    const number = this.loads.numberOf(node);
    if (number !== undefined) this.loads.count(number, this.demandsOf(pod), by);
  }

  /** A node that comes after its pods finds them counted. */
  private restoreLoad(node: string): void {
    for (const [key, name] of this.assigned) {
      const pod = name === node ? (this.place.view.get('Pod', key) as Pod | undefined) : undefined;
      if (pod !== undefined) this.count(node, pod, 1);
    }
  }
}

/** What binding a pod writes into its status. */
function boundStatus({ status }: Pod, now: Instant): PodStatus {
  const condition: Condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: now };
  return { phase: 'Pending', conditions: withCondition(status?.conditions, condition) };
}

function isWaiting(pod: Pod): boolean {
  const { nodeName, schedulerName = 'default-scheduler' } = pod.spec;
  const isGoing = pod.metadata.deletionTimestamp !== undefined;
  return !nodeName && !isGoing && !isPodTerminal(pod) && schedulerName === 'default-scheduler';
}

/** `0/3 nodes are available: 1 Too many pods, 2 node(s) were unschedulable.` */
function explain(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort(compareText);
  return `0/${nodes} nodes are available: ${parts.join(', ')}.`;
}
