// The only mover of time. It knows events, order and chance, and nothing of Kubernetes.

import { formatInstant, later, START } from '../values/time';
import type { Duration, Instant } from '../values/time';
import { EventQueue, single } from './event-queue';
import type { Event, EventArgument, EventKind, Row } from './event-queue';
import { Gates } from './gates';
import { formatEntry, Journal, LateEntry } from './journal';
import type { LateWords } from './journal';
import { Phase } from './phase';
import { Random } from './random';
import { noteFleeting } from './readings';

export type Handler = (a: EventArgument, b: EventArgument) => void;

/** More events than this at one instant are a loop in the model, not work. */
const EVENTS_PER_INSTANT_MAX = 5_000_000;
/** The same for each object that there is work on: more than any has ever needed, by far. */
const EVENTS_PER_OBJECT_MAX = 500;

/** A loop at one instant: the model has a defect, and the last lines show where. */
export class DidNotSettleError extends Error {
  readonly code = 'DID_NOT_SETTLE';
}

/**
 * Who acts in an event, as the journal names it: `kube-proxy@worker-1`. Undefined where nobody can
 * be stopped from it.
 */
export type Owner = string | ((a: EventArgument, b: EventArgument) => string | undefined);

export interface KindOptions {
  /** Its events do not keep a run from being settled. */
  readonly background?: boolean;
  /** Whose events they are: while the owner is paused, they wait. */
  readonly owner?: Owner;
}

/** A kind of event as it was declared. */
class Kind {
  readonly name: string;
  readonly handler: Handler;
  readonly background: boolean;
  readonly owner: Owner | undefined;

  constructor(name: string, handler: Handler, { background = false, owner }: KindOptions) {
    this.name = name;
    this.handler = handler;
    this.background = background;
    this.owner = owner;
  }
}

/** An event that is yet to happen, for reports. */
export interface PendingEvent {
  readonly at: Instant;
  /** The name under which its kind was declared. */
  readonly kind: string;
  readonly a: EventArgument;
  readonly b: EventArgument;
  /** Whose event it is, empty for nobody's. */
  readonly owner: string;
  /** The timer that it waits for, empty for none. */
  readonly timer: string;
  /** The journal entry that it follows, -1 for none. */
  readonly cause: number;
}

/** The cause of what nothing has led to. */
const NO_CAUSE = -1;
/** The cause of what a line has led to that was left out (noteProgress). */
const LEFT_OUT = -2;

interface KernelState {
  now: Instant;
  seq: number;
  /** The phase of the event being handled. */
  phase: Phase;
  cause: number;
  timer: string;
}

export class Kernel {
  readonly random: Random;
  readonly journal: Journal;
  private readonly queue: EventQueue;
  private readonly kinds: Kind[] = [];
  private readonly gates: Gates;
  private readonly start: Instant;
  private readonly state: KernelState;
  private readonly kept: object[] = [];
  private eventsMax = EVENTS_PER_INSTANT_MAX;

  /** A clock that stands at `start` (negative for what precedes a scenario). */
  constructor(seed: number, start: Instant = START) {
    this.random = new Random(seed);
    this.journal = new Journal();
    this.queue = new EventQueue();
    this.gates = new Gates();
    this.start = start;
    this.state = { now: start, seq: 0, phase: Phase.fault, cause: NO_CAUSE, timer: '' };
  }

  /** The instant. An answer that is found by it holds at this instant alone. */
  get now(): Instant {
    noteFleeting();
    return this.state.now;
  }

  /** The same for whoever notes by himself what he finds by it (readings.ts). */
  get quietNow(): Instant {
    return this.state.now;
  }

  /** Whether the cluster is still to settle: nothing takes time then, and nobody looks on. */
  get isBeforeStart(): boolean {
    return this.state.now < START;
  }

  /** Whether nothing but background work is left to do. */
  get idle(): boolean {
    return this.queue.idle;
  }

  /** The instant of the next event, or undefined when none is left. */
  get nextAt(): Instant | undefined {
    return this.queue.peek()?.at;
  }

  /** What keeps the run from being settled: the foreground events that are left, in order. */
  pending(): readonly PendingEvent[] {
    return this.queue
      .inOrder()
      .filter(({ background }) => !background)
      .map(({ at, kind, a, b, timer, cause }) => {
        const owner = this.ownerOf(kind, a, b) ?? '';
        const name = this.kinds[kind]!.name;
        return { at, kind: name, a, b, owner, timer, cause: Math.max(cause, NO_CAUSE) };
      });
  }

