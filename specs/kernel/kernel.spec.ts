// Goal: the kernel moves time forward only, handles one instant in the order of phases, keeps
// who caused what, and forks into an independent future.

import { expect } from 'chai';
import type { EventKind } from '../../src/kernel/event-queue';
import { DidNotSettleError, Kernel } from '../../src/kernel/kernel';
import { Phase } from '../../src/kernel/phase';
import { formatEntry } from '../../src/kernel/journal';
import { later, seconds, START } from '../../src/values/time';
import type { Instant } from '../../src/values/time';

const at = (count: number) => seconds(count) as number as Instant;

/** A kernel with one kind of event that notes its first argument. */
function noting(kernel = new Kernel(1)): { kernel: Kernel; kind: EventKind } {
  const kind = kernel.declare('note', (a) => kernel.note('spec', 'saw', String(a)));
  return { kernel, kind };
}

function lines(kernel: Kernel): string[] {
  return kernel.journal.all().map(formatEntry);
}

describe('the kernel', () => {
  it('handles an instant by phases, also what is scheduled late', () => {
    const { kernel, kind } = noting();
    const chained = kernel.declare('chain', () => {
      kernel.note('spec', 'saw', 'api');
      kernel.after(seconds(0), Phase.control, kind, 'control, scheduled last');
    });
    kernel.schedule(at(1), Phase.observe, kind, 'observe');
    kernel.schedule(at(1), Phase.api, chained);
    kernel.schedule(at(1), Phase.fault, kind, 'fault');
    kernel.runUntil(at(1));
    expect(kernel.journal.all().map(({ subject }) => subject)).to.deep.equal([
      'fault',
      'api',
      'control, scheduled last',
      'observe',
    ]);
  });

  it('runs up to and including the end, and stands there', () => {
    const { kernel, kind } = noting();
    kernel.schedule(at(1), Phase.api, kind, 'one');
    kernel.schedule(at(2), Phase.api, kind, 'two');
    kernel.schedule(at(3), Phase.api, kind, 'three');
    kernel.runUntil(at(2));
    expect(lines(kernel)).to.deep.equal(['t=1s spec saw one', 't=2s spec saw two']);
    expect(kernel.now).to.equal(at(2));
    expect(kernel.nextAt).to.equal(at(3));
    kernel.runUntil(at(2.5));
    expect(kernel.now).to.equal(at(2.5));
  });

  it('gives the same run in one piece and in many', () => {
    const whole = noting();
    const pieces = noting();
    for (const { kernel, kind } of [whole, pieces]) {
      for (let index = 0; index < 9; index++) kernel.schedule(at(index), Phase.api, kind, index);
    }
    whole.kernel.runUntil(at(9));
    for (let index = 0; index <= 18; index++) pieces.kernel.runUntil(at(index / 2));
    expect(pieces.kernel.journal.digest).to.equal(whole.kernel.journal.digest);
  });

  it('refuses to go back in time', () => {
    const { kernel, kind } = noting();
    kernel.runUntil(at(5));
    expect(() => kernel.schedule(at(4), Phase.api, kind)).to.throw(
      RangeError,
      'time goes back: t=4s < t=5s',
    );
  });

  it('may begin before zero', () => {
    const { kernel, kind } = noting(new Kernel(1, at(-60)));
    kernel.schedule(at(-30), Phase.api, kind, 'before');
    kernel.runUntil(START);
    expect(lines(kernel)).to.deep.equal(['t=-30s spec saw before']);
  });

  it('knows the cause of each line and the timer between the two', () => {
    const kernel = new Kernel(1);
    const effect = kernel.declare('effect', () => kernel.note('kubelet', 'saw', 'exit'));
    const fault = kernel.declare('fault', () => {
      kernel.note('fault', 'killed', 'Pod/a');
      kernel.after(seconds(1), Phase.agent, effect, 0, 0, 'kubelet.plegRelistPeriod');
    });
    kernel.schedule(at(1), Phase.fault, fault);
    kernel.schedule(at(1), Phase.observe, effect);
    kernel.runUntil(at(9));
    const [, unrelated, caused] = kernel.journal.all();
    expect(unrelated).to.include({ cause: -1, timer: '' });
    expect(caused).to.include({ cause: 0, timer: 'kubelet.plegRelistPeriod' });
    expect(kernel.journal.chain(2).map(formatEntry)).to.deep.equal([
      't=1s fault killed Pod/a',
      't=2s kubelet saw exit',
    ]);
    expect(kernel.cause).to.equal(-1);
  });

  it('can be told another cause', () => {
    const { kernel, kind } = noting();
    const later = kernel.declare('later', () => {
      kernel.because(0, 'apiserver.watch');
      kernel.note('spec', 'acted', 'x');
    });
    kernel.schedule(at(1), Phase.api, kind, 'first');
    kernel.schedule(at(2), Phase.api, kind, 'second');
    kernel.schedule(at(3), Phase.api, later);
    kernel.runUntil(at(3));
    expect(kernel.journal.entry(2)).to.include({ cause: 0, timer: 'apiserver.watch' });
  });

  it('is idle while only background work is left', () => {
    const { kernel, kind } = noting();
    const tick = kernel.declare('tick', () => {}, { background: true });
    kernel.schedule(at(9), Phase.agent, tick);
    expect(kernel.idle).to.equal(true);
    kernel.schedule(at(1), Phase.agent, kind);
    expect(kernel.idle).to.equal(false);
  });

  it('names a loop at one instant instead of hanging', function () {
    this.timeout(20_000);
    const kernel = new Kernel(1);
    const loop: EventKind = kernel.declare('loop', () => {
      if (kernel.journal.length === 0) kernel.note('spec', 'looped', 'here');
      kernel.after(seconds(0), Phase.api, loop);
    });
    kernel.schedule(at(1), Phase.api, loop);
    expect(() => kernel.runUntil(at(1))).to.throw(DidNotSettleError, 't=1s spec looped here');
  });
});

