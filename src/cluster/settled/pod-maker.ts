// Puts the pods of one template together that stand at rest when a cluster has settled: each of
// them out of what they have in common and what it has of its own.

import type { Pod } from '../../apiserver/kinds/pod';
import { uuid } from '../../apiserver/identity';
import { LatePod } from '../../apiserver/late-pod';
import type { OwnOfPod, PodMaker } from '../../apiserver/late-pod';
import type { PodMould } from '../../apiserver/pod-mould';
import type { StreamFamily } from '../../kernel/random';
import { statusWith } from '../../node/kubelet/pod-status';
import type { CommonStatus } from '../../node/kubelet/pod-status';
import { copyWith, splitKey } from '../../values/kube-object';
import type { ObjectMeta } from '../../values/kube-object';

export class RestingPodMaker implements PodMaker {
  readonly status: CommonStatus;
  /** Any of its pods before it is bound, and without an identity. */
  private readonly given: Pod;
  private readonly uids: StreamFamily;
  /** What the keys of its pods begin with. */
  private readonly keyStem: string;
  // Private to the language: all the rest is frozen, and what these say never changes.
  #first: LatePod | undefined;

  constructor({ pattern, uids, keyStem }: PodMould, status: CommonStatus) {
    this.status = status;
    this.given = pattern;
    this.uids = uids;
    this.keyStem = keyStem;
    Object.freeze(this);
  }

  /** The first of them. There is none before one was asked for. */
  get pattern(): Pod {
    return this.#first!.object;
  }

  late(own: OwnOfPod): LatePod {
    const pod = new LatePod(own, this);
    this.#first ??= pod;
    return pod;
  }

  /** Drawn from the name alone, so that it is the same whenever somebody asks. */
  uidOf({ key }: LatePod): string {
    return uuid(this.uids.fresh(key.slice(this.keyStem.length)));
  }

  make(pod: LatePod): Pod {
    const { apiVersion, kind, spec } = this.given;
    const status = statusWith(this.status, pod.hostAddresses, pod.addresses);
    const bound = Object.freeze(copyWith(spec, { nodeName: pod.scope }));
    return Object.freeze({ apiVersion, kind, metadata: this.metadataOf(pod), spec: bound, status });
  }

  private metadataOf(pod: LatePod): ObjectMeta {
    const { name } = splitKey(pod.key);
    const { generateName, namespace, labels, annotations, ownerReferences } = this.given
      .metadata as Required<ObjectMeta>;
    const uid = this.uidOf(pod);
    const generation = 1;
    const creationTimestamp = pod.at;
    const resourceVersion = String(pod.revision);
    const own = { name, uid, generation, creationTimestamp, resourceVersion };
    if (annotations !== undefined) return Object.freeze(copyWith(this.given.metadata, own));
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
