// What the controllers of pods share: making a pod from a template, and judging how pods fare.
// source: pkg/controller/controller_utils.go; pkg/api/v1/pod/util.go

import { conditionOf, isPodReady } from '../../apiserver/kinds/pod';
import type { Pod, PodSpec } from '../../apiserver/kinds/pod';
import type { PodTemplate } from '../../apiserver/kinds/workload';
import { copyWith, deepFreeze } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import { later, seconds } from '../../values/time';
import type { Instant } from '../../values/time';
import { controllerReference } from '../owner';

const NO_LABELS: Labels = Object.freeze({});

/** A pod that `owner` controls. Without a name it is named after its owner when it is stored. */
export function podFromTemplate(
  owner: KubeObject,
  template: PodTemplate,
  options: {
    readonly name?: string;
    readonly labels?: Labels;
    readonly spec?: Partial<PodSpec>;
  } = {},
): Pod {
  const { name, namespace } = owner.metadata;
  const { annotations } = template.metadata ?? {};
  const named =
    options.name === undefined ? { name: '', generateName: `${name}-` } : { name: options.name };
  const placed = namespace === undefined ? named : copyWith(named, { namespace });
  const given = template.metadata?.labels ?? NO_LABELS;
  // Without an addition all pods of a template share its parts.
  const labels = options.labels === undefined ? given : copyWith(given, options.labels);
  const ownerReferences = [controllerReference(owner)];
  const own = annotations ? { labels, annotations, ownerReferences } : { labels, ownerReferences };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: copyWith(placed, deepFreeze(own)),
    spec: options.spec === undefined ? template.spec : copyWith(template.spec, options.spec),
  };
}

/** When the pod will have been ready for `minReady` seconds; undefined while it is not ready. */
export function availableAt(pod: Pod, minReady: number): Instant | undefined {
  const ready = conditionOf(pod.status?.conditions, 'Ready');
  if (ready?.status !== 'True') return undefined;
  return later((ready.lastTransitionTime ?? 0) as Instant, seconds(minReady));
}

export function isAvailable(pod: Pod, minReady: number, now: Instant): boolean {
  const at = availableAt(pod, minReady);
  return at !== undefined && (minReady === 0 || at <= now);
}

/**
 * Sorted so that the first are deleted first: pods without a node, not running, not ready, cheap by
 * their own word, doubled up on a node, ready for a short time, often restarted, young. Times
 * compare by their order of magnitude, as upstream does; of equals the newer one goes first.
 * source: pkg/controller/controller_utils.go ActivePodsWithRanks
 */
export function rankForDeletion(
  pods: readonly Pod[],
  relatedOnNode: (node: string) => number,
  now: Instant,
): Pod[] {
  const rankOf = (pod: Pod): number[] => [
    pod.spec.nodeName ? 1 : 0,
    PHASE_RANK[pod.status?.phase ?? 'Pending'] ?? 0,
    isPodReady(pod) ? 1 : 0,
    deletionCost(pod),
    -relatedOnNode(pod.spec.nodeName ?? ''),
    isPodReady(pod) ? magnitude(readySince(pod), now) : 0,
    -restartsOf(pod),
    magnitude(pod.metadata.creationTimestamp, now),
  ];
  const ranked = pods.map((pod, index) => ({ pod, index, rank: rankOf(pod) }));
  ranked.sort((a, b) => {
    const at = a.rank.findIndex((value, index) => value !== b.rank[index]);
    return at < 0 ? b.index - a.index : a.rank[at]! - b.rank[at]!;
  });
  return ranked.map(({ pod }) => pod);
}

const PHASE_RANK: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

function deletionCost(pod: Pod): number {
  const cost = Number(
    pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0,
  );
  return Number.isSafeInteger(cost) ? cost : 0;
}

function readySince(pod: Pod): number | undefined {
  return conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime;
}

function restartsOf({ status }: Pod): number {
  return Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

/** The whole binary logarithm of an age; -1 for none. */
function magnitude(since: number | undefined, now: Instant): number {
  const age = now - (since ?? now);
  return age <= 0 ? -1 : Math.floor(Math.log2(age * 1_000));
}
