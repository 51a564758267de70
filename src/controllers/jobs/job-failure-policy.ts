// What a failed pod means for its Job, and when it failed.
// source: pkg/controller/job/{pod_failure_policy,backoff_utils}.go

import type { Job, PodFailureRule } from '../../apiserver/kinds/job';
import { conditionOf } from '../../apiserver/kinds/pod';
import type { ContainerStatus, Pod } from '../../apiserver/kinds/pod';
import type { Instant } from '../../values/time';

export interface Verdict {
  /** Why the whole Job fails by it; undefined where it does not. */
  readonly failsJob: string | undefined;
  /** Whether it counts towards the limit of failures. */
  readonly counts: boolean;
}

/** What the first rule that fits says. Without a policy, and without a fit, the failure counts. */
export function judgeFailure({ spec }: Job, pod: Pod): Verdict {
  const rule = spec.podFailurePolicy?.rules.find((it) => fits(it, pod));
  if (rule?.action === 'Ignore') return { failsJob: undefined, counts: false };
  if (rule?.action !== 'FailJob') return { failsJob: undefined, counts: true };
  const { namespace, name } = pod.metadata;
  return { failsJob: `pod ${namespace}/${name} matches a rule FailJob`, counts: true };
}

function fits({ onExitCodes, onPodConditions = [] }: PodFailureRule, pod: Pod): boolean {
  const { containerStatuses = [], initContainerStatuses = [], conditions } = pod.status ?? {};
  if (onExitCodes === undefined) {
    return onPodConditions.some(
      ({ type, status = 'True' }) => conditionOf(conditions, type)?.status === status,
    );
  }
  const { containerName, operator, values } = onExitCodes;
  return [...containerStatuses, ...initContainerStatuses].some(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode ?? 0;
    if (exitCode === 0 || (containerName !== undefined && containerName !== name)) return false;
    return values.includes(exitCode) === (operator === 'In');
  });
}

/**
 * Failed, or on its way to be deleted without having succeeded: what was deleted may never come to
 * say how it ended. Where only failed pods are replaced, a terminating one is waited for.
 */
export function hasFailed({ spec }: Job, { metadata, status }: Pod): boolean {
  if (status?.phase === 'Failed') return true;
  if (spec.podReplacementPolicy === 'Failed') return false;
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded';
}

/** When the last container ended; else when the pod ceased to be ready, or was deleted. */
export function finishedAt({ metadata, status }: Pod): Instant {
  const ends = (status?.containerStatuses ?? []).map(finishOf);
  if (ends.length > 0 && ends.every((it) => it !== undefined)) {
    return Math.max(...ends) as Instant;
  }
  const ready = conditionOf(status?.conditions, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime !== undefined) {
    return ready.lastTransitionTime as Instant;
  }
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp = 0 } = metadata;
  const deleted = deletionTimestamp && deletionTimestamp - deletionGracePeriodSeconds * 1_000_000;
  return (deleted ?? creationTimestamp) as Instant;
}

function finishOf({ state }: ContainerStatus): number | undefined {
  return state?.terminated?.finishedAt;
}
