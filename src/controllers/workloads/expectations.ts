// What a controller has asked for and its informer has not shown yet. Until it has, the number of
// pods that the informer shows is not the number there is.
// source: pkg/controller/controller_utils.go UIDTrackingControllerExpectations

import type { ObjectKey } from '../../values/kube-object';

interface Expected {
  creations: number;
  /** Identities of pods that are being deleted, if any has ever been. */
  deletions: Set<string> | undefined;
}

export class Expectations {
  /** Of those of whom something is expected still. */
  private readonly byKey = new Map<ObjectKey, Expected>();

  /** Whether the informer has shown everything that was asked for. */
  areMet(key: ObjectKey): boolean {
    return !this.byKey.has(key);
  }

  expectCreations(key: ObjectKey, count: number): void {
    if (count > 0) this.of(key).creations += count;
  }

  expectDeletions(key: ObjectKey, uids: readonly string[]): void {
    for (const uid of uids) (this.of(key).deletions ??= new Set()).add(uid);
  }

  /** So many creations were shown, or have failed. */
  created(key: ObjectKey, count = 1): void {
    const expected = this.byKey.get(key);
    if (expected === undefined) return;
    expected.creations = Math.max(0, expected.creations - count);
    this.forgetIfMet(key, expected);
  }

  /** A deletion was shown, or has failed. */
  deleted(key: ObjectKey, uid: string | undefined): void {
    const expected = this.byKey.get(key);
    if (expected?.deletions?.delete(uid ?? '') === true) this.forgetIfMet(key, expected);
  }

  forget(key: ObjectKey): void {
    this.byKey.delete(key);
  }

  clear(): void {
    this.byKey.clear();
  }

  private of(key: ObjectKey): Expected {
    let expected = this.byKey.get(key);
    if (expected === undefined) {
      expected = { creations: 0, deletions: undefined };
      this.byKey.set(key, expected);
    }
    return expected;
  }

  private forgetIfMet(key: ObjectKey, { creations, deletions }: Expected): void {
    if (creations === 0 && (deletions === undefined || deletions.size === 0)) this.forget(key);
  }
}
