// Which pods a workload ever had, in the order of creation: `shop/backend#1` is the first. The
// number stays with its pod, also when the pod is gone, so that a scenario may speak of it.

import type { Store, Version } from '../../apiserver/store';
import { isReading, noteReading } from '../../kernel/readings';
import type { Place, Readable } from '../../kernel/readings';
import type { KubeObject, OwnerReference } from '../../values/kube-object';

/** What forks call it, and what was never there. */
const PLACE: Place = Object.freeze({ room: 'pod ordinals', name: '' });
const NOTHING = 'nothing';

export class PodOrdinals implements Readable {
  readonly place = PLACE;
  private readonly store: Store;
  private readonly podsByOwner = new Map<string, string[]>();
  /** `shop/backend#1` by the pod's key. */
  private readonly names = new Map<string, string>();

  constructor(store: Store) {
    this.store = store;
  }

  /** Takes notice of a write; a pod's first version gives it its numbers. */
  observe(version: Version): void {
    const { object, previous } = version;
    if (object?.kind !== 'Pod' || previous?.object !== undefined) return;
    for (const owner of this.ownersOf(object)) {
      const pods = this.podsByOwner.get(owner) ?? [];
      pods.push(version.key);
      this.podsByOwner.set(owner, pods);
      const workload = owner.slice(owner.indexOf('/') + 1);
      this.names.set(version.key, `${workload}#${pods.length}`);
    }
  }

  /** The name of a pod, or how many pods a workload had: their list only grows. */
  standing(reading: string): unknown {
    const name = this.names.get(reading);
    return name ?? this.podsByOwner.get(reading)?.length;
  }

  /** A name says all; how many pods there were does not tell which. */
  common(reading: string): string | undefined {
    return this.names.get(reading) ?? (this.podsByOwner.has(reading) ? undefined : NOTHING);
  }

  /** How people call a pod: by its topmost workload and number, or by its own name. */
  nameOf(pod: string): string {
    if (isReading()) noteReading(this, pod);
    return this.names.get(pod) ?? pod;
  }

  /** Keys of the pods of a workload: of a ReplicaSet, or of the Deployment that owns it. */
  podsOf(kind: string, key: string): readonly string[] {
    if (isReading()) noteReading(this, `${kind}/${key}`);
    return this.podsByOwner.get(`${kind}/${key}`) ?? [];
  }

  /** The workloads above a pod, nearest first. */
  private *ownersOf(object: KubeObject): Generator<string> {
    const namespace = object.metadata.namespace ?? '';
    let reference = controllerOf(object);
    while (reference !== undefined) {
      const key = `${namespace}/${reference.name}`;
      yield `${reference.kind}/${key}`;
      const owner = this.store.get(reference.kind, key);
      reference = owner && controllerOf(owner);
    }
  }
}

function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}
