// How a cluster begins: when its clock stands at first, by which delays it lives until zero, and
// how much there will be of it.

import { presetOf, PROFILES } from '../../timing';
import type { Profile, Timing } from '../../timing';
import { kubeletsOf, versionsOf } from '../../values/cluster-spec';
import type { ClusterSpec } from '../../values/cluster-spec';
import { seconds, START } from '../../values/time';
import type { Instant } from '../../values/time';

/** A settled start is lived through before zero, without latencies, for as long as this at most. */
const SETTLING = seconds(600);

/** The instant at which the cluster is empty. */
export function beginningOf({ start }: ClusterSpec): Instant {
  return (start === 'cold' ? START : -SETTLING) as Instant;
}

/** How many objects there will be, about: those of the manifests, their pods, and the nodes. */
export function objectsIn({ manifests, nodes }: ClusterSpec): number {
  const pods = manifests.map(({ kind, spec }) => {
    const { replicas = 1 } = (spec ?? {}) as { readonly replicas?: number };
    return kind === 'DaemonSet' ? nodes.length : replicas;
  });
  return pods.reduce((sum, count) => sum + count + 1, nodes.length);
}

/** The delays of the beginning: a cluster that settles does so in no time. */
export function timingOptions(spec: ClusterSpec): ConstructorParameters<typeof Timing>[0] {
  const profile = spec.start === 'cold' ? profileOf(spec) : 'instant';
  // What a cluster is configured to do it does from the beginning, also while it settles.
  const overrides = { ...presetOf(spec.timing.profile)?.timers, ...spec.timing.overrides };
  const kubelets = [...kubeletsOf(spec)].map(
    ([node, it]) => [`kubelet@${node}`, it.timers] as const,
  );
  const own = kubelets.length === 0 ? {} : { ofActors: new Map(kubelets) };
  const versions = versionsOf(spec);
  return { kubernetes: spec.kubernetes, versions, profile, overrides, ...own };
}

/** By which delays the scenario is to live. Throws RangeError for a name that is none. */
export function profileOf({ timing }: ClusterSpec): Profile {
  const profile = PROFILES.find((it) => it === timing.profile);
  if (profile === undefined) throw new RangeError(`there is no timing profile ${timing.profile}`);
  return profile;
}
