// Objects by namespace and label, so that a selector looks at those alone that it matches. What it
// is told it reads when it is asked: many an index is told of every pod and never asked for one.

import type { Labels } from '../values/labels';
import type { ObjectKey } from '../values/kube-object';

type Keys = Set<ObjectKey>;

/** The objects of one namespace. Texts that objects hold are looked up as they are. */
interface Namespace {
  readonly all: Keys;
  /** By the name of a label, then by its value. */
  readonly byLabel: Map<string, Map<string, Keys>>;
}

/** Namespace, key, labels before and after of each change, one behind the other. */
type Told = (string | Labels | undefined)[];
const FIELDS = 4;

/** The answer where there is certainly nothing. */
export const NO_KEYS: ReadonlySet<ObjectKey> = new Set();

export class LabelIndex {
  private readonly namespaces = new Map<string, Namespace>();
  /** What has not been read yet: a flat list, so that a fork copies no object for a change. */
  private readonly told: Told = [];

  /** Tells of a change; undefined labels mean that the object is not there. */
  update(
    namespace: string,
    key: ObjectKey,
    before: Labels | undefined,
    after: Labels | undefined,
  ): void {
    if (before !== after) this.told.push(namespace, key, before, after);
  }

  /** Keys of the objects that have all of `wanted`; with an empty one, all of the namespace. */
  matching(namespace: string, wanted: Labels): Iterable<ObjectKey> {
    if (this.told.length > 0) this.read();
    const place = this.namespaces.get(namespace);
    if (place === undefined) return NO_KEYS;
    let fewest: ReadonlySet<ObjectKey> | undefined;
    const sets: ReadonlySet<ObjectKey>[] = [];
    for (const name of Object.keys(wanted)) {
      const keys = place.byLabel.get(name)?.get(wanted[name]!);
      if (keys === undefined) return NO_KEYS;
      sets.push(keys);
      if (fewest === undefined || keys.size < fewest.size) fewest = keys;
    }
    if (sets.length < 2) return fewest ?? place.all;
    return [...fewest!].filter((key) => sets.every((keys) => keys.has(key)));
  }

  clear(): void {
    this.namespaces.clear();
    this.told.length = 0;
  }

  private read(): void {
    const { told } = this;
    let sets: readonly Keys[] = [];
    let shared: Labels | undefined;
    let within: string | undefined;
    for (let at = 0; at < told.length; at += FIELDS) {
      const namespace = told[at] as string;
      const key = told[at + 1] as ObjectKey;
      const before = told[at + 2] as Labels | undefined;
      const after = told[at + 3] as Labels | undefined;
      const place = this.placeOf(namespace);
      if (before !== undefined) {
        for (const name of Object.keys(before)) drop(place.byLabel, name, before[name]!, key);
        shared = undefined;
      }
      if (after === undefined) {
        place.all.delete(key);
        continue;
      }
      // The pods of a template come one after the other, and share their labels.
      if (after !== shared || namespace !== within) sets = setsOf(place.byLabel, after);
      shared = after;
      within = namespace;
      for (const keys of sets) keys.add(key);
      place.all.add(key);
    }
    told.length = 0;
  }

  private placeOf(namespace: string): Namespace {
    let place = this.namespaces.get(namespace);
    if (place === undefined) {
      place = { all: new Set(), byLabel: new Map() };
      this.namespaces.set(namespace, place);
    }
    return place;
  }
}

/** Where the keys of objects with these labels stand. */
function setsOf(byLabel: Namespace['byLabel'], labels: Labels): Keys[] {
  const sets: Keys[] = [];
  for (const name of Object.keys(labels)) {
    let byValue = byLabel.get(name);
    if (byValue === undefined) byLabel.set(name, (byValue = new Map()));
    let keys = byValue.get(labels[name]!);
    if (keys === undefined) byValue.set(labels[name]!, (keys = new Set()));
    sets.push(keys);
  }
  return sets;
}

function drop(byLabel: Namespace['byLabel'], name: string, value: string, key: ObjectKey): void {
  const byValue = byLabel.get(name);
  const keys = byValue?.get(value);
  if (keys?.delete(key) && keys.size === 0) byValue!.delete(value);
}
