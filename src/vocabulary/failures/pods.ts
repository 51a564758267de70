// Pods that fail while they run: their probes, what they answer over HTTP, what they refuse.

import type { Cluster } from '../../cluster/cluster';
import type { PodFailure } from '../../cluster/faults/failing';
import { podTargetOf } from '../component-targets';
import { NOTHING } from '../define';
import type { Injection, InjectionContext } from '../define';
import { isFrozen, podName, podsOfTarget } from '../targets';
import type { FailArgs } from './arguments';
import { effectOf } from './way';
import type { Way } from './way';

type PodWayName = 'probe' | 'http' | 'ready' | 'refuse';

const ALL_PROBES = ['startup', 'liveness', 'readiness'] as const;

export const podWays: readonly Way[] = [
  wayOf('probe', ['probes'], ({ probes = ALL_PROBES }) => ({ probes })),
  wayOf('http', [], ({ http }) => ({ http: http! })),
  wayOf('ready', [], () => ({ unready: true })),
  wayOf('refuse', ['ports'], ({ ports }) => ({ refuses: ports ?? 'all' })),
];

function wayOf(
  name: PodWayName,
  words: Way['words'],
  failureOf: (args: FailArgs) => PodFailure,
): Way {
  const fail = (
    cluster: Cluster,
    args: FailArgs,
    { step }: InjectionContext,
    held: ReadonlySet<string>,
  ): Injection => {
    const all = podsOfTarget(cluster, podTargetOf(args), step);
    const pods = all.filter((pod) => !held.has(effectOf(name, pod, step)));
    for (const pod of pods) cluster.handles.failPod(pod, step, failureOf(args));
    return {
      hits: pods.map((pod) => `pod ${podName(cluster, pod)}`),
      effects: pods.map((pod) => effectOf(name, pod, step)),
    };
  };
  return {
    name,
    targets: ['pod', 'pods', 'component'],
    components: ['coredns'],
    words,
    inject: (cluster, args, context) => fail(cluster, args, context, new Set()),
    extend: (cluster, args, context, held) =>
      isFrozen(podTargetOf(args)) ? NOTHING : fail(cluster, args, context, held),
    undo: (cluster, pod, token) => cluster.handles.mendPod(pod, token),
  };
}