  /** The journal entry that the running handler acts upon, below zero for none. */
  get cause(): number {
    return this.state.cause;
  }

  /** The timer that the running handler's event has waited for, empty for none. */
  get timer(): string {
    return this.state.timer;
  }

  /** Announces a kind of event with its one handler. The order of declaration is its identity. */
  declare(name: string, handler: Handler, options: KindOptions = {}): EventKind {
    this.kinds.push(new Kind(name, handler, options));
    return (this.kinds.length - 1) as EventKind;
  }

  /**
   * Holds on to state that only functions can see, so that a fork finds it. Call it as often and
   * in the same order in every cluster of a spec: while it is built.
   */
  keep<State extends object>(state: State): State {
    this.kept.push(state);
    return state;
  }

  /** The kinds of events in the order of their declaration: equal for forks of each other. */
  get kindNames(): readonly string[] {
    return this.kinds.map(({ name }) => name);
  }

  /**
   * Stops an owner, as SIGSTOP stops a process: what is due for it waits. It goes on when every
   * token that stopped it was taken back by `resume`.
   */
  pause(owner: string, token: string): void {
    this.gates.close(owner, token);
  }

  /**
   * Takes a token back. With the last one the owner goes on: what has waited is handled at this
   * instant, in the order in which it was due.
   */
  resume(owner: string, token: string): void {
    const { now } = this.state;
    for (const event of this.gates.open(owner, token)) {
      this.queue.pushNow({ ...event, at: now, seq: this.state.seq++ });
    }
  }

  /** So many objects may be worked on at one instant: that much work is no loop. */
  expectObjects(count: number): void {
    this.eventsMax = Math.max(EVENTS_PER_INSTANT_MAX, count * EVENTS_PER_OBJECT_MAX);
  }

  /** Whether the owner is stopped. */
  isPaused(owner: string): boolean {
    return this.gates.isClosed(owner);
  }

  /** Puts an event at `at`; its cause is what the running handler acts upon. */
  schedule(
    at: Instant,
    phase: Phase,
    kind: EventKind,
    a: EventArgument = 0,
    b: EventArgument = 0,
    timer = '',
  ): void {
    this.put(at, phase, kind, a, b, timer, undefined);
  }

  /**
   * Puts an event at `at` for each of `all` as its first argument: the same as to schedule one
   * after the other, at the cost of one. `all` must not change any more.
   */
  scheduleRow(
    at: Instant,
    phase: Phase,
    kind: EventKind,
    all: readonly EventArgument[],
    b: EventArgument = 0,
    timer = '',
  ): void {
    if (all.length === 0) return;
    this.put(at, phase, kind, 0, b, timer, { arguments: all, done: 0 });
  }

  private put(
    at: Instant,
    phase: Phase,
    kind: EventKind,
    a: EventArgument,
    b: EventArgument,
    timer: string,
    row: Row | undefined,
  ): void {
    const { now, cause, timer: waited } = this.state;
    // Between two lines of the journal there may be several waits: the longest names the timer.
    const before = cause === NO_CAUSE || waited === '' ? 0 : now - this.instantOf(cause);
    const dominant = before > at - now ? waited : timer;
    if (at < now)
      throw new RangeError(`time goes back: ${formatInstant(at)} < ${formatInstant(now)}`);
    const background = this.kinds[kind]!.background;
    const seq = this.state.seq++;
    const event: Event = {
      at,
      phase,
      seq,
      kind,
      a,
      b,
      cause,
      timer: dominant,
      background,
      row,
      next: undefined,
    };
    if (at === now) this.queue.pushNow(event);
    else this.queue.push(event);
  }

  /** When a cause was; of what is left out, when a cluster begins to settle. */
  private instantOf(cause: number): Instant {
    return cause === LEFT_OUT ? this.start : this.journal.entry(cause)!.at;
  }

  /** Puts an event `delay` from now. */
  after(
    delay: Duration,
    phase: Phase,
    kind: EventKind,
    a: EventArgument = 0,
    b: EventArgument = 0,
    timer = '',
  ): void {
    this.schedule(later(this.state.now, delay), phase, kind, a, b, timer);
  }

