// What can be wrong about nodes that run short of something, and about those that shut down.

import { conditionOf, withCondition } from '../../src/apiserver/kinds/pod';
import { EvictionManager } from '../../src/node/kubelet/eviction-manager';
import * as ranking from '../../src/node/kubelet/eviction-ranking';
import * as thresholds from '../../src/node/kubelet/eviction-thresholds';
import * as ground from '../../src/node/kubelet/kubelet-ground';
import type { PodWorker } from '../../src/node/kubelet/kubelet-state';
import { NodeShutdown } from '../../src/node/kubelet/node-shutdown';
import { NodeStatuses } from '../../src/node/kubelet/node-status';
import { PodTermination } from '../../src/node/kubelet/pod-termination';
import { StatusManager } from '../../src/node/kubelet/status-manager';
import { seconds, ZERO } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace, together } from './replace';
import type { Undo } from './replace';

const MEMORY = 'scenarios/faults/node-out-of-memory.yaml';
const DISK = 'scenarios/faults/node-out-of-disk.yaml';
const SOFT = 'scenarios/faults/soft-eviction.yaml';
const PROCESSES = 'scenarios/faults/node-out-of-processes.yaml';
const SHUTDOWN = 'scenarios/lifecycle/graceful-node-shutdown.yaml';

/** A pod that its kubelet ends counts as not ready from the beginning of its end. */
function tellAtOnce(): Undo {
  const undo = replace(StatusManager.prototype, 'current', (current) => {
    return function (this: StatusManager, worker: PodWorker) {
      const status = (current as (worker: PodWorker) => object).call(this, worker) as NonNullable<
        PodWorker['sent']
      >;
      const ready = conditionOf(status.conditions, 'Ready');
      if (worker.verdict === undefined || ready === undefined) return status;
      const conditions = withCondition(status.conditions, { ...ready, status: 'False' });
      return { ...status, conditions };
    };
  });
  const undoCondemn = replace<PodTermination['condemn']>(
    PodTermination.prototype,
    'condemn',
    (condemn) =>
      function (this: PodTermination, worker, grace, verdict) {
        condemn.call(this, worker, grace, verdict);
        this['statuses'].sync(worker);
      },
  );
  return together(undo, undoCondemn);
}

export const PRESSURE_MUTANTS: readonly Mutant[] = [
  {
    name: 'pressure-is-never-relieved',
    sentence: 'What an evicted pod gives back does not count: the next one goes too.',
    scenario: MEMORY,
    expectation: 'the agent, which uses less, was not',
    breaks: () =>
      replace<EvictionManager['supplyOf']>(EvictionManager.prototype, 'supplyOf', (supplyOf) => {
        return function (this: EvictionManager, agent, watch) {
          const takers = [...watch.shortages.values()];
          const isTaken = (what: string): boolean =>
            takers.some(({ resource }) => resource === what);
          const available = (what: string): number =>
            isTaken(what) ? 0 : Number.POSITIVE_INFINITY;
          return { ...supplyOf.call(this, agent, watch), available };
        };
      }),
  },
  {
    name: 'pressure-goes-with-its-cause',
    sentence: 'A node is under pressure no more as soon as enough is available.',
    scenario: MEMORY,
    expectation: 'the node is under pressure for five minutes',
    breaks: () => withDelays({ 'kubelet.evictionPressureTransitionPeriod': seconds(1) }),
  },
  {
    name: 'pressure-is-noticed-at-once',
    sentence: 'The kubelet reports a pressure without waiting for its status loop.',
    scenario: MEMORY,
    expectation: 'it says so with the next status',
    breaks: () =>
      replace<NodeStatuses['pressureChanged']>(NodeStatuses.prototype, 'pressureChanged', () => {
        return function (this: NodeStatuses, node) {
          this['reportPressures'](node);
        };
      }),
  },
  {
    name: 'soft-thresholds-are-hard',
    sentence: 'A soft threshold grants no grace, neither to the shortage nor to the pod.',
    scenario: SOFT,
    expectation: 'for a minute and a half nobody has to go',
    breaks: () =>
      replace<typeof thresholds.look>(thresholds, 'look', (look) => (all, ...rest) => {
        const hard = all.map((it) => ({ ...it, grace: ZERO }));
        return look(hard, ...rest);
      }),
  },
  {
    name: 'enough-is-the-threshold',
    sentence: 'No minimum is reclaimed: evictions end where the threshold is met no more.',
    scenario: SOFT,
    expectation: 'a second pod goes',
    breaks: () =>
      replace<typeof thresholds.look>(thresholds, 'look', (look) => (all, before, ...rest) => {
        return look(all, { ...before, driving: new Set() }, ...rest);
      }),
  },
  {
    name: 'one-configuration-for-all-kubelets',
    sentence: 'What is said of the kubelet of one node holds for none.',
    scenario: PROCESSES,
    expectation: 'worker-2, whose threshold is lower, is under no pressure',
    breaks: () =>
      replace<typeof ground.settingsOf>(ground, 'settingsOf', (settingsOf) => (options) => {
        return settingsOf(options, 'worker-1');
      }),
  },
  {
    name: 'processes-rank-like-bytes',
    sentence: 'What a pod uses of the numbers of processes counts before its priority.',
    scenario: PROCESSES,
    expectation: 'the pod with the lower priority goes',
    breaks: () =>
      replace<typeof ranking.rankForEviction>(
        ranking,
        'rankForEviction',
        (rank) =>
          (all, ...rest) => {
            const usage = (it: PodWorker): number => ranking.usageOf(it, 'pids');
            return [...rank(all, ...rest)].sort((a, b) => usage(b) - usage(a));
          },
      ),
  },
  {
    name: 'daemons-are-replaced-every-second',
    sentence: 'A DaemonSet replaces rejected daemons every second, for ever.',
    scenario: DISK,
    expectation: 'the set leaves the rejected daemon alone',
    breaks: () => withDelays({ 'controller-manager.daemonset.failedPodBackOffMax': seconds(1) }),
  },
  {
    name: 'shutdown-takes-pods-out-of-service',
    sentence: 'A pod that its kubelet ends is no ready endpoint any more.',
    scenario: SHUTDOWN,
    expectation: 'its backend is a ready endpoint as long as it drains',
    breaks: tellAtOnce,
  },
  {
    name: 'shutdown-waits-for-nobody',
    sentence: 'The kubelet does not hold the shutdown of its node up.',
    scenario: SHUTDOWN,
    expectation: 'its end is written',
    breaks: () =>
      withDelays({
        'kubelet.shutdownGracePeriod': ZERO,
        'kubelet.shutdownGracePeriodCriticalPods': ZERO,
      }),
  },
  {
    name: 'shutdown-is-not-announced',
    sentence: 'A kubelet that ends its pods does not say that its node is not ready.',
    scenario: SHUTDOWN,
    expectation: 'the node is not ready at once',
    breaks: () => replace(NodeStatuses.prototype, 'report', () => () => {}),
  },
  {
    name: 'shutdown-keeps-its-pods',
    sentence: 'A kubelet holds the shutdown up and ends no pod.',
    scenario: SHUTDOWN,
    expectation: 'the pod lies there, disrupted by its kubelet',
    breaks: () => replace(NodeShutdown.prototype, 'workersOf', () => () => []),
  },
];
