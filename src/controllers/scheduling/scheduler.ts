// Binds pods to nodes.
// source: pkg/scheduler/schedule_one.go; the filters of pkg/scheduler/framework/plugins

import { matchesNode } from '../../apiserver/kinds/node-affinity';
import { tolerates } from '../../apiserver/kinds/node';
import type { Node } from '../../apiserver/kinds/node';
import { conditionOf, isPodTerminal, withCondition } from '../../apiserver/kinds/pod';
import type { Condition, Pod, PodStatus } from '../../apiserver/kinds/pod';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import type { PodRun } from '../../apiserver/pod-run';
import type { Taint } from '../../values/cluster-spec';
import { keyOf } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { LateMap } from '../../values/late-map';
import { compareText } from '../../values/order';
import { between, later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { defineController } from '../define';
import type { ControllerLogic, Placement, Workplace } from '../define';
import type { NodeLoad } from './node-load';
import { NodesByLoad } from './nodes-by-load';
import { controllerOf, NOBODY } from '../owner';
import type { Pass, Write } from '../pass';

/** source: pkg/scheduler/framework/plugins/nodeunschedulable */
const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

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
  /** The node of each pod that counts on one. */
  private readonly assigned = new LateMap<ObjectKey, string>();
  /** Pods with their nodes that were bound at once, of which the API has not told it yet. */
  private unheard: string[] = [];
  /** How much of that list it has been told of. */
  private heard = 0;
  /** Pods that fitted nowhere: when they may be tried again, and how often they were. */
  private readonly unschedulable = new Map<
    ObjectKey,
    { readonly until: Instant; readonly tries: number }
  >();

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
    const node = this.choose(pod, reasons);
    if (node === undefined) this.postpone(pod, reasons, pass);
    else this.bind(pod, node, pass);
  }

  /** What waits for nothing is bound as it is stored; undefined where it fits nowhere. */
  placed(pod: Pod, key: ObjectKey, isNew: boolean): Placement | undefined {
    const node = isWaiting(pod) ? this.choose(pod) : undefined;
    if (node === undefined) return undefined;
    const { name: nodeName } = node.node.metadata;
    if (isNew) {
      this.assigned.later(key, nodeName);
      this.unheard.push(key, nodeName);
      this.loads.add(nodeName, pod, ownerOf(pod));
    } else {
      this.assign(pod, key, nodeName);
    }
    return { nodeName, status: this.statusAtOnce(pod) };
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
    this.assigned.clear();
    this.unheard = [];
    this.heard = 0;
    this.unschedulable.clear();
  }

  private onNode({ key, before, after }: Change): readonly ObjectKey[] {
    if (after === undefined) {
      this.loads.delete(key);
      return [];
    }
    const load = this.loads.get(key);
    if (load === undefined) this.loads.put(after as Node);
    else load.node = after as Node;
    if (load === undefined) this.restoreLoad(key);
    const part = (node: KubeObject | undefined) =>
      node && [node.metadata.labels, node.spec, (node as Node).status?.allocatable];
    return equalJson(part(before), part(after)) ? [] : this.retryAll();
  }

  /** Whether the pod is told of for the first time, and it was bound at once: it counts. */
  private isNextBound(change: Change): boolean {
    const { unheard, heard } = this;
    if (unheard[heard] !== change.key) return false;
    const node = unheard[heard + 1];
    this.hasHeard(1);
    // What was made in series was made with that node.
    if (change.late !== undefined) return true;
    const after = change.after as Pod | undefined;
    return after !== undefined && after.spec.nodeName === node && !isPodTerminal(after);
  }

  private hasHeard(count: number): void {
    this.heard += 2 * count;
    if (this.heard < this.unheard.length) return;
    this.unheard = [];
    this.heard = 0;
  }

  /** What was made in series was bound as it was made: it counts. */
  private onRun({ count }: PodRun): readonly ObjectKey[] {
    this.hasHeard(count);
    return NOBODY;
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
  private choose(pod: Pod, reasons?: Map<string, number>): NodeLoad | undefined {
    const spread = this.loads.spreadOf(ownerOf(pod));
    const fresh = this.loads.firstOfLeast(
      (load) => !spread.has(load.came) && whyNot(pod, load) === undefined,
    );
    if (fresh !== undefined) return fresh;
    let best: NodeLoad | undefined;
    let bestOwn = 0;
    for (const load of this.loads.inOrder()) {
      const own = spread.get(load.came);
      const isWorse =
        best !== undefined && (own > bestOwn || (own === bestOwn && load.pods >= best.pods));
      if (isWorse) continue;
      const reason = whyNot(pod, load);
      if (reason === undefined) {
        best = load;
        bestOwn = own;
      } else {
        reasons?.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
    return best;
  }

  private bind(pod: Pod, load: NodeLoad, pass: Pass): void {
    const { now } = this.place.kernel;
    const nodeName = load.node.metadata.name;
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
    this.loads.add(node, pod, ownerOf(pod));
  }

  private unassign(key: ObjectKey, pod: Pod | undefined): void {
    const node = this.assigned.get(key);
    this.assigned.delete(key);
    if (node !== undefined && pod !== undefined) this.loads.remove(node, pod, ownerOf(pod));
  }

  /** A node that comes after its pods finds them counted. */
  private restoreLoad(node: string): void {
    for (const [key, name] of this.assigned) {
      const pod = name === node ? (this.place.view.get('Pod', key) as Pod | undefined) : undefined;
      if (pod !== undefined) this.loads.add(node, pod, ownerOf(pod));
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

function ownerOf(pod: Pod): string {
  return controllerOf(pod)?.uid ?? '';
}

const NO_TAINTS: readonly Taint[] = [];

function isTolerated({ spec: { tolerations = [] } }: Pod, taint: Taint): boolean {
  return tolerations.some((it) => tolerates(it, taint));
}

/** Why the pod cannot run there, in the words of the scheduler; undefined where it can. */
function whyNot(pod: Pod, load: NodeLoad): string | undefined {
  const { spec } = load.node;
  if (spec?.unschedulable && !isTolerated(pod, UNSCHEDULABLE)) return 'node(s) were unschedulable';
  if (!matchesNode(pod.spec, load.node)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  for (const taint of spec?.taints ?? NO_TAINTS) {
    if (taint.effect === 'PreferNoSchedule' || isTolerated(pod, taint)) continue;
    return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  }
  if (load.pods >= load.maxPods) return 'Too many pods';
  if (load.hasPortConflict(pod)) {
    return "node(s) didn't have free ports for the requested pod ports";
  }
  return undefined;
}

/** `0/3 nodes are available: 1 Too many pods, 2 node(s) were unschedulable.` */
function explain(nodes: number, reasons: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort(compareText);
  return `0/${nodes} nodes are available: ${parts.join(', ')}.`;
}
