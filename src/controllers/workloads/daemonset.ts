// Keeps one pod of each DaemonSet on every node that fits.
// source: pkg/controller/daemon/{daemon_controller,update}.go, util/daemonset_util.go

import type { DaemonSet } from '../../apiserver/kinds/daemonset';
import { matchesNode } from '../../apiserver/kinds/node-affinity';
import type { Affinity } from '../../apiserver/kinds/node-affinity';
import { tolerates } from '../../apiserver/kinds/node';
import type { Node } from '../../apiserver/kinds/node';
import { isPodActive, isPodReady, isPodTerminal } from '../../apiserver/kinds/pod';
import type { Pod, Toleration } from '../../apiserver/kinds/pod';
import { resolveIntOrPercent } from '../../apiserver/kinds/workload';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { sortedBy } from '../../values/order';
import { between } from '../../values/time';
import { BACKOFF, DaemonBackoff } from './daemon-backoff';
import { defineController, wallClockOf } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { Expectations } from './expectations';
import { areForeign, isControlled, NOBODY, OwnerIndex, ownerKey, ownerKeys } from '../owner';
import type { Pass, Write } from '../pass';
import { availableAt, isAvailable, podFromTemplate } from './pod-control';
import { templateHash } from './template-hash';

const REVISION_LABEL = 'controller-revision-hash';

/**
 * What every daemon puts up with.
 * source: pkg/controller/daemon/util/daemonset_util.go AddOrUpdateDaemonPodTolerations
 */
const TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const HOST_NETWORK_TOLERATION: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

export const daemonset = defineController({
  name: 'daemonset',
  kind: 'DaemonSet',
  create: (workplace) => new DaemonSetLogic(workplace),
});

class DaemonSetLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private readonly pods = new OwnerIndex('DaemonSet');
  private readonly expectations = new Expectations();
  private readonly backoff: DaemonBackoff;

  constructor(workplace: Workplace) {
    this.place = workplace;
    this.backoff = new DaemonBackoff(workplace.timing);
    this.watches = {
      DaemonSet: ({ key }) => [key],
      Node: (change) => this.onNode(change),
      Pod: (change) => this.onPod(change),
    };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const set = this.place.view.get('DaemonSet', key) as DaemonSet | undefined;
    if (set === undefined) {
      this.expectations.forget(key);
      return;
    }
    if (set.metadata.deletionTimestamp !== undefined) return;
    const nodes = [...(this.place.view.list('Node') as Iterable<Node>)];
    const fitting = nodes.filter((node) => fits(set, node));
    const pods = [...this.pods.ownedBy(set.metadata.uid)] as Pod[];
    const byNode = groupByNode(pods);
    if (this.expectations.areMet(key)) {
      this.manage(key, set, nodes, byNode, pass);
      if (pass.isIdle) this.update(key, set, fitting, byNode, pass);
    }
    this.writeStatus(set, fitting, byNode, pass);
  }

  answered(write: Write, result: string): void {
    if (result === 'ok' || write.kind !== 'Pod') return;
    if (write.verb === 'create')
      this.expectations.created(ownerKey(write.object, 'DaemonSet') ?? '');
    const key = ownerKey(this.place.view.get('Pod', write.key), 'DaemonSet');
    if (write.verb === 'delete' && key !== undefined) this.expectations.deleted(key, write.uid);
  }

  reset(): void {
    this.pods.clear();
    this.expectations.clear();
    this.backoff.clear();
  }

  private onNode({ before, after }: Change): readonly ObjectKey[] {
    const part = (node: KubeObject | undefined) => node && [node.metadata.labels, node.spec];
    if (equalJson(part(before), part(after))) return [];
    return [...this.place.view.list('DaemonSet')].map(
      ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
    );
  }

  passesOver(kind: string, changes: readonly Change[]): boolean {
    return kind === 'Pod' && areForeign(changes, 'DaemonSet');
  }

  private onPod(change: Change): readonly ObjectKey[] {
    if (!isControlled(change, 'DaemonSet')) return NOBODY;
    this.pods.update(change);
    const { before, after } = change;
    const [was, is] = [ownerKey(before, 'DaemonSet'), ownerKey(after, 'DaemonSet')];
    if (is !== undefined && before === undefined) this.expectations.created(is);
    const isGone = after === undefined || after.metadata.deletionTimestamp !== undefined;
    if (was !== undefined && isGone) this.expectations.deleted(was, before?.metadata.uid);
    return ownerKeys(change, 'DaemonSet');
  }

  private manage(
    key: ObjectKey,
    set: DaemonSet,
    nodes: readonly Node[],
    byNode: ReadonlyMap<string, Pod[]>,
    pass: Pass,
  ): void {
    const missing = nodes.filter((it) => !byNode.has(it.metadata.name) && fits(set, it));
    const kept = new Set(nodes.filter((it) => keeps(set, it)).map(({ metadata }) => metadata.name));
    const condemned = [...byNode].flatMap(([node, pods]) => {
      const live = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      if (!kept.has(node)) return live;
      // A finished daemon is replaced; of several on one node the oldest stays.
      const active = live.filter((pod) => !isPodTerminal(pod));
      const finished = live.filter(isPodTerminal);
      return [
        ...finished.filter((pod) => this.mayReplace(key, node, pod, pass)),
        ...active.slice(1),
      ];
    });
    this.expectations.expectCreations(key, missing.length);
    for (const { metadata } of missing) pass.create(daemonFor(set, metadata.name));
    this.remove(key, condemned, pass);
    if (missing.length + condemned.length === 0) return;
    pass.effect = missing.length > 0 ? 'gain' : 'loss';
    pass.summary = `${missing.length} nodes lack it, ${condemned.length} pods too many`;
  }

  /** Failed daemons wait for their turn, those that succeeded do not. */
  private mayReplace(key: ObjectKey, node: string, pod: Pod, pass: Pass): boolean {
    if (pod.status?.phase !== 'Failed') return true;
    const { now } = this.place.kernel;
    const delay = this.backoff.waits(key, node, now);
    if (delay === undefined) this.backoff.replaced(key, node, now);
    else pass.requeueAfter(delay, BACKOFF);
    return delay === undefined;
  }

  /** Replaces daemons of an older template, as many at a time as may be missing. */
  private update(
    key: ObjectKey,
    set: DaemonSet,
    fitting: readonly Node[],
    byNode: ReadonlyMap<string, Pod[]>,
    pass: Pass,
  ): void {
    const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
    if (type === 'OnDelete') return;
    const max = resolveIntOrPercent(rollingUpdate?.maxUnavailable ?? 1, fitting.length, 'up');
    const revision = templateHash(set.spec.template);
    const minReady = set.spec.minReadySeconds ?? 0;
    const pods = fitting.flatMap(({ metadata }) => byNode.get(metadata.name) ?? []);
    const now = wallClockOf(this.place);
    const isWell = (pod: Pod): boolean => isPodActive(pod) && isAvailable(pod, minReady, now);
    const old = pods.filter(
      (pod) => pod.metadata.labels?.[REVISION_LABEL] !== revision && isPodActive(pod),
    );
    const missing = fitting.length - pods.filter(isWell).length;
    const [well, unwell] = [old.filter(isWell), old.filter((pod) => !isWell(pod))];
    const replaced = [...unwell, ...well.slice(0, Math.max(0, max - missing))];
    if (replaced.length === 0) return;
    pass.effect = 'loss';
    pass.summary = `replaces ${replaced.length} pods of an older template`;
    this.remove(key, replaced, pass);
  }

  private remove(key: ObjectKey, pods: readonly Pod[], pass: Pass): void {
    this.expectations.expectDeletions(
      key,
      pods.map(({ metadata }) => metadata.uid ?? ''),
    );
    for (const pod of sortedBy(pods, ({ metadata }) => metadata.name)) pass.delete(pod);
  }

  private writeStatus(
    set: DaemonSet,
    fitting: readonly Node[],
    byNode: ReadonlyMap<string, Pod[]>,
    pass: Pass,
  ): void {
    const revision = templateHash(set.spec.template);
    const minReady = set.spec.minReadySeconds ?? 0;
    const now = wallClockOf(this.place);
    const pods = fitting.flatMap(({ metadata }) => byNode.get(metadata.name)?.slice(0, 1) ?? []);
    const updated = pods.filter(({ metadata }) => metadata.labels?.[REVISION_LABEL] === revision);
    const next = {
      ...set.status,
      observedGeneration: set.metadata.generation ?? 0,
      desiredNumberScheduled: fitting.length,
      currentNumberScheduled: pods.length,
      numberReady: pods.filter(isPodReady).length,
      numberAvailable: pods.filter((pod) => isAvailable(pod, minReady, now)).length,
      updatedNumberScheduled: updated.length,
    };
    if (!equalJson(next, set.status)) pass.patch(set, { status: next });
    // A daemon that is ready and not yet available is looked at again when it is.
    for (const at of pods.map((pod) => availableAt(pod, minReady))) {
      if (at !== undefined && at > now) pass.requeueAfter(between(now, at), 'spec.minReadySeconds');
    }
  }
}

