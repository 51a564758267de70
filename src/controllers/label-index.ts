// Objects by namespace and label, so that a selector looks at those alone that may match it.

import type { Labels } from '../values/labels';
import type { ObjectKey } from '../values/kube-object';

export class LabelIndex {
  private readonly byPair = new Map<string, Set<ObjectKey>>();
  private readonly byNamespace = new Map<string, Set<ObjectKey>>();

  /** Tells of a change; undefined labels mean that the object is not there. */
  update(
    namespace: string,
    key: ObjectKey,
    before: Labels | undefined,
    after: Labels | undefined,
  ): void {
    if (before === after && before !== undefined) return;
    for (const pair of pairsOf(before)) drop(this.byPair, `${namespace}/${pair}`, key);
    for (const pair of pairsOf(after)) put(this.byPair, `${namespace}/${pair}`, key);
    if (after === undefined) drop(this.byNamespace, namespace, key);
    else put(this.byNamespace, namespace, key);
  }

  /**
   * Keys of the objects that may have all of `wanted`: those of its rarest pair. With an empty
   * `wanted`, all of the namespace.
   */
  candidates(namespace: string, wanted: Labels): Iterable<ObjectKey> {
    let fewest: ReadonlySet<ObjectKey> | undefined;
    for (const pair of pairsOf(wanted)) {
      const keys = this.byPair.get(`${namespace}/${pair}`) ?? NONE;
      if (fewest === undefined || keys.size < fewest.size) fewest = keys;
    }
    return fewest ?? this.byNamespace.get(namespace) ?? NONE;
  }

  clear(): void {
    this.byPair.clear();
    this.byNamespace.clear();
  }
}

const NONE: ReadonlySet<ObjectKey> = new Set();

function pairsOf(labels: Labels | undefined): string[] {
  return Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
}

function put(map: Map<string, Set<ObjectKey>>, at: string, key: ObjectKey): void {
  const keys = map.get(at);
  if (keys === undefined) map.set(at, new Set([key]));
  else keys.add(key);
}

function drop(map: Map<string, Set<ObjectKey>>, at: string, key: ObjectKey): void {
  const keys = map.get(at);
  if (keys?.delete(key) && keys.size === 0) map.delete(at);
}
