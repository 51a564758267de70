// The queue of what will happen: plain records in a total order, so that a run can be forked,
// replayed, printed and compared.

import type { Instant } from '../values/time';
import { Phase } from './phase';

/** How many phases an instant has. */
const PHASES: number = Object.values(Phase).length;

/** The index of a declared kind of event (Kernel.declare). */
export type EventKind = number & { readonly __unit: 'event-kind' };

/** What an event says beside its kind: a key or a number, never an object. */
export type EventArgument = string | number;

export interface Event {
  readonly at: Instant;
  readonly phase: Phase;
  /** The order of scheduling; makes any two events different. */
  readonly seq: number;
  readonly kind: EventKind;
  readonly a: EventArgument;
  readonly b: EventArgument;
  /** The journal record that led to this event, -1 for none. */
  readonly cause: number;
  /** The timer that put the time between cause and event, empty for none. */
  readonly timer: string;
  /** Background events do not keep a run from being settled. */
  readonly background: boolean;
  /** Where the record stands for several events in a row: their arguments instead of `a`. */
  readonly row?: Row | undefined;
  /** What follows it in the line of its phase, for as long as it waits there. */
  next?: Event | undefined;
}

/** Events that follow each other and differ in their first argument alone. */
export interface Row {
  readonly arguments: readonly EventArgument[];
  /** How many of them have happened. */
  done: number;
}

/**
 * A binary heap over (at, phase, seq), and a line for each phase of the instant that is: what is
 * scheduled for that comes after all that stands in its line, and needs no search.
 */
export class EventQueue {
  private readonly heap: Event[] = [];
  /** The ends of the lines by phase, and behind the last phase nothing. */
  private readonly first = nothingInEach();
  private readonly last = nothingInEach();
  /** The first phase that has a line; as many as there are phases where none has. */
  private firstPhase = PHASES;
  private foreground = 0;

  get size(): number {
    return this.inOrder().length;
  }

  /** Whether only background events are left. */
  get idle(): boolean {
    return this.foreground === 0;
  }

  peek(): Event | undefined {
    const nearest = this.heap[0];
    const present = this.first[this.firstPhase];
    if (present === undefined) return nearest;
    return nearest !== undefined && before(nearest, present) ? nearest : present;
  }

  /** Adds an event of the instant that is: none has a later `seq`, and none that waits is due. */
  pushNow(event: Event): void {
    const { phase } = event;
    const last = this.last[phase];
    this.last[phase] = event;
    if (last === undefined) this.first[phase] = event;
    else last.next = event;
    if (phase < this.firstPhase) this.firstPhase = phase;
    if (!event.background) this.foreground++;
  }

  push(event: Event): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
    if (!event.background) this.foreground++;
  }

  pop(): Event | undefined {
    const first = this.peek();
    if (first === undefined) return undefined;
    const a = this.advance();
    return first.row === undefined ? first : single(first, a!);
  }

  /**
   * Takes the next event, of which `peek` has shown the record, and says its first argument: the
   * record of a row stands for many events, and to copy it for each would cost more than most of
   * them do.
   */
  advance(): EventArgument | undefined {
    const first = this.peek();
    if (first === undefined) return undefined;
    const { row } = first;
    if (row === undefined) {
      this.take(first);
      return first.a;
    }
    const a = row.arguments[row.done++]!;
    // The record keeps its place until the last event of its row.
    if (row.done === row.arguments.length) this.take(first);
    return a;
  }

  /** Every event in the order in which they will happen; for reports and specs. */
  inOrder(): Event[] {
    const records = [...this.heap];
    for (const first of this.first) {
      for (let event = first; event !== undefined; event = event.next) records.push(event);
    }
    records.sort((x, y) => (before(x, y) ? -1 : 1));
    return records.flatMap((it) => {
      const { row } = it;
      return row === undefined ? it : row.arguments.slice(row.done).map((a) => single(it, a));
    });
  }

  private take(event: Event): void {
    if (!event.background) this.foreground--;
    if (event !== this.heap[0]) {
      this.takePresent(event);
      return;
    }
    const last = this.heap.pop()!;
    if (this.heap.length > 0) this.sink(last);
  }

  private takePresent(event: Event): void {
    const { first, last } = this;
    const { phase, next } = event;
    first[phase] = next;
    if (next !== undefined) {
      // What has happened must not keep alive what follows.
      event.next = undefined;
      return;
    }
    last[phase] = undefined;
    while (this.firstPhase < PHASES && first[this.firstPhase] === undefined) this.firstPhase++;
  }

  private sink(event: Event): void {
    const { heap } = this;
    const size = heap.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, event)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = event;
  }
}

function nothingInEach(): (Event | undefined)[] {
  return Array.from({ length: PHASES + 1 }, () => undefined);
}

/** One event of a row. */
export function single(
  { at, phase, seq, kind, b, cause, timer, background }: Event,
  a: EventArgument,
): Event {
  return { at, phase, seq, kind, a, b, cause, timer, background, row: undefined, next: undefined };
}

function before(x: Event, y: Event): boolean {
  if (x.at !== y.at) return x.at < y.at;
  if (x.phase !== y.phase) return x.phase < y.phase;
  return x.seq < y.seq;
}
