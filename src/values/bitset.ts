// Sets of small whole numbers, 32 to a word: unions and intersections of thousands of pods cost a
// few hundred machine operations. One of the two dense structures of the model; its slow obvious
// twin is `Set<number>` (specs/values/bitset.spec.ts).

export class Bitset {
  private words: Uint32Array;

  /** An empty set with room for the numbers below `size`; it grows as needed. */
  constructor(size = 0) {
    this.words = new Uint32Array(wordsFor(size));
  }

  /** The set of all numbers below `size`. */
  static below(size: number): Bitset {
    const all = new Bitset(size);
    all.words.fill(0xffff_ffff);
    const rest = size & 31;
    if (rest !== 0) all.words[all.words.length - 1] = 2 ** rest - 1;
    return all;
  }

  has(member: number): boolean {
    return ((this.words[member >>> 5] ?? 0) & (1 << (member & 31))) !== 0;
  }

  add(member: number): this {
    const index = member >>> 5;
    if (index >= this.words.length) this.grow(index + 1);
    this.words[index]! |= 1 << (member & 31);
    return this;
  }

  delete(member: number): this {
    const index = member >>> 5;
    if (index < this.words.length) this.words[index]! &= ~(1 << (member & 31));
    return this;
  }

  /** Adds every member of `other`. */
  unite(other: Bitset): this {
    const { words } = other;
    if (words.length > this.words.length) this.grow(words.length);
    for (let index = 0; index < words.length; index++) this.words[index]! |= words[index]!;
    return this;
  }

  /** Keeps only what is in `other` too. */
  intersect(other: Bitset): this {
    const { words } = other;
    for (let index = 0; index < this.words.length; index++) {
      this.words[index]! &= words[index] ?? 0;
    }
    return this;
  }

  /** Removes every member of `other`. */
  subtract(other: Bitset): this {
    const { words } = other;
    const length = Math.min(words.length, this.words.length);
    for (let index = 0; index < length; index++) this.words[index]! &= ~words[index]!;
    return this;
  }

  get isEmpty(): boolean {
    return this.words.every((word) => word === 0);
  }

  /** How many members there are. */
  get size(): number {
    let count = 0;
    for (const word of this.words) count += bitsIn(word);
    return count;
  }

  /** The sum of the members' weights; a member beyond the list weighs nothing. */
  weigh(weights: readonly number[]): number {
    let sum = 0;
    for (let index = 0; index < this.words.length; index++) {
      for (let rest = this.words[index]!; rest !== 0; rest &= rest - 1) {
        sum += weights[index * 32 + 31 - Math.clz32(rest & -rest)] ?? 0;
      }
    }
    return sum;
  }

  /** The first member from a number on; -1 where there is none. */
  next(from: number): number {
    const { words } = this;
    let index = from >>> 5;
    if (index >= words.length) return -1;
    // Of the first word, only what does not come before.
    let word = words[index]! & (-1 << (from & 31));
    while (word === 0) {
      if (++index >= words.length) return -1;
      word = words[index]!;
    }
    return index * 32 + 31 - Math.clz32(word & -word);
  }

  copy(): Bitset {
    const twin = new Bitset();
    twin.words = this.words.slice();
    return twin;
  }

  /** The members in ascending order. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let index = 0; index < this.words.length; index++) {
      for (let rest = this.words[index]!; rest !== 0; rest &= rest - 1) {
        yield index * 32 + 31 - Math.clz32(rest & -rest);
      }
    }
  }

  private grow(length: number): void {
    const words = new Uint32Array(Math.max(length, this.words.length * 2));
    words.set(this.words);
    this.words = words;
  }
}

function wordsFor(size: number): number {
  return (size + 31) >>> 5;
}

/** The number of ones in a word. */
function bitsIn(word: number): number {
  let pairs = word - ((word >>> 1) & 0x5555_5555);
  pairs = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return (((pairs + (pairs >>> 4)) & 0x0f0f_0f0f) * 0x0101_0101) >>> 24;
}
