// Pods as they really are on their machines, as far as claims and faults name them.

import type { Cluster } from '../cluster/cluster';
import { placedSandbox } from '../cluster/views/running';
import type { PlacedSandbox } from '../cluster/views/running';
import type { IP } from '../values/ip';

/** The pod's sandbox; undefined while it has none. */
export function sandboxOf(cluster: Cluster, pod: string): PlacedSandbox | undefined {
  return placedSandbox(cluster, pod);
}

/** The pod's addresses: of its sandbox, or as its status still gives them. */
export function addressesOf(cluster: Cluster, pod: string): readonly IP[] {
  const placed = sandboxOf(cluster, pod);
  if (placed !== undefined) return placed.sandbox.addresses;
  const status = cluster.api.store.get('Pod', pod)?.status as
    { podIPs?: readonly { ip: IP }[] } | undefined;
  return (status?.podIPs ?? []).map(({ ip }) => ip);
}
