// Upgrades: processes are ended, one after the other, and others of another version take their
// places: with empty memory, and the kernels of their nodes as they were. The next one has its turn
// when the one before runs again. What does not run at its turn starts as the new version.
// source: cmd/kubeadm/app/phases/upgrade (static pods: one component after the other);
// pkg/controller/daemon/update.go rollingUpdate (maxUnavailable: 1)

import type { Kernel } from '../../kernel/kernel';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { Timing } from '../../timing';
import type { ClusterSpec } from '../../values/cluster-spec';
import type { Component } from '../../values/component';
import type { KubeVersion } from '../../values/kube-version';
import { minorsBetween } from '../../values/kube-version';
import type { Components } from './components';
import type { Proxies } from '../proxies';
import type { Supervisor } from './supervisor';
import { skewOf, skippedBy, versionedProcesses } from './versioned-processes';

export interface UpgradesContext {
  readonly kernel: Kernel;
  readonly spec: ClusterSpec;
  readonly timing: Timing;
  readonly kubelets: Kubelets;
  readonly proxies: Proxies;
  readonly components: Components;
  readonly supervisor: Supervisor;
}

export interface UpgradeHandles {
  /** Why these processes may not become this version now; undefined where they may. */
  upgradeProblem(components: readonly Component[], to: KubeVersion): string | undefined;
  /** Replaces the processes by others of this version, in this order. */
  upgrade(components: readonly Component[], to: KubeVersion): void;
  /** Applies the CoreDNS of this version. */
  upgradeDns(to: KubeVersion): void;
}

/** One upgrade under way. */
interface Rollout {
  readonly to: KubeVersion;
  /** Actors whose turn has not ended; the first one has it now. */
  left: readonly string[];
  /** Whether the first one has been ended. */
  begun: boolean;
}

export class Upgrades {
  private readonly context: UpgradesContext;
  private readonly rollouts: Rollout[] = [];
  /** What each process is, or will be when its turn has come. */
  private readonly asked = new Map<string, KubeVersion>();
  private isLooking = false;

  constructor(context: UpgradesContext) {
    this.context = context;
    context.supervisor.onStart(() => this.look());
  }

  /** See UpgradeHandles. */
  upgradeProblem(components: readonly Component[], to: KubeVersion): string | undefined {
    const { spec, proxies } = this.context;
    const servers = components.filter(({ name }) => name === 'apiserver');
    const skipped = servers.map(({ actor }) => skippedBy(this.askedOf(actor), to));
    const actors = new Set(components.map(({ actor }) => actor));
    const versionOf = (actor: string) => (actors.has(actor) ? to : this.askedOf(actor));
    const isOfProxy = components.some(({ name }) => name === 'kube-proxy');
    return (
      skipped.find((it) => it !== undefined) ??
      (isOfProxy ? proxies.whyNotAs(to) : undefined) ??
      skewOf(versionedProcesses(spec), versionOf)
    );
  }

  /** See UpgradeHandles. */
  upgrade(components: readonly Component[], to: KubeVersion): void {
    const left = components.map(({ actor }) => actor);
    for (const actor of left) this.asked.set(actor, to);
    for (const earlier of this.rollouts) supersede(earlier, left);
    this.rollouts.push({ to, left, begun: false });
    this.look();
  }

  /** Goes on with whatever can go on. */
  private look(): void {
    // A process that starts at once calls for another look in the middle of this one.
    if (this.isLooking) return;
    this.isLooking = true;
    for (const rollout of this.rollouts) while (this.advance(rollout));
    this.isLooking = false;
  }

  /** Begins or ends the turn of the first process; false where that has to wait. */
  private advance(rollout: Rollout): boolean {
    const { components } = this.context;
    const { to, left, begun } = rollout;
    const component = components.all.find(({ actor }) => actor === left[0]);
    if (component === undefined) return false;
    const isRunning = components.isRunning(component);
    if (begun && !isRunning) return false;
    if (!begun && isRunning && !this.isReplaceable(component)) return false;
    rollout.begun = !begun && isRunning;
    if (!rollout.begun) rollout.left = left.slice(1);
    if (!begun) this.setVersion(component, to);
    if (rollout.begun) components.replaceComponent(component, to);
    return true;
  }

  /** What runs in pods is replaced by the kubelet. */
  private isReplaceable({ name, node }: Component): boolean {
    const isOwnWork = name === 'kubelet' || node === undefined;
    return isOwnWork || this.context.kubelets.processes.isRunning(node);
  }

  private setVersion({ name, actor }: Component, to: KubeVersion): void {
    const { spec, timing } = this.context;
    timing.versions.set(actor, to);
    if (name !== 'apiserver') return;
    // Clients meet any of the servers: only what all of them do can be relied upon.
    const servers = versionedProcesses(spec).filter((it) => it.name === name);
    const versions = servers.map((it) => timing.versions.of(it.actor)).sort(minorsBetween);
    timing.versions.set(name, versions[0]!);
  }

  private askedOf(actor: string): KubeVersion {
    return this.asked.get(actor) ?? this.context.timing.versions.first(actor);
  }
}

/** Whoever is to become yet another version has no turn any more. */
function supersede(rollout: Rollout, actors: readonly string[]): void {
  const [current] = rollout.left;
  if (current !== undefined && actors.includes(current)) rollout.begun = false;
  rollout.left = rollout.left.filter((actor) => !actors.includes(actor));
}
