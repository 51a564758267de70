// Objects by namespace and label, so that a selector looks at those alone that it matches.

import type { Labels } from '../values/labels';
import type { ObjectKey } from '../values/kube-object';

type Keys = Set<ObjectKey>;

/** The objects of one namespace. Texts that objects hold are looked up as they are. */
interface Namespace {
  readonly all: Keys;
  /** By the name of a label, then by its value. */
  readonly byLabel: Map<string, Map<string, Keys>>;
}

export class LabelIndex {
  private readonly namespaces = new Map<string, Namespace>();

  /** Tells of a change; undefined labels mean that the object is not there. */
  update(
    namespace: string,
    key: ObjectKey,
    before: Labels | undefined,
    after: Labels | undefined,
  ): void {
    if (before === after) return;
    const place = this.placeOf(namespace);
    for (const name of Object.keys(before ?? {})) drop(place.byLabel, name, before![name]!, key);
    for (const name of Object.keys(after ?? {})) put(place.byLabel, name, after![name]!, key);
    if (after === undefined) place.all.delete(key);
    else place.all.add(key);
  }

  /** Keys of the objects that have all of `wanted`; with an empty one, all of the namespace. */
  matching(namespace: string, wanted: Labels): Iterable<ObjectKey> {
    const place = this.namespaces.get(namespace);
    if (place === undefined) return NONE;
    let fewest: ReadonlySet<ObjectKey> | undefined;
    const sets: ReadonlySet<ObjectKey>[] = [];
    for (const name of Object.keys(wanted)) {
      const keys = place.byLabel.get(name)?.get(wanted[name]!);
      if (keys === undefined) return NONE;
      sets.push(keys);
      if (fewest === undefined || keys.size < fewest.size) fewest = keys;
    }
    if (sets.length < 2) return fewest ?? place.all;
    return [...fewest!].filter((key) => sets.every((keys) => keys.has(key)));
  }

  clear(): void {
    this.namespaces.clear();
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

const NONE: ReadonlySet<ObjectKey> = new Set();

function put(byLabel: Namespace['byLabel'], name: string, value: string, key: ObjectKey): void {
  let byValue = byLabel.get(name);
  if (byValue === undefined) byLabel.set(name, (byValue = new Map()));
  const keys = byValue.get(value);
  if (keys === undefined) byValue.set(value, new Set([key]));
  else keys.add(key);
}

function drop(byLabel: Namespace['byLabel'], name: string, value: string, key: ObjectKey): void {
  const byValue = byLabel.get(name);
  const keys = byValue?.get(value);
  if (keys?.delete(key) && keys.size === 0) byValue!.delete(value);
}
