// What metrics-server says that pods use: the declared load of their workload, spread evenly over
// those of them that are ready. A sample is the load of its instant.
// source: kubernetes-sigs/metrics-server pkg/storage/pod.go

import { isPodReady } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { LoadStep } from '../../values/cluster-spec';
import { between, seconds } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

/** A younger container gives no sample. source: pod.go freshContainerMinMetricsResolution */
const YOUNGEST = seconds(10);

/** The CPU of one pod, in thousandths, as of an instant and over a window that ends there. */
export interface PodMetric {
  readonly millicores: number;
  readonly at: Instant;
  readonly window: Duration;
}

/** By the name of the pod. */
export type PodMetrics = ReadonlyMap<string, PodMetric>;

/** What the workload needs at an instant. Before zero it is what it needs at zero. */
export function loadAt(steps: readonly LoadStep[], now: Instant): number {
  const instant = Math.max(now, 0);
  return steps.findLast(({ at }) => at <= instant)?.millicores ?? 0;
}

/** A sample of the pods of one workload. Pods that are being deleted share no load any more. */
export function samplePods(
  pods: readonly Pod[],
  steps: readonly LoadStep[],
  resolution: Duration,
  now: Instant,
): PodMetrics {
  const serving = pods.filter(
    (pod) => isPodReady(pod) && pod.metadata.deletionTimestamp === undefined,
  );
  const share = Math.ceil(loadAt(steps, now) / Math.max(1, serving.length));
  const sampled = new Map<string, PodMetric>();
  for (const pod of pods) {
    const started = startOf(pod);
    if (started === undefined) continue;
    const age = between(started, now);
    if (age < YOUNGEST) continue;
    const window = Math.min(age, resolution) as Duration;
    const millicores = serving.includes(pod) ? share : 0;
    sampled.set(pod.metadata.name, { millicores, at: now, window });
  }
  return sampled;
}

/** When the last of its containers started; undefined where one of them does not run. */
function startOf({ status }: Pod): Instant | undefined {
  if (status?.phase !== 'Running' || status.startTime === undefined) return undefined;
  const containers = status.containerStatuses ?? [];
  if (containers.some(({ state }) => state?.running === undefined)) return undefined;
  const starts = containers.map(({ state }) => state?.running?.startedAt ?? 0);
  return Math.max(status.startTime, ...starts) as Instant;
}
