// How a pod stands that has come up a while ago, and to which nothing has happened since, as far as
// that can be read from the pod itself: then nobody has to live through it.

import type { Container, Pod } from '../../apiserver/kinds/pod';
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
  pod: Pod,
  read: Pick<RestingTemplate, 'behaviours' | 'turn'>,
  uptime: Uptime,
): RestingTemplate | undefined {
  const { containers } = pod.spec;
  for (let index = 0; index < containers.length; index++) {
    if (hasProbe(containers[index]!) || !isLasting(read.behaviours[index]!)) return undefined;
  }
  return new Standing(pod, read, uptime);
}

/**
 * How all pods stand that are like one of them: what it says itself, and what follows from that
 * for whoever asks. Frozen, as forks share it.
 */
class Standing implements RestingTemplate {
  readonly behaviours: readonly Behaviour[];
  readonly turn: number;
  readonly isAssumed: boolean;
  private readonly pod: Pod;
  private readonly uptime: Uptime;
  // Private to the language, so that they can be put together when all the rest is frozen.
  #statuses: CommonStatus['containerStatuses'] | undefined;

  constructor(
    pod: Pod,
    { behaviours, turn }: Pick<RestingTemplate, 'behaviours' | 'turn'>,
    uptime: Uptime,
  ) {
    this.behaviours = Object.freeze(behaviours);
    this.turn = turn;
    this.isAssumed = behaviours.some(({ assumed }) => assumed);
    this.pod = pod;
    this.uptime = uptime;
    Object.freeze(this);
  }

  get labels(): RestingTemplate['labels'] {
    return this.pod.metadata.labels;
  }

  get namespace(): string | undefined {
    return this.pod.metadata.namespace;
  }

  get owners(): RestingTemplate['owners'] {
    return this.pod.metadata.ownerReferences;
  }

  get volumes(): RestingTemplate['volumes'] {
    return this.pod.spec.volumes;
  }

  get since(): Instant {
    return this.uptime.since;
  }

  get startTime(): Instant {
    return this.uptime.since;
  }

  get phase(): 'Running' {
    return 'Running';
  }

  get conditions(): CommonStatus['conditions'] {
    return this.uptime.conditions;
  }

  get probes(): undefined {
    return undefined;
  }

  get processes(): RestingTemplate['processes'] {
    return this.pod.spec.containers.map(({ name }, index) => {
      return { container: name, listen: this.behaviours[index]!.listen };
    });
  }

  /** The very same for all of them. */
  get containerStatuses(): CommonStatus['containerStatuses'] {
    return (this.#statuses ??= this.statuses());
  }

  private statuses(): CommonStatus['containerStatuses'] {
    const { state } = this.uptime;
    return deepFreeze(
      this.pod.spec.containers.map(({ name, image = '' }) => {
        return { name, image, ready: true, started: true, restartCount: 0, state };
      }),
    );
  }
}

/** What probes find is known to who has asked them. */
function hasProbe({ startupProbe, livenessProbe, readinessProbe }: Container): boolean {
  return (startupProbe ?? livenessProbe ?? readinessProbe) !== undefined;
}
