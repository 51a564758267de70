// How many replicas the use of CPU asks for.
// source: pkg/controller/podautoscaler/replica_calculator.go, metrics/utilization.go

import type { MetricTarget } from '../../apiserver/kinds/horizontalpodautoscaler';
import { conditionOf } from '../../apiserver/kinds/pod';
import type { Container, Pod } from '../../apiserver/kinds/pod';
import { millicores } from '../../values/millicores';
import { later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import type { PodMetric, PodMetrics } from './metrics-server';

/**
 * source: pkg/controller/podautoscaler/config/v1alpha1/defaults.go; replica_calculator.go isWithin
 */
const TOLERANCE = 0.1;

export interface Question {
  readonly pods: readonly Pod[];
  readonly metrics: PodMetrics;
  readonly target: MetricTarget;
  readonly replicas: number;
  readonly now: Instant;
  readonly initializationPeriod: Duration;
  readonly readinessDelay: Duration;
}

export interface Proposal {
  readonly replicas: number;
  /** In thousandths of a CPU for each pod that counts. */
  readonly averageValue: number;
  /** In percent of what the pods request. */
  readonly utilization?: number;
}

interface Groups {
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
}

interface Usage {
  /** Of what the target asks for. */
  readonly ratio: number;
  readonly averageValue: number;
  readonly utilization?: number;
}

/** The replicas that one metric asks for, or why it cannot say. */
export function proposeReplicas(question: Question): Proposal | string {
  const { pods, metrics, target, replicas } = question;
  if (metrics.size === 0) return 'no metrics returned from resource metrics API';
  if (pods.length === 0) return 'no pods returned by selector while calculating replica count';
  const { ready, unready, missing, used } = grouped(question);
  if (used.size === 0) return 'did not receive metrics for targeted pods (pods might be unready)';
  const requests = target.averageValue === undefined ? requestsOf(pods) : new Map();
  if (typeof requests === 'string') return requests;
  const isAskedFor = [...used.keys()].some((name) => (requests.get(name) ?? 0) > 0);
  if (target.averageValue === undefined && !isAskedFor) {
    return 'no metrics returned matched known pods';
  }
  const { ratio, ...usage } = usageOf(used, requests, target);
  const stays = { replicas, ...usage };
  const withUnready = unready.length > 0 && ratio > 1;
  if (!withUnready && missing.length === 0) {
    return isWithinTolerance(ratio) ? stays : { ...usage, replicas: Math.ceil(ratio * ready) };
  }
  // Who is not heard of is taken for whatever makes the change smaller.
  for (const name of ratio === 1 ? [] : missing) {
    used.set(name, ratio > 1 ? 0 : fallbackOf(target, requests.get(name) ?? 0));
  }
  for (const name of withUnready ? unready : []) used.set(name, 0);
  const again = usageOf(used, requests, target).ratio;
  const turns = (ratio < 1 && again > 1) || (ratio > 1 && again < 1);
  if (isWithinTolerance(again) || turns) return stays;
  const proposed = Math.ceil(again * used.size);
  const isOdd = (again < 1 && proposed > replicas) || (again > 1 && proposed < replicas);
  return isOdd ? stays : { ...usage, replicas: proposed };
}

function isWithinTolerance(ratio: number): boolean {
  return 1 - TOLERANCE <= ratio && ratio <= 1 + TOLERANCE;
}

/** A missing pod of a workload that uses too little. */
function fallbackOf({ averageValue, averageUtilization = 0 }: MetricTarget, request: number) {
  if (averageValue !== undefined) return millicores(averageValue);
  return Math.floor((request * Math.max(100, averageUtilization)) / 100);
}

/** source: replica_calculator.go groupPods */
function grouped(question: Question): Groups & { readonly used: Map<string, number> } {
  const unready: string[] = [];
  const missing: string[] = [];
  const used = new Map<string, number>();
  for (const pod of question.pods) {
    const { name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined || pod.status?.phase === 'Failed') continue;
    const metric = question.metrics.get(name);
    if ((pod.status?.phase ?? 'Pending') === 'Pending') unready.push(name);
    else if (metric === undefined) missing.push(name);
    else if (isUnready(pod, metric, question)) unready.push(name);
    else used.set(name, metric.millicores);
  }
  return { ready: used.size, unready, missing, used };
}

/** Whether what a pod uses does not count: it starts, or it has never been ready. */
function isUnready({ status }: Pod, metric: PodMetric, question: Question): boolean {
  const condition = conditionOf(status?.conditions, 'Ready');
  if (condition === undefined || status?.startTime === undefined) return true;
  const started = status.startTime as Instant;
  const changed = (condition.lastTransitionTime ?? started) as Instant;
  if (later(started, question.initializationPeriod) > question.now) {
    return condition.status === 'False' || metric.at < later(changed, metric.window);
  }
  return condition.status === 'False' && later(started, question.readinessDelay) > changed;
}

/** Thousandths of a CPU by pod. source: replica_calculator.go calculateRequests */
function requestsOf(pods: readonly Pod[]): ReadonlyMap<string, number> | string {
  const requests = new Map<string, number>();
  for (const { metadata, spec } of pods) {
    const sidecars = (spec.initContainers ?? []).filter((it) => it.restartPolicy === 'Always');
    let total = 0;
    for (const container of [...spec.containers, ...sidecars]) {
      const request = requestOf(container);
      if (request === undefined) {
        return `missing request for cpu in container ${container.name} of Pod ${metadata.name}`;
      }
      total += millicores(request);
    }
    requests.set(metadata.name, total);
  }
  return requests;
}

/** A limit alone is a request too. source: pkg/apis/core/v1/defaults.go SetDefaults_Pod */
function requestOf({ resources }: Container): string | number | undefined {
  return resources?.requests?.['cpu'] ?? resources?.limits?.['cpu'];
}

/** source: metrics/utilization.go GetResourceUtilizationRatio, GetMetricUsageRatio */
function usageOf(
  used: ReadonlyMap<string, number>,
  requests: ReadonlyMap<string, number>,
  { averageUtilization = 0, averageValue }: MetricTarget,
): Usage {
  const total = sum(used.values());
  const average = Math.floor(total / used.size);
  if (averageValue !== undefined) {
    return { ratio: average / millicores(averageValue), averageValue: average };
  }
  const requested = sum([...used.keys()].map((name) => requests.get(name) ?? 0));
  const utilization = Math.floor((total * 100) / requested);
  return { ratio: utilization / averageUtilization, averageValue: average, utilization };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
