// How the pods of a Job fare, and what of that its status says already. A finished pod is counted
// once: its identity stands in the status until its finalizer is gone, then it is a number there.
// source: pkg/controller/job/job_controller.go (syncJob, trackJobStatusAndRemoveFinalizers)

import type { Job, JobStatus } from '../../apiserver/kinds/job';
import { isPodActive, isPodReady, isPodTerminal } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import { hasFailed, judgeFailure } from './job-failure-policy';
import { indexOf, isIndexed, parseIndexes } from './job-indexes';

export const TRACKING = 'batch.kubernetes.io/job-tracking';

export interface Tally {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** Finished pods that no number of the status contains yet. */
  readonly newlySucceeded: readonly Pod[];
  readonly newlyFailed: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  /** Of an indexed Job, the indexes that are done. */
  readonly done: ReadonlySet<number>;
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(TRACKING) === true;
}

/** `released` are the pods whose finalizer is gone though the informer still shows it. */
export function tallyOf(job: Job, pods: readonly Pod[], released: ReadonlySet<string>): Tally {
  const { succeeded = 0, failed = 0, completedIndexes = '' } = job.status ?? {};
  const uncounted = job.status?.uncountedTerminatedPods ?? {};
  const open = pods.filter((pod) => isOpen(job, pod, released));
  const newlySucceeded = open.filter(
    (pod) =>
      pod.status?.phase === 'Succeeded' && !uncounted.succeeded?.includes(pod.metadata.uid ?? ''),
  );
  const newlyFailed = open.filter(
    (pod) => hasFailed(job, pod) && !uncounted.failed?.includes(pod.metadata.uid ?? ''),
  );
  const counted = newlyFailed.filter((pod) => judgeFailure(job, pod).counts);
  const active = pods.filter(isPodActive);
  const done = parseIndexes(completedIndexes);
  if (isIndexed(job)) for (const pod of newlySucceeded) done.add(indexOf(job, pod)!);
  const sum = succeeded + newlySucceeded.length + (uncounted.succeeded?.length ?? 0);
  return {
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter((it) => !isPodTerminal(it) && !isPodActive(it)).length,
    newlySucceeded,
    newlyFailed,
    succeeded: isIndexed(job) ? done.size : sum,
    failed: failed + counted.length + (uncounted.failed?.length ?? 0),
    done,
  };
}

/** Still to be counted. */
function isOpen(job: Job, pod: Pod, released: ReadonlySet<string>): boolean {
  if (!isTracked(pod) || released.has(pod.metadata.uid ?? '')) return false;
  return !isIndexed(job) || indexOf(job, pod) !== undefined;
}

/** The status with those as numbers whose finalizers are gone. `held` are the others. */
export function withCounted(status: JobStatus, held: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const [openSuccesses, openFailures] = [succeeded, failed].map((uids) =>
    uids.filter((uid) => held.has(uid)),
  ) as [string[], string[]];
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - openSuccesses.length,
    failed: (status.failed ?? 0) + failed.length - openFailures.length,
    uncountedTerminatedPods: { succeeded: openSuccesses, failed: openFailures },
  };
}
