// What a controller has written itself and will be told of: where that leaves nothing to do, it
// needs no look.

import type { Change } from '../apiserver/informer';
import type { KubeObject, ObjectKey } from '../values/kube-object';

export class OwnNews {
  private readonly expected = new Map<ObjectKey, KubeObject>();

  /** The object stands as it was written, by who knows what it was before. */
  expect(key: ObjectKey, stored: KubeObject | undefined): void {
    if (stored !== undefined) this.expected.set(key, stored);
  }

  /** Whether the change brings that very object, and nothing that was written since. */
  has({ key, after }: Change): boolean {
    if (this.expected.size === 0) return false;
    const expected = this.expected.get(key);
    if (expected === undefined) return false;
    this.expected.delete(key);
    return expected === after;
  }

  clear(): void {
    this.expected.clear();
  }
}
