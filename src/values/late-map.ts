// A map for what comes in bulk before anybody asks for any of it.

/**
 * A map that takes note of entries in a list, and enters them when somebody looks: to enter thirty
 * thousand costs more than all that is asked of most of them. For whoever looks it is any map.
 */
export class LateMap<K, V> extends Map<K, V> {
  /** Keys, each with its value behind it, in the order in which they came. */
  private late: (K | V)[] | undefined;

  /** Does what `set` does, of a key that is not there. */
  later(key: K, value: V): void {
    if (this.late === undefined) this.late = [key, value];
    else this.late.push(key, value);
  }

  override get size(): number {
    this.enter();
    return super.size;
  }

  override get(key: K): V | undefined {
    this.enter();
    return super.get(key);
  }

  override has(key: K): boolean {
    this.enter();
    return super.has(key);
  }

  override set(key: K, value: V): this {
    this.enter();
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    this.enter();
    return super.delete(key);
  }

  override clear(): void {
    this.late = undefined;
    super.clear();
  }

  override forEach(act: (value: V, key: K, map: Map<K, V>) => void): void {
    this.enter();
    super.forEach(act);
  }

  override keys(): MapIterator<K> {
    this.enter();
    return super.keys();
  }

  override values(): MapIterator<V> {
    this.enter();
    return super.values();
  }

  override entries(): MapIterator<[K, V]> {
    this.enter();
    return super.entries();
  }

  override [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  private enter(): void {
    const { late } = this;
    if (late === undefined) return;
    this.late = undefined;
    for (let at = 0; at < late.length; at += 2) super.set(late[at] as K, late[at + 1] as V);
  }
}
