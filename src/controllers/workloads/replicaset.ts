// Keeps the number of pods of a ReplicaSet or a ReplicationController.
// source: pkg/controller/replicaset/{replica_set,replica_set_utils}.go

import { isPodActive, isPodReady } from '../../apiserver/kinds/pod';
import type { Pod } from '../../apiserver/kinds/pod';
import type { PodTemplate, ReplicaStatus } from '../../apiserver/kinds/workload';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import { splitKey } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { matchesSelector } from '../../values/labels';
import type { Labels, LabelSelector } from '../../values/labels';
import { between } from '../../values/time';
import { defineController, wallClockOf } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { Expectations } from './expectations';
import { LabelIndex } from '../label-index';
import { controllerOf, controllerReference, distinctKeys, OwnerIndex, ownerKey } from '../owner';
import type { Pass, Write } from '../pass';
import { availableAt, isAvailable, podFromTemplate, rankForDeletion } from './pod-control';
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
  private readonly kind: Kind;
  private readonly place: Workplace;
  private readonly owned: OwnerIndex;
  private readonly podLabels = new LabelIndex();
  private readonly selectors = new SelectorIndex();
  private readonly expectations = new Expectations();
  /** Replica sets by their Deployment. */
  private readonly siblings = new OwnerIndex();

  constructor(kind: Kind, workplace: Workplace) {
    this.kind = kind;
    this.owned = new OwnerIndex(kind);
    this.place = workplace;
    this.watches = {
      Pod: (change) => this.onPod(change),
      [kind]: (change) => this.onOwner(change),
    };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const object = this.place.view.get(this.kind, key);
    if (object === undefined) {
      this.expectations.forget(key);
      return;
    }
    const owner = readOwner(object);
    const pods = this.claim(owner, pass).filter(isPodActive);
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
    this.siblings.clear();
    this.podLabels.clear();
    this.selectors.clear();
    this.expectations.clear();
  }

  private onOwner(change: Change): Iterable<ObjectKey> {
    const { key, after } = change;
    const selector = after && readOwner(after).selector.matchLabels;
    this.selectors.update(splitKey(key).namespace, key, selector);
    this.siblings.update(change);
    return [key];
  }

  private onPod(change: Change): Iterable<ObjectKey> {
    const { key, before, after } = change;
    const { namespace } = splitKey(key);
    this.owned.update(change);
    this.podLabels.update(namespace, key, labelsOf(before), labelsOf(after));
    const [was, is] = [ownerKey(before, this.kind), ownerKey(after, this.kind)];
    if (is !== undefined && before === undefined) this.expectations.created(is);
    if (was !== undefined && (after === undefined || isGoing(after))) {
      this.expectations.deleted(was, before?.metadata.uid);
    }
    const owners = distinctKeys(was, is);
    const isOrphan = after !== undefined && controllerOf(after) === undefined;
    if (!isOrphan) return owners;
    return new Set([...owners, ...this.selectors.selecting(namespace, labelsOf(after))]);
  }

  /**
   * The pods that belong to the owner: it takes in orphans that its selector matches and lets go of
   * pods that it no longer matches.
   * source: pkg/controller/controller_ref_manager.go ClaimPods
   */
  private claim(owner: ReplicaOwner, pass: Pass): Pod[] {
    const { object, selector } = owner;
    const { uid, namespace = '' } = object.metadata;
    const pods = this.owned.ownedBy(uid) as Pod[];
    const kept = pods.filter((pod) => {
      if (matchesSelector(pod.metadata.labels, selector) || isGoing(pod)) return true;
      pass.patch(pod, { metadata: { ownerReferences: null } });
      return false;
    });
    if (isGoing(object)) return kept;
    for (const key of this.podLabels.candidates(namespace, selector.matchLabels ?? {})) {
      const pod = this.place.view.get('Pod', key) as Pod | undefined;
      if (pod === undefined || controllerOf(pod) !== undefined || !isPodActive(pod)) continue;
      if (!matchesSelector(pod.metadata.labels, selector)) continue;
      pass.patch(pod, { metadata: { ownerReferences: [controllerReference(object)] } });
      kept.push(pod);
    }
    return kept;
  }

  private manage(key: ObjectKey, owner: ReplicaOwner, pods: readonly Pod[], pass: Pass): void {
    const missing = owner.replicas - pods.length;
    if (missing === 0) return;
    pass.summary = `${pods.length} of ${owner.replicas} pods`;
    if (missing > 0) this.create(key, owner, Math.min(missing, BURST), pass);
    else this.delete(key, owner, pods, Math.min(-missing, BURST), pass);
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
      for (let index = 0; index < size; index++) pass.create(pod);
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
    const owners = deployment === undefined ? [object] : this.siblings.ownedBy(deployment);
    return owners
      .flatMap(({ metadata }) => this.owned.ownedBy(metadata.uid) as Pod[])
      .filter(isPodActive);
  }

  private writeStatus(owner: ReplicaOwner, pods: readonly Pod[], pass: Pass): void {
    const { object, minReadySeconds, status } = owner;
    const now = wallClockOf(this.place);
    const ready = pods.filter(isPodReady);
    const available = ready.filter((pod) => isAvailable(pod, minReadySeconds, now));
    const next: ReplicaStatus = {
      ...status,
      replicas: pods.length,
      readyReplicas: ready.length,
      availableReplicas: available.length,
      observedGeneration: object.metadata.generation ?? 0,
    };
    if (!equalJson(next, status)) pass.patch(object, { status: next });
    for (const pod of ready) {
      const at = availableAt(pod, minReadySeconds)!;
      if (at > now) pass.requeueAfter(between(now, at), 'spec.minReadySeconds');
    }
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

function isGoing(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

function labelsOf(object: KubeObject | undefined): Labels | undefined {
  return object && (object.metadata.labels ?? {});
}
