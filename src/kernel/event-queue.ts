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
}

/** A binary heap over (at, phase, seq). */
export class EventQueue {
  private readonly heap: Event[] = [];
  private foreground = 0;

  get size(): number {
    return this.heap.length;
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
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length > 0) this.sink(last);
    if (!first.background) this.foreground--;
    return first;
  }

  /** Every event in the order in which they will happen; for reports and specs. */
  inOrder(): Event[] {
    return [...this.heap].sort((x, y) => (before(x, y) ? -1 : 1));
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

function before(x: Event, y: Event): boolean {
  if (x.at !== y.at) return x.at < y.at;
  if (x.phase !== y.phase) return x.phase < y.phase;
  return x.seq < y.seq;
}