describe('the timer between two lines of the journal', () => {
  /** A line, a wait that ends without one, and a second wait up to the next line. */
  function waits(first: number, second: number): string {
    const { kernel, kind } = noting();
    const silent = kernel.declare('silent', () => {
      kernel.after(seconds(second), Phase.agent, kind, 'end', 0, 'second');
    });
    const start = kernel.declare('start', () => {
      kernel.note('spec', 'saw', 'start');
      kernel.after(seconds(first), Phase.agent, silent, 0, 0, 'first');
    });
    kernel.schedule(at(1), Phase.fault, start);
    kernel.runUntil(at(60));
    const last = kernel.journal.all().at(-1)!;
    expect(last).to.include({ subject: 'end', cause: 0 });
    return last.timer;
  }

  it('is the longest of several waits', () => {
    expect(waits(5, 1)).to.equal('first');
    expect(waits(1, 5)).to.equal('second');
  });

  it('is the longest of several waits also where the first line is left out', () => {
    const { kernel, kind } = noting(new Kernel(1, later(START, seconds(-600))));
    const wakes = kernel.declare('wakes', () => {
      kernel.after(seconds(1), Phase.agent, kind, 'end', 0, 'a pass');
    });
    const start = kernel.declare('start', () => {
      kernel.noteProgress('spec', 'saw', 'start');
      kernel.after(seconds(615), Phase.agent, wakes, 0, 0, 'a period');
    });
    kernel.after(seconds(0), Phase.fault, start);
    kernel.runUntil(at(60));
    expect(kernel.journal.all()).to.have.length(1);
    expect(kernel.journal.entry(0)).to.include({ subject: 'end', timer: 'a period', cause: -1 });
  });
});

describe('a line that causes nothing', () => {
  it('leaves the cause as it was, and says in words what it is told to when it is read', () => {
    const kernel = new Kernel(1);
    let asked = 0;
    const words = {
      subject: 'it',
      get detail(): string {
        asked++;
        return 'in words';
      },
    };
    const cause = kernel.note('spec', 'began', 'all');
    kernel.because(cause, 'apiserver.watch');
    kernel.noteAside('spec', 'saw', words);
    expect([kernel.cause, kernel.timer, asked]).to.deep.equal([cause, '', 0]);
    const entry = kernel.journal.entry(1)!;
    expect(entry).to.include({ actor: 'spec', action: 'saw', cause, timer: 'apiserver.watch' });
    expect(formatEntry(entry)).to.equal('t=0s spec saw it: in words');
    expect(Object.isFrozen(entry)).to.equal(true);
  });
});

describe('a line of what simply goes on', () => {
  it('is left out before the start, and with it the cause of what follows', () => {
    const kernel = new Kernel(1, later(START, seconds(-600)));
    expect(kernel.cause).to.equal(-1);
    const cause = kernel.leftOut();
    expect(cause).to.be.below(-1);
    expect([kernel.cause, kernel.timer, kernel.journal.length]).to.deep.equal([cause, '', 0]);
    expect(kernel.noteProgress('spec', 'saw', 'it')).to.equal(cause);
    // What is scheduled from here on has not waited for what led here.
    kernel.because(7, 'apiserver.watch');
    expect([kernel.leftOut(), kernel.cause, kernel.timer]).to.deep.equal([cause, 7, '']);
  });

  it('is written from the start on', () => {
    const kernel = new Kernel(1);
    expect(kernel.leftOut()).to.equal(undefined);
    expect(kernel.noteProgress('spec', 'saw', 'it')).to.equal(0);
    expect(kernel.journal.entry(0)).to.include({ actor: 'spec', action: 'saw', subject: 'it' });
  });
});
