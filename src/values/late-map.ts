// A map of which a cluster has many, where most of them are never looked into.

/** What is listed of a map without a table. */
const NOTHING = new Map<never, never>();

/** Who knows of entries that nobody has asked for yet. */
export interface LateSource {
  /** Whether there are none now. */
  readonly isEmpty: boolean;
  /** Enters them (`later`): none of their keys is there. */
  enter(): void;
}

/**
 * A map that makes its table at the first entry: one without takes as long to make as ten fields
 * and as much room, and of all that is known of a node most is that there is nothing.
 *
 * Entries that come in bulk it only notes in a list, and enters them when somebody looks: to enter
 * thirty thousand costs more than all that is asked of most of them. For whoever looks it is any
 * map.
 */
export class LateMap<K, V> implements Map<K, V> {
  private table: Map<K, V> | undefined;
  /** Keys, each with its value behind it, in the order in which they came. */
  private late: (K | V)[] | undefined;
  private source: LateSource | undefined;

  /** Whoever looks has `source` say first what else there is. It never looks itself. */
  fillFrom(source: LateSource): void {
    this.source = source;
  }

  /** Does what `set` does. */
  later(key: K, value: V): void {
    if (this.late === undefined) this.late = [key, value];
    else this.late.push(key, value);
  }

  /** Has the entry of a key come after all that are there, where there is one. */
  putLast(key: K): void {
    const value = this.get(key);
    if (value === undefined) return;
    this.delete(key);
    this.later(key, value);
  }

  get size(): number {
    return this.known?.size ?? 0;
  }

  get(key: K): V | undefined {
    if (this.late !== undefined) this.enter(this.late);
    const value = this.table?.get(key);
    // A source has no key that is there.
    const { source } = this;
    if (value !== undefined || source === undefined || source.isEmpty) return value;
    return this.known?.get(key);
  }

  has(key: K): boolean {
    return this.known?.has(key) === true;
  }

  set(key: K, value: V): this {
    const table = this.known ?? (this.table = new Map<K, V>());
    table.set(key, value);
    return this;
  }

  delete(key: K): boolean {
    return this.known?.delete(key) === true;
  }

  clear(): void {
    if (this.source !== undefined && !this.source.isEmpty) this.source.enter();
    this.late = undefined;
    this.table?.clear();
  }

  forEach(act: (value: V, key: K, map: Map<K, V>) => void): void {
    for (const [key, value] of this) act(value, key, this);
  }

  keys(): MapIterator<K> {
    return (this.known ?? NOTHING).keys();
  }

  values(): MapIterator<V> {
    return (this.known ?? NOTHING).values();
  }

  entries(): MapIterator<[K, V]> {
    return (this.known ?? NOTHING).entries();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'Map';
  }

  /** The table with all that came; undefined while there is none. */
  private get known(): Map<K, V> | undefined {
    if (this.source !== undefined && !this.source.isEmpty) this.source.enter();
    if (this.late !== undefined) this.enter(this.late);
    return this.table;
  }

  private enter(late: readonly (K | V)[]): void {
    this.late = undefined;
    const table = (this.table ??= new Map<K, V>());
    for (let at = 0; at < late.length; at += 2) table.set(late[at] as K, late[at + 1] as V);
  }
}
