// Which version of its slices the controller has written itself. An informer that shows older
// ones is out of date, and slices must not be reckoned from it.
// source: pkg/controller/util/endpointslice/endpointslice_tracker.go

import type { EndpointSlice } from '../../apiserver/kinds/endpointslice';
import { splitKey } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';

/** The generation of a slice whose deletion is on its way to the informer. */
const DELETED = -1;

/** A slice, by its name, as it was written last. Frozen, so that forks share it. */
interface Written {
  readonly slice: string;
  readonly generation: number;
}

const NOTHING: readonly Written[] = Object.freeze([]);

export class SliceTracker {
  /** By Service; most have one slice. */
  private readonly written = new Map<ObjectKey, readonly Written[]>();
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
    this.put(service, slice.metadata.name, slice.metadata.generation ?? 0);
  }

  /** A slice was deleted; the informer will tell. */
  removed(service: ObjectKey, slice: ObjectKey): void {
    const { name } = splitKey(slice);
    if (this.generationOf(service, name) !== undefined) this.put(service, name, DELETED);
  }

  /** Whether what the informer shows is older than what was written. */
  isStale(service: ObjectKey, shown: readonly EndpointSlice[]): boolean {
    const known = this.written.get(service);
    if (known === undefined) return false;
    let missing = 0;
    for (const { generation } of known) if (generation !== DELETED) missing++;
    for (const { metadata } of shown) {
      const generation = generationIn(known, metadata.name);
      if (generation === undefined) continue;
      if (generation === DELETED || generation > (metadata.generation ?? 0)) return true;
      missing--;
    }
    return missing > 0;
  }

  /** Whether a slice that the informer shows was written by somebody else since. */
  isForeign(service: ObjectKey, { metadata }: KubeObject): boolean {
    const generation = this.generationOf(service, metadata.name);
    return generation === undefined || (metadata.generation ?? 0) > generation;
  }

  /** The informer shows a deletion. Returns whether it was expected. */
  sawDeletion(service: ObjectKey, slice: ObjectKey): boolean {
    const { name } = splitKey(slice);
    const known = this.written.get(service) ?? NOTHING;
    const others = known.filter((it) => it.slice !== name);
    if (others.length < known.length) this.written.set(service, Object.freeze(others));
    return generationIn(known, name) === DELETED;
  }

  forget(service: ObjectKey): void {
    this.written.delete(service);
  }

  clear(): void {
    this.written.clear();
    this.asked.clear();
  }

  private generationOf(service: ObjectKey, slice: string): number | undefined {
    return generationIn(this.written.get(service) ?? NOTHING, slice);
  }

  private put(service: ObjectKey, slice: string, generation: number): void {
    const known = this.written.get(service) ?? NOTHING;
    const now = Object.freeze({ slice, generation });
    const isOnly = known.length === 0 || (known.length === 1 && known[0]!.slice === slice);
    const all = isOnly ? [now] : [...known.filter((it) => it.slice !== slice), now];
    this.written.set(service, Object.freeze(all));
  }
}

function generationIn(written: readonly Written[], slice: string): number | undefined {
  for (const it of written) if (it.slice === slice) return it.generation;
  return undefined;
}
