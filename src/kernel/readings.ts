// What an answer was read from. State that answers depend on says so when it is read, so that an
// answer can tell by itself whether it would come out the same again: a question is not asked twice
// while nothing that its answer was read from has moved. Whoever reads does nothing for it, so a
// new reader cannot forget; what holds state that others read has to announce it here.

/** Something that can be read and that says how it stands. */
export interface Readable {
  /** What is there now under a key: equal, as `===` has it, while nothing there has moved. */
  standing(key: Key): unknown;
  /**
   * Equal while nothing at all has moved there, so that nobody has to ask key by key; not to be
   * offered where it costs as much as that.
   */
  whole?(): unknown;
}

/** What of a source was read: by a name, or the thing itself that was found there. */
export type Key = string | object;

/** All readings of one source: what stood under each key then. */
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
  /** The round in which it was found, or found to hold; within one round nothing moves. */
  round: number;
}

/** Collects the readings of the answer that is being found. */
class Reader {
  readonly sources = new Map<Readable, Map<Key, unknown>>();
  readonly parts = new Set<Answer<unknown>>();
  isFleeting = false;

  /** What was read first counts, as nothing moves while an answer is being found. */
  note(source: Readable, key: Key, was: unknown): void {
    let known = this.sources.get(source);
    if (known === undefined) this.sources.set(source, (known = new Map()));
    if (!known.has(key)) known.set(key, was === undefined ? source.standing(key) : was);
  }

  get readings(): Reading[] {
    const readings: Reading[] = [];
    for (const [source, was] of this.sources) {
      const whole = source.whole?.();
      readings.push({ source, keys: [...was.keys()], was: [...was.values()], whole });
    }
    return readings;
  }
}

/** Who is reading now: set while an answer is being found, and never from one event to the next. */
let reader: Reader | undefined;
let round = 0;

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

/** Time goes on, or something was changed outside of it: fleeting answers hold no longer. */
export function nextRound(): void {
  round++;
}

/** Finds an answer, and all that it is read from. */
export function answerOf<T>(find: () => T): Answer<T> {
  const outer = reader;
  const own = new Reader();
  reader = own;
  try {
    const value = find();
    const { readings, parts, isFleeting } = own;
    return { value, readings, parts: [...parts], isFleeting, round };
  } finally {
    reader = outer;
  }
}

/** Whether the answer would be found again if the question were asked now. */
export function stillHolds(answer: Answer<unknown>): boolean {
  if (answer.round === round) return true;
  if (answer.isFleeting) return false;
  for (const reading of answer.readings) if (!stands(reading)) return false;
  for (const part of answer.parts) if (!stillHolds(part)) return false;
  answer.round = round;
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
  if (reader === undefined) return answer.value;
  if (answer.isFleeting) reader.isFleeting = true;
  reader.parts.add(answer);
  return answer.value;
}

/** The answers to questions that were asked before, by question. */
export class Answers {
  private readonly known = new Map<string, Answer<unknown>>();

  /** Finds the answer, unless the last one still holds. Where nobody reads, it is always found. */
  to<T>(question: string, find: () => T): T {
    if (reader === undefined) return find();
    const known = this.known.get(question);
    if (known !== undefined && stillHolds(known)) return recall(known as Answer<T>);
    const answer = answerOf(find);
    this.known.set(question, answer);
    return recall(answer);
  }
}
