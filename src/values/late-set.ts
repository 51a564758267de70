// A set of which a cluster has many, where most of them are never looked into.

/** What is listed of a set without a table. */
const NOTHING = new Set<never>();

/**
 * A set that makes its table at the first entry, and of entries that come in bulk when somebody
 * looks: see LateMap. For whoever looks it is any set.
 */
export class LateSet<T> implements Set<T> {
  private table: Set<T> | undefined;
  private late: T[] | undefined;

  /** Does what `add` does. */
  later(value: T): void {
    if (this.late === undefined) this.late = [value];
    else this.late.push(value);
  }

  get size(): number {
    return this.known?.size ?? 0;
  }

  add(value: T): this {
    const table = this.known ?? (this.table = new Set<T>());
    table.add(value);
    return this;
  }

  has(value: T): boolean {
    return this.known?.has(value) === true;
  }

  delete(value: T): boolean {
    return this.known?.delete(value) === true;
  }

  clear(): void {
    this.late = undefined;
    this.table?.clear();
  }

  forEach(act: (value: T, again: T, set: Set<T>) => void): void {
    for (const value of this) act(value, value, this);
  }

  keys(): SetIterator<T> {
    return this.values();
  }

  values(): SetIterator<T> {
    return (this.known ?? NOTHING).values();
  }

  entries(): SetIterator<[T, T]> {
    return (this.known ?? NOTHING).entries();
  }

  [Symbol.iterator](): SetIterator<T> {
    return this.values();
  }

  get [Symbol.toStringTag](): string {
    return 'Set';
  }

  /** The table with all that came; undefined while there is none. */
  private get known(): Set<T> | undefined {
    if (this.late !== undefined) this.enter(this.late);
    return this.table;
  }

  private enter(late: readonly T[]): void {
    this.late = undefined;
    const table = (this.table ??= new Set<T>());
    for (let at = 0; at < late.length; at++) table.add(late[at]!);
  }
}
