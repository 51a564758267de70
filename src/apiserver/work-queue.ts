// Which objects a controller has yet to look at. Each key is there once, however often it is
// added, and is never worked on twice at the same time.
// source: staging/src/k8s.io/client-go/util/workqueue/{queue,delaying_queue,rate_limiting_queue}.go

import type { EventArgument, EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { ObjectKey } from '../values/kube-object';
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

export class WorkQueue {
  private readonly kernel: Kernel;
  private readonly options: WorkQueueOptions;
  private readonly workEvent: EventKind;
  private readonly dueEvent: EventKind;
  private readonly waiting = new Set<ObjectKey>();
  private readonly working = new Set<ObjectKey>();
  /** Keys that were added while they were worked on, with the journal entry that led to it. */
  private readonly again = new Map<ObjectKey, number>();
  private readonly delayed = new Map<ObjectKey, Instant>();
  private readonly failures = new Map<ObjectKey, number>();

  constructor(kernel: Kernel, options: WorkQueueOptions) {
    this.kernel = kernel;
    this.options = options;
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
    if (this.working.has(key)) {
      if (!this.again.has(key)) this.again.set(key, this.kernel.cause);
      return;
    }
    if (this.waiting.has(key)) return;
    this.waiting.add(key);
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
    const { first, most, attempts } = this.options.backOff;
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
    this.failures.delete(key);
  }

  /** The work has ended, whatever came of it. */
  done(key: ObjectKey): void {
    this.working.delete(key);
    const cause = this.again.get(key);
    if (cause === undefined) return;
    this.again.delete(key);
    this.kernel.because(cause);
    this.add(key);
  }

  /** Keys that are waiting, worked on or due later, in the order of their coming. */
  pending(): ObjectKey[] {
    return [...new Set([...this.waiting, ...this.working, ...this.delayed.keys()])];
  }

  /** Forgets everything: the process that held it has died. */
  reset(): void {
    this.waiting.clear();
    this.working.clear();
    this.again.clear();
    this.delayed.clear();
    this.failures.clear();
  }

  private begin(key: ObjectKey): void {
    if (!this.waiting.delete(key)) return;
    this.working.add(key);
    this.options.work(key);
  }
}
