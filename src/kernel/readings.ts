// What an answer was read from. State that answers depend on says so when it is read, so that an
// answer can tell by itself whether it would come out the same again: a question is not asked twice
// while nothing that its answer was read from has moved. Whoever reads does nothing for it, so a
// new reader cannot forget; what holds state that others read has to announce it here.

import type { Instant } from '../values/time';
import type { FamilyAnswers } from './family-answers';
import { isStillTold } from './family-states';
import type { Locate, Told } from './family-states';

/** Something that can be read and that says how it stands. */
export interface Readable {
  /** What is there now under a key: equal, as `===` has it, while nothing there has moved. */
  standing(key: Key): unknown;
  /**
   * Equal while nothing at all has moved there, so that nobody has to ask key by key; not to be
   * offered where it costs as much as that.
   */
  whole?(): unknown;
  /** Whether it moves in turns alone (nextRound): nobody has to ask it in other rounds. */
  readonly movesInTurns?: boolean;
  /** Where each fork of a cluster has it; absent where only its own cluster reads it. */
  readonly place?: Place | undefined;
  /**
   * What is there now under a key, told by a primitive or by what is frozen: equal in two forks of
   * one cluster only where all that can be read there is. Undefined where nothing tells.
   */
  common?(key: Key): unknown;
  /** What `whole` is, told as `common` is told: always, or never. */
  commonWhole?(): unknown;
}

/** By what name the forks of a cluster know the same part of each. */
export interface Place {
  readonly room: string;
  readonly name: string;
}

/** What of a source was read: by a name, or the thing itself that was found there. */
export type Key = string | object;

/** Readings of one source: what stood under each key then. */
interface Reading {
  readonly source: Readable;
  readonly keys: readonly Key[];
  /** By position of the key. */
  readonly was: readonly unknown[];
  /** The source as a whole when all of them were found to stand. */
  whole: unknown;
}

/** An answer with all that it was read from. */
export interface Answer<T> {
  readonly value: T;
  readonly readings: readonly Reading[];
  /** Answers that it was made of; what they were read from is theirs to know. */
  readonly parts: readonly Answer<unknown>[];
  /** Whether it holds at its instant alone: it was read from the clock, or from the journal. */
  readonly isFleeting: boolean;
  /**
   * Sources, each with its key behind it, and parts, with nothing behind them, in the order in
   * which they were read; absent where there are no forks to tell.
   */
  readonly trail: readonly unknown[] | undefined;
  /** Where a fork has told it: what that has read it from, and nothing else was read here. */
  readonly told: Told | undefined;
  /** The round in which it was found, or found to hold; within one round nothing moves. */
  round: number;
  /** The round in which it was found not to hold. */
  lapsed: number;
}

/** What is read of one source by an answer that is being found. */
class Notes {
  readonly source: Readable;
  readonly keys: Key[];
  readonly was: unknown[];
  /** The keys once more where they are too many to look through. */
  private seen: Set<Key> | undefined;

  /** Most sources are read once: lists of one are small, which empty ones that grow are not. */
  constructor(source: Readable, key: Key, was: unknown) {
    this.source = source;
    this.keys = [key];
    this.was = [was];
  }

  has(key: Key): boolean {
    return this.seen === undefined ? this.keys.includes(key) : this.seen.has(key);
  }

  add(key: Key, was: unknown): void {
    this.keys.push(key);
    this.was.push(was);
    if (this.seen !== undefined) this.seen.add(key);
    else if (this.keys.length > LOOKED_THROUGH_MAX) this.seen = new Set(this.keys);
  }
}

/** Most sources are read by a few keys: to look through those is less than to keep a set. */
const LOOKED_THROUGH_MAX = 16;

/** Collects the readings of the answer that is being found. */
class Reader {
  private readonly notes: Notes[] = [];
  /** The same by source where they are too many to look through. */
  private bySource: Map<Readable, Notes> | undefined;
  private last: Notes | undefined;
  private added: Set<Answer<unknown>> | undefined;
  isFleeting = false;
  readonly trail: unknown[] | undefined;

  constructor(keepsTrail: boolean) {
    this.trail = keepsTrail ? [] : undefined;
  }

  /** What was read first counts, as nothing moves while an answer is being found. */
  note(source: Readable, key: Key, was: unknown): void {
    const notes = this.last?.source === source ? this.last : this.notesOf(source);
    if (notes?.has(key) === true) return;
    const stands = was === undefined ? source.standing(key) : was;
    if (notes === undefined) this.begin(source, key, stands);
    else notes.add(key, stands);
    this.trail?.push(source, key);
  }

  add(part: Answer<unknown>): void {
    if (part.isFleeting) this.isFleeting = true;
    (this.added ??= new Set()).add(part);
    this.trail?.push(part, undefined);
  }

  get readings(): readonly Reading[] {
    return this.notes.map(({ source, keys, was }) => {
      return { source, keys, was, whole: source.whole?.() };
    });
  }

  get parts(): readonly Answer<unknown>[] {
    return this.added === undefined ? NO_PARTS : [...this.added];
  }

  private notesOf(source: Readable): Notes | undefined {
    const { bySource, notes } = this;
    const own = bySource ? bySource.get(source) : notes.find((it) => it.source === source);
    this.last = own;
    return own;
  }

