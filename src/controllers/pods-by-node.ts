// Keys of pods by the node that they are bound to.

import type { Pod } from '../apiserver/kinds/pod';
import type { Change } from '../apiserver/informer';
import type { ObjectKey } from '../values/kube-object';

export class PodsByNode {
  private readonly byNode = new Map<string, Set<ObjectKey>>();

  /** Tells of a change of a pod. */
  update({ key, before, after }: Change): void {
    const was = (before as Pod | undefined)?.spec.nodeName;
    const is = (after as Pod | undefined)?.spec.nodeName;
    if (was === is && after !== undefined) return;
    if (was) this.byNode.get(was)?.delete(key);
    if (!is) return;
    const keys = this.byNode.get(is) ?? new Set();
    this.byNode.set(is, keys.add(key));
  }

  /** In the order in which they were bound. */
  on(node: string): readonly ObjectKey[] {
    return [...(this.byNode.get(node) ?? [])];
  }

  clear(): void {
    this.byNode.clear();
  }
}
