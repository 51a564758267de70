// Scales workloads by the CPU that their pods use.
// source: pkg/controller/podautoscaler/horizontal.go

import type { Change } from '../../apiserver/informer';
import { equalJson } from '../../apiserver/json';
import type {
  AutoscalerStatus,
  HorizontalPodAutoscaler,
  MetricSpec,
} from '../../apiserver/kinds/horizontalpodautoscaler';
import { conditionOf, withCondition } from '../../apiserver/kinds/pod';
import type { Condition, Pod } from '../../apiserver/kinds/pod';
import type { Workload } from '../../apiserver/kinds/workload';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import type { ObjectKey } from '../../values/kube-object';
import { keyOf } from '../../values/kube-object';
import { later, microseconds, START } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { defineController, wallClockOf } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { concernsNobody } from '../watched-kind';
import { LoadMetrics } from './load-metrics';
import type { Pass, Write } from '../pass';
import { proposeReplicas } from './replica-calculator';
import { ScalingHistory } from './scaling-rules';
import type { Verdict } from './scaling-rules';
import { ScaleTargets } from './scale-targets';

const SYNC = 'controller-manager.hpa.syncPeriod';
const STABILIZATION = 'controller-manager.hpa.downscaleStabilization';
const READINESS = 'controller-manager.hpa.initialReadinessDelay';
const INITIALIZATION = 'controller-manager.hpa.cpuInitializationPeriod';

export const horizontalPodAutoscaler = defineController({
  name: 'horizontal-pod-autoscaler',
  kind: 'HorizontalPodAutoscaler',
  // A look that fails is followed by the next one and by no other.
  attempts: 0,
  create: (workplace) => new AutoscalerLogic(workplace),
});

/** One look at one autoscaler. */
interface Look {
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly target: Workload;
  readonly current: number;
  readonly conditions: readonly Condition[];
  readonly now: Instant;
  readonly pass: Pass;
}

/** What the metrics ask for: undefined where they cannot say. */
interface Wanted {
  readonly replicas: number | undefined;
  readonly condition: Condition;
  readonly currentMetrics: readonly unknown[];
}

class AutoscalerLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private readonly lookEvent: EventKind;
  private readonly history = new ScalingHistory();
  private readonly targets: ScaleTargets;
  private readonly metrics: LoadMetrics;
  /** When the next look at each is due. */
  private readonly due = new Map<ObjectKey, Instant>();
  /** Autoscalers that were there before time began and have not found their place in it yet. */
  private readonly unphased = new Set<ObjectKey>();
  /** Replicas that are being added or taken away, by the workload's kind and key. */
  private readonly scaling = new Map<string, { readonly key: ObjectKey; readonly by: number }>();

  constructor(workplace: Workplace) {
    const { kernel, view, actor } = workplace;
    this.place = workplace;
    this.targets = new ScaleTargets(view);
    this.metrics = new LoadMetrics(workplace, this.targets);
    const look = (key: unknown, at: unknown): void => this.isDue(String(key), at as Instant);
    this.lookEvent = kernel.declare(`${actor}.look`, look, { owner: actor, background: true });
    this.watches = {
      HorizontalPodAutoscaler: (change) => this.onAutoscaler(change),
      Pod: concernsNobody,
      Deployment: concernsNobody,
      ReplicaSet: concernsNobody,
      ReplicationController: concernsNobody,
      StatefulSet: concernsNobody,
    };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const { kernel, timing, view } = this.place;
    const autoscaler = view.get('HorizontalPodAutoscaler', key) as
      HorizontalPodAutoscaler | undefined;
    if (autoscaler === undefined) {
      this.forget(key);
      return;
    }
    if (kernel.now >= START && this.unphased.has(key) && this.findPlace(key)) return;
    this.lookAgain(key, timing.wait(SYNC, this.place.actor));
    this.metrics.goOn(key);
    const now = wallClockOf(this.place);
    const target = this.targets.of(autoscaler);
    if (target === undefined) {
      const condition = said(autoscaler, now, 'AbleToScale', false, 'FailedGetScale');
      this.write(autoscaler, { conditions: conditionsWith(autoscaler, condition) }, pass);
      return;
    }
    const able = said(autoscaler, now, 'AbleToScale', true, 'SucceededGetScale');
    const current = target.spec.replicas ?? 1;
    this.history.begin(key, current, now);
    this.scale({
      autoscaler,
      target,
      current,
      conditions: conditionsWith(autoscaler, able),
      now,
      pass,
    });
  }

  answered(write: Write, result: string): void {
    const name = `${write.kind}/${write.key}`;
    const change = this.scaling.get(name);
    if (change === undefined) return;
    this.scaling.delete(name);
    if (result !== 'ok') return;
    this.history.scaled(change.key, change.by, wallClockOf(this.place));
  }

  reset(): void {
    this.history.clear();
    this.metrics.clear();
    this.due.clear();
    this.unphased.clear();
    this.scaling.clear();
  }

  private scale(look: Look): void {
    const { autoscaler, current, conditions, now } = look;
    const { minReplicas = 1, maxReplicas } = autoscaler.spec;
    if (current === 0) {
      const off = said(autoscaler, now, 'ScalingActive', false, 'ScalingDisabled');
      this.finish({ ...look, conditions: withCondition(conditions, off) }, current, []);
      return;
    }
    if (current > maxReplicas || current < minReplicas) {
      this.finish(look, current > maxReplicas ? maxReplicas : minReplicas, []);
      return;
    }
    const { replicas, condition, currentMetrics } = this.wanted(look);
    const active = { ...look, conditions: withCondition(conditions, condition) };
    if (replicas === undefined) {
      this.finish(active, current, currentMetrics, autoscaler.status?.desiredReplicas ?? 0);
      return;
    }
    const verdict = this.history.judge({
      key: keyOf(autoscaler),
      spec: autoscaler.spec,
      current,
      desired: replicas,
      now,
      stabilization: this.place.timing.wait(STABILIZATION, this.place.actor),
    });
    const judged = judgedConditions(active, verdict);
    this.finish({ ...active, conditions: judged }, verdict.replicas, currentMetrics);
  }

  /** The most that any metric asks for. source: horizontal.go computeReplicasForMetrics */
  private wanted(look: Look): Wanted {
    const { autoscaler, target, current, now } = look;
    const pods = this.targets.podsOf(target);
    const inactive = (reason: string, currentMetrics: readonly unknown[]): Wanted => ({
      replicas: undefined,
      condition: said(autoscaler, now, 'ScalingActive', false, reason),
      currentMetrics,
    });
    if (this.targets.isShared(autoscaler, pods)) return inactive('AmbiguousSelector', []);
    const currentMetrics: unknown[] = [];
    let most: number | undefined;
    let failed: string | undefined;
    for (const metric of autoscaler.spec.metrics ?? []) {
      const proposal = this.proposal(look, metric, pods);
      if (typeof proposal === 'string') {
        failed ??= `FailedGet${metric.type}Metric`;
        look.pass.summary ||= proposal;
        continue;
      }
      const { replicas, averageValue, utilization } = proposal;
      const share = utilization === undefined ? {} : { averageUtilization: utilization };
      const value = { ...share, averageValue: `${averageValue}m` };
      currentMetrics.push({ type: 'Resource', resource: { name: 'cpu', current: value } });
      most = Math.max(most ?? 0, replicas);
    }
    // What cannot be seen could ask for more: then nothing is taken away.
    if (most === undefined || (failed !== undefined && most < current)) {
      return inactive(failed ?? '', currentMetrics);
    }
    const condition = said(autoscaler, now, 'ScalingActive', true, 'ValidMetricFound');
    return { replicas: most, condition, currentMetrics };
  }

  private proposal({ autoscaler, current, now }: Look, metric: MetricSpec, pods: readonly Pod[]) {
    const { type, resource } = metric;
    if (type !== 'Resource' || resource?.name !== 'cpu') return 'nobody serves this metric';
    const { timing, actor } = this.place;
    return proposeReplicas({
      pods,
      metrics: this.metrics.of(keyOf(autoscaler)),
      target: resource.target,
      replicas: current,
      now,
      initializationPeriod: timing.wait(INITIALIZATION, actor),
      readinessDelay: timing.wait(READINESS, actor),
    });
  }

  /** Scales, where there is something to scale, and says what was done. */
  private finish(
    look: Look,
    wanted: number,
    currentMetrics: readonly unknown[],
    desiredReplicas = wanted,
  ): void {
    const { autoscaler, target, current, now, pass } = look;
    const status = { currentReplicas: current, desiredReplicas, currentMetrics };
    if (wanted === current) {
      this.write(autoscaler, { ...status, conditions: look.conditions }, pass);
      return;
    }
    const name = `${target.kind}/${keyOf(target)}`;
    pass.effect = wanted > current ? 'gain' : 'loss';
    pass.summary = `${name}: ${current} → ${wanted} replicas`;
    pass.patch(target, { spec: { replicas: wanted } });
    if (autoscaler.spec.behavior !== undefined) {
      this.scaling.set(name, { key: keyOf(autoscaler), by: wanted - current });
    }
    pass.then();
    const able = said(autoscaler, now, 'AbleToScale', true, 'SucceededRescale');
    const conditions = withCondition(look.conditions, able);
    this.write(autoscaler, { ...status, conditions, lastScaleTime: now }, pass);
  }

  private write(autoscaler: HorizontalPodAutoscaler, found: AutoscalerStatus, pass: Pass): void {
    const observedGeneration = autoscaler.metadata.generation ?? 0;
    const status: AutoscalerStatus = { ...autoscaler.status, ...found, observedGeneration };
    if (!equalJson(status, autoscaler.status ?? {})) pass.patch(autoscaler, { status });
  }

  /** Changes of an autoscaler wait for its next look. source: rate_limiters.go */
  private onAutoscaler({ key, after }: Change): readonly ObjectKey[] {
    const { timing, kernel, actor } = this.place;
    if (after === undefined) return [key];
    if (this.due.has(key)) return [];
    if (kernel.now < START) this.unphased.add(key);
    this.lookAgain(key, timing.wait(SYNC, actor));
    return [];
  }

  /**
   * In a settled cluster it has always been there, so where it stands in its period is drawn.
   * Returns whether this look is put off for that. At zero itself the cluster still settles.
   */
  private findPlace(key: ObjectKey): boolean {
    const { kernel, timing, spec, actor } = this.place;
    const settles = kernel.now === START && !timing.goesBy(spec.timing.profile);
    if (!settles) this.unphased.delete(key);
    const wait = settles ? microseconds(1) : timing.phase(SYNC, `${actor}/${key}`);
    if (wait > 0) this.lookAgain(key, wait);
    return wait > 0;
  }

  private lookAgain(key: ObjectKey, wait: Duration): void {
    const { kernel } = this.place;
    const at = later(kernel.now, wait);
    this.due.set(key, at);
    kernel.schedule(at, Phase.control, this.lookEvent, key, at, SYNC);
  }

  private isDue(key: ObjectKey, at: Instant): void {
    if (this.due.get(key) === at) this.place.queue.add(key, Phase.control, SYNC);
  }

  private forget(key: ObjectKey): void {
    this.history.forget(key);
    this.metrics.forget(key);
    this.due.delete(key);
    this.unphased.delete(key);
  }
}

function judgedConditions({ autoscaler, conditions, now }: Look, verdict: Verdict): Condition[] {
  const able = said(autoscaler, now, 'AbleToScale', true, verdict.able);
  const limited = said(autoscaler, now, 'ScalingLimited', verdict.isLimited, verdict.limit);
  return withCondition(withCondition(conditions, able), limited);
}

function said(
  { status }: HorizontalPodAutoscaler,
  now: Instant,
  type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited',
  is: boolean,
  reason: string,
): Condition {
  const before = conditionOf(status?.conditions, type);
  const value = is ? 'True' : 'False';
  const changed = before?.status === value ? before.lastTransitionTime : undefined;
  return { type, status: value, reason, lastTransitionTime: changed ?? now };
}

function conditionsWith({ status }: HorizontalPodAutoscaler, condition: Condition): Condition[] {
  return withCondition(status?.conditions, condition);
}
