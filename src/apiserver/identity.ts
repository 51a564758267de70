// What the API server draws for an object: the end of a generated name, and an identity.
// source: staging/src/k8s.io/apiserver/pkg/storage/names/generate.go (randomLength);
// staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go (alphanums)

import type { Random, Stream, StreamFamily } from '../kernel/random';
import type { ObjectKey } from '../values/kube-object';
import { isThere } from './late-pod';
import type { Store } from './store';

/** The alphabet of generated names: no vowels, and nothing that looks like something else. */
export const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const NAME_LENGTH = 5;
const LETTER_CODES: readonly number[] = Array.from(NAME_LETTERS, (it) => it.charCodeAt(0));
/** What of a prefix goes into a name, which has 63 letters at the most. */
const PREFIX_MOST = 58;

/** A name of that prefix, of which as much is left as a name has room for. */
export function generatedName(prefix: string, stream: Stream): string {
  return generatedStem(prefix) + generatedEnd(stream);
}

/** One of the names that a prefix may come to: all of them are right, or none is. */
export function exampleName(prefix: string): string {
  return generatedStem(prefix) + NAME_LETTERS.slice(0, NAME_LENGTH);
}

/** What all generated names of a prefix begin with. */
export function generatedStem(prefix: string): string {
  return prefix.slice(0, PREFIX_MOST);
}

/** What a generated name ends with. */
export function generatedEnd(stream: Stream): string {
  return endText(drawnEnd(stream));
}

/** The same as a number, whose digits the letters are: for who may do without the text. */
export function drawnEnd(stream: Stream): number {
  let end = 0;
  for (let index = 0; index < NAME_LENGTH; index++) {
    end = end * NAME_LETTERS.length + stream.below(NAME_LETTERS.length);
  }
  return end;
}

/** The letters of such a number. */
export function endText(end: number): string {
  const base = NAME_LETTERS.length;
  const [second, third, fourth] = [end / base ** 3, end / base ** 2, end / base];
  // Letter by letter it would be a text for each.
  return String.fromCharCode(
    LETTER_CODES[Math.floor(end / base ** 4)]!,
    LETTER_CODES[Math.floor(second) % base]!,
    LETTER_CODES[Math.floor(third) % base]!,
    LETTER_CODES[Math.floor(fourth) % base]!,
    LETTER_CODES[end % base]!,
  );
}

/** What of a name or key was or could have been drawn, and what stands before; else undefined. */
export function splitEnd(key: string): { readonly stem: string; readonly end: number } | undefined {
  const stem = key.slice(0, -NAME_LENGTH);
  let end = 0;
  for (let index = stem.length; index < key.length; index++) {
    const digit = NAME_LETTERS.indexOf(key[index]!);
    if (digit < 0) return undefined;
    end = end * NAME_LETTERS.length + digit;
  }
  return { stem, end };
}

/** What generated names are drawn from. */
export class NameStreams {
  private readonly random: Random;
  /** What the last names had in common, one text for all of them. Frozen: forks share it. */
  private last = Object.freeze<Alike>({ kind: '', namespace: '', stem: '' });

  constructor(random: Random) {
    this.random = random;
  }

  /** The stream of the names of a kind in a namespace that begin with `prefix`. */
  of(kind: string, namespace = '', prefix: string): Stream {
    if (this.last.kind !== kind || this.last.namespace !== namespace) {
      const stem = `apiserver/generateName/${kind}/${namespace}/`;
      this.last = Object.freeze({ kind, namespace, stem });
    }
    return this.random.stream(this.last.stem + prefix);
  }
}

/** What the names of streams have in common. */
interface Alike {
  readonly kind: string;
  readonly namespace: string;
  readonly stem: string;
}

/**
 * Identities of objects, each from a stream of the object's own name, so that they do not depend on
 * what else is created. Nearly every name is given once, so no stream is kept: where it would stand
 * follows from how many objects have had the name.
 */
export class Identities {
  private readonly random: Random;
  /** Which seed the identities are of, and the newest revision that came before it. */
  private seeds = 0;
  private since = 0;
  /** By kind: what all identities of it are drawn from. */
  private readonly kinds = new Map<string, StreamFamily>();

  constructor(random: Random) {
    this.random = random;
  }

  /** What the identities of objects are drawn from whose keys begin alike. */
  family(kind: string, stem: string, store: Store): StreamFamily {
    this.look(store);
    return this.random.family(`apiserver/uid/${kind}/${stem}`);
  }

  /** What the identities of all objects of a kind are drawn from, by their keys. Frozen. */
  allOf(kind: string, store: Store): StreamFamily {
    this.look(store);
    return this.familyOf(kind);
  }

  private look(store: Store): void {
    if (this.seeds === this.random.seeds) return;
    this.seeds = this.random.seeds;
    this.since = store.revision;
    this.kinds.clear();
  }

  /** The identity of an object that is about to be created. */
  next(kind: string, key: ObjectKey, store: Store): string {
    this.look(store);
    const stream = this.familyOf(kind).fresh(key);
    for (let before = this.countOf(kind, key, store); before > 0; before--) uuid(stream);
    return uuid(stream);
  }

  private familyOf(kind: string): StreamFamily {
    let family = this.kinds.get(kind);
    if (family === undefined) {
      family = this.random.family(`apiserver/uid/${kind}/`);
      // Frozen: forks share it.
      Object.freeze(family);
      this.kinds.set(kind, family);
    }
    return family;
  }

  /** How many objects have had the name. */
  private countOf(kind: string, key: ObjectKey, store: Store): number {
    let count = 0;
    let version = store.version(kind, key);
    for (; version !== undefined && version.revision > this.since; version = version.previous) {
      const isFirst = isThere(version) && !isThere(version.previous);
      if (isFirst) count++;
    }
    return count;
  }
}

/** The characters of digits, by their values. */
const DIGITS: readonly number[] = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** The codes of an identity: each time all but the dashes are written anew. */
const codes: number[] = Array.from({ length: 36 }, () => '-'.charCodeAt(0));

/** An identity in the form of a random UUID (version 4). */
export function uuid(stream: Stream): string {
  // Put together of texts it would be a tree of them for as long as nobody looks at it.
  write(0, word(stream));
  write(4, word(stream));
  write(9, word(stream));
  write(14, 0x4000 | (word(stream) & 0x0fff));
  write(19, 0x8000 | (word(stream) & 0x0fff));
  write(24, word(stream));
  write(28, word(stream));
  write(32, word(stream));
  return String.fromCharCode(...codes);
}

function word(stream: Stream): number {
  return stream.below(0x1_0000);
}

/** Four digits, from a place on. */
function write(at: number, value: number): void {
  codes[at] = DIGITS[value >>> 12]!;
  codes[at + 1] = DIGITS[(value >>> 8) & 15]!;
  codes[at + 2] = DIGITS[(value >>> 4) & 15]!;
  codes[at + 3] = DIGITS[value & 15]!;
}
