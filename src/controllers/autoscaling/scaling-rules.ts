// How fast an autoscaler may go where the metrics want it to: stabilisation, rates, and bounds.
// source: pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicas…

import type { AutoscalerSpec, ScalingRules } from '../../apiserver/kinds/horizontalpodautoscaler';
import type { ObjectKey } from '../../values/kube-object';
import { between, seconds } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

/** No window and no period is longer. */
const REMEMBERED = seconds(3_600);

/** source: horizontal.go scaleUpLimitFactor, scaleUpLimitMinimum */
const UP_FACTOR = 2;
const UP_MINIMUM = 4;

interface Remark {
  readonly at: Instant;
  readonly count: number;
}

export interface Wish {
  readonly key: ObjectKey;
  readonly spec: AutoscalerSpec;
  readonly current: number;
  readonly desired: number;
  readonly now: Instant;
  /** The window of scaling down where the autoscaler gives none. */
  readonly stabilization: Duration;
}

export interface Verdict {
  readonly replicas: number;
  /** Reason of the condition AbleToScale. */
  readonly able: 'ReadyForNewScale' | 'ScaleUpStabilized' | 'ScaleDownStabilized';
  /** Reason of the condition ScalingLimited, and whether it is. */
  readonly limit: string;
  readonly isLimited: boolean;
}

/** What was recommended and done of late, by autoscaler. */
export class ScalingHistory {
  private readonly recommendations = new Map<ObjectKey, readonly Remark[]>();
  /** Replicas that were added, or taken away (below zero). */
  private readonly changes = new Map<ObjectKey, readonly Remark[]>();

  /** What the workload has when the autoscaler sees it first counts as recommended. */
  begin(key: ObjectKey, replicas: number, now: Instant): void {
    if (this.recommendations.has(key)) return;
    this.recommendations.set(key, [{ at: now, count: replicas }]);
  }

  /** The replicas that the autoscaler may ask for now. Remembers what the metrics wanted. */
  judge(wish: Wish): Verdict {
    const { desired, current } = wish;
    const stabilized = this.stabilized(wish);
    const [replicas, limit] = this.limited(wish, stabilized);
    const isUp = wish.spec.behavior !== undefined && desired >= current;
    const held = isUp ? 'ScaleUpStabilized' : 'ScaleDownStabilized';
    return {
      replicas,
      able: stabilized === desired ? 'ReadyForNewScale' : held,
      limit,
      isLimited: replicas !== stabilized,
    };
  }

  /** The workload has been scaled. */
  scaled(key: ObjectKey, change: number, now: Instant): void {
    const recent = (this.changes.get(key) ?? []).filter(({ at }) => between(at, now) < REMEMBERED);
    this.changes.set(key, [...recent, { at: now, count: change }]);
  }

  forget(key: ObjectKey): void {
    this.recommendations.delete(key);
    this.changes.delete(key);
  }

  clear(): void {
    this.recommendations.clear();
    this.changes.clear();
  }

  /** source: horizontal.go stabilizeRecommendation, stabilizeRecommendationWithBehaviors */
  private stabilized({ key, spec, current, desired, now, stabilization }: Wish): number {
    const recent = (this.recommendations.get(key) ?? []).filter(
      ({ at }) => between(at, now) <= REMEMBERED,
    );
    this.recommendations.set(key, [...recent, { at: now, count: desired }]);
    const { behavior } = spec;
    if (behavior === undefined) {
      const counted = recent.filter(({ at }) => between(at, now) <= stabilization);
      return Math.max(desired, ...counted.map(({ count }) => count));
    }
    const within = (window: Duration): number[] =>
      recent.filter(({ at }) => between(at, now) < window).map(({ count }) => count);
    const up = seconds(behavior.scaleUp?.stabilizationWindowSeconds ?? 0);
    const down = behavior.scaleDown?.stabilizationWindowSeconds;
    const least = Math.min(desired, ...within(up));
    const most = Math.max(desired, ...within(down === undefined ? stabilization : seconds(down)));
    return Math.min(Math.max(current, least), most);
  }

  private limited(wish: Wish, desired: number): readonly [replicas: number, reason: string] {
    const { spec, current } = wish;
    const { minReplicas = 1, maxReplicas, behavior } = spec;
    if (behavior === undefined) {
      const fastest = Math.max(UP_FACTOR * current, UP_MINIMUM);
      if (desired < minReplicas) return [minReplicas, 'TooFewReplicas'];
      if (desired > Math.min(maxReplicas, fastest)) return atMost(maxReplicas, fastest);
    } else if (desired > current) {
      const fastest = Math.max(current, this.bound(wish, behavior.scaleUp, 1));
      if (desired > Math.min(maxReplicas, fastest)) return atMost(maxReplicas, fastest);
    } else if (desired < current) {
      const fastest = Math.min(current, this.bound(wish, behavior.scaleDown, -1));
      if (desired < Math.max(minReplicas, fastest)) {
        return fastest > minReplicas
          ? [fastest, 'ScaleDownLimit']
          : [minReplicas, 'TooFewReplicas'];
      }
    }
    return [desired, 'DesiredWithinRange'];
  }

  /**
   * How far the policies let it go, up (1) or down (-1).
   * source: horizontal.go calculateScaleUpLimitWithScalingRules, …DownLimitWithBehaviors
   */
  private bound(wish: Wish, rules: ScalingRules | undefined, direction: 1 | -1): number {
    const { current, key, now } = wish;
    const { selectPolicy = 'Max', policies = [] } = rules ?? {};
    if (selectPolicy === 'Disabled') return current;
    const bounds = policies.map(({ type, value, periodSeconds }) => {
      const period = seconds(periodSeconds);
      const recent = (this.changes.get(key) ?? []).filter(({ at }) => between(at, now) < period);
      const start = current - recent.reduce((total, { count }) => total + count, 0);
      if (type === 'Pods') return start + direction * value;
      const exact = (start * (100 + direction * value)) / 100;
      return direction > 0 ? Math.ceil(exact) : Math.trunc(exact);
    });
    const isHighest = (selectPolicy === 'Max') === direction > 0;
    return isHighest ? Math.max(...bounds) : Math.min(...bounds);
  }
}

function atMost(most: number, fastest: number): readonly [replicas: number, reason: string] {
  return most > fastest ? [fastest, 'ScaleUpLimit'] : [most, 'TooManyReplicas'];
}
