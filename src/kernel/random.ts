// Random numbers by name. Each stream is hashed from the seed and its own name, so a new draw in
// one component shifts no value of another. Whole numbers only: no rounding, the same on every
// machine.

import type { Duration } from '../values/time';

/** One named stream of 32-bit numbers (splitmix32: a counter, scrambled). */
export class Stream {
  private state: number;

  constructor(state: number) {
    this.state = state;
  }

  /** A whole number in [0, bound). `bound` may be up to 2^53. */
  below(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound <= 0) throw new RangeError(`bad bound: ${bound}`);
    if (bound <= 0x1_0000_0000) return share(this.next(), bound);
    const wide = (BigInt(this.next()) << 32n) | BigInt(this.next());
    return Number((wide * BigInt(bound)) >> 64n);
  }

  /** A span in [0, limit], both ends possible. */
  upTo(limit: Duration): Duration {
    return (limit === 0 ? 0 : this.below(limit + 1)) as Duration;
  }

  fork(): Stream {
    return new Stream(this.state);
  }

  /** How far it has come, in a number that V8 keeps without an object: who has it can go on. */
  get place(): number {
    return this.state | 0;
  }

  private next(): number {
    this.state = (this.state + 0x9e37_79b9) >>> 0;
    return scramble(this.state);
  }
}

/**
 * `drawn` × `bound` / 2^32 without its fraction, for numbers below and up to 2^32: the product may
 * need more digits than a number has, so it is taken in two halves, each of which is exact.
 */
function share(drawn: number, bound: number): number {
  const high = (drawn >>> 16) * bound;
  const low = Math.floor(((drawn & 0xffff) * bound) / 0x1_0000);
  return Math.floor((high + low) / 0x1_0000);
}

/** The seed of a run and the streams that were asked for. */
export class Random {
  private current: number;
  private reseeded = 0;
  private readonly streams = new Map<string, Stream>();
  private readonly kept = new Map<string, KeptStreams>();

  constructor(seed: number) {
    this.current = seed;
  }

  get seed(): number {
    return this.current;
  }

  /** How many seeds there were before this one. */
  get seeds(): number {
    return this.reseeded;
  }

  /** Everything that is drawn from now on comes from another seed. What was drawn stays. */
  reseed(seed: number): void {
    this.current = seed;
    this.reseeded++;
    this.streams.clear();
    this.kept.clear();
  }

  /** The stream of that name; the same object for the same name. */
  stream(name: string): Stream {
    let stream = this.streams.get(name);
    if (stream === undefined) this.streams.set(name, (stream = this.fresh(name)));
    return stream;
  }

  /** The stream of that name from its beginning, for who does not come back to it: none is kept. */
  fresh(name: string): Stream {
    return new Stream(hashText(`${this.seed}/${name}`));
  }

  /**
   * The streams of names that begin with `prefix`, for names that are many and of which most are
   * drawn from once. Asked for anew each time, as they are of the seed of now. No such name is also
   * asked of `stream`.
   */
  keptOf(prefix: string): KeptStreams {
    let kept = this.kept.get(prefix);
    if (kept === undefined) this.kept.set(prefix, (kept = new KeptStreams(this.family(prefix))));
    return kept;
  }

  /** Such streams whose names begin alike. They are of the seed of now. */
  family(prefix: string): StreamFamily {
    return new StreamFamily(`${this.seed}/${prefix}`);
  }
}

/** Streams whose names begin alike: what they have in common is hashed once. */
export class StreamFamily {
  private readonly hash: number;

  constructor(prefix: string) {
    this.hash = fold(prefix, HASH_START);
  }

  /** As Random.fresh of the prefix and the rest. */
  fresh(rest: string): Stream {
    return new Stream(hashText(rest, this.hash));
  }
}

/** Streams whose names begin alike, of each of which one number is kept. */
export class KeptStreams {
  private readonly family: StreamFamily;
  private readonly places = new Map<string, number>();

  constructor(family: StreamFamily) {
    this.family = family;
  }

  /** As Random.stream of the prefix and the rest, to be given back to `keep`. */
  take(rest: string): Stream {
    const place = this.places.get(rest);
    return place === undefined ? this.family.fresh(rest) : new Stream(place);
  }

  /** Who asks next goes on where this one stands. */
  keep(rest: string, { place }: Stream): void {
    this.places.set(rest, place);
  }
}

export const HASH_START = 0x811c_9dc5;

/** A 32-bit hash of a text (FNV-1a over code units, scrambled). */
export function hashText(text: string, start = HASH_START): number {
  return scramble(fold(text, start));
}

/**
 * What a hash comes to by a text that goes on: for who hashes piece by piece what nobody has to put
 * together. Begins with HASH_START; `scramble` makes of the last one what hashText makes.
 */
export function fold(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) hash = foldCode(text.charCodeAt(index), hash);
  return hash;
}

/** The same by one code unit. */
export function foldCode(code: number, start: number): number {
  return Math.imul(start ^ code, 0x0100_0193);
}

export function scramble(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
