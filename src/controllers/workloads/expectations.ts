// What a controller has asked for and its informer has not shown yet. Until it has, the number of
// pods that the informer shows is not the number there is.
// source: pkg/controller/controller_utils.go UIDTrackingControllerExpectations

import type { ObjectKey } from '../../values/kube-object';

interface Expected {
  creations: number;
  /** Identities of pods that are being deleted. */
  readonly deletions: Set<string>;
}

export class Expectations {
  private readonly byKey = new Map<ObjectKey, Expected>();

  /** Whether the informer has shown everything that was asked for. */
  areMet(key: ObjectKey): boolean {
    const expected = this.byKey.get(key);
    return expected === undefined || (expected.creations <= 0 && expected.deletions.size === 0);
  }

  expectCreations(key: ObjectKey, count: number): void {
    this.of(key).creations += count;
  }

  expectDeletions(key: ObjectKey, uids: readonly string[]): void {
    for (const uid of uids) this.of(key).deletions.add(uid);
  }

  /** So many creations were shown, or have failed. */
  created(key: ObjectKey, count = 1): void {
    const expected = this.byKey.get(key);
    if (expected !== undefined) expected.creations = Math.max(0, expected.creations - count);
  }

  /** A deletion was shown, or has failed. */
  deleted(key: ObjectKey, uid: string | undefined): void {
    this.byKey.get(key)?.deletions.delete(uid ?? '');
  }

  forget(key: ObjectKey): void {
    this.byKey.delete(key);
  }

  clear(): void {
    this.byKey.clear();
  }

  private of(key: ObjectKey): Expected {
    const expected = this.byKey.get(key) ?? { creations: 0, deletions: new Set() };
    this.byKey.set(key, expected);
    return expected;
  }
}
