// How one model was made what another one is, to be done again: many runs that begin alike are
// forks of one origin, and only the first has to find out what there is to do. What is done again
// is what differs from a model that was only built, and that is little.
//
// A recipe holds as long as nothing was written into the origin since. An origin of which nobody
// holds a part can say so for certain. Any other would have to be asked at every place that writes:
// there it is looked up.

import { contentsOf, GETTER, isSameList, isUnchanged } from './contents';
import type { Contents } from './contents';
import { Copier, copyState } from './copy-state';
import type { Pair, Place } from './copy-state';
import { emptyLike, isSet, kindOf, partAt } from './parts';
import type { Kind } from './parts';

type Fields = Record<PropertyKey, unknown>;

/** Where a part of a target comes from: from the step of another part, or it is made. */
interface Source {
  /** The number of the other part, -1 for what is made. */
  readonly from: number;
  readonly step: unknown;
  /** What is made begins as one like this: with what is given in a list or a literal, and bytes. */
  readonly sample: object | undefined;
  /** Of the sample, or of the other part. */
  readonly kind: Kind;
}

/** Values in order, of which some are parts of the target. */
interface Values {
  readonly given: readonly unknown[];
  /** The number of the part that takes the place of what is given, -1 for none. */
  readonly parts: readonly number[];
}

/** What is written into a record, or into a list that was made with the rest. */
interface Patch {
  readonly part: number;
  readonly removed: readonly string[];
  readonly keys: readonly PropertyKey[];
  readonly values: Values;
}

/** All that stands in a list, a map or a set, in place of what stood there. */
interface Filling {
  readonly part: number;
  readonly kind: Kind;
  /** The keys of a map. */
  readonly keys: Values | undefined;
  readonly values: Values;
}

/** A part that was there when the target was built, and what stood in it. */
interface Built extends Pair {
  readonly before: Contents;
}

interface Reading {
  readonly part: object;
  readonly contents: Contents;
}

/** The stamp of origins that cannot have changed since their first copy. */
export const UNCHANGED = -1;

/** By the model that is copied. */
const known = new WeakMap<object, Copies>();

/** How the copies of a model were made so far. */
export function copiesOf(model: object): Copies {
  let copies = known.get(model);
  if (copies === undefined) known.set(model, (copies = new Copies()));
  return copies;
}

/** Copies a model again and again, each time into another target that was built in the same way. */
export class Copies {
  private last: { readonly origin: readonly unknown[]; readonly stamp: number } | undefined;
  private recipe: CopyRecipe | undefined;

  /**
   * Makes `target` what `origin` is, as copyState does; both are lists of models. `stamp`: a number
   * that is another one when the origin is likely to have changed. It decides whether it is worth
   * while to keep in mind what is done, no more, but for UNCHANGED, which is believed.
   */
  carry(origin: readonly object[], target: readonly object[], stamp: number): void {
    if (this.recipe?.isOf(origin) === true && (stamp === UNCHANGED || this.recipe.holds())) {
      this.recipe.applyTo(target);
    } else if (stamp === this.last?.stamp && isSameList(origin, this.last.origin)) {
      this.recipe = new CopyRecipe(origin, target);
    } else {
      this.last = { origin, stamp };
      this.recipe = undefined;
      copyState(origin, target);
    }
  }
}

/** What there was to do for one copy. */
class CopyRecipe {
  private readonly origin: readonly object[];
  private readonly readings: readonly Reading[];
  private readonly sources: readonly Source[];
  private readonly patches: readonly Patch[];
  private readonly fillings: readonly Filling[];

  /** Makes `target` what `origin` is as copyState does, and keeps in mind what there was to do. */
  constructor(origin: readonly object[], target: readonly object[]) {
    this.origin = origin;
    const copier = new Copier();
    copier.match(origin, target);
    const built = copier.pairs.map((pair) => ({ ...pair, before: contentsOf(pair.target) }));
    copier.carry();
    const own = [...copier.counterparts].filter(([part, counterpart]) => part !== counterpart);
    const writer = new RecipeWriter(built, new Set(own.map(([, counterpart]) => counterpart)));
    copier.pairs.forEach((pair, index) => writer.add(pair.target, built[index]?.before));
    this.sources = writer.sources;
    this.patches = writer.patches;
    this.fillings = writer.fillings;
    const keyLists = new Map<string, readonly unknown[]>();
    this.readings = own.map(([part]) => {
      return { part, contents: withSharedKeys(contentsOf(part), keyLists) };
    });
  }

