// Several pods of one template, stored while a cluster settles. Each is made once, as it is stored:
// its name and identity are drawn, the scheduler gives it a node, the kubelet of that runs it.

import type { Made, Series } from '../../apiserver/request';
import type { Pod, PodSpec, PodStatus } from '../../apiserver/kinds/pod';
import type { PodMould } from '../../apiserver/pod-mould';
import type { Store } from '../../apiserver/store';
import type { Comer } from '../../node/kubelet/settled-pods';
import { copyWith, deepFreeze } from '../../values/kube-object';
import type { ObjectKey, ObjectMeta } from '../../values/kube-object';
import type { Settlers } from './settled-admission';

interface SeriesGround {
  readonly store: Store;
  readonly settlers: Settlers;
  /** Pods that the scheduler has yet to look at. */
  readonly waiting: Set<ObjectKey>;
}

/** A pod that is being made. */
interface Draft extends Pod {
  metadata: ObjectMeta;
  spec: PodSpec;
  status: PodStatus;
}

export class PodSeries implements Series, Comer {
  /** The pod that came last. */
  pod: Pod;
  node = '';
  /** What binding it has made of its status. */
  status: PodStatus = {};
  /** Whether its kubelet keeps it as it was before it was stored. */
  private isKept = false;
  private readonly mould: PodMould;
  private readonly ground: SeriesGround;

  constructor(mould: PodMould, ground: SeriesGround) {
    this.mould = mould;
    this.ground = ground;
    this.pod = mould.pattern;
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

  next(): Made | undefined {
    const { mould, ground } = this;
    const { store, settlers, waiting } = ground;
    if (waiting.size > 0) return undefined;
    mould.next();
    const { pattern, key, isNew } = mould;
    const { apiVersion, kind, metadata, spec, status } = pattern as Draft;
    const draft: Draft = { apiVersion, kind, metadata, spec, status };
    this.pod = draft;
    const place = settlers.placed(pattern, key, isNew);
    let scope: string | undefined;
    let isKnown = false;
    if (place === undefined) {
      waiting.add(key);
    } else {
      scope = this.node = place.nodeName;
      this.status = place.status;
      draft.spec = Object.freeze(copyWith(spec, { nodeName: scope }));
      this.isKept = false;
      const running = settlers.running(this);
      isKnown = running !== undefined && !this.isKept;
      draft.status = deepFreeze(running ?? place.status);
    }
    draft.metadata = mould.stored(store.nextVersion);
    return { key, object: Object.freeze(draft), scope, isKnown };
  }

  /** The pod as any other comes to its node, for who keeps it by itself. */
  whole(): Pod {
    const { pod, status } = this;
    this.isKept = true;
    return Object.freeze(copyWith(pod, { metadata: this.mould.admitted(), status }));
  }
}
