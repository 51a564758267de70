// Events of the kernel, against the least that could be done: calling closures from a list.

import { Kernel } from '../src/kernel/kernel';
import { Phase } from '../src/kernel/phase';
import { microseconds } from '../src/values/time';
import type { Instant } from '../src/values/time';
import { compare } from './measure';
import type { Measurement } from './measure';

const EVENTS = 200_000;
const PER_INSTANT = 10;
const YARDSTICK = 'a closure called from a list';

export function kernelMeasurements(): Measurement[] {
  const common = { unit: 'events', yardstick: YARDSTICK, base: closures, rounds: 9 };
  return [
    compare({ ...common, name: 'kernel: schedule and handle', subject: () => events(false) }),
    compare({ ...common, name: 'kernel: with a journal line each', subject: () => events(true) }),
  ];
}

/** The same number of calls without order, time or cause. */
export function closures(): number {
  let handled = 0;
  const queue: (() => void)[] = [];
  for (let index = 0; index < EVENTS; index++) queue.push(() => void handled++);
  for (const call of queue) call();
  return handled;
}

function events(noted: boolean): number {
  const kernel = new Kernel(1);
  let handled = 0;
  const kind = kernel.declare('event', (a) => {
    handled++;
    if (noted) kernel.note('bench', 'handled', 'event', String(a));
  });
  for (let index = 0; index < EVENTS; index++) {
    // Out of order, as timers are: a stride that is coprime to the number of instants.
    const at = (index * 7919) % (EVENTS / PER_INSTANT);
    kernel.schedule(at as Instant, Phase.agent, kind, index);
  }
  kernel.runUntil(microseconds(EVENTS) as number as Instant);
  return handled;
}
