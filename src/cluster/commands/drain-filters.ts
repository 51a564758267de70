// Which pods of a node `kubectl drain` takes away, and which ones stop it. Each pod is looked at by
// one filter after the other, and the first that says no has said it all.
// source: staging/src/k8s.io/kubectl/pkg/drain/filters.go makeFilters; drain.go filterPods

import { isPodTerminal } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import { controllerOf, ownerKey } from '../../controllers/owner';
import type { ObjectKey } from '../../values/kube-object';

export interface DrainFlags {
  readonly ignoreDaemonSets: boolean;
  readonly deleteEmptyDirData: boolean;
  /** Also pods that nobody would replace. */
  readonly force: boolean;
}

/** A pod goes, stays where it is, or must not be deleted for this reason. */
export type DrainVerdict = 'go' | 'stay' | { readonly obstacle: string };

const MIRROR = 'kubernetes.io/config.mirror';

const DAEMON = 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)';
const LOCAL_STORAGE = 'Pods with local storage (use --delete-emptydir-data to override)';
const UNMANAGED = 'Pods that declare no controller (use --force to override)';

/** `isThere`: whether a DaemonSet is. */
export function drainVerdict(
  pod: Pod,
  flags: DrainFlags,
  isThere: (daemonSet: ObjectKey) => boolean,
): DrainVerdict {
  const isMirror = pod.metadata.annotations?.[MIRROR] !== undefined;
  // Of any owner, a pod that has finished can be removed.
  if (isPodTerminal(pod)) return isMirror ? 'stay' : 'go';
  const daemonSet = ownerKey(pod, 'DaemonSet');
  if (daemonSet !== undefined) {
    if (isThere(daemonSet)) return flags.ignoreDaemonSets ? 'stay' : { obstacle: DAEMON };
    // Nobody brings back what an orphan of a DaemonSet was.
    if (!flags.force) return { obstacle: notFound(daemonSet) };
  }
  if (isMirror) return 'stay';
  const hasEmptyDir = (pod.spec.volumes ?? []).some(({ emptyDir }) => emptyDir !== undefined);
  if (hasEmptyDir && !flags.deleteEmptyDirData) return { obstacle: LOCAL_STORAGE };
  if (controllerOf(pod) === undefined && !flags.force) return { obstacle: UNMANAGED };
  return 'go';
}

function notFound(daemonSet: ObjectKey): string {
  return `daemonsets.apps "${daemonSet.slice(daemonSet.indexOf('/') + 1)}" not found`;
}
