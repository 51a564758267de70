// A set of which a cluster has many, where most of them stay empty.

/** What is listed of a set without a table. */
const NOTHING = new Set<never>();

/** A set that makes its table at the first entry, as a LateMap does. For whoever looks it is any. */
export class LateSet<T> implements Set<T> {
  private table: Set<T> | undefined;

  get size(): number {
    return this.table?.size ?? 0;
  }

  add(value: T): this {
    (this.table ??= new Set<T>()).add(value);
    return this;
  }

  has(value: T): boolean {
    return this.table?.has(value) === true;
  }

  delete(value: T): boolean {
    return this.table?.delete(value) === true;
  }

  clear(): void {
    this.table?.clear();
  }

  forEach(act: (value: T, again: T, set: Set<T>) => void): void {
    for (const value of this) act(value, value, this);
  }

  keys(): SetIterator<T> {
    return this.values();
  }

  values(): SetIterator<T> {
    return (this.table ?? NOTHING).values();
  }

  entries(): SetIterator<[T, T]> {
    return (this.table ?? NOTHING).entries();
  }

  [Symbol.iterator](): SetIterator<T> {
    return this.values();
  }

  get [Symbol.toStringTag](): string {
    return 'Set';
  }
}
