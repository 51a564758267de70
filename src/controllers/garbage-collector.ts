// Deletes what an owner that is gone has left behind.
// source: pkg/controller/garbagecollector/garbagecollector.go (background deletion)

import type { Change } from '../apiserver/informer';
import { patternAfter } from '../apiserver/late-pod';
import type { Version } from '../apiserver/store';
import { keyOf, nameOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { defineController } from './define';
import type { ControllerLogic, Workplace } from './define';
import { NOBODY, ownedAmong } from './owner';
import type { OwnerIndex } from './owner';
import type { Pass } from './pass';

/** The kinds that own others or are owned, sorted. */
const KINDS = [
  'ControllerRevision',
  'DaemonSet',
  'Deployment',
  'EndpointSlice',
  'Endpoints',
  'Job',
  'Node',
  'Pod',
  'ReplicaSet',
  'ReplicationController',
  'Service',
  'StatefulSet',
] as const;

/**
 * Its client is twice as fast as others, and each deletion takes it two requests: it reads the
 * object first. source: cmd/kube-controller-manager/app/core.go newGarbageCollectorController
 * (QPS * 2); pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem
 */
const REQUESTS = { factor: 1, burst: 15 };

export const garbageCollector = defineController({
  name: 'garbage-collector',
  kind: 'Owner',
  requests: REQUESTS,
  create: (workplace) => new GarbageCollectorLogic(workplace),
});

class GarbageCollectorLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  /** By the identity of their owner, from the first time on that anything goes. */
  private dependents: OwnerIndex | undefined;
  /** Names of owners that were there and are gone, by identity. */
  private readonly gone = new Map<string, string>();

  constructor(workplace: Workplace) {
    this.place = workplace;
    const watch = (change: Change) => this.onChange(change);
    const watches: Record<string, typeof watch> = {};
    for (const kind of KINDS) watches[kind] = watch;
    this.watches = watches;
  }

  reconcile(uid: ObjectKey, pass: Pass): void {
    const owner = this.gone.get(uid);
    if (owner === undefined) return;
    pass.subject = owner;
    const left = [...this.index.ownedBy(uid)].filter(
      (it) => it.metadata.deletionTimestamp === undefined,
    );
    if (left.length === 0) return;
    pass.effect = 'loss';
    pass.summary = `its owner is gone: deletes ${left.length} objects`;
    for (const object of left)
      pass.delete(this.place.view.get(object.kind, keyOf(object)) ?? object);
  }

  reset(): void {
    this.dependents = undefined;
    this.gone.clear();
  }

  private get index(): OwnerIndex {
    return (this.dependents ??= ownedAmong(this.everything()));
  }

  private *everything(): IterableIterator<Version> {
    for (const kind of KINDS) yield* this.place.view.listVersions(kind);
  }

  passesOver(_kind: string, changes: readonly Change[]): boolean {
    if (this.dependents !== undefined || this.gone.size > 0) return false;
    for (const { before } of changes) if (before !== undefined) return false;
    return true;
  }

  private onChange(change: Change): readonly ObjectKey[] {
    this.dependents?.update(change);
    const { before } = change;
    const after = patternAfter(change);
    if (before === undefined) return this.gone.size === 0 ? NOBODY : this.goneOwnersOf(after);
    const { uid } = before.metadata;
    if (uid === undefined || uid === after?.metadata.uid) return NOBODY;
    this.gone.set(uid, nameOf(before));
    return this.index.countOf(uid) > 0 ? [uid] : NOBODY;
  }

  /** What was created while its owner was going comes too late. */
  private goneOwnersOf(object: KubeObject | undefined): ObjectKey[] {
    const references = object?.metadata.ownerReferences ?? [];
    return references.map(({ uid }) => uid).filter((uid) => this.gone.has(uid));
  }
}
