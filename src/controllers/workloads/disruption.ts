// Counts for each PodDisruptionBudget how many of its pods may be evicted now.
// source: pkg/controller/disruption/disruption.go

import { isPodReady, withCondition } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import { allowedCondition } from '../../apiserver/kinds/poddisruptionbudget';
import type {
  PodDisruptionBudget,
  PodDisruptionBudgetStatus,
} from '../../apiserver/kinds/poddisruptionbudget';
import { resolveIntOrPercent } from '../../apiserver/kinds/workload';
import type { Workload } from '../../apiserver/kinds/workload';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import { matchesSelector } from '../../values/labels';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { between, later, seconds } from '../../values/time';
import type { Instant } from '../../values/time';
import { defineController } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { controllerOf, NOBODY, ownerKey } from '../owner';
import type { Pass } from '../pass';

/** How long an allowed eviction counts although nobody has seen the pod go (DeletionTimeout). */
const DELETION_TIMEOUT = seconds(120);

/** Kinds that pods are scaled by. source: the finders of the same file */
const SCALED = ['ReplicaSet', 'ReplicationController', 'StatefulSet'] as const;

export const disruption = defineController({
  name: 'disruption',
  kind: 'PodDisruptionBudget',
  create: (workplace) => new DisruptionLogic(workplace),
});

class DisruptionLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  /** Keys of the budgets by namespace; most clusters have none. */
  private readonly budgets = new Map<string, Set<ObjectKey>>();

  constructor(workplace: Workplace) {
    this.place = workplace;
    const scaled = (change: Change): readonly ObjectKey[] => this.onScale(change);
    this.watches = {
      PodDisruptionBudget: (change) => this.onBudget(change),
      Pod: (change) => this.onPod(change),
      Deployment: scaled,
      ReplicaSet: scaled,
      ReplicationController: scaled,
      StatefulSet: scaled,
    };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const budget = this.place.view.get('PodDisruptionBudget', key);
    if (budget === undefined) return;
    const found = budget as PodDisruptionBudget;
    const { now } = this.place.kernel;
    const pods = this.podsOf(found);
    const expected = this.expectedOf(found, pods);
    if (typeof expected === 'string') {
      this.failSafe(found, pass);
      return;
    }
    const disruptedPods = stillExpected(found, pods, now);
    const healthy = pods.filter((pod) => isHealthy(pod, disruptedPods)).length;
    const allowed = expected.pods <= 0 ? 0 : Math.max(0, healthy - expected.healthy);
    const next: PodDisruptionBudgetStatus = {
      observedGeneration: found.metadata.generation ?? 0,
      expectedPods: expected.pods,
      desiredHealthy: expected.healthy,
      currentHealthy: healthy,
      disruptionsAllowed: allowed,
      disruptedPods,
      conditions: withCondition(found.status?.conditions, allowedCondition(found, allowed, now)),
    };
    const ends = Object.values(disruptedPods).map((at) => later(at as Instant, DELETION_TIMEOUT));
    for (const end of ends) {
      pass.requeueAfter(between(now, end), '');
    }
    if (equalJson(next, { ...found.status, disruptedPods: found.status?.disruptedPods ?? {} }))
      return;
    pass.summary = `${healthy} of ${expected.healthy} healthy, ${allowed} may be disrupted`;
    // Of two writers that saw the same version one fails: an eviction that was allowed meanwhile
    // is never counted as if it had not been.
    pass.replace({ ...found, status: next });
  }

  reset(): void {
    this.budgets.clear();
  }

  /** Nothing may be evicted while the count is unknown. */
  private failSafe(budget: PodDisruptionBudget, pass: Pass): void {
    if (budget.status?.disruptionsAllowed === 0) return;
    const { now } = this.place.kernel;
    const condition = { ...allowedCondition(budget, 0, now), reason: 'SyncFailed' };
    const conditions = withCondition(budget.status?.conditions, condition);
    pass.replace({ ...budget, status: { ...budget.status, disruptionsAllowed: 0, conditions } });
  }

  /**
   * No selector selects nothing, an empty one everything; of policy/v1beta1 it was nothing too.
   * source: staging/src/k8s.io/api/policy/v1/types.go (Selector);
   * client-go/listers/policy/v1/poddisruptionbudget_expansion.go GetPodPodDisruptionBudgets
   */
  private podsOf({ metadata, spec }: PodDisruptionBudget): readonly Pod[] {
    const { selector } = spec;
    if (selector === undefined) return [];
    return ([...this.place.view.list('Pod')] as Pod[]).filter(
      (pod) =>
        pod.metadata.namespace === metadata.namespace &&
        matchesSelector(pod.metadata.labels, selector),
    );
  }

  /** How many pods there ought to be, and how many of them healthy; or why nobody can tell. */
  private expectedOf(
    { spec }: PodDisruptionBudget,
    pods: readonly Pod[],
  ): { readonly pods: number; readonly healthy: number } | string {
    const { minAvailable, maxUnavailable } = spec;
    if (maxUnavailable === undefined && typeof minAvailable === 'number') {
      return { pods: pods.length, healthy: minAvailable };
    }
    const scale = this.scaleOf(pods);
    if (typeof scale === 'string') return scale;
    if (maxUnavailable !== undefined) {
      const most = resolveIntOrPercent(maxUnavailable, scale, 'up');
      return { pods: scale, healthy: Math.max(0, scale - most) };
    }
    if (minAvailable === undefined) return { pods: 0, healthy: 0 };
    return { pods: scale, healthy: resolveIntOrPercent(minAvailable, scale, 'up') };
  }

  /** The replicas of all controllers of the pods; pods without one count for nothing. */
  private scaleOf(pods: readonly Pod[]): number | string {
    const scales = new Map<string, number>();
    for (const pod of pods) {
      const reference = controllerOf(pod);
      if (reference === undefined || scales.has(reference.uid)) continue;
      const scaled = this.scaledBy(pod);
      if (scaled === undefined) return `found no controllers for pod "${pod.metadata.name}"`;
      scales.set(scaled.metadata.uid ?? '', scaled.spec.replicas ?? 1);
    }
    return [...scales.values()].reduce((total, scale) => total + scale, 0);
  }

  private scaledBy(pod: Pod): Workload | undefined {
    for (const kind of SCALED) {
      const key = ownerKey(pod, kind);
      const owner = key === undefined ? undefined : this.place.view.get(kind, key);
      if (owner === undefined) continue;
      const above = ownerKey(owner, 'Deployment');
      return (above === undefined ? owner : this.place.view.get('Deployment', above)) as Workload;
    }
    return undefined;
  }

  private onBudget({ key, before, after }: Change): readonly ObjectKey[] {
    const namespace = (after ?? before)!.metadata.namespace ?? '';
    const keys = this.budgets.get(namespace) ?? new Set();
    if (after === undefined) keys.delete(key);
    else keys.add(key);
    this.budgets.set(namespace, keys);
    return [key];
  }

  passesOver(kind: string): boolean {
    return this.budgets.size === 0 && kind !== 'PodDisruptionBudget';
  }

  private onPod({ before, after }: Change): readonly ObjectKey[] {
    if (this.budgets.size === 0) return NOBODY;
    const pods = [before, after].filter((pod) => pod !== undefined);
    return this.budgetsIn(pods).filter((key) => {
      const budget = this.place.view.get('PodDisruptionBudget', key) as PodDisruptionBudget;
      const selector = budget?.spec.selector;
      if (selector === undefined) return false;
      return pods.some(({ metadata }) => matchesSelector(metadata.labels, selector));
    });
  }

  private onScale({ before, after }: Change): readonly ObjectKey[] {
    if (this.budgets.size === 0) return NOBODY;
    const replicas = [before, after].map(
      (object) => (object as Workload | undefined)?.spec.replicas,
    );
    if (replicas[0] === replicas[1]) return [];
    return this.budgetsIn([before, after].filter((object) => object !== undefined));
  }

  private budgetsIn(objects: readonly KubeObject[]): ObjectKey[] {
    const namespace = objects[0]?.metadata.namespace ?? '';
    return [...(this.budgets.get(namespace) ?? [])];
  }
}

function isHealthy(pod: Pod, disrupted: Readonly<Record<string, number>>): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return disrupted[pod.metadata.name] === undefined && isPodReady(pod);
}

/** Allowed evictions of pods that are still there and not yet marked for deletion. */
function stillExpected(
  { status }: PodDisruptionBudget,
  pods: readonly Pod[],
  now: Instant,
): Readonly<Record<string, number>> {
  const there = new Set(
    pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name),
  );
  const kept = Object.entries(status?.disruptedPods ?? {}).filter(
    ([name, at]) => there.has(name) && later(at as Instant, DELETION_TIMEOUT) > now,
  );
  return Object.fromEntries(kept);
}
