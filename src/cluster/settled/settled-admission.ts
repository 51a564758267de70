// How pods are stored while a cluster settles before zero: bound and running already, where that
// takes no time. What a cold boot comes to is there at once, as one version of one object; what
// cannot be there at once is stored as it is, and lives through its start.

import type { Admission } from '../../apiserver/api-server';
import { conditionOf } from '../../apiserver/kinds/pod';
import type { Pod, PodStatus } from '../../apiserver/kinds/pod';
import type { Store } from '../../apiserver/store';
import { keyOf } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import type { Instant } from '../../values/time';

/** Who makes of a pod what it will be. */
export interface Settlers {
  /** The pod with its node; undefined where nobody gives it one at once. */
  placed(pod: Pod): Pod | undefined;
  /** The status of a pod that its node runs by then; undefined where it has yet to come up. */
  running(pod: Pod): PodStatus | undefined;
}

/** An admission that lets new pods be settled before they are stored. */
export class SettledAdmission implements Admission {
  private readonly inner: Admission;
  private readonly settlers: Settlers;
  /** `given`: the manifests are read. `settling`: what they ask for comes about. */
  private stage: 'given' | 'settling' | 'over' = 'given';
  /** Pods that the scheduler has yet to look at: nobody who comes later is bound before them. */
  private readonly waiting = new Set<ObjectKey>();

  constructor(inner: Admission, settlers: Settlers) {
    this.inner = inner;
    this.settlers = settlers;
  }

  /** Everything is there that was given: from now on controllers bring the rest. */
  begin(): void {
    this.stage = 'settling';
  }

  /** From now on pods live through their starts. */
  end(): void {
    this.stage = 'over';
  }

  admit(object: KubeObject, previous: KubeObject | undefined, store: Store): KubeObject | string {
    const admitted = this.inner.admit(object, previous, store);
    if (this.stage === 'over' || object.kind !== 'Pod' || typeof admitted === 'string')
      return admitted;
    if (previous === undefined) return this.created(admitted as Pod);
    return (previous as Pod).spec.nodeName ? admitted : this.looked(admitted as Pod);
  }

  named(object: KubeObject, store: Store): KubeObject {
    return this.inner.named(object, store);
  }

  terminate(object: KubeObject, grace: number | undefined, now: Instant): KubeObject | undefined {
    return this.inner.terminate(object, grace, now);
  }

  isFinished(object: KubeObject): boolean {
    return this.inner.isFinished(object);
  }

  release(object: KubeObject): void {
    this.inner.release(object);
  }

  scopeOf(object: KubeObject): string | undefined {
    return this.inner.scopeOf(object);
  }

  private created(pod: Pod): Pod {
    if (pod.spec.nodeName) return this.bound(pod);
    // Pods that are given are bound when everything is there that says what runs in them.
    const isNext = this.stage === 'settling' && this.waiting.size === 0;
    const placed = isNext ? this.settlers.placed(pod) : undefined;
    if (placed !== undefined) return this.bound(placed);
    this.waiting.add(keyOf(pod));
    return pod;
  }

  /** A pod without a node has changed: it is bound, or is known to fit nowhere. */
  private looked(pod: Pod): Pod {
    const isScheduled = conditionOf(pod.status?.conditions, 'PodScheduled')?.status;
    if (isScheduled !== undefined) this.waiting.delete(keyOf(pod));
    return pod.spec.nodeName ? this.bound(pod) : pod;
  }

  private bound(pod: Pod): Pod {
    // Whoever runs it holds on to it: what is known of an object of the API never changes.
    const status = this.settlers.running(Object.freeze(pod));
    return status === undefined ? pod : { ...pod, status };
  }
}
