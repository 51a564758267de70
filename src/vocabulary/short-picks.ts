// A `pick` of more than there are, where only the run can know how many there are: it takes them
// all, and says so.

import type { Cluster } from '../cluster/cluster';
import { componentsOfTarget } from './component-targets';
import type { ComponentTargetArgs } from './component-targets';
import { describe, nodesOfTarget, podsOfTarget } from './targets';
import type { NodeTargetArgs, PodTargetArgs } from './targets';

interface Target {
  readonly pick?: string | number;
  readonly pods?: Exclude<PodTargetArgs, string>['pods'];
  readonly nodes?: Exclude<NodeTargetArgs, string>['nodes'];
  readonly zone?: string;
  readonly component?: string;
}

/** A sentence for each `pick` of a number, anywhere in the arguments, that finds fewer now. */
export function shortPicks(cluster: Cluster, args: unknown): readonly string[] {
  if (typeof args !== 'object' || args === null) return [];
  const inner = Object.values(args).flatMap((part) => shortPicks(cluster, part));
  const target = args as Target;
  const wanted = /^[0-9]+$/.test(String(target.pick)) ? Number(target.pick) : 0;
  const found = wanted === 0 ? undefined : candidatesOf(cluster, target);
  if (found === undefined || found.count === 0 || found.count >= wanted) return inner;
  const { count, what } = found;
  return [...inner, `\`pick: ${wanted}\` takes all ${count} of ${what}: there are no more now`];
}

function candidatesOf(
  cluster: Cluster,
  target: Target,
): { readonly count: number; readonly what: string } | undefined {
  const { component, pods, zone, nodes = zone === undefined ? undefined : { zone } } = target;
  if (component !== undefined) {
    const all = { ...target, pick: 'all' } as ComponentTargetArgs;
    return { count: componentsOfTarget(cluster, all, '').length, what: component };
  }
  if (pods !== undefined) {
    return { count: podsOfTarget(cluster, { pods }, '').length, what: describe({ pods }) };
  }
  if (nodes === undefined) return undefined;
  return { count: nodesOfTarget(cluster, { nodes }, '').length, what: describe({ nodes }) };
}
