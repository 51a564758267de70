// How a pod stands that has come up a while ago, and to which nothing has happened since, as far as
// that can be read from the pod itself: then nobody has to live through it.

import type { Container, Pod } from '../../apiserver/kinds/pod';
import type { ListenSpec } from '../../values/cluster-spec';
import { deepFreeze } from '../../values/kube-object';
import type { Instant } from '../../values/time';
import type { Behaviour } from '../../workloads/index';
import type { CommonStatus } from './pod-status';
import type { RestingTemplate } from './resting-pods';

/** What all pods say that came up at one instant, and run. */
export interface Uptime {
  readonly since: Instant;
  readonly conditions: CommonStatus['conditions'];
  readonly state: { readonly running: { readonly startedAt: Instant } };
}

/** What the scheduler has said comes first; the kubelet adds the others behind it. */
const CONDITIONS = [
  'PodScheduled',
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
];

/** What pods say that have come up at that instant. */
export function uptimeFrom(since: Instant): Uptime {
  const conditions = CONDITIONS.map((type) => {
    return { type, status: 'True', lastTransitionTime: since } as const;
  });
  return deepFreeze({ since, conditions, state: { running: { startedAt: since } } });
}

/** Whether nothing comes of such a container by itself, and nobody else is concerned with it. */
export function isLasting(behaviour: Behaviour): boolean {
  const { ending, speaks, nodeCache, uses } = behaviour;
  if (ending !== undefined || speaks !== undefined || nodeCache !== undefined) return false;
  if (Object.keys(uses).length > 0) return false;
  // What is frozen is what the container does each time (Behaviours.of): no part of it is drawn.
  return Object.isFrozen(behaviour);
}

/**
 * How pods like this one stand, each of whose containers has done what its behaviour says for as
 * long as `uptime`; undefined where only a kubelet can tell.
 */
export function standingOf(
  { metadata, spec }: Pod,
  { behaviours, turn }: Pick<RestingTemplate, 'behaviours' | 'turn'>,
  uptime: Uptime,
): RestingTemplate | undefined {
  const { containers, volumes } = spec;
  const { since, conditions, state } = uptime;
  const processes: { readonly container: string; readonly listen: readonly ListenSpec[] }[] = [];
  const statuses: CommonStatus['containerStatuses'][number][] = [];
  let isAssumed = false;
  for (let index = 0; index < containers.length; index++) {
    const container = containers[index]!;
    const behaviour = behaviours[index]!;
    if (hasProbe(container) || !isLasting(behaviour)) return undefined;
    const { name, image = '' } = container;
    processes.push(Object.freeze({ container: name, listen: behaviour.listen }));
    statuses.push(
      Object.freeze({ name, image, ready: true, started: true, restartCount: 0, state }),
    );
    isAssumed ||= behaviour.assumed;
  }
  // Frozen part by part, since all of it is new: forks share it.
  return Object.freeze({
    labels: metadata.labels,
    namespace: metadata.namespace,
    owners: metadata.ownerReferences,
    volumes,
    since,
    processes: Object.freeze(processes),
    behaviours: Object.freeze(behaviours),
    turn,
    probes: undefined,
    isAssumed,
    phase: 'Running',
    conditions,
    startTime: since,
    containerStatuses: Object.freeze(statuses),
  });
}

/** What probes find is known to who has asked them. */
function hasProbe({ startupProbe, livenessProbe, readinessProbe }: Container): boolean {
  return (startupProbe ?? livenessProbe ?? readinessProbe) !== undefined;
}
