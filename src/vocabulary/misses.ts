// Why a step hit nothing: what its target once meant, and what there is now in its place.

import type { Cluster } from '../cluster/cluster';
import {
  describe,
  hintFor,
  podEverOf,
  podsEverOf,
  podsOfReference,
  readReference,
} from './targets';
import type { NodeTargetArgs, PodTargetArgs } from './targets';

/** What a report says of a step that hit nothing, with the reason where its target is one. */
export function tellMiss(cluster: Cluster, args: unknown): string {
  const { pod, pods, nodes, component } = args as {
    readonly pod?: PodTargetArgs;
    readonly pods?: Exclude<PodTargetArgs, string>['pods'];
    readonly nodes?: Exclude<NodeTargetArgs, string>['nodes'];
    readonly component?: string;
  };
  const target = pods === undefined ? pod : { pods };
  if (target !== undefined) {
    const hint = typeof target === 'string' ? hintFor(cluster, target) : '';
    const why = hint === '' ? whyNoPods(cluster, target) : undefined;
    return `it hit nothing${why === undefined ? hint : `: ${why}`}`;
  }
  if (nodes === undefined || component !== undefined) return 'it hit nothing';
  return `it hit nothing: ${describe({ nodes })} are not there, or have no power`;
}

/** Why a target means no pod now, as a sentence goes on after a colon; undefined where it does. */
function whyNoPods(cluster: Cluster, target: PodTargetArgs): string | undefined {
  if (typeof target !== 'string') return `no ${describe(target)} to be hit`;
  const reference = readReference(target);
  if (podsOfReference(cluster, reference).length > 0) return undefined;
  const made = podsEverOf(cluster, reference);
  if (made.length === 0) return `there is no pod ${target} now`;
  if (reference.ordinal === undefined) return `${target} has no pods now`;
  const present = made.filter((pod) => cluster.api.store.get('Pod', pod) !== undefined);
  const numbers = present.map((pod) => `#${made.indexOf(pod) + 1}`).join(', ');
  const rest = present.length === 0 ? 'none is left' : `there are ${numbers} now`;
  const gone = podEverOf(cluster, reference);
  return gone === undefined
    ? `it has had ${made.length} pods so far: ${rest}`
    : `${target} was ${gone}, and is gone: ${rest}, as new pods get new numbers`;
}
