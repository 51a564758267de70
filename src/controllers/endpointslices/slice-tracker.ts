// Which version of its slices the controller has written itself. An informer that shows older
// ones is out of date, and slices must not be reckoned from it.
// source: pkg/controller/util/endpointslice/endpointslice_tracker.go

import type { EndpointSlice } from '../../apiserver/kinds/endpointslice';
import type { NewSlice } from '../../apiserver/late-slice';
import { splitKey } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';

/** The generation of a slice whose deletion is on its way to the informer. */
const DELETED = -1;

/**
 * A slice, by its name, as it was written last; one that is made late says so itself. Frozen, so
 * that forks share it.
 */
interface Written {
  readonly name: string;
  readonly generation: number;
}

const NOTHING: readonly Written[] = Object.freeze([]);

export class SliceTracker {
  /** By Service; most have one slice, which stands there by itself. */
  private readonly written = new Map<ObjectKey, Written | readonly Written[]>();
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
  wrote(service: ObjectKey, { metadata }: KubeObject): void {
    const { name, generation = 0 } = metadata;
    this.put(service, Object.freeze({ name, generation }));
  }

  /** The same of one that is made late. */
  wroteFirst(slice: NewSlice): void {
    this.put(slice.text.owner, slice);
  }

  /** A slice was deleted; the informer will tell. */
  removed(service: ObjectKey, slice: ObjectKey): void {
    const { name } = splitKey(slice);
    if (this.generationOf(service, name) === undefined) return;
    this.put(service, Object.freeze({ name, generation: DELETED }));
  }

  /** Whether what the informer shows is older than what was written. */
  isStale(service: ObjectKey, shown: readonly EndpointSlice[]): boolean {
    if (!this.written.has(service)) return false;
    const known = this.writtenOf(service);
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
    const known = this.writtenOf(service);
    const others = known.filter((it) => it.name !== name);
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
    return generationIn(this.writtenOf(service), slice);
  }

  private writtenOf(service: ObjectKey): readonly Written[] {
    return listOf(this.written.get(service));
  }

  private put(service: ObjectKey, now: Written): void {
    const { written } = this;
    written.set(service, withSlice(written.get(service), now));
  }
}

/** All of a Service with one of them as it is now. */
function withSlice(
  known: Written | readonly Written[] | undefined,
  now: Written,
): Written | readonly Written[] {
  // Most Services have one slice, and get it once.
  if (known === undefined) return now;
  const others = listOf(known).filter(({ name }) => name !== now.name);
  return others.length === 0 ? now : Object.freeze([...others, now]);
}

function listOf(known: Written | readonly Written[] | undefined): readonly Written[] {
  if (known === undefined) return NOTHING;
  return isOne(known) ? [known] : known;
}

function isOne(written: Written | readonly Written[]): written is Written {
  return 'generation' in written;
}

function generationIn(written: readonly Written[], slice: string): number | undefined {
  for (const it of written) if (it.name === slice) return it.generation;
  return undefined;
}
