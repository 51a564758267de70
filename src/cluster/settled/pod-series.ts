// Several pods of one template, stored while a cluster settles. Each draws its name, the scheduler
// gives it a node, and the kubelet of that runs it. Where its kubelet has it at rest, like the one
// before it, its object is made when somebody reads it.

import type { Series } from '../../apiserver/request';
import type { LatePod, OwnOfPod } from '../../apiserver/late-pod';
import type { Pod, PodSpec, PodStatus } from '../../apiserver/kinds/pod';
import type { PodMould } from '../../apiserver/pod-mould';
import type { Store, Version } from '../../apiserver/store';
import type { CommonStatus } from '../../node/kubelet/pod-status';
import type { Comer } from '../../node/kubelet/settled-pods';
import { copyWith, deepFreeze } from '../../values/kube-object';
import type { ObjectKey, ObjectMeta } from '../../values/kube-object';
import type { PodHost } from '../../values/pod-host';
import { RestingPodMaker } from './pod-maker';
import type { Settlers } from './settled-admission';

interface SeriesGround {
  readonly store: Store;
  readonly settlers: Settlers;
  /** Pods that the scheduler has yet to look at. */
  readonly waiting: Set<ObjectKey>;
}

export class PodSeries implements Series, Comer {
  node = '';
  number = 0;
  /** What binding it has made of its status. */
  status: PodStatus = {};
  standing: Comer['standing'];
  private readonly mould: PodMould;
  private readonly ground: SeriesGround;
  /** The journal entry of the write. */
  private cause = 0;
  /** What was made of the pod that came last: its object is made late, or it has these already. */
  private late: LatePod | undefined;
  private metadata: ObjectMeta | undefined;
  private spec: PodSpec | undefined;
  private maker: RestingPodMaker | undefined;

  constructor(mould: PodMould, ground: SeriesGround) {
    this.mould = mould;
    this.ground = ground;
  }

  get key(): ObjectKey {
    return this.mould.key;
  }

  get uid(): string {
    return this.mould.uid;
  }

  get isNew(): boolean {
    return this.mould.isNew;
  }

  get pattern(): Pod {
    return this.mould.pattern;
  }

  next(cause: number): Version | undefined {
    const { mould, ground } = this;
    const { settlers, waiting } = ground;
    if (waiting.size > 0) return undefined;
    mould.next();
    const { pattern, isNew } = mould;
    this.cause = cause;
    this.late = this.metadata = this.spec = undefined;
    const place = settlers.placed(pattern, isNew ? undefined : mould.key);
    if (place === undefined) {
      waiting.add(mould.key);
      return this.version(pattern.spec, pattern.status!);
    }
    this.node = place.nodeName;
    this.number = place.number;
    this.status = place.status;
    const running = settlers.running(this);
    if (this.late !== undefined) return this.late;
    if (isNew) settlers.named(mould.key, this.node);
    return this.version(this.boundSpec(), running ?? place.status, this.node);
  }

  /** Its kubelet has it at rest: nothing more needs to be known of it. */
  rest(host: PodHost, place: OwnOfPod['place'], status: CommonStatus): LatePod {
    const { mould, ground, cause } = this;
    const { now: at, end, madeKey: key } = mould;
    const revision = ground.store.nextRevision;
    if (!this.maker?.isFor(status, at, cause)) {
      this.maker = new RestingPodMaker(mould, { status, at, cause });
    }
    return (this.late = this.maker.late({ revision, end, key, host, place }));
  }

  /** The pod as any other comes to its node, for who keeps it by itself. */
  whole(): Pod {
    const { mould, status } = this;
    const { apiVersion, kind } = mould.pattern;
    const metadata = (this.metadata ??= mould.admitted());
    return Object.freeze({ apiVersion, kind, metadata, spec: this.boundSpec(), status });
  }

  private boundSpec(): PodSpec {
    const { mould, node } = this;
    return (this.spec ??= Object.freeze(copyWith(mould.pattern.spec, { nodeName: node })));
  }

  private version(spec: PodSpec, status: PodStatus, scope?: string): Version {
    const { mould, ground, cause } = this;
    const { now: at, key, pattern } = mould;
    const { apiVersion, kind } = pattern;
    const revision = ground.store.nextRevision;
    const admitted = this.metadata ?? mould.admitted();
    const metadata = copyWith(admitted, { resourceVersion: String(revision) });
    const object = deepFreeze({ apiVersion, kind, metadata, spec, status });
    const previous = mould.isNew ? undefined : ground.store.version('Pod', key);
    return { revision, at, key, object, previous, cause, scope };
  }
}
