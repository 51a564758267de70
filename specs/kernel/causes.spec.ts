// Goal: of two things that an event needed, the one that came last is its cause, with the wait
// that lay between that one and now.

import { expect } from 'chai';
import { Kernel } from '../../src/kernel/kernel';
import { Phase } from '../../src/kernel/phase';
import { later, milliseconds, START } from '../../src/values/time';

/** A try at 5 ms, after a failure at 0 ms; what it needed is the n-th line of the journal. */
function causeOf(needed: number): { readonly cause: number; readonly timer: string } {
  const kernel = new Kernel(1);
  const met = kernel.declare('met', () => void kernel.note('fault', 'recovered', 'step/cut'));
  const retry = kernel.declare('retry', () => {
    kernel.needed(needed);
    kernel.note('client', 'opened', 'connection');
  });
  kernel.note('client', 'failed', 'connection');
  kernel.after(milliseconds(5), Phase.agent, retry, 0, 0, 'client.reflectorBackoff');
  kernel.because(-1);
  kernel.after(milliseconds(3), Phase.fault, met);
  kernel.runUntil(later(START, milliseconds(10)));
  return kernel.journal.all().at(-1)!;
}

describe('what an event needed', () => {
  it('is its cause where it came after what the event was scheduled for', () => {
    expect(causeOf(1)).to.include({ cause: 1, timer: 'client.reflectorBackoff' });
  });

  it('changes nothing where it was there before', () => {
    expect(causeOf(0)).to.include({ cause: 0, timer: 'client.reflectorBackoff' });
    expect(causeOf(-1)).to.include({ cause: 0, timer: 'client.reflectorBackoff' });
  });
});
