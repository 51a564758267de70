// What the API server draws for an object: the end of a generated name, and an identity.
// source: staging/src/k8s.io/apiserver/pkg/storage/names/generate.go (randomLength);
// staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go (alphanums)

import type { Random, Stream } from '../kernel/random';
import type { ObjectKey } from '../values/kube-object';
import type { Store } from './store';

/** The alphabet of generated names: no vowels, and nothing that looks like something else. */
export const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const NAME_LENGTH = 5;
/** What of a prefix goes into a name, which has 63 letters at the most. */
const PREFIX_MOST = 58;

/** A name of that prefix, of which as much is left as a name has room for. */
export function generatedName(prefix: string, stream: Stream): string {
  let name = prefix.slice(0, PREFIX_MOST);
  for (let index = 0; index < NAME_LENGTH; index++) {
    name += NAME_LETTERS[stream.below(NAME_LETTERS.length)]!;
  }
  return name;
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

  constructor(random: Random) {
    this.random = random;
  }

  /** The identity of an object that is about to be created. */
  next(kind: string, key: ObjectKey, store: Store): string {
    if (this.seeds !== this.random.seeds) {
      this.seeds = this.random.seeds;
      this.since = store.revision;
    }
    const stream = this.random.fresh(`apiserver/uid/${kind}/${key}`);
    for (let before = this.countOf(kind, key, store); before > 0; before--) uuid(stream);
    return uuid(stream);
  }

  /** How many objects have had the name. */
  private countOf(kind: string, key: ObjectKey, store: Store): number {
    let count = 0;
    let version = store.version(kind, key);
    for (; version !== undefined && version.revision > this.since; version = version.previous) {
      const isFirst = version.object !== undefined && version.previous?.object === undefined;
      if (isFirst) count++;
    }
    return count;
  }
}

/** Every byte as two digits: an identity is put together of sixteen. */
const BYTES: readonly string[] = Array.from({ length: 0x100 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** An identity in the form of a random UUID (version 4). */
export function uuid(stream: Stream): string {
  const [a, b, c, d] = [word(stream), word(stream), word(stream), word(stream)];
  const [e, f, g, h] = [word(stream), word(stream), word(stream), word(stream)];
  const version = 0x4000 | (d & 0x0fff);
  const variant = 0x8000 | (e & 0x0fff);
  const time = `${digits(a)}${digits(b)}-${digits(c)}-${digits(version)}`;
  return `${time}-${digits(variant)}-${digits(f)}${digits(g)}${digits(h)}`;
}

function word(stream: Stream): number {
  return stream.below(0x1_0000);
}

function digits(value: number): string {
  return BYTES[value >> 8]! + BYTES[value & 0xff]!;
}