  /**
   * Writes a line into the journal, caused by what the running handler acts upon. What the
   * handler schedules after this is caused by the new line. `also`: what else it is for; it must
   * not change any more.
   */
  note(
    actor: string,
    action: string,
    subject: string,
    detail = '',
    also: readonly number[] = [],
  ): number {
    const { now: at, phase, timer } = this.state;
    const cause = Math.max(this.state.cause, NO_CAUSE);
    const entry = { at, phase, actor, action, subject, detail, cause, timer };
    const index = this.journal.append(also.length > 1 ? { ...entry, also } : entry);
    this.because(index);
    return index;
  }

  /** Writes a line that causes nothing. Its words are put together when somebody reads it. */
  noteAside(actor: string, action: string, words: LateWords): void {
    const { now: at, phase, timer, cause } = this.state;
    const head = { at, phase, actor, action, cause: Math.max(cause, NO_CAUSE), timer };
    this.journal.append(new LateEntry(head, words));
    this.because(cause);
  }

  /** A line of what simply goes on; see `leftOut`. */
  noteProgress(actor: string, action: string, subject: string, detail = ''): number {
    return this.leftOut() ?? this.note(actor, action, subject, detail);
  }

  /**
   * Before zero, where a whole cluster comes about at one instant, nobody asks for lines of what
   * simply goes on: they are left out. What follows has no cause that could be told, which is
   * returned, and its timer all the same. Undefined where the line is to be written: so nobody has
   * to put its words together for nothing.
   */
  leftOut(): number | undefined {
    const { state } = this;
    if (state.now >= START) return undefined;
    if (state.cause === NO_CAUSE) state.cause = LEFT_OUT;
    state.timer = '';
    return LEFT_OUT;
  }

  /** Makes `index` the cause of what the running handler does next. */
  because(index: number, timer = ''): void {
    this.state.cause = index;
    this.state.timer = timer;
  }

  /**
   * What the running handler does next needed that entry, too: of two conditions the one that was
   * met last is the cause. `timer` is what lay between that one and now; where nothing is said,
   * what the handler's event has waited for.
   */
  needed(index: number, timer = this.state.timer): void {
    if (index >= 0 && index > this.state.cause) this.because(index, timer);
  }

  /** Handles every event up to and including `end`, then stands at `end`. */
  runUntil(end: Instant): void {
    for (
      let next = this.queue.peek();
      next !== undefined && next.at <= end;
      next = this.queue.peek()
    ) {
      this.runInstant();
    }
    if (end > this.state.now) this.state.now = end;
  }

  /** Handles all events of the next instant that has any. Returns false when none is left. */
  runInstant(): boolean {
    const first = this.queue.peek();
    if (first === undefined) return false;
    const at = first.at;
    let count = 0;
    for (let next = this.queue.peek(); next?.at === at; next = this.queue.peek()) {
      if (++count > this.eventsMax) throw new DidNotSettleError(this.lastLines(at));
      this.dispatch(next, this.queue.advance()!);
    }
    this.outsideHandlers();
    return true;
  }

  /** Handles one event of a record, the one with this first argument. */
  private dispatch(event: Event, a: EventArgument): void {
    const { state } = this;
    state.now = event.at;
    state.phase = event.phase;
    state.cause = event.cause;
    state.timer = event.timer;
    if (!this.gates.allOpen && this.parks(event, a)) return;
    this.kinds[event.kind]!.handler(a, event.b);
  }

  private ownerOf(kind: EventKind, a: EventArgument, b: EventArgument): string | undefined {
    const { owner } = this.kinds[kind]!;
    return typeof owner === 'function' ? owner(a, b) : owner;
  }

  /** Puts the event aside where its owner is stopped. */
  private parks(event: Event, a: EventArgument): boolean {
    const name = this.ownerOf(event.kind, a, event.b);
    if (name === undefined || !this.gates.isClosed(name)) return false;
    this.gates.park(name, event.row === undefined ? event : single(event, a));
    return true;
  }

  private outsideHandlers(): void {
    this.because(NO_CAUSE);
  }

  private lastLines(at: Instant): string {
    const lines = this.journal.all().slice(-20).map(formatEntry);
    return `no end of events at ${formatInstant(at)}; the last journal lines:\n${lines.join('\n')}`;
  }
}
