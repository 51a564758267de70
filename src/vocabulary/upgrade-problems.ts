// Which versions of nodes, and which upgrades, are not supported side by side.

import { whyNoProxy } from '../cluster/proxies';
import { hasOwnDns } from '../cluster/system-manifests';
import {
  skewOf,
  skippedBy,
  upgradedBy,
  VERSIONED,
  versionedProcesses,
} from '../cluster/components/versioned-processes';
import type { UpgradeTarget } from '../cluster/components/versioned-processes';
import type { Lexicon } from '../language/lexicon';
import { versionsOf } from '../values/cluster-spec';
import type { ClusterSpec } from '../values/cluster-spec';
import type { KubeVersion } from '../values/kube-version';

/** The arguments of `upgrade`, after validation. */
export interface UpgradeArgs {
  readonly upgrade: string | { readonly component: string; readonly node?: string };
  readonly to: KubeVersion;
}

/** What an upgrade is of; a node may be written with its kind. */
export function targetOf({ upgrade }: UpgradeArgs): UpgradeTarget {
  const bare = (node: string): string => node.replace(/^nodes?\//, '');
  if (typeof upgrade === 'string') return { node: bare(upgrade) };
  const { component, node } = upgrade;
  return node === undefined ? { component } : { component, node: bare(node) };
}

/** Whether the upgrade is that of the cluster's DNS, which runs in pods. */
export function isOfDns({ upgrade }: UpgradeArgs): boolean {
  return typeof upgrade !== 'string' && upgrade.component === 'coredns';
}

/** Why nothing can be upgraded so, whatever the versions are; undefined where it can. */
export function whyNothing(spec: ClusterSpec, args: UpgradeArgs): string | undefined {
  const target = targetOf(args);
  const { component, node } = target;
  if (isOfDns(args)) {
    if (node !== undefined) return 'coredns is one Deployment of the whole cluster';
    return hasOwnDns(spec) ? undefined : 'the DNS of this cluster comes with no version of it';
  }
  if (component !== undefined && !VERSIONED.some((name) => name === component)) {
    return `${component} has no version of Kubernetes of its own`;
  }
  if (upgradedBy(spec, target).length > 0) return undefined;
  const isReplaced = component === 'kube-proxy' && spec.proxy.mode === 'ebpf';
  if (isReplaced) return 'there is no kube-proxy: eBPF programs of the component cni do its work';
  return component === undefined
    ? `there is no node ${node}`
    : `${component} does not run on ${node}`;
}

const SUPPORTED_SKEW = 'the skew that is supported: kubernetes.io/releases/version-skew-policy';
const OTHER_MODE = 'give the node a version that has it, or cluster.proxy another mode';

/** See Lexicon.versionProblems. */
export const versionProblems: Lexicon['versionProblems'] = (cluster) => {
  const versions = versionsOf(cluster);
  const versionOf = (actor: string): KubeVersion => versions.get(actor) ?? cluster.kubernetes;
  const processes = versionedProcesses(cluster);
  return cluster.nodes.flatMap(({ name, version }) => {
    if (version === undefined) return [];
    const isOwn = (actor: string): boolean => actor.endsWith(`@${name}`) && versions.has(actor);
    const own = processes.filter((it) => it.name === 'apiserver' || isOwn(it.actor));
    const hasProxy = own.some((it) => it.name === 'kube-proxy');
    const skewed = skewOf(own, versionOf);
    if (skewed !== undefined) return [{ node: name, message: skewed, hint: SUPPORTED_SKEW }];
    const message = hasProxy ? whyNoProxy(cluster, version) : undefined;
    return message === undefined ? [] : [{ node: name, message, hint: OTHER_MODE }];
  });
};

/** See Lexicon.upgradeProblems. The first problem alone: what comes after it follows from it. */
export const upgradeProblems: Lexicon['upgradeProblems'] = (steps, cluster) => {
  const versions = new Map(versionsOf(cluster));
  const versionOf = (actor: string): KubeVersion => versions.get(actor) ?? cluster.kubernetes;
  const processes = versionedProcesses(cluster);
  for (const [step, given] of steps.entries()) {
    const args = given as UpgradeArgs;
    const { to } = args;
    const problem = (path: string, message: string) => {
      return [{ step, problem: { path, severity: 'error' as const, message } }];
    };
    // What names nothing is reported as every reference is.
    const { node } = targetOf(args);
    if (node !== undefined && !cluster.nodes.some(({ name }) => name === node)) return [];
    const nothing = whyNothing(cluster, args);
    if (nothing !== undefined) return problem('/upgrade', nothing);
    if (isOfDns(args)) continue;
    const hit = upgradedBy(cluster, targetOf(args));
    const servers = hit.filter(({ name }) => name === 'apiserver');
    const skipped = servers.map(({ actor }) => skippedBy(versionOf(actor), to));
    for (const { actor } of hit) versions.set(actor, to);
    const reason = skipped.find((it) => it !== undefined) ?? skewOf(processes, versionOf);
    if (reason !== undefined) return problem('/to', reason);
  }
  return [];
};
