// What one cluster has found out holds for every fork of the same origin in which all that it was
// read from stands alike. An answer is found again by being read for once more: what was read
// first, then, by how that stands, what was read next, and so on up to the answer. Entries of
// tables run out as time goes on: what was found without them holds from that instant on.

import type { Instant } from '../values/time';
import { noteReading } from './readings';
import type { Answer, Key, Place, Readable } from './readings';

/** Where a cluster has what the others call by the same name. */
export type Locate = (place: Place) => Readable | undefined;

/** What is read next, and where that leads by how it stands. */
interface Junction {
  readonly place: Place;
  readonly key: Key;
  readonly ways: Map<unknown, Step>;
}

/** Where readings have led: to an answer, or to what is read next. */
interface Step {
  found: Found | undefined;
  /** More than one where things are read by themselves, such as chains, which are never missed. */
  readonly next: Junction[];
}

/** An answer, and since which instant it is known to be one. */
export interface Found {
  readonly value: unknown;
  readonly from: Instant;
}

/** All answers to one question. */
interface Tree {
  readonly root: Step;
  count: number;
}

/** Most questions have as many answers as there are states of a few pods. */
const ANSWERS_MAX = 64;
const QUESTIONS_MAX = 1_024;

/** Keeps nothing but frozen values and what they were read from: no fork lives on in it. */
export class FamilyAnswers {
  /** By question; the one that was not asked for longest comes first. */
  private readonly trees = new Map<string, Tree>();

  /** The answer, should it be known. What it is read from is noted, also where it is not found. */
  known(question: string, now: Instant, locate: Locate): Found | undefined {
    let step = this.trees.get(question)?.root;
    while (step !== undefined && step.found === undefined) step = onward(step, locate);
    return step?.found !== undefined && step.found.from <= now ? step.found : undefined;
  }

  /** Keeps an answer, unless it depends on what cannot be told to others. */
  add(question: string, now: Instant, answer: Answer<unknown>): void {
    const trail = trailOf(answer);
    if (trail === undefined || !isPlain(answer.value)) return;
    let tree = this.trees.get(question);
    this.trees.delete(question);
    if (tree === undefined || tree.count === ANSWERS_MAX) tree = { root: newStep(), count: 0 };
    this.trees.set(question, tree);
    let step = tree.root;
    for (const { place, key, was } of trail) step = stepBehind(step, place, key, was);
    if (step.found === undefined) tree.count++;
    step.found = { value: frozen(answer.value), from: now };
    if (this.trees.size > QUESTIONS_MAX) this.trees.delete(this.trees.keys().next().value!);
  }
}

function newStep(): Step {
  return { found: undefined, next: [] };
}

/** Reads what was read next: whoever asks anew would do the same. */
function onward({ next }: Step, locate: Locate): Step | undefined {
  for (const { place, key, ways } of next) {
    const source = locate(place);
    const way = source && ways.get(source.common!(key));
    if (way === undefined) continue;
    noteReading(source!, key);
    return way;
  }
  return undefined;
}

function stepBehind({ next }: Step, place: Place, key: Key, was: unknown): Step {
  let junction = next.find((it) => it.key === key && isSamePlace(it.place, place));
  if (junction === undefined) next.push((junction = { place, key, ways: new Map() }));
  let step = junction.ways.get(was);
  if (step === undefined) junction.ways.set(was, (step = newStep()));
  return step;
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.room === b.room && a.name === b.name;
}

/** One reading as all forks understand it. */
interface CommonReading {
  readonly place: Place;
  readonly key: Key;
  readonly was: unknown;
}

/** All that an answer was read from, in order; undefined where others could not tell. */
function trailOf(answer: Answer<unknown>): readonly CommonReading[] | undefined {
  const trail: CommonReading[] = [];
  const seen = new Map<object, Set<Key> | undefined>();
  return follow(answer, trail, seen) ? trail : undefined;
}

function follow(
  { isFleeting, trail: own }: Answer<unknown>,
  trail: CommonReading[],
  seen: Map<object, Set<Key> | undefined>,
): boolean {
  if (isFleeting || own === undefined) return false;
  for (let index = 0; index < own.length; index += 2) {
    const key = own[index + 1] as Key | undefined;
    if (key === undefined) {
      const part = own[index] as Answer<unknown>;
      if (seen.has(part)) continue;
      seen.set(part, undefined);
      if (!follow(part, trail, seen)) return false;
      continue;
    }
    const source = own[index] as Readable;
    let keys = seen.get(source);
    if (keys === undefined) seen.set(source, (keys = new Set()));
    if (keys.has(key)) continue;
    keys.add(key);
    const was = source.common?.(key);
    if (was === undefined) return false;
    trail.push({ place: source.place!, key, was });
  }
  return true;
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