/**
 * Whether the node is to have a daemon.
 * source: pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod
 */
function fits(set: DaemonSet, node: Node): boolean {
  return matchesNode(set.spec.template.spec, node) && putsUpWith(set, node, WARDING_OFF);
}

/** Whether a daemon that is there may stay: a taint that only wards off does not drive it out. */
function keeps(set: DaemonSet, node: Node): boolean {
  return matchesNode(set.spec.template.spec, node) && putsUpWith(set, node, ['NoExecute']);
}

const WARDING_OFF: readonly string[] = ['NoSchedule', 'NoExecute'];

function putsUpWith({ spec }: DaemonSet, node: Node, effects: readonly string[]): boolean {
  const own = spec.template.spec.tolerations ?? [];
  const tolerations = [...own, ...TOLERATIONS, ...hostNetworkToleration(spec)];
  return (node.spec?.taints ?? [])
    .filter(({ effect }) => effects.includes(effect))
    .every((taint) => tolerations.some((it) => tolerates(it, taint)));
}

function hostNetworkToleration({ template }: DaemonSet['spec']): readonly Toleration[] {
  return template.spec.hostNetwork ? [HOST_NETWORK_TOLERATION] : [];
}

/** The scheduler binds the pod, but to no other node than this one. */
function daemonFor(set: DaemonSet, node: string): Pod {
  const { template } = set.spec;
  const affinity: Affinity = {
    ...template.spec.affinity,
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
        ],
      },
    },
  };
  const tolerations = [
    ...(template.spec.tolerations ?? []),
    ...TOLERATIONS,
    ...hostNetworkToleration(set.spec),
  ];
  return podFromTemplate(set, template, {
    labels: { [REVISION_LABEL]: templateHash(template) },
    spec: { affinity, tolerations },
  });
}

function groupByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const groups = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    groups.set(node, [...(groups.get(node) ?? []), pod]);
  }
  return groups;
}

/** Where the pod runs, or is to run once it is bound. */
function targetNode({ spec }: Pod): string {
  if (spec.nodeName) return spec.nodeName;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0] ?? '';
}
