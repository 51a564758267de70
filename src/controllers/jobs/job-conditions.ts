// When a Job is over, and how that is said.
// source: pkg/controller/job/job_controller.go (syncJob, enactJobFinished)

import type { Job } from '../../apiserver/kinds/job';
import { conditionOf } from '../../apiserver/kinds/pod';
import type { Condition, Pod } from '../../apiserver/kinds/pod';
import { seconds } from '../../values/time';
import type { Instant } from '../../values/time';
import { hasFailed, judgeFailure } from './job-failure-policy';
import type { Tally } from './job-tally';

/** Complete or Failed: nothing becomes of the Job any more. */
export function isFinished({ status }: Job): boolean {
  return finishCondition(status?.conditions) !== undefined;
}

/** The condition by which a Job is over. */
export function finishCondition(conditions: readonly Condition[] | undefined) {
  return conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

export function conditionAt(now: Instant, type: string, reason = '', message = ''): Condition {
  return {
    type,
    status: 'True',
    ...(reason !== '' && { reason }),
    ...(message !== '' && { message }),
    lastTransitionTime: now,
  };
}

/**
 * What is decided about the Job: `SuccessCriteriaMet` or `FailureTarget` of an earlier look, or a
 * failure that shows now. Undefined while it goes on.
 */
export function decidedOf(
  job: Job,
  pods: readonly Pod[],
  { failed }: Tally,
  now: Instant,
): Condition | undefined {
  const { conditions } = job.status ?? {};
  for (const type of ['SuccessCriteriaMet', 'FailureTarget']) {
    const found = conditionOf(conditions, type);
    if (found?.status === 'True') return found;
  }
  const fatal = pods
    .filter((pod) => hasFailed(job, pod))
    .map((pod) => judgeFailure(job, pod).failsJob)
    .find((it) => it !== undefined);
  const failure = (reason: string, message: string) =>
    conditionAt(now, 'FailureTarget', reason, message);
  if (fatal !== undefined) return failure('PodFailurePolicy', fatal);
  if (failed > (job.spec.backoffLimit ?? 6) || hasRestartedTooOften(job, pods)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadline = deadlineOf(job);
  if (deadline === undefined || now < deadline) return undefined;
  return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
}

/** When it will have been active for too long; it is not active while it is suspended. */
export function deadlineOf({ spec, status }: Job): Instant | undefined {
  const { activeDeadlineSeconds: span, suspend } = spec;
  if (span === undefined || suspend === true || status?.startTime === undefined) return undefined;
  return (status.startTime + seconds(span)) as Instant;
}

/** Restarts in place count as failures, where pods restart. */
function hasRestartedTooOften({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false;
  const alive = pods.filter(({ status }) => /^(Running|Pending)$/.test(status?.phase ?? ''));
  const statuses = alive.flatMap(({ status }) => [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ]);
  const restarts = statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const limit = spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}
