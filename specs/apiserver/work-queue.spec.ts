// Goal: a key is worked on once at a time, comes back when it changed meanwhile, and backs off.
// Rules: client-go/util/workqueue/queue.go, default_rate_limiters.go (timing.md §2.2).

import { expect } from 'chai';

import { WorkQueue } from '../../src/apiserver/work-queue';
import { Kernel } from '../../src/kernel/kernel';
import { milliseconds, seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';

function setUp() {
  const kernel = new Kernel(1);
  const worked: [string, number][] = [];
  const queue = new WorkQueue(kernel, {
    name: 'spec',
    backOff: { first: milliseconds(5), most: milliseconds(30), attempts: 4 },
    work: (key) => worked.push([key, kernel.now]),
  });
  const runUntil = (ms: number): void => kernel.runUntil(milliseconds(ms) as number as Instant);
  return { kernel, queue, worked, runUntil };
}

describe('a work queue', () => {
  it('holds a key once, however often it is added', () => {
    const { queue, worked, runUntil } = setUp();
    queue.add('a');
    queue.add('b');
    queue.add('a');
    runUntil(1);
    expect(worked.map(([key]) => key)).to.deep.equal(['a', 'b']);
  });

  it('gives a key that was added meanwhile again, but only when the work is done', () => {
    const { queue, worked, runUntil } = setUp();
    queue.add('a');
    runUntil(1);
    queue.add('a');
    queue.add('a');
    runUntil(2);
    expect(worked).to.have.length(1);
    queue.done('a');
    runUntil(3);
    expect(worked).to.have.length(2);
    expect(queue.pending()).to.deep.equal(['a']);
  });

  it('keeps the earliest of several delays', () => {
    const { queue, worked, runUntil } = setUp();
    queue.addAfter('a', milliseconds(20));
    queue.addAfter('a', milliseconds(10));
    queue.addAfter('a', milliseconds(30));
    runUntil(100);
    expect(worked).to.deep.equal([['a', 10_000]]);
  });

  it('doubles the wait with each failure, up to a bound, and gives up in the end', () => {
    const { queue, worked, runUntil } = setUp();
    const kept: boolean[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      kept.push(queue.retry('a'));
      runUntil(1_000 * (attempt + 1));
      queue.done('a');
    }
    // 5, 10, 20 and 30 (not 40) milliseconds after each failure; the fifth is not retried.
    expect(worked.map(([, at]) => at % 1_000_000)).to.deep.equal([5_000, 10_000, 20_000, 30_000]);
    expect(kept).to.deep.equal([true, true, true, true, false]);
  });

  it('begins anew after a success', () => {
    const { kernel, queue, worked, runUntil } = setUp();
    queue.retry('a');
    runUntil(100);
    queue.forget('a');
    queue.done('a');
    queue.retry('a');
    kernel.runUntil(seconds(1) as number as Instant);
    expect(worked.map(([, at]) => at)).to.deep.equal([5_000, 105_000]);
  });

  it('knows nothing any more after the death of its process', () => {
    const { queue, worked, runUntil } = setUp();
    queue.add('a');
    queue.addAfter('b', milliseconds(5));
    queue.reset();
    runUntil(100);
    expect(worked).to.deep.equal([]);
    expect(queue.pending()).to.deep.equal([]);
  });
});
