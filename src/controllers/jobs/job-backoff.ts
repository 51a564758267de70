// How long a Job waits before it replaces a failed pod: 10 s, doubled with each failure since the
// last success, up to 10 min, counted from the failure.
// source: pkg/controller/job/backoff_utils.go; job_controller.go DefaultJobPodFailureBackOff

import type { Pod } from '../../apiserver/kinds/pod';
import type { Timing } from '../../timing';
import type { ObjectKey } from '../../values/kube-object';
import { later, ZERO } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { finishedAt } from './job-failure-policy';

export const BACKOFF = 'controller-manager.job.podFailureBackOff';
const BACKOFF_MAX = 'controller-manager.job.podFailureBackOffMax';

/** Failures since the last success. */
export interface Failures {
  readonly count: number;
  readonly last: Instant | undefined;
}

const NONE: Failures = { count: 0, last: undefined };

/** The memory of the controller; it is lost with its process. */
export class JobBackoff {
  private readonly byJob = new Map<ObjectKey, Failures>();

  /** What is known of the Job together with pods that nobody has counted yet. */
  with(key: ObjectKey, succeeded: readonly Pod[], failed: readonly Pod[]): Failures {
    const known = this.byJob.get(key) ?? NONE;
    if (succeeded.length === 0 && failed.length === 0) return known;
    const success = Math.max(...succeeded.map(finishedAt));
    const since = failed.map(finishedAt).filter((it) => succeeded.length === 0 || it > success);
    const before = succeeded.length === 0 ? known.count : 0;
    if (since.length === 0) return NONE;
    return { count: before + since.length, last: Math.max(...since) as Instant };
  }

  keep(key: ObjectKey, failures: Failures): void {
    this.byJob.set(key, failures);
  }

  forget(key: ObjectKey): void {
    this.byJob.delete(key);
  }

  clear(): void {
    this.byJob.clear();
  }
}

/** When the next pod may be made. */
export function nextAttempt({ count, last }: Failures, timing: Timing): Instant | undefined {
  if (count === 0 || last === undefined) return undefined;
  const least = timing.delay(BACKOFF).least;
  const most = timing.delay(BACKOFF_MAX).least;
  const wait = Math.min(least * 2 ** (count - 1), most) as Duration;
  return wait === ZERO ? undefined : later(last, wait);
}
