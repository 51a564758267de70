// Which objects a controller has yet to look at. Each key is there once, however often it is
// added, and is never worked on twice at the same time.
// source: staging/src/k8s.io/client-go/util/workqueue/{queue,delaying_queue,rate_limiting_queue}.go

import type { EventArgument, EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { ObjectKey } from '../values/kube-object';
import { LateMap } from '../values/late-map';
import { later, ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';

/** How failed keys come back: after `first`, then twice as long each time, up to `most`. */
export interface BackOff {
  readonly first: Duration;
  readonly most: Duration;
  /** A key that failed more often is given up. */
  readonly attempts: number;
}

export interface WorkQueueOptions {
  /** Whose queue it is: `controller-manager/endpointslice`. */
  readonly name: string;
  readonly backOff: BackOff;
  /** Begins the work on a key. Whoever works says `done` in the end. */
  readonly work: (key: ObjectKey) => void;
}

/**
 * How a key stands: it waits, or is worked on, or was added again while it was worked on. Then it
 * is the journal entry that led to it, which is no number as low as the others.
 */
type Standing = number;
// V8 keeps numbers as small as these where it would keep a pointer to others.
const WAITING: Standing = -(2 ** 30);
const WORKED_ON: Standing = WAITING + 1;

export class WorkQueue {
  private readonly kernel: Kernel;
  private readonly backOff: BackOff;
  private readonly work: WorkQueueOptions['work'];
  private readonly workEvent: EventKind;
  private readonly dueEvent: EventKind;
  /** Keys that wait or are worked on. */
  private readonly standings = new Map<ObjectKey, Standing>();
  private readonly delayed = new LateMap<ObjectKey, Instant>();
  private readonly failures = new LateMap<ObjectKey, number>();

  constructor(kernel: Kernel, options: WorkQueueOptions) {
    this.kernel = kernel;
    this.backOff = options.backOff;
    this.work = options.work;
    const owner = options.name;
    const work = (key: EventArgument): void => this.begin(String(key));
    this.workEvent = kernel.declare(`${options.name}.work`, work, { owner });
    const due = (key: EventArgument, at: EventArgument): void => {
      if (this.delayed.get(String(key)) !== at) return;
      this.delayed.delete(String(key));
      this.add(String(key), Phase.control, kernel.timer);
    };
    this.dueEvent = kernel.declare(`${options.name}.due`, due, { owner });
  }

  /** Work on the key as soon as it can be; `phase` says when at the instant, `timer` after what. */
  add(key: ObjectKey, phase: Phase = Phase.control, timer = ''): void {
    const standing = this.standings.get(key);
    if (standing === WORKED_ON) this.standings.set(key, this.kernel.cause);
    if (standing !== undefined) return;
    this.standings.set(key, WAITING);
    this.kernel.after(ZERO, phase, this.workEvent, key, 0, timer);
  }

  /** Work on the key after `delay`, if it is not due earlier anyway. */
  addAfter(key: ObjectKey, delay: Duration, timer = ''): void {
    const at = later(this.kernel.now, delay);
    const due = this.delayed.get(key);
    if (due !== undefined && due <= at) return;
    this.delayed.set(key, at);
    this.kernel.schedule(at, Phase.control, this.dueEvent, key, at, timer);
  }

  /** The work failed: it is tried again after the back-off. Returns false where it is given up. */
  retry(key: ObjectKey, timer = ''): boolean {
    const { first, most, attempts } = this.backOff;
    const failures = this.failures.get(key) ?? 0;
    if (failures >= attempts) {
      this.failures.delete(key);
      return false;
    }
    this.failures.set(key, failures + 1);
    this.addAfter(key, Math.min(first * 2 ** failures, most) as Duration, timer);
    return true;
  }

  /** The work succeeded: the next failure is a first one again. */
  forget(key: ObjectKey): void {
    if (this.failures.size > 0) this.failures.delete(key);
  }

  /** The work has ended, whatever came of it. */
  done(key: ObjectKey): void {
    const cause = this.standings.get(key);
    if (cause === undefined || cause === WAITING) return;
    this.standings.delete(key);
    if (cause === WORKED_ON) return;
    this.kernel.because(cause);
    this.add(key);
  }

  /** Keys that are waiting, worked on or due later, in the order of their coming. */
  pending(): ObjectKey[] {
    return [...new Set([...this.standings.keys(), ...this.delayed.keys()])];
  }

  /** Forgets everything: the process that held it has died. */
  reset(): void {
    this.standings.clear();
    this.delayed.clear();
    this.failures.clear();
  }

  private begin(key: ObjectKey): void {
    if (this.standings.get(key) !== WAITING) return;
    this.standings.set(key, WORKED_ON);
    this.work(key);
  }
}