  isOf(origin: readonly object[]): boolean {
    return isSameList(origin, this.origin);
  }

  /** Whether the origin is what it was. */
  holds(): boolean {
    for (const { part, contents } of this.readings) if (!isUnchanged(part, contents)) return false;
    return true;
  }

  /** Makes another one what the origin is; it has to be built just as the first target was. */
  applyTo(target: readonly object[]): void {
    const { sources } = this;
    const parts: unknown[] = [target];
    // Room for all at once; Array.from would look up each of so many places in what it is given.
    parts.length = sources.length + 1;
    for (let index = 0; index < sources.length; index++) {
      const { from, step, sample, kind } = sources[index]!;
      parts[index + 1] =
        sample === undefined ? partIn(parts[from] as object, kind, step) : anotherOf(sample, kind);
    }
    for (const patch of this.patches) apply(patch, parts);
    for (const filling of this.fillings) fill(parts[filling.part] as object, filling, parts);
  }
}

/** Numbers the parts of a target that matter, and writes down what each is filled with. */
class RecipeWriter {
  readonly sources: Source[] = [];
  readonly patches: Patch[] = [];
  readonly fillings: Filling[] = [];
  private readonly own: ReadonlySet<unknown>;
  private readonly numbers = new Map<unknown, number>();
  private readonly builtAt = new Map<Place | undefined, Built>();
  private readonly places = new Map<unknown, Place>();

  /** `own`: what of the target is not shared with the origin. */
  constructor(built: readonly Built[], own: ReadonlySet<object>) {
    this.own = own;
    this.numbers.set(built[0]!.target, 0);
    for (const one of built) {
      this.builtAt.set(one.place, one);
      if (one.place !== undefined) this.places.set(one.target, one.place);
    }
    for (const one of built) this.placeFunctions(one);
  }

  /** `before`: what stood in it when it was built; undefined where it has been made. */
  add(target: object, before: Contents | undefined): void {
    if (before !== undefined && isUnchanged(target, before)) return;
    const part = this.numberOf(target);
    const kind = kindOf(target);
    if (before === undefined && (kind === 'list' || kind === 'literal')) {
      this.addMade(part, target as Fields);
    } else if (kind === 'literal' || kind === 'instance') {
      const { keys, values } = changesOf(target, before);
      const removed = before === undefined ? [] : removedFrom(target, before);
      this.patches.push({ part, removed, keys, values: this.valuesOf(values) });
    } else {
      const { keys, values } = contentsOf(target);
      const named = keys === undefined ? undefined : this.valuesOf(keys);
      this.fillings.push({ part, kind, keys: named, values: this.valuesOf(values) });
    }
  }

  /** Functions are found where they stood when the target was built. */
  private placeFunctions({ target, place, before: { keys, values } }: Built): void {
    values.forEach((value, index) => {
      if (typeof value !== 'function' || this.places.has(value)) return;
      const step = isSet(target) ? value : (keys?.[index] ?? index);
      this.places.set(value, { before: place, step });
    });
  }

  /** Lists and literals are made with what is given; what is left are parts of the target. */
  private addMade(part: number, target: Fields): void {
    const sample = this.sources[part - 1]!.sample as Fields;
    const keys = Object.keys(target).filter((key) => !this.isGiven(target[key]));
    if (keys.length === 0) return;
    this.patches.push({
      part,
      removed: [],
      keys,
      values: this.valuesOf(keys.map((it) => target[it])),
    });
    for (const key of keys) sample[key] = undefined;
  }

  private valuesOf(given: readonly unknown[]): Values {
    const parts = given.map((it) => (this.isGiven(it) ? -1 : this.numberOf(it as object)));
    return { given: given.map((it, index) => (parts[index]! < 0 ? it : undefined)), parts };
  }

