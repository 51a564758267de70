// What one cluster has found out holds for every fork of the same origin in which all that it was
// read from stands alike. An answer is found again by being read for once more: what was read
// first, then, by how that stands, what was read next, and so on up to the answer. Entries of
// tables run out as time goes on: what was found without them holds from that instant on.

import type { Instant } from '../values/time';
import { FamilyStates, sourceAt } from './family-states';
import type { Asking, Found, Locate, Told } from './family-states';
import { isSamePlace, isTrueOf } from './passages';
import type { Passage, Trodden } from './passages';
import type { Answer, Key, Place, Readable } from './readings';

/** What is read next, where that is how it stands, and where it leads. */
interface Way extends Passage {
  readonly next: Step;
}

/** Where readings have led: to an answer, or to what is read next. */
interface Step {
  found: Found | undefined;
  /** No two of them begin alike: of what stands, at most one way is true. */
  readonly ways: Way[];
}

/** All answers to one question. */
interface Tree {
  readonly root: Step;
  readonly states: FamilyStates;
  count: number;
}

/** Most questions have as many answers as there are states of a few pods. */
const ANSWERS_MAX = 64;
const QUESTIONS_MAX = 1_024;

/** Keeps nothing but frozen values and what they were read from: no fork lives on in it. */
export class FamilyAnswers {
  /** By question; the one that was not asked for longest comes first. */
  private readonly trees = new Map<string, Tree>();

  /** The answer, should it be known. */
  known(question: string, now: Instant, asking: Asking): Told | undefined {
    const tree = this.trees.get(question);
    const told = tree?.states.told(asking, () => foundBy(tree.root, asking.locate));
    return told !== undefined && told.found.from <= now ? told : undefined;
  }

  /** Keeps an answer, unless it depends on what cannot be told to others. */
  add(question: string, now: Instant, answer: Answer<unknown>): void {
    const told = trailOf(answer);
    if (told === undefined || !isPlain(answer.value)) return;
    const { trail, sources } = told;
    let tree = this.trees.get(question);
    this.trees.delete(question);
    if (tree === undefined || tree.count === ANSWERS_MAX) tree = newTree();
    this.trees.set(question, tree);
    let step = tree.root;
    for (const passage of trail) step = stepBehind(step, passage);
    const value = frozen(answer.value);
    if (step.found === undefined) {
      tree.count++;
      step.found = { value, from: now, trail };
      tree.states.cover(trail, (place) => sources.get(place)!);
    } else {
      // States that lead here know it by this object.
      step.found.value = value;
      step.found.from = now;
    }
    if (this.trees.size > QUESTIONS_MAX) this.trees.delete(this.trees.keys().next().value!);
  }
}

function newStep(): Step {
  return { found: undefined, ways: [] };
}

function newTree(): Tree {
  return { root: newStep(), states: new FamilyStates(), count: 0 };
}

/** The answer to which it leads to read what others have read. */
function foundBy(root: Step, locate: Locate): Found | undefined {
  let step: Step | undefined = root;
  while (step !== undefined && step.found === undefined) step = onward(step, locate);
  return step?.found;
}

/** Reads what was read next: whoever asks anew would do the same. */
function onward({ ways }: Step, locate: Locate): Step | undefined {
  let source: Readable | undefined;
  let place: Place | undefined;
  for (const way of ways) {
    if (place === undefined || !isSamePlace(way.place, place)) {
      ({ place } = way);
      source = locate(place);
    }
    if (source !== undefined && isTrueOf(way, source)) return way.next;
  }
  return undefined;
}

/** Goes the ways that are there as far as they lead, and makes the rest of the way. */
function stepBehind({ ways }: Step, passage: Trodden): Step {
  const index = ways.findIndex((way) => beginAlike(way, passage));
  if (index < 0) {
    const next = newStep();
    ways.push({ ...passage, known: undefined, next });
    return next;
  }
  const way = ways[index]!;
  const common = commonKeys(way, passage);
  if (common < way.keys.length) ways[index] = divided(way, common);
  const { next } = ways[index]!;
  return common === passage.keys.length ? next : stepBehind(next, restOf(passage, common));
}

function beginAlike(one: Trodden, other: Trodden): boolean {
  return (
    one.keys[0] === other.keys[0] &&
    one.was[0] === other.was[0] &&
    isSamePlace(one.place, other.place)
  );
}

/** How many readings two passages have in common before they differ. */
function commonKeys(one: Trodden, other: Trodden): number {
  let count = 0;
  const most = Math.min(one.keys.length, other.keys.length);
  while (
    count < most &&
    one.keys[count] === other.keys[count] &&
    one.was[count] === other.was[count]
  ) {
    count++;
  }
  return count;
}

/** The same in two ways, so that another one can part from it between them. */
function divided(way: Way, at: number): Way {
  const { place, keys, was } = way;
  const rest: Way = { ...restOf(way, at), known: undefined, next: way.next };
  const next: Step = { found: undefined, ways: [rest] };
  return { place, keys: keys.slice(0, at), was: was.slice(0, at), known: undefined, next };
}

function restOf({ place, keys, was }: Trodden, from: number): Trodden {
  return { place, keys: keys.slice(from), was: was.slice(from) };
}

/** All that an answer was read from, in order; undefined where others could not tell. */
function trailOf(answer: Answer<unknown>): Followed | undefined {
  const trail = new Trail();
  return trail.follow(answer) ? { trail: trail.passages, sources: trail.sources } : undefined;
}

/** A trail, and who has what was read in its places. */
interface Followed {
  readonly trail: readonly Passage[];
  readonly sources: ReadonlyMap<Place, Readable>;
}

/** The readings of an answer and of its parts, each once. */
class Trail {
  readonly passages: (Passage & { readonly keys: Key[]; readonly was: unknown[] })[] = [];
  readonly sources = new Map<Place, Readable>();
  private readonly seen = new Map<object, Set<Key> | undefined>();
  private source: Readable | undefined;

  /** Returns whether others can tell how all of it stands. */
  follow({ isFleeting, trail, told }: Answer<unknown>): boolean {
    if (told !== undefined) {
      return told.found.trail.every(({ place, keys }) => {
        const source = sourceAt(told, place)!;
        return keys.every((key) => this.read(source, key));
      });
    }
    if (isFleeting || trail === undefined) return false;
    for (let index = 0; index < trail.length; index += 2) {
      const key = trail[index + 1] as Key | undefined;
      const isTold =
        key === undefined
          ? this.followPart(trail[index] as Answer<unknown>)
          : this.read(trail[index] as Readable, key);
      if (!isTold) return false;
    }
    return true;
  }

  private followPart(part: Answer<unknown>): boolean {
    if (this.seen.has(part)) return true;
    this.seen.set(part, undefined);
    return this.follow(part);
  }

  private read(source: Readable, key: Key): boolean {
    let keys = this.seen.get(source);
    if (keys === undefined) this.seen.set(source, (keys = new Set()));
    if (keys.has(key)) return true;
    keys.add(key);
    const was = source.common?.(key);
    if (was === undefined) return false;
    if (this.source !== source) {
      this.source = source;
      const place = source.place!;
      this.passages.push({ place, keys: [], was: [], known: undefined });
      this.sources.set(place, source);
    }
    const passage = this.passages.at(-1)!;
    passage.keys.push(key);
    passage.was.push(was);
    return true;
  }
}

/** Whether it is made of data alone: what has methods belongs to the cluster that has it. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'function') return false;
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return false;
  return Object.values(value).every(isPlain);
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
