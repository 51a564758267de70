// The queue of what will happen: plain records in a total order, so that a run can be forked,
// replayed, printed and compared.

import type { Instant } from '../values/time';
import type { Phase } from './phase';

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
}

/** Events that follow each other and differ in their first argument alone. */
export interface Row {
  readonly arguments: readonly EventArgument[];
  /** How many of them have happened. */
  done: number;
}

/** A binary heap over (at, phase, seq). */
export class EventQueue {
  private readonly heap: Event[] = [];
  private foreground = 0;

  get size(): number {
    return this.heap.reduce((sum, { row }) => sum + (row ? row.arguments.length - row.done : 1), 0);
  }

  /** Whether only background events are left. */
  get idle(): boolean {
    return this.foreground === 0;
  }

  peek(): Event | undefined {
    return this.heap[0];
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
    const first = this.heap[0];
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
    const first = this.heap[0];
    if (first?.row === undefined) return this.take()?.a;
    const { row } = first;
    const a = row.arguments[row.done++]!;
    // The record keeps its place until the last event of its row.
    if (row.done === row.arguments.length) this.take();
    return a;
  }

  /** Every event in the order in which they will happen; for reports and specs. */
  inOrder(): Event[] {
    const records = [...this.heap].sort((x, y) => (before(x, y) ? -1 : 1));
    return records.flatMap((it) => {
      const { row } = it;
      return row === undefined ? it : row.arguments.slice(row.done).map((a) => single(it, a));
    });
  }

  private take(): Event | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length > 0) this.sink(last);
    if (!first.background) this.foreground--;
    return first;
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

/** One event of a row. */
export function single(
  { at, phase, seq, kind, b, cause, timer, background }: Event,
  a: EventArgument,
): Event {
  return { at, phase, seq, kind, a, b, cause, timer, background, row: undefined };
}

function before(x: Event, y: Event): boolean {
  if (x.at !== y.at) return x.at < y.at;
  if (x.phase !== y.phase) return x.phase < y.phase;
  return x.seq < y.seq;
}
