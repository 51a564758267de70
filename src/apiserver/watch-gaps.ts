// What a watch has left out: versions of single objects that its client never gets to see. Until
// the next version of such an object, or the next list, the client takes the older one for present.
// source: staging/src/k8s.io/client-go/tools/cache/reflector.go (a list tells states, not changes)

import type { ObjectKey } from '../values/kube-object';
import type { Version } from './store';

export class WatchGaps {
  /** Versions that will be left out when their turn comes, by revision. */
  private readonly coming = new Set<number>();
  /** Objects of which an older version is shown than of the others: as of which revision. */
  private readonly behind = new Map<ObjectKey, number>();

  /** Whether nothing is left out, so that one revision says all about the view. */
  get isWhole(): boolean {
    return this.coming.size === 0 && this.behind.size === 0;
  }

  /** The version of this revision will not be delivered. */
  leaveOut(revision: number): void {
    this.coming.add(revision);
  }

  /** The revision as of which the view shows the object, where it shows others as of `seen`. */
  revisionOf(key: ObjectKey, seen: number): number {
    return this.behind.get(key) ?? seen;
  }

  /** The objects that are shown older than the others, in the order in which they fell behind. */
  keys(): readonly ObjectKey[] {
    return [...this.behind.keys()];
  }

  /**
   * The last version of each object that a delivery of these brings, in the order of its first
   * change, and which objects fall behind with it.
   */
  sift(versions: readonly Version[]): ReadonlyMap<ObjectKey, Version> {
    const latest = new Map<ObjectKey, Version>();
    const fallen = new Map<ObjectKey, number>();
    for (const version of versions) {
      const { key, revision } = version;
      if (!this.coming.delete(revision)) {
        latest.set(key, version);
        fallen.delete(key);
      } else if (!fallen.has(key)) {
        fallen.set(key, revision - 1);
      }
    }
    for (const key of latest.keys()) this.behind.delete(key);
    for (const [key, revision] of fallen) {
      if (!this.behind.has(key)) this.behind.set(key, revision);
    }
    return latest;
  }
}
