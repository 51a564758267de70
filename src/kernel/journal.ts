// What happened, in order, each line with the line that caused it. From here the reports tell
// why, the determinism spec tells where two runs part, and scenarios assert hops.

import { formatInstant } from '../values/time';
import type { Instant } from '../values/time';
import type { Phase } from './phase';
import { hashText } from './random';
import { noteFleeting } from './readings';

/** One thing that happened. */
export interface Entry {
  readonly at: Instant;
  readonly phase: Phase;
  /** Who did it: `kube-proxy@worker-1`, `kubelet@worker-2`, `apiserver`, `fault`. */
  readonly actor: string;
  /** What it did, one verb in the past tense: `stored`, `observed`, `synced`, `exited`. */
  readonly action: string;
  /** To what: `Pod/shop/web-x7k`, `EndpointSlice/shop/web-abc`. */
  readonly subject: string;
  readonly detail: string;
  /** Index of the entry that led to this one, -1 for none. */
  readonly cause: number;
  /**
   * What else it was for, in order: one sync of kube-proxy takes up all that it has seen. Absent
   * where `cause` is all.
   */
  readonly also?: readonly number[];
  /** The timer that lay between the cause and this entry, empty for none. */
  readonly timer: string;
}

/** What a line says, put together when somebody reads it. */
export type LateWords = Pick<Entry, 'subject' | 'detail'>;

/** A line of such words. Frozen, as forks share it. */
export class LateEntry implements Entry {
  readonly at: Instant;
  readonly phase: Phase;
  readonly actor: string;
  readonly action: string;
  readonly cause: number;
  readonly timer: string;
  private readonly words: LateWords;

  constructor(head: Omit<Entry, keyof LateWords | 'also'>, words: LateWords) {
    const { at, phase, actor, action, cause, timer } = head;
    this.at = at;
    this.phase = phase;
    this.actor = actor;
    this.action = action;
    this.cause = cause;
    this.timer = timer;
    this.words = words;
    Object.freeze(this);
  }

  get subject(): string {
    return this.words.subject;
  }

  get detail(): string {
    return this.words.detail;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** An append-only list with a rolling digest. */
export class Journal {
  private readonly entries: Entry[] = [];
  /** Over the first so many lines; the others are added when somebody asks. */
  private hash = 0;
  private hashed = 0;

  get length(): number {
    noteFleeting();
    return this.entries.length;
  }

  /** Eight hexadecimal digits over every line so far; equal for equal runs. */
  get digest(): string {
    while (this.hashed < this.entries.length) {
      this.hash = hashText(formatEntry(this.entries[this.hashed++]!), this.hash);
    }
    return this.hash.toString(16).padStart(8, '0');
  }

  append(entry: Entry): number {
    return this.entries.push(Object.freeze(entry)) - 1;
  }

  entry(index: number): Entry | undefined {
    noteFleeting();
    return this.entries[index];
  }

  all(): readonly Entry[] {
    noteFleeting();
    return this.entries;
  }

  /**
   * From the first cause to the entry itself. Where an entry is for several, the last one about one
   * of the subjects is followed, if there is one.
   */
  chain(index: number, subjects: ReadonlySet<string> = NONE): Entry[] {
    const chain: Entry[] = [];
    for (let at = index; at >= 0; at = this.causeFor(this.entries[at]!, subjects)) {
      chain.push(this.entries[at]!);
    }
    return chain.reverse();
  }

  private causeFor({ cause, also = [] }: Entry, subjects: ReadonlySet<string>): number {
    const isAbout = (index: number): boolean => subjects.has(this.entries[index]!.subject);
    return also.findLast(isAbout) ?? cause;
  }
}

/** One line: instant, actor, action, subject, detail. */
export function formatEntry(entry: Entry): string {
  const head = `${formatInstant(entry.at)} ${entry.actor} ${entry.action} ${entry.subject}`;
  return entry.detail === '' ? head : `${head}: ${entry.detail}`;
}
