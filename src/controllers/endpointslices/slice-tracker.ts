// Which version of its slices the controller has written itself. An informer that shows older
// ones is out of date, and slices must not be reckoned from it.
// source: pkg/controller/util/endpointslice/endpointslice_tracker.go

import type { EndpointSlice } from '../../apiserver/kinds/endpointslice';
import { keyOf } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';

/** The generation of a slice whose deletion is on its way to the informer. */
const DELETED = -1;

export class SliceTracker {
  /** Generation by slice, by Service. */
  private readonly generations = new Map<ObjectKey, Map<ObjectKey, number>>();
  /** New slices of which it is not known yet whether they were stored. */
  private readonly asked = new Set<ObjectKey>();

  /** The slice is asked for, under a name that nobody has. */
  asksFor(slice: ObjectKey): void {
    this.asked.add(slice);
  }

  /** The answer to what was asked for, whatever it says. */
  answered(slice: ObjectKey): void {
    if (this.asked.size > 0) this.asked.delete(slice);
  }

  /** Whether this is the slice as it was asked for: the informer may be told before the answer. */
  isAsAsked({ metadata }: KubeObject, key: ObjectKey): boolean {
    return metadata.generation === 1 && this.asked.has(key);
  }

  /** A slice was stored as `slice`. */
  wrote(service: ObjectKey, slice: KubeObject): void {
    this.slicesOf(service).set(keyOf(slice), slice.metadata.generation ?? 0);
  }

  /** A slice was deleted; the informer will tell. */
  removed(service: ObjectKey, slice: ObjectKey): void {
    if (this.generations.get(service)?.has(slice)) this.slicesOf(service).set(slice, DELETED);
  }

  /** Whether what the informer shows is older than what was written. */
  isStale(service: ObjectKey, shown: readonly EndpointSlice[]): boolean {
    const known = this.generations.get(service);
    if (known === undefined) return false;
    let missing = 0;
    for (const generation of known.values()) if (generation !== DELETED) missing++;
    for (const slice of shown) {
      const generation = known.get(keyOf(slice));
      if (generation === undefined) continue;
      if (generation === DELETED || generation > (slice.metadata.generation ?? 0)) return true;
      missing--;
    }
    return missing > 0;
  }

  /** Whether a slice that the informer shows was written by somebody else since. */
  isForeign(service: ObjectKey, slice: KubeObject): boolean {
    const generation = this.generations.get(service)?.get(keyOf(slice));
    return generation === undefined || (slice.metadata.generation ?? 0) > generation;
  }

  /** The informer shows a deletion. Returns whether it was expected. */
  sawDeletion(service: ObjectKey, slice: ObjectKey): boolean {
    const known = this.generations.get(service);
    const generation = known?.get(slice);
    known?.delete(slice);
    return generation === DELETED;
  }

  forget(service: ObjectKey): void {
    this.generations.delete(service);
  }

  clear(): void {
    this.generations.clear();
    this.asked.clear();
  }

  private slicesOf(service: ObjectKey): Map<ObjectKey, number> {
    const known = this.generations.get(service) ?? new Map<ObjectKey, number>();
    this.generations.set(service, known);
    return known;
  }
}
