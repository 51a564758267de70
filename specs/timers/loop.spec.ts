// Goal: a loop that looks only every so often looks at the right instants, also in a cluster that
// has settled without loops before it lives by its own timers.

import { expect } from 'chai';

import { Loop, tickAfter, tickAt } from '../../src/timing';
import { Random } from '../../src/kernel/random';
import { Timing } from '../../src/timing';
import type { KubeVersion } from '../../src/values/kube-version';
import { seconds } from '../../src/values/time';
import type { Duration, Instant } from '../../src/values/time';

const MONITOR = 'controller-manager.nodelifecycle.monitorPeriod';
const at = (instant: number) => instant as Instant;

describe('ticks', () => {
  const ticks = { phase: 3 as Duration, period: 10 as Duration };

  it('come at the phase and every period after it', () => {
    expect([3, 4, 13, 14].map((it) => tickAt(ticks, at(it)))).to.deep.equal([3, 13, 13, 23]);
    expect(tickAfter(ticks, at(13))).to.equal(23);
  });

  it('are everywhere where there is no period', () => {
    const none = { phase: 0 as Duration, period: 0 as Duration };
    expect(tickAt(none, at(7))).to.equal(7);
    expect(tickAfter(none, at(7))).to.equal(7);
  });
});

describe('a loop', () => {
  function settled(): { timing: Timing; loop: Loop } {
    const kubernetes = '1.36' as KubeVersion;
    const timing = new Timing({ kubernetes, profile: 'instant' }, new Random(1));
    return { timing, loop: new Loop(timing, MONITOR, 'controller-manager') };
  }

  it('looks all the time while the cluster settles, and every five seconds afterwards', () => {
    const { timing, loop } = settled();
    expect(loop.ticks.period).to.equal(0);
    timing.switchTo('default');
    expect(loop.ticks.period).to.equal(seconds(5));
  });

  it('keeps the phase that it has drawn', () => {
    const { timing, loop } = settled();
    timing.switchTo('default');
    const { phase } = loop.ticks;
    expect(phase).to.be.within(1, seconds(5) - 1);
    expect(loop.ticks.phase).to.equal(phase);
  });
});
