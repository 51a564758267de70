// Who came, one after the other, for who mostly goes through all of them.

/** In so many one is found by going through them. */
const FEW = 8;

/**
 * A map that is a list of its entries until somebody looks for one of them: to list those that a
 * template brought takes no table of their names. Entries stand in the order of their coming.
 */
export class Roll<V> {
  private keys: (string | undefined)[] = [];
  private values: (V | undefined)[] = [];
  private gone = 0;
  /** Where each stands, from the first question for one of many on. */
  private places: Map<string, number> | undefined;

  get size(): number {
    return this.keys.length - this.gone;
  }

  /** Adds one that is not there. */
  add(key: string, value: V): void {
    const { keys, values, places } = this;
    places?.set(key, keys.length);
    if (keys.length > 0) {
      keys.push(key);
      values.push(value);
    } else {
      // Most owners have one: a list that has grown has room for many more.
      this.keys = [key];
      this.values = [value];
    }
  }

  /** Adds it, or has it say something else in its place. */
  set(key: string, value: V): void {
    const place = this.placeOf(key);
    if (place === undefined) this.add(key, value);
    else this.values[place] = value;
  }

  has(key: string): boolean {
    return this.placeOf(key) !== undefined;
  }

  get(key: string): V | undefined {
    const place = this.placeOf(key);
    return place === undefined ? undefined : this.values[place];
  }

  delete(key: string): boolean {
    const place = this.placeOf(key);
    if (place === undefined) return false;
    this.places?.delete(key);
    this.keys[place] = undefined;
    this.values[place] = undefined;
    this.gone++;
    // Places of those that are gone are given up before they are more than the others.
    if (this.gone > this.size) this.closeUp();
    return true;
  }

  /** Calls `act` with each, in the order of their coming. */
  forEach(act: (value: V, key: string) => void): void {
    const { keys, values } = this;
    for (let place = 0; place < keys.length; place++) {
      const key = keys[place];
      if (key !== undefined) act(values[place]!, key);
    }
  }

  /** The keys of all of them. */
  list(): readonly string[] {
    return this.gone === 0
      ? (this.keys as readonly string[])
      : this.keys.filter((key) => key !== undefined);
  }

  /** What all of them say. */
  all(): readonly V[] {
    return this.gone === 0
      ? (this.values as readonly V[])
      : (this.values.filter((_value, place) => this.keys[place] !== undefined) as V[]);
  }

  private placeOf(key: string): number | undefined {
    const { keys } = this;
    if (this.places === undefined) {
      if (keys.length <= FEW) {
        const place = keys.indexOf(key);
        return place < 0 ? undefined : place;
      }
      this.places = new Map(keys.map((it, place) => [it!, place]));
    }
    return this.places.get(key);
  }

  private closeUp(): void {
    const [keys, values] = [this.list(), this.all()];
    this.keys = keys.slice();
    this.values = values.slice();
    this.gone = 0;
    this.places = undefined;
  }
}
