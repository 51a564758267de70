// Deletes what an owner that is gone has left behind.
// source: pkg/controller/garbagecollector/garbagecollector.go (background deletion)

import type { Change } from '../apiserver/informer';
import { keyOf, nameOf } from '../values/kube-object';
import type { ObjectKey } from '../values/kube-object';
import { defineController } from './define';
import type { ControllerLogic, Workplace } from './define';
import { OwnerIndex } from './owner';
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
  private readonly dependents = new OwnerIndex();
  /** Names of owners that were there and are gone, by identity. */
  private readonly gone = new Map<string, string>();

  constructor(workplace: Workplace) {
    this.place = workplace;
    const watch = (change: Change) => this.onChange(change);
    this.watches = Object.fromEntries(KINDS.map((kind) => [kind, watch]));
  }

  reconcile(uid: ObjectKey, pass: Pass): void {
    const owner = this.gone.get(uid);
    if (owner === undefined) return;
    pass.subject = owner;
    const left = [...this.dependents.ownedBy(uid)].filter(
      (it) => it.metadata.deletionTimestamp === undefined,
    );
    if (left.length === 0) return;
    pass.effect = 'loss';
    pass.summary = `its owner is gone: deletes ${left.length} objects`;
    for (const object of left)
      pass.delete(this.place.view.get(object.kind, keyOf(object)) ?? object);
  }

  reset(): void {
    this.dependents.clear();
    this.gone.clear();
  }

  private onChange(change: Change): Iterable<ObjectKey> {
    this.dependents.update(change);
    const { before, after } = change;
    const keys = new Set<ObjectKey>();
    const [was, is] = [before?.metadata.uid, after?.metadata.uid];
    if (before !== undefined && was !== undefined && was !== is) {
      this.gone.set(was, nameOf(before));
      if (this.dependents.countOf(was) > 0) keys.add(was);
    }
    // What was created while its owner was going comes too late.
    for (const { uid } of before === undefined ? (after?.metadata.ownerReferences ?? []) : []) {
      if (this.gone.has(uid)) keys.add(uid);
    }
    return keys;
  }
}