  /** Whether it is the same for every target. */
  private isGiven(value: unknown): boolean {
    return !this.own.has(value) && !(typeof value === 'function' && this.places.has(value));
  }

  private stepTo({ before, step }: Place): Source {
    const { target } = this.builtAt.get(before)!;
    return { from: this.numberOf(target), step, sample: undefined, kind: kindOf(target) };
  }

  private numberOf(target: object): number {
    const known = this.numbers.get(target);
    if (known !== undefined) return known;
    const place = this.places.get(target);
    const number = this.sources.push(place === undefined ? madeLike(target) : this.stepTo(place));
    this.numbers.set(target, number);
    return number;
  }
}

/** A part of its own: a recipe must not hold on to the target that it was written by. */
function madeLike(target: object): Source {
  const kind = kindOf(target);
  return { from: -1, step: undefined, sample: anotherOf(target, kind), kind };
}

/** Instances of a class have one list of keys: a look at all of them reads less memory. */
function withSharedKeys(contents: Contents, keyLists: Map<string, readonly unknown[]>): Contents {
  const { kind, keys } = contents;
  if (kind !== 'instance' && kind !== 'literal') return contents;
  const name = keys!.join('\n');
  const shared = keyLists.get(name) ?? keys!;
  keyLists.set(name, shared);
  return { ...contents, keys: shared };
}

/** What stands in a record and did not before. */
function changesOf(record: object, before: Contents | undefined) {
  const { keys, values } = contentsOf(record);
  const old = new Map(before?.keys?.map((key, index) => [key, before.values[index]]));
  const isNew = (key: unknown, value: unknown): boolean =>
    value !== GETTER && (!old.has(key) || !Object.is(old.get(key), value));
  const changed = [...keys!.entries()].filter(([index, key]) => isNew(key, values[index]));
  return {
    keys: changed.map(([, key]) => key as string),
    values: changed.map(([index]) => values[index]),
  };
}

function removedFrom(record: object, { keys }: Contents): string[] {
  return (keys as readonly string[]).filter((key) => !Object.hasOwn(record, key));
}

/** A list or a literal with the same in it, bytes, else one with nothing in it. */
function anotherOf(sample: object, kind: Kind): object {
  if (kind === 'list') return (sample as unknown[]).slice();
  return kind === 'literal' ? { ...sample } : emptyLike(sample);
}

/** As partAt, where it is known what the other part is. */
function partIn(whole: object, kind: Kind, step: unknown): unknown {
  const isRecord = kind === 'instance' || kind === 'literal';
  return isRecord ? (whole as Fields)[step as PropertyKey] : partAt(whole, step);
}

function apply({ part, removed, keys, values }: Patch, parts: readonly unknown[]): void {
  const target = parts[part] as Fields;
  for (const key of removed) delete target[key];
  for (let index = 0; index < keys.length; index++) {
    target[keys[index]!] = valueAt(values, index, parts);
  }
}

/** What is empty, as most is, is not cleared: V8 would give it a new table all the same. */
function fill(target: object, { kind, keys, values }: Filling, parts: readonly unknown[]): void {
  const count = values.parts.length;
  if (kind === 'list') {
    const list = target as unknown[];
    if (list.length > 0) list.length = 0;
    for (let index = 0; index < count; index++) list.push(valueAt(values, index, parts));
  } else if (kind === 'map') {
    const map = target as Map<unknown, unknown>;
    if (map.size > 0) map.clear();
    for (let index = 0; index < count; index++) {
      map.set(valueAt(keys!, index, parts), valueAt(values, index, parts));
    }
  } else if (kind === 'set') {
    const set = target as Set<unknown>;
    if (set.size > 0) set.clear();
    for (let index = 0; index < count; index++) set.add(valueAt(values, index, parts));
  }
}

function valueAt({ given, parts }: Values, index: number, all: readonly unknown[]): unknown {
  const part = parts[index]!;
  return part < 0 ? given[index] : all[part];
}