  private begin(source: Readable, key: Key, was: unknown): void {
    const { notes } = this;
    const own = new Notes(source, key, was);
    this.last = own;
    notes.push(own);
    if (this.bySource !== undefined) this.bySource.set(own.source, own);
    else if (notes.length > LOOKED_THROUGH_MAX) {
      this.bySource = new Map(notes.map((it) => [it.source, it]));
    }
  }
}

const NO_READINGS: readonly Reading[] = Object.freeze([]);
const NO_PARTS: readonly Answer<unknown>[] = Object.freeze([]);

/** Who is reading now: set while an answer is being found, and never from one event to the next. */
let reader: Reader | undefined;
let round = 0;
/** No round. */
const NEVER = -1;
/** The last round before which something other than objects of the API may have moved. */
let turn = 0;

/** Whether an answer is being found, so that readings are of any use. */
export function isReading(): boolean {
  return reader !== undefined;
}

/** What is being found has been read from here; `was`: what stands there, if it is known. */
export function noteReading(source: Readable, key: Key, was?: unknown): void {
  if (reader !== undefined) reader.note(source, key, was);
}

/** What is being found holds at this instant alone. */
export function noteFleeting(): void {
  if (reader !== undefined) reader.isFleeting = true;
}

/**
 * Time goes on, or something was changed outside of it: fleeting answers hold no longer. `isTurn`:
 * whether anything may have moved that moves in turns alone (Readable.movesInTurns).
 */
export function nextRound(isTurn = true): void {
  round++;
  if (isTurn) turn = round;
}

/** Another number in each round: who has looked after something need not do so again in it. */
export function currentRound(): number {
  return round;
}

/** Finds an answer, and all that it is read from; in which order, where it is for others, too. */
export function answerOf<T>(find: () => T, isForOthers = false): Answer<T> {
  const outer = reader;
  const own = new Reader(isForOthers);
  reader = own;
  try {
    const value = find();
    const { readings, parts, isFleeting, trail } = own;
    return { value, readings, parts, isFleeting, trail, told: undefined, round, lapsed: NEVER };
  } finally {
    reader = outer;
  }
}

/** Whether the answer would be found again if the question were asked now. */
export function stillHolds(answer: Answer<unknown>): boolean {
  if (answer.round === round) return true;
  // Who asks whether a whole holds comes back for that one of its parts that does not.
  if (answer.isFleeting || answer.lapsed === round) return false;
  if (wouldBeFound(answer)) {
    answer.round = round;
    return true;
  }
  answer.lapsed = round;
  return false;
}

function wouldBeFound({ told, readings, parts, round: found }: Answer<unknown>): boolean {
  // By position: every look of every claim comes through here, and an iterator is left behind.
  const hasTurned = found < turn;
  if (told !== undefined && !isStillTold(told, hasTurned)) return false;
  for (let index = 0; index < readings.length; index++) {
    const reading = readings[index]!;
    if (!hasTurned && reading.source.movesInTurns === true) continue;
    if (!stands(reading)) return false;
  }
  for (let index = 0; index < parts.length; index++) {
    if (!stillHolds(parts[index]!)) return false;
  }
  return true;
}

function stands(reading: Reading): boolean {
  const { source, keys, was } = reading;
  const whole = source.whole?.();
  if (whole !== undefined && whole === reading.whole) return true;
  for (let index = 0; index < keys.length; index++) {
    if (source.standing(keys[index]!) !== was[index]) return false;
  }
  reading.whole = whole;
  return true;
}

/** The value of an answer as a part of the one that is being found, which depends on it. */
export function recall<T>(answer: Answer<T>): T {
  reader?.add(answer);
  return answer.value;
}

/** Forks of one origin, which tell each other what they find, and one of them. */
export interface Member {
  readonly family: FamilyAnswers;
  readonly locate: Locate;
  now(): Instant;
  /** The same while the same things hold all places; undefined where nobody can tell. */
  ground?(): unknown;
}

/** The answers to questions that were asked before, by question. */
export class Answers {
  private readonly known = new Map<string, Answer<unknown>>();
  private readonly member: Member | undefined;

  /** `member`: whom to ask what is not known here, and to tell what was found out. */
  constructor(member?: Member) {
    this.member = member;
  }

  /**
   * Finds the answer, unless the last one still holds, or where it `isCommon` one of a fork holds
   * here. Where nobody reads, it is always found.
   */
  to<T>(question: string, find: () => T, isCommon = false): T {
    if (reader === undefined) return find();
    const known = this.known.get(question);
    if (known !== undefined && stillHolds(known)) return recall(known as Answer<T>);
    const { member } = this;
    const answer =
      member !== undefined && isCommon
        ? answerAmong(member, question, find, known?.told)
        : answerOf(find, member !== undefined);
    this.known.set(question, answer);
    return recall(answer);
  }
}

/** The answer of a fork where one holds; what is found here is told to the others. */
function answerAmong<T>(
  member: Member,
  question: string,
  find: () => T,
  last: Told | undefined,
): Answer<T> {
  const { family, locate } = member;
  const now = member.now();
  const told = family.known(question, now, { locate, ground: member.ground?.(), last });
  if (told !== undefined) return answerOfFork(told);
  const answer = answerOf(find, true);
  family.add(question, now, answer);
  return answer;
}

function answerOfFork<T>(told: Told): Answer<T> {
  return {
    value: told.found.value as T,
    readings: NO_READINGS,
    parts: NO_PARTS,
    isFleeting: false,
    trail: undefined,
    told,
    round,
    lapsed: NEVER,
  };
}
