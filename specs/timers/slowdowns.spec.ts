// Goal: who is slow takes longer for work and not for waits; factors multiply, sums add, and each
// piece of work is lengthened once.

import { expect } from 'chai';

import { EVERYBODY, Slowdowns } from '../../src/timers/slowdowns';
import type { Slowdown } from '../../src/timers/slowdowns';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { milliseconds, seconds, START, ZERO } from '../../src/values/time';

const PROXY = 'kube-proxy@worker-1';
const ALL = ['watch', 'write', 'sync'] as const;

function slowed(...slowdowns: readonly Partial<Slowdown>[]): Slowdowns {
  const all = new Slowdowns();
  slowdowns.forEach((it, index) => {
    all.set(PROXY, `fault ${index}`, { add: ZERO, factor: 1, only: ALL, ...it });
  });
  return all;
}

describe('slowdowns', () => {
  it('multiply what takes time, and add to it', () => {
    const both = slowed({ factor: 5 }, { add: milliseconds(200) }, { factor: 2 });
    expect(both.applied('apiserver.write', PROXY, milliseconds(10))).to.equal(milliseconds(300));
  });

  it('lengthen one piece of work once, however many steps it has', () => {
    const more = slowed({ add: seconds(1) });
    const steps = ['kube-proxy.build', 'kube-proxy.restore', 'kube-proxy.effect'];
    const took = steps.map((step) => more.applied(step, PROXY, milliseconds(10)));
    expect(took).to.deep.equal([milliseconds(10), milliseconds(1_010), milliseconds(10)]);
    expect(more.scaled(PROXY, milliseconds(10))).to.equal(milliseconds(10));
    expect(slowed({ factor: 3 }).scaled(PROXY, milliseconds(10))).to.equal(milliseconds(30));
  });

  it('concern the work that they name, of those whom they name', () => {
    const watch = slowed({ add: seconds(1), only: ['watch'] });
    expect(watch.applied('apiserver.watch', PROXY, ZERO)).to.equal(seconds(1));
    expect(watch.applied('apiserver.write', PROXY, ZERO)).to.equal(ZERO);
    expect(watch.applied('apiserver.watch', 'scheduler', ZERO)).to.equal(ZERO);
  });

  it('of an API server concern everybody, in what it tells and is told', () => {
    const all = new Slowdowns();
    all.set(EVERYBODY, 'slow', { add: seconds(1), factor: 1, only: ALL });
    expect(all.applied('apiserver.write', 'kubectl', ZERO)).to.equal(seconds(1));
    expect(all.applied('scheduler.bind', 'scheduler', ZERO)).to.equal(ZERO);
  });

  it('end each by itself', () => {
    const two = slowed({ add: seconds(1) }, { add: seconds(2) });
    two.remove(PROXY, 'fault 0');
    expect(two.applied('apiserver.watch', PROXY, ZERO)).to.equal(seconds(2));
    two.remove(PROXY, 'fault 1');
    expect(two.isEmpty).to.equal(true);
  });

  it('leave alone what is waited for on purpose', () => {
    const options = { kubernetes: NEWEST_VERSION, profile: 'worst' } as const;
    const timing = new Timing(options, new Kernel(1, START).random);
    const wait = timing.draw('client.reflectorBackoff', PROXY);
    timing.slowdowns.set(PROXY, 'slow', { add: seconds(9), factor: 9, only: ALL });
    expect(timing.draw('client.reflectorBackoff', PROXY)).to.equal(wait);
    expect(timing.draw('kube-proxy.restore', PROXY)).to.be.above(seconds(9));
  });
});
