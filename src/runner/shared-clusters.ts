// Scenarios of one suite mostly begin with the same cluster. It settles once, and each of them goes
// on with a copy; a copy costs a fraction of a cluster, however large that is.

import type { Cluster } from '../cluster/cluster';
import type { Plan } from '../language/plan';
import type { ClusterSpec } from '../values/cluster-spec';
import type { CreateCluster } from './run';

/** So many settled clusters are kept at once: whoever has more of them has no room for all. */
const KEPT_MOST = 4;

/**
 * Builds the clusters of these plans with `create`: those that several plans begin with, under one
 * seed, once. What is built for a plan is its own, whatever becomes of the others.
 */
export function sharingClusters(plans: readonly Plan[], create: CreateCluster): CreateCluster {
  const settled = new Map<string, Cluster>();
  let groups: ReadonlyMap<ClusterSpec, number> | undefined;
  return (spec, options) => {
    groups ??= groupsOf(plans.map(({ cluster }) => cluster));
    const group = groups.get(spec);
    if (group === undefined) return create(spec, options);
    const key = `${group} ${options.seed}`;
    const origin = settled.get(key) ?? create(spec, options);
    // Used last, it is the last that gives way.
    settled.delete(key);
    settled.set(key, origin);
    for (const oldest of settled.keys()) if (settled.size > KEPT_MOST) settled.delete(oldest);
    return origin.fork();
  };
}

/** One number for all that are equal, places of their manifests included; none for a single one. */
function groupsOf(specs: readonly ClusterSpec[]): ReadonlyMap<ClusterSpec, number> {
  // A spec is plain data: what its JSON says is all that a cluster is built from.
  const equal = several(specs, sizesOf).flatMap((alike) =>
    several(alike, (spec) => JSON.stringify(spec)),
  );
  return new Map(equal.flatMap((group, number) => group.map((spec) => [spec, number] as const)));
}

/** Those that have their text in common with another one, by it. */
function several(
  specs: readonly ClusterSpec[],
  textOf: (spec: ClusterSpec) => string,
): readonly (readonly ClusterSpec[])[] {
  const groups = new Map<string, ClusterSpec[]>();
  for (const spec of specs) {
    const text = textOf(spec);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [spec]);
    else group.push(spec);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

/** What equal clusters have in common, and many others do not. */
function sizesOf({ nodes, manifests, cni, proxy, timing }: ClusterSpec): string {
  return [nodes.length, manifests.length, cni.name, proxy.mode, timing.profile].join();
}
