// Keeps the number of pods of a ReplicaSet or a ReplicationController.
// source: pkg/controller/replicaset/{replica_set,replica_set_utils}.go

import { isPodActive } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { PodTemplate, ReplicaStatus } from '../../apiserver/kinds/workload';
import type { Change } from '../../apiserver/informer';
import { patternAfter } from '../../apiserver/late-pod';
import type { PodRun } from '../../apiserver/pod-run';
import { copyWith, splitKey } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { matchesSelector } from '../../values/labels';
import type { Labels, LabelSelector } from '../../values/labels';
import { between } from '../../values/time';
import type { Instant } from '../../values/time';
import { defineController, wallClockOf } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { Expectations } from './expectations';
import { LabelIndex, NO_KEYS } from '../label-index';
import {
  controllerOf,
  controllerReference,
  distinctKeys,
  objectOf,
  ownedAmong,
  OwnerIndex,
  ownerKey,
  Ownerships,
  patternIn,
} from '../owner';
import type { Held } from '../owner';
import type { Pass, Write } from '../pass';
import { availableAt, podFromTemplate, rankForDeletion } from './pod-control';
import { SelectorIndex } from '../selector-index';

/** At most so many pods are created or deleted in one pass. source: replica_set.go BurstReplicas */
const BURST = 500;

type Kind = 'ReplicaSet' | 'ReplicationController';

/** Either kind, read alike. */
interface ReplicaOwner {
  readonly object: KubeObject;
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly selector: LabelSelector;
  readonly template: PodTemplate;
  readonly status: ReplicaStatus | undefined;
}

export const replicaset = defineController({
  name: 'replicaset',
  kind: 'ReplicaSet',
  create: (workplace) => new ReplicaLogic('ReplicaSet', workplace),
});

export const replicationcontroller = defineController({
  name: 'replicationcontroller',
  kind: 'ReplicationController',
  create: (workplace) => new ReplicaLogic('ReplicationController', workplace),
});

class ReplicaLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  readonly comings: NonNullable<ControllerLogic['comings']>;
  private readonly kind: Kind;
  private readonly place: Workplace;
  private readonly owned: OwnerIndex;
  private readonly ownerships: Ownerships;
  private readonly pods = new LabelIndex();
  /** Pods that nobody controls. */
  private readonly orphans = new LabelIndex();
  private readonly selectors = new SelectorIndex();
  private readonly expectations = new Expectations();
  /** Replica sets by their Deployment, from the first question on: only who removes pods asks. */
  private siblings: OwnerIndex | undefined;

  constructor(kind: Kind, workplace: Workplace) {
    this.kind = kind;
    this.owned = new OwnerIndex(kind);
    this.ownerships = new Ownerships(kind);
    this.place = workplace;
    this.watches = {
      Pod: (change) => this.onPod(change),
      [kind]: (change) => this.onOwner(change),
    };
    this.comings = { Pod: (run) => this.onRun(run) };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const object = this.place.view.get(this.kind, key);
    if (object === undefined) {
      this.expectations.forget(key);
      return;
    }
    const owner = readOwner(object);
    const pods = activeOf(this.claim(owner, pass));
    const isGoing = object.metadata.deletionTimestamp !== undefined;
    if (this.expectations.areMet(key) && !isGoing) this.manage(key, owner, pods, pass);
    this.writeStatus(owner, pods, pass);
  }

  answered(write: Write, result: string): void {
    if (result === 'ok' || write.kind !== 'Pod') return;
    // What was not done will not be shown.
    if (write.verb === 'create') {
      this.expectations.created(ownerKey(write.object, this.kind) ?? '');
    } else if (write.verb === 'delete') {
      const key = ownerKey(this.place.view.get('Pod', write.key), this.kind);
      if (key !== undefined) this.expectations.deleted(key, write.uid);
    }
  }

  reset(): void {
    this.owned.clear();
    this.siblings = undefined;
    this.pods.clear();
    this.orphans.clear();
    this.selectors.clear();
    this.expectations.clear();
  }

  private onOwner(change: Change): readonly ObjectKey[] {
    const { key, before, after } = change;
    // Most writes of an owner are of its status.
    if (before?.spec !== after?.spec) {
      const selector = after && readOwner(after).selector.matchLabels;
      this.selectors.update(splitKey(key).namespace, key, selector);
    }
    this.siblings?.update(change);
    return [key];
  }

  private onPod(change: Change): readonly ObjectKey[] {
    const { key, before } = change;
    const after = patternAfter(change);
    const { uid, namespace = '' } = (before ?? after)!.metadata;
    const was = before && this.ownerships.of(before);
    const is = after && this.ownerships.of(after);
    const had = labelsOf(before);
    const has = labelsOf(after);
    this.owned.update(change);
    this.pods.update(namespace, key, had, has);
    const hadNone = was?.isOrphan === true;
    const hasNone = is?.isOrphan === true;
    if (hadNone || hasNone) {
      this.orphans.update(namespace, key, hadNone ? had : undefined, hasNone ? has : undefined);
    }
    if (before === undefined) for (const owner of is!.keys) this.expectations.created(owner);
    else if (after === undefined || isGoing(after)) {
      for (const owner of was!.keys) this.expectations.deleted(owner, uid);
    }
    const isSame = was === undefined || was.keys === is?.keys;
    const owners = isSame ? is!.keys : distinctKeys(was.keys[0], is?.keys[0]);
    if (!hasNone) return owners;
    return [...new Set([...owners, ...this.selectors.selecting(namespace, has)])];
  }

  /** Pods that a controller has made: what they are like says whose they are. */
  private onRun(run: PodRun): readonly ObjectKey[] {
    const { pattern, count } = run;
    const { namespace = '' } = pattern.metadata;
    this.owned.addRun(run);
    this.pods.addRun(namespace, run, labelsOf(pattern));
    const { keys } = this.ownerships.of(pattern);
    for (const owner of keys) this.expectations.created(owner, count);
    return keys;
  }

  /**
   * The pods that belong to the owner: it takes in orphans that its selector matches and lets go of
   * pods that it no longer matches.
   * source: pkg/controller/controller_ref_manager.go ClaimPods
   */
  private claim(owner: ReplicaOwner, pass: Pass): Held[] {
    const { object, selector } = owner;
    const { uid, namespace = '' } = object.metadata;
    const kept: Held[] = [];
    // The pods of one template share their labels.
    let labels: Labels | undefined;
    let matches = false;
    for (const held of this.owned.heldBy(uid)) {
      const pod = patternIn(held);
      if (labels === undefined || pod.metadata.labels !== labels) {
        labels = pod.metadata.labels;
        matches = matchesSelector(labels, selector);
      }
      if (matches || isGoing(pod)) kept.push(held);
      else pass.patch(objectOf(held), { metadata: { ownerReferences: null } });
    }
    const { matchLabels = NO_LABELS } = selector;
    const orphaned = this.orphans.matching(namespace, matchLabels);
    if (isGoing(object) || orphaned === NO_KEYS) return kept;
    const orphans = new Set(orphaned);
    // They are taken in as they came, not as they lost their owners.
    for (const key of this.pods.matching(namespace, matchLabels)) {
      if (!orphans.has(key)) continue;
      const pod = this.place.view.get('Pod', key) as Pod | undefined;
      if (pod === undefined || !isPodActive(pod)) continue;
      if (!matchesSelector(pod.metadata.labels, selector)) continue;
      pass.patch(pod, { metadata: { ownerReferences: [controllerReference(object)] } });
      kept.push(pod);
    }
    return kept;
  }

  private manage(key: ObjectKey, owner: ReplicaOwner, pods: readonly Held[], pass: Pass): void {
    const missing = owner.replicas - pods.length;
    if (missing === 0) return;
    pass.summary = `${pods.length} of ${owner.replicas} pods`;
    if (missing > 0) this.create(key, owner, Math.min(missing, BURST), pass);
    else this.delete(key, owner, pods.map(objectOf) as Pod[], Math.min(-missing, BURST), pass);
  }

  /** One pod, then two, then four: a template that is refused is refused once, not 500 times. */
  private create(key: ObjectKey, owner: ReplicaOwner, count: number, pass: Pass): void {
    this.expectations.expectCreations(key, count);
    pass.effect = 'gain';
    // One object for all of them: they get names of their own as they are stored.
    const pod = podFromTemplate(owner.object, owner.template);
    let batch = 1;
    for (let left = count; left > 0; batch *= 2) {
      pass.then();
      const size = Math.min(batch, left);
      pass.create(pod, size);
      left -= size;
    }
    pass.then();
  }

  private delete(
    key: ObjectKey,
    owner: ReplicaOwner,
    pods: readonly Pod[],
    count: number,
    pass: Pass,
  ): void {
    const onNode = new Map<string, number>();
    for (const pod of this.related(owner)) {
      const node = pod.spec.nodeName ?? '';
      onNode.set(node, (onNode.get(node) ?? 0) + 1);
    }
    const ranked = rankForDeletion(pods, (node) => onNode.get(node) ?? 0, this.place.kernel.now);
    const condemned = ranked.slice(0, count);
    this.expectations.expectDeletions(
      key,
      condemned.map(({ metadata }) => metadata.uid ?? ''),
    );
    pass.effect = 'loss';
    for (const pod of condemned) pass.delete(pod);
  }

  /** The active pods of all replica sets of the same Deployment. */
  private related({ object }: ReplicaOwner): Pod[] {
    const deployment = controllerOf(object)?.uid;
    const siblings = (this.siblings ??= ownedAmong(this.place.view.listVersions(this.kind)));
    const owners = deployment === undefined ? [object] : siblings.ownedBy(deployment);
    return [...owners]
      .flatMap(({ metadata }) => [...this.owned.ownedBy(metadata.uid)] as Pod[])
      .filter(isPodActive);
  }

  private writeStatus(owner: ReplicaOwner, pods: readonly Held[], pass: Pass): void {
    const { object, minReadySeconds, status } = owner;
    const now = wallClockOf(this.place);
    let readyReplicas = 0;
    let availableReplicas = 0;
    let shared: Pod['status'];
    let at: Instant | undefined;
    for (let index = 0; index < pods.length; index++) {
      const pod = patternIn(pods[index]!) as Pod;
      // Pods that came up together may share their conditions.
      if (shared === undefined || pod.status?.conditions !== shared.conditions) {
        at = availableAt(pod, minReadySeconds);
        shared = pod.status;
      }
      if (at === undefined) continue;
      readyReplicas++;
      if (minReadySeconds === 0 || at <= now) availableReplicas++;
      if (at > now) pass.requeueAfter(between(now, at), 'spec.minReadySeconds');
    }
    const observedGeneration = object.metadata.generation ?? 0;
    const isSame =
      status !== undefined &&
      status.replicas === pods.length &&
      status.readyReplicas === readyReplicas &&
      status.availableReplicas === availableReplicas &&
      status.observedGeneration === observedGeneration;
    if (isSame) return;
    const replicas = pods.length;
    const counts = { replicas, readyReplicas, availableReplicas, observedGeneration };
    const known = status === undefined ? counts : copyWith(status, counts);
    pass.conclude(object, known);
  }
}

function readOwner(object: KubeObject): ReplicaOwner {
  const spec = object.spec as {
    replicas?: number;
    minReadySeconds?: number;
    selector?: unknown;
    template: PodTemplate;
  };
  const selector =
    object.kind === 'ReplicaSet'
      ? (spec.selector as LabelSelector)
      : { matchLabels: spec.selector as Labels };
  return {
    object,
    replicas: spec.replicas ?? 1,
    minReadySeconds: spec.minReadySeconds ?? 0,
    selector,
    template: spec.template,
    status: object.status as ReplicaStatus | undefined,
  };
}

/** The list itself where all of them are. */
function activeOf(pods: readonly Held[]): readonly Held[] {
  return pods.every(isActive) ? pods : pods.filter(isActive);
}

function isActive(held: Held): boolean {
  return isPodActive(patternIn(held) as Pod);
}

function isGoing(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

const NO_LABELS: Labels = {};

function labelsOf(object: KubeObject): Labels;
function labelsOf(object: KubeObject | undefined): Labels | undefined;
function labelsOf(object: KubeObject | undefined): Labels | undefined {
  return object && (object.metadata.labels ?? NO_LABELS);
}
