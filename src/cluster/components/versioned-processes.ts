// The processes that are released with Kubernetes, so that an upgrade is of them: etcd, the
// container runtime and the daemon of the network plug-in have versions of their own.
// source: https://kubernetes.io/releases/version-skew-policy

import type { ClusterSpec } from '../../values/cluster-spec';
import type { Component } from '../../values/component';
import type { KubeVersion } from '../../values/kube-version';
import { minorsBetween } from '../../values/kube-version';
import { componentOn, controlPlaneHosts } from './control-plane-hosts';

/** In the order in which the processes of one node are upgraded. */
export const VERSIONED = [
  'apiserver',
  'controller-manager',
  'scheduler',
  'kubelet',
  'kube-proxy',
] as const;

/** Which processes an upgrade is of. */
export type UpgradeTarget =
  /** A node: its kubelet and kube-proxy, and what it runs of the control plane. */
  | { readonly node: string; readonly component?: never }
  /** A component, on one node or everywhere. */
  | { readonly component: string; readonly node?: string };

/** The processes that an upgrade replaces, in the order in which it does. */
export function upgradedBy(
  spec: ClusterSpec,
  { component, node }: UpgradeTarget,
): readonly Component[] {
  return versionedProcesses(spec).filter(
    (it) =>
      (component === undefined || it.name === component) &&
      (node === undefined || it.node === node),
  );
}

/** Every process with a version of Kubernetes. */
export function versionedProcesses(spec: ClusterSpec): readonly Component[] {
  const hosts = controlPlaneHosts(spec);
  return VERSIONED.flatMap((name): readonly Component[] => {
    if (name === 'kube-proxy' && spec.proxy.mode === 'ebpf') return [];
    if (name !== 'kubelet' && name !== 'kube-proxy') {
      return hosts.map((host) => componentOn(name, host, hosts));
    }
    return spec.nodes.map(({ name: node }) => ({ name, node, actor: `${name}@${node}` }));
  });
}

/** How much older than the API servers each of the others may be, in minor versions. */
const OLDER: Readonly<Record<string, number>> = {
  'controller-manager': 1,
  scheduler: 1,
  kubelet: 3,
  'kube-proxy': 3,
};

/**
 * Why processes of these versions are not supported side by side; undefined where they are. Of
 * several reasons the first, in the order of `processes`.
 */
export function skewOf(
  processes: readonly Component[],
  versionOf: (actor: string) => KubeVersion,
): string | undefined {
  const servers = processes.filter(({ name }) => name === 'apiserver');
  const byAge = servers.map(({ actor }) => versionOf(actor)).sort(minorsBetween);
  const [oldest, newest] = [byAge[0]!, byAge.at(-1)!];
  if (minorsBetween(newest, oldest) > 1) {
    return `API servers of ${oldest} and ${newest}: they may be one minor version apart`;
  }
  for (const { name, actor } of processes) {
    const most = OLDER[name];
    if (most === undefined) continue;
    const version = versionOf(actor);
    if (minorsBetween(version, oldest) > 0) {
      return `${actor} of ${version} is newer than the API server of ${oldest}`;
    }
    if (minorsBetween(newest, version) > most) {
      const limit = most === 1 ? 'one minor version' : `${most} minor versions`;
      return `${actor} of ${version} is more than ${limit} older than the API server of ${newest}`;
    }
  }
  return undefined;
}

/** Why API servers may not go from one version to the other in one step. */
export function skippedBy(from: KubeVersion, to: KubeVersion): string | undefined {
  if (minorsBetween(to, from) <= 1) return undefined;
  return `an API server goes from ${from} to ${to} by one minor version at a time`;
}
