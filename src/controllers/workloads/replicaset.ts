// Keeps the number of pods of a ReplicaSet or a ReplicationController.
// source: pkg/controller/replicaset/{replica_set,replica_set_utils}.go

import { isPodActive } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { PodTemplate, ReplicaStatus } from '../../apiserver/kinds/workload';
import type { Change } from '../../apiserver/informer';
import { patternAfter } from '../../apiserver/late-pod';
import type { PodRun } from '../../apiserver/pod-run';
import { keyOf, splitKey } from '../../values/kube-object';
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
  countOfAlike,
  distinctKeys,
  objectsAlike,
  ownedAmong,
  OwnerIndex,
  ownerKey,
  Ownerships,
  patternOfAlike,
} from '../owner';
import type { HeldAlike } from '../owner';
import type { Pass, Write } from '../pass';
import { availableAt, podFromTemplate, rankForDeletion } from './pod-control';
import { SelectorIndex } from '../selector-index';
import { sharedStatus } from './shared-status';

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
  /** Selectors of those that may take a pod in: from the first pod on that nobody controls. */
  private selectors: SelectorIndex | undefined;
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
    this.selectors = undefined;
    this.expectations.clear();
  }

  private onOwner(change: Change): readonly ObjectKey[] {
    const { key, before, after } = change;
    // Most writes of an owner are of its status.
    if (this.selectors !== undefined && before?.spec !== after?.spec) {
      noteSelector(this.selectors, key, after);
    }
    this.siblings?.update(change);
    return [key];
  }

  /** An index of what the view shows. */
  private selectorsNow(): SelectorIndex {
    const selectors = new SelectorIndex();
    for (const object of this.place.view.list(this.kind)) {
      noteSelector(selectors, keyOf(object), object);
    }
    return selectors;
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
    this.selectors ??= this.selectorsNow();
    return [...new Set([...owners, ...this.selectors.selecting(namespace, has)])];
  }

  /** Pods that a controller has made: what they are like says whose they are. */
  private onRun(run: PodRun): readonly ObjectKey[] {
    const { pattern, count } = run;
    const { namespace = '' } = pattern.metadata;
    this.pods.addRun(namespace, run, labelsOf(pattern));
    const keys = this.owned.addRun(run);
    if (keys.length > 0) this.expectations.created(keys[0]!, count);
    return keys;
  }

  /**
   * The pods that belong to the owner: it takes in orphans that its selector matches and lets go of
   * pods that it no longer matches.
   * source: pkg/controller/controller_ref_manager.go ClaimPods
   */
  private claim(owner: ReplicaOwner, pass: Pass): HeldAlike[] {
    const { object, selector, template } = owner;
    const { uid, namespace = '' } = object.metadata;
    const kept: HeldAlike[] = [];
    // The pods of one template share their labels.
    let labels: Labels | undefined;
    let matches = false;
    for (const held of this.owned.heldAlike(uid)) {
      const pod = patternOfAlike(held);
      if (labels === undefined || pod.metadata.labels !== labels) {
        labels = pod.metadata.labels;
        // No template is taken whose labels its selector does not match.
        matches = labels === template.metadata?.labels || matchesSelector(labels, selector);
      }
      if (matches || isGoing(pod)) kept.push(held);
      else this.release(held, pass);
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

  private release(held: HeldAlike, pass: Pass): void {
    for (const pod of objectsAlike(held)) {
      pass.patch(pod, { metadata: { ownerReferences: null } });
    }
  }

  private manage(
    key: ObjectKey,
    owner: ReplicaOwner,
    pods: readonly HeldAlike[],
    pass: Pass,
  ): void {
    const count = countOf(pods);
    const missing = owner.replicas - count;
    if (missing === 0) return;
    pass.summary = `${count} of ${owner.replicas} pods`;
    if (missing > 0) {
      this.create(key, owner, Math.min(missing, BURST), pass);
    } else {
      const all = pods.flatMap(objectsAlike) as Pod[];
      this.delete(key, owner, all, Math.min(-missing, BURST), pass);
    }
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

  private writeStatus(owner: ReplicaOwner, pods: readonly HeldAlike[], pass: Pass): void {
    const { object, minReadySeconds, status } = owner;
    const now = wallClockOf(this.place);
    let readyReplicas = 0;
    let availableReplicas = 0;
    let shared: Pod['status'];
    let at: Instant | undefined;
    for (const held of pods) {
      const pod = patternOfAlike(held) as Pod;
      // Pods that came up together may share their conditions.
      if (shared === undefined || pod.status?.conditions !== shared.conditions) {
        at = availableAt(pod, minReadySeconds);
        shared = pod.status;
      }
      if (at === undefined) continue;
      const count = countOfAlike(held);
      readyReplicas += count;
      if (minReadySeconds === 0 || at <= now) availableReplicas += count;
      if (at > now) pass.requeueAfter(between(now, at), 'spec.minReadySeconds');
    }
    const replicas = countOf(pods);
    const observedGeneration = object.metadata.generation ?? 0;
    const isSame =
      status !== undefined &&
      status.replicas === replicas &&
      status.readyReplicas === readyReplicas &&
      status.availableReplicas === availableReplicas &&
      status.observedGeneration === observedGeneration;
    if (isSame) return;
    const counts = { replicas, readyReplicas, availableReplicas, observedGeneration };
    pass.conclude(object, sharedStatus(counts));
  }
}

function noteSelector(selectors: SelectorIndex, key: ObjectKey, owner?: KubeObject): void {
  const selector = owner && readOwner(owner).selector.matchLabels;
  selectors.update(splitKey(key).namespace, key, selector);
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
function activeOf(pods: readonly HeldAlike[]): readonly HeldAlike[] {
  return pods.every(isActive) ? pods : pods.filter(isActive);
}

function isActive(held: HeldAlike): boolean {
  return isPodActive(patternOfAlike(held) as Pod);
}

function countOf(pods: readonly HeldAlike[]): number {
  let count = 0;
  for (const held of pods) count += countOfAlike(held);
  return count;
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
