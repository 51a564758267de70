// PodChaos becomes `kill` and `fail`.
// source: chaos-mesh api/v1alpha1/podchaos_types.go; controllers/chaosimpl/podchaos

import type { Fields } from '../fields';
import type { ImportedFault } from '../timeline';
import { readPods } from './selector';

/** The faults for the `spec` of a PodChaos. */
export function readPodChaos(spec: Fields, namespace: string): readonly ImportedFault[] {
  switch (spec.text('action')) {
    case 'pod-kill':
      return podKill(spec, namespace);
    case 'pod-failure':
      return podFailure(spec, namespace);
    case 'container-kill':
      return containerKill(spec, namespace);
    default:
      spec.remark('skipped', 'it is none of pod-kill, pod-failure, container-kill', 'action');
      return [];
  }
}

/** Actions that happen once: their `duration` means nothing. */
export function isOnce(spec: Fields): boolean {
  return /^(pod|container)-kill$/.test(spec.text('action') ?? '');
}

/** source: controllers/chaosimpl/podchaos/podkill (DeleteOptions with the grace period) */
function podKill(spec: Fields, namespace: string): readonly ImportedFault[] {
  const grace = Number(spec.text('gracePeriod') ?? 0);
  if (grace > 0) {
    spec.remark('differs', 'pods that a selector chooses are deleted at once', 'gracePeriod');
  }
  spec.ignore('containerNames');
  const pods = readPods(spec, namespace, { lasts: false }) ?? [];
  return pods.map((it) => ({ verb: 'kill', args: { ...it, how: 'delete' } }));
}

/**
 * The images of all containers are replaced by one that does nothing: the pod stays what it is and
 * where it is, and listens on nothing.
 * source: controllers/chaosimpl/podchaos/podfailure
 */
function podFailure(spec: Fields, namespace: string): readonly ImportedFault[] {
  spec.ignore('containerNames');
  const pods = readPods(spec, namespace, { lasts: true }) ?? [];
  if (pods.length > 0) {
    const why =
      'listeners are closed; the restarts at both ends, and exec probes that fail, are not shown';
    spec.remark('differs', why, 'action');
  }
  return pods.map((it) => ({ verb: 'fail', args: { ...it, refuse: true } }));
}

/** source: controllers/chaosimpl/podchaos/containerkill (SIGKILL by the runtime) */
function containerKill(spec: Fields, namespace: string): readonly ImportedFault[] {
  const containers = spec.texts('containerNames');
  if (containers.length === 0) {
    spec.remark('skipped', 'container-kill needs containerNames', 'action');
    return [];
  }
  const pods = readPods(spec, namespace, { lasts: false }) ?? [];
  return pods.map((it) => ({ verb: 'kill', args: { ...it, containers } }));
}
