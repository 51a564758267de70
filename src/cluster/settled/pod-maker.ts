// Puts the pods of one template together that stand at rest when a cluster has settled: each of
// them out of what they have in common and what it has of its own.

import type { Pod } from '../../apiserver/kinds/pod';
import { endText, uuid } from '../../apiserver/identity';
import { LatePod } from '../../apiserver/late-pod';
import type { OwnOfPod, PodMaker } from '../../apiserver/late-pod';
import type { PodMould } from '../../apiserver/pod-mould';
import type { StreamFamily } from '../../kernel/random';
import { statusWith } from '../../node/kubelet/pod-status';
import type { CommonStatus } from '../../node/kubelet/pod-status';
import { copyWith, splitKey } from '../../values/kube-object';
import type { ObjectKey, ObjectMeta } from '../../values/kube-object';
import type { Instant } from '../../values/time';

/** How those are stored that one maker makes. */
interface Stored {
  readonly status: CommonStatus;
  readonly at: Instant;
  /** The journal entry of the writes. */
  readonly cause: number;
}

export class RestingPodMaker implements PodMaker {
  readonly pattern: Pod;
  readonly status: CommonStatus;
  readonly at: Instant;
  readonly cause: number;
  private readonly uids: StreamFamily;
  /** What their keys begin with. */
  private readonly keyStem: string;

  constructor({ pattern, uids, keyStem }: PodMould, { status, at, cause }: Stored) {
    const { apiVersion, kind, metadata, spec } = pattern;
    this.pattern = Object.freeze({ apiVersion, kind, metadata, spec, status });
    this.status = status;
    this.at = at;
    this.cause = cause;
    this.uids = uids;
    this.keyStem = keyStem;
    Object.freeze(this);
  }

  /** Whether pods that are stored so are its own. */
  isFor(status: CommonStatus, at: Instant, cause: number): boolean {
    return this.status === status && this.at === at && this.cause === cause;
  }

  late(own: OwnOfPod): LatePod {
    return new LatePod(own, this);
  }

  keyOf({ end }: LatePod): ObjectKey {
    return this.keyStem + endText(end);
  }

  /** Drawn from the name alone, so that it is the same whenever somebody asks. */
  uidOf({ end }: LatePod): string {
    return uuid(this.uids.fresh(endText(end)));
  }

  make(pod: LatePod): Pod {
    const { apiVersion, kind, spec } = this.pattern;
    const status = statusWith(this.status, pod.host.addresses, pod.addresses);
    const bound = Object.freeze(copyWith(spec, { nodeName: pod.scope }));
    return Object.freeze({ apiVersion, kind, metadata: this.metadataOf(pod), spec: bound, status });
  }

  private metadataOf(pod: LatePod): ObjectMeta {
    const { name } = splitKey(pod.key);
    const { generateName, namespace, labels, annotations, ownerReferences } = this.pattern
      .metadata as Required<ObjectMeta>;
    const uid = this.uidOf(pod);
    const generation = 1;
    const creationTimestamp = pod.at;
    const resourceVersion = String(pod.revision);
    const own = { name, uid, generation, creationTimestamp, resourceVersion };
    if (annotations !== undefined) return Object.freeze(copyWith(this.pattern.metadata, own));
    // All at once: nearly no template has annotations.
    return Object.freeze({
      name,
      generateName,
      namespace,
      labels,
      ownerReferences,
      uid,
      generation,
      creationTimestamp,
      resourceVersion,
    });
  }
}
