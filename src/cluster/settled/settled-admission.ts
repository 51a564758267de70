// How pods are stored while a cluster settles before zero: bound and running already, where that
// takes no time. What a cold boot comes to is there at once, as one version of one object; what
// cannot be there at once is stored as it is, and lives through its start.

import type { Admission, Series } from '../../apiserver/api-server';
import { conditionOf } from '../../apiserver/kinds/pod';
import type { Pod, PodStatus } from '../../apiserver/kinds/pod';
import type { PodMould } from '../../apiserver/pod-mould';
import { FoundRight } from '../../apiserver/found-right';
import { NewSlice } from '../../apiserver/late-slice';
import type { Store, Version } from '../../apiserver/store';
import { TakenNames } from '../../apiserver/taken-names';
import type { Placement } from '../../controllers/index';
import { comerOf } from '../../node/kubelet/settled-pods';
import type { Comer } from '../../node/kubelet/settled-pods';
import { copyWith, deepFreeze, keyOf } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import type { Instant } from '../../values/time';
import { PodSeries } from './pod-series';

/** Who makes of a pod what it will be. */
export interface Settlers {
  /**
   * The node of a pod; undefined where nobody gives it one at once. `pod`: it, or one like it.
   * Without a `key` it is new, and made late, or `named` before anybody hears of it.
   */
  placed(pod: Pod, key: ObjectKey | undefined): Placement | undefined;
  named(key: ObjectKey, nodeName: string): void;
  /** The status of a pod that its node runs by then; undefined where it has yet to come up. */
  running(comer: Comer): PodStatus | undefined;
}

/** What is right as its controller makes it. */
type NoLook = NewSlice | FoundRight;

/** Who looks at objects as at any other time. */
export interface OrdinaryAdmission extends Admission {
  mould(object: KubeObject, store: Store, taken: TakenNames): PodMould | undefined;
  /** The first version of what needs no look; undefined where it cannot be that. */
  firstOf(given: NoLook, key: ObjectKey, cause: number, store: Store): Version | undefined;
}

/** An admission that lets new pods be settled before they are stored. */
export class SettledAdmission implements Admission {
  private readonly inner: OrdinaryAdmission;
  private readonly settlers: Settlers;
  /** `given`: the manifests are read. `settling`: what they ask for comes about. */
  private stage: 'given' | 'settling' | 'over' = 'given';
  /** Pods that the scheduler has yet to look at: nobody who comes later is bound before them. */
  private readonly waiting = new Set<ObjectKey>();
  /** By what is asked for: a controller does so in several steps, in the same words. */
  private readonly known = new Map<KubeObject, PodSeries>();
  /** The names that pods have had. */
  private readonly taken = new TakenNames();

  constructor(inner: OrdinaryAdmission, settlers: Settlers) {
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
    this.known.clear();
    this.taken.clear();
  }

  admit(
    object: KubeObject,
    previous: KubeObject | undefined,
    store: Store,
    key?: ObjectKey,
  ): KubeObject | string {
    const admitted = this.inner.admit(object, previous, store, key);
    if (this.stage === 'over' || object.kind !== 'Pod' || typeof admitted === 'string')
      return admitted;
    if (previous === undefined) return this.created(admitted as Pod);
    return (previous as Pod).spec.nodeName ? admitted : this.looked(admitted as Pod);
  }

  /** Of a pod without a node it tells whether the scheduler has looked at it. */
  takesStatus(object: KubeObject): boolean {
    return this.stage === 'over' || object.kind !== 'Pod' || !!(object as Pod).spec.nodeName;
  }

  named(object: KubeObject, store: Store): KubeObject {
    return this.inner.named(object, store);
  }

  /**
   * Pods of one template, which are made for as long as nobody waits for the scheduler; or what is
   * right as its controller makes it.
   */
  series(object: KubeObject, store: Store, key: ObjectKey): Series | undefined {
    const { stage, waiting, settlers } = this;
    if (stage !== 'settling') return undefined;
    if (object instanceof FoundRight || object instanceof NewSlice) {
      return new OnlyOne(object, key, this.inner, store);
    }
    if (object.kind !== 'Pod') return undefined;
    let series = this.known.get(object);
    if (series !== undefined) return series;
    const mould = this.inner.mould(object, store, this.taken);
    // Pods that are given to a node ask no scheduler.
    if (mould === undefined || mould.pattern.spec.nodeName) return undefined;
    series = new PodSeries(mould, { store, settlers, waiting });
    this.known.set(object, series);
    return series;
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
    const key = keyOf(pod);
    this.taken.add(key);
    if (pod.spec.nodeName) return this.bound(pod);
    // Pods that are given are bound when everything is there that says what runs in them.
    const isNext = this.stage === 'settling' && this.waiting.size === 0;
    const place = isNext ? this.settlers.placed(pod, key) : undefined;
    if (place !== undefined) {
      const { nodeName, status } = place;
      return this.bound(copyWith(pod, { spec: copyWith(pod.spec, { nodeName }), status }));
    }
    this.waiting.add(key);
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
    const status = this.settlers.running(comerOf(deepFreeze(pod)));
    return status === undefined ? pod : copyWith(pod, { status: deepFreeze(status) });
  }
}

/** An object that is stored as it is. */
class OnlyOne implements Series {
  private readonly given: NoLook;
  private readonly key: ObjectKey;
  private readonly inner: OrdinaryAdmission;
  private readonly store: Store;

  constructor(given: NoLook, key: ObjectKey, inner: OrdinaryAdmission, store: Store) {
    this.given = given;
    this.key = key;
    this.inner = inner;
    this.store = store;
  }

  next(cause: number): Version | undefined {
    return this.inner.firstOf(this.given, this.key, cause, this.store);
  }
}
