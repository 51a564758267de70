// An immutable map of which the next version is made without copying it: a few layers, the newest
// last, each laid over the ones below. Versions share all layers but the small ones at the top.
//
// A layer that has grown to half of the one below is merged into it. So there are at most some
// twenty layers however large the map is, and an entry is copied as many times at most.

/** The value of a key that a layer takes away is undefined. */
type Layer<K, V> = ReadonlyMap<K, V | undefined>;

export class OverlayMap<K, V> implements ReadonlyMap<K, V> {
  readonly size: number;
  private readonly layers: readonly Layer<K, V>[];
  /** Every key, in the order in which they are listed; asked for only when somebody lists. */
  private readonly order: (() => Iterable<K>) | undefined;

  private constructor(
    layers: readonly Layer<K, V>[],
    size: number,
    order: (() => Iterable<K>) | undefined,
  ) {
    this.layers = layers;
    this.size = size;
    this.order = order;
    Object.freeze(this);
  }

  /** The same entries as `map`, in its order; `map` itself where it is an overlay already. */
  static of<K, V>(map: ReadonlyMap<K, V>): OverlayMap<K, V> {
    if (map instanceof OverlayMap) return map;
    return new OverlayMap<K, V>([map], map.size, undefined);
  }

  /**
   * A map with some entries changed; undefined takes a key away. `order` gives every key in the
   * order of listing. Without it new keys come somewhere: for maps whose order nobody sees.
   */
  with(changes: Layer<K, V>, order?: () => Iterable<K>): OverlayMap<K, V> {
    let { size } = this;
    for (const [key, value] of changes) {
      size += Number(value !== undefined) - Number(this.has(key));
    }
    return new OverlayMap(merged([...this.layers, changes]), size, order);
  }

  get(key: K): V | undefined {
    for (let depth = this.layers.length - 1; depth >= 0; depth--) {
      const value = this.layers[depth]!.get(key);
      if (value !== undefined) return value;
      if (this.layers[depth]!.has(key)) return undefined;
    }
    return undefined;
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  /** Every key whose value may differ from that in `other`: those of the layers not in common. */
  changedFrom(other: OverlayMap<K, V>): ReadonlySet<K> {
    let common = 0;
    const [own, others] = [this.layers, other.layers];
    while (common < own.length && own[common] === others[common]) common++;
    const changed = new Set<K>();
    for (const layers of [own, others]) {
      for (let depth = common; depth < layers.length; depth++) {
        for (const key of layers[depth]!.keys()) changed.add(key);
      }
    }
    return changed;
  }

  *keys(): MapIterator<K> {
    // The lowest layer takes nothing away.
    if (this.order === undefined && this.layers.length === 1) return yield* this.layers[0]!.keys();
    for (const [key] of this.entries()) yield key;
    return undefined;
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value;
    return undefined;
  }

  *entries(): MapIterator<[K, V]> {
    for (const key of this.order?.() ?? new Set(this.layers.flatMap((it) => [...it.keys()]))) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
    return undefined;
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }
}

function merged<K, V>(all: readonly Layer<K, V>[]): readonly Layer<K, V>[] {
  const layers = [...all];
  while (layers.length > 1 && layers.at(-1)!.size * 2 >= layers.at(-2)!.size) {
    const upper = layers.pop()!;
    const lower = new Map(layers.pop());
    const isLowest = layers.length === 0;
    for (const [key, value] of upper) {
      // Nothing lies below the lowest layer that could show through.
      if (value === undefined && isLowest) lower.delete(key);
      else lower.set(key, value);
    }
    layers.push(lower);
  }
  return layers;
}
