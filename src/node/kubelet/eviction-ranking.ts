// Which pod a kubelet evicts first, when its node is short of something.
// source: pkg/kubelet/eviction/helpers.go rankMemoryPressure, rankDiskPressureFunc,
// rankPIDPressure

import { priorityOf, requestedBytes } from '../../apiserver/kinds/pod-priority';
import type { ReadObject } from '../../apiserver/kinds/pod-priority';
import { isAlive } from './kubelet-state';
import type { PodWorker } from './kubelet-state';

/** What can run short on a node. */
export type Resource = 'memory' | 'disk' | 'pids';

/** How requests and messages call it. */
export const REQUESTED: Readonly<Record<Resource, string>> = {
  memory: 'memory',
  disk: 'ephemeral-storage',
  pids: 'pids',
};

/** Bytes, or processes, that the containers of the pod use, as far as the scenario says so. */
export function usageOf({ containers }: PodWorker, resource: Resource): number {
  return containers
    .filter(isAlive)
    .map(({ behaviour }) => behaviour?.uses[resource] ?? 0)
    .reduce((sum, it) => sum + it, 0);
}

/**
 * The pods in the order in which they are to go: those that use more than they request before the
 * others, then by growing priority, then by what they use beyond their requests. Of processes
 * nothing can be requested: priority comes first. Upstream leaves the rest to chance; here pods
 * that came earlier go first.
 */
export function rankForEviction(
  workers: readonly PodWorker[],
  resource: Resource,
  read: ReadObject,
): readonly PodWorker[] {
  const ranked = workers.map((worker) => ({
    worker,
    excess: usageOf(worker, resource) - requestOf(worker, resource),
    priority: priorityOf(worker.pod, read),
  }));
  const rank = (it: (typeof ranked)[number]): number =>
    resource === 'pids' || it.excess > 0 ? 0 : 1;
  return ranked
    .sort(
      (a, b) =>
        rank(a) - rank(b) ||
        a.priority - b.priority ||
        b.excess - a.excess ||
        a.worker.id - b.worker.id,
    )
    .map(({ worker }) => worker);
}

function requestOf({ pod }: PodWorker, resource: Resource): number {
  return resource === 'pids' ? 0 : requestedBytes(pod, REQUESTED[resource]);
}
