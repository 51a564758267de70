// Goal: a clock that is set wrong shows other times; one that runs fast or slow makes waits shorter
// or longer, without a jump when that begins; and what is put right is right.

import { expect } from 'chai';

import { Clocks } from '../../src/timers/clocks';
import { seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';

const KUBELET = 'kubelet@worker-1';
const PERCENT = 10_000;

function at(instant: number): Instant {
  return seconds(instant) as number as Instant;
}

describe('the clock of an actor', () => {
  it('is that of everybody else until it is set', () => {
    const clocks = new Clocks();
    expect(clocks.reading(KUBELET, at(7))).to.equal(at(7));
    expect(clocks.span(KUBELET, seconds(7))).to.equal(seconds(7));
  });

  it('shows its offset, which lengthens no wait', () => {
    const clocks = new Clocks();
    clocks.set(KUBELET, 'a', { offset: -40_000_000, drift: 0 }, at(10));
    clocks.set(KUBELET, 'b', { offset: 5_000_000, drift: 0 }, at(10));
    expect(clocks.reading(KUBELET, at(100))).to.equal(at(65));
    expect(clocks.counted(KUBELET, at(100))).to.equal(at(100));
    expect(clocks.span(KUBELET, seconds(7))).to.equal(seconds(7));
    clocks.putRight(KUBELET, 'a', at(100));
    expect(clocks.reading(KUBELET, at(100))).to.equal(at(105));
    clocks.putRight(KUBELET, 'b', at(100));
    expect(clocks.reading(KUBELET, at(100))).to.equal(at(100));
  });

  it('runs ahead from where it was when it begins to drift', () => {
    const clocks = new Clocks();
    clocks.set(KUBELET, 'a', { offset: 0, drift: 10 * PERCENT }, at(100));
    expect(clocks.reading(KUBELET, at(100))).to.equal(at(100));
    expect(clocks.reading(KUBELET, at(200))).to.equal(at(210));
    clocks.set(KUBELET, 'b', { offset: 0, drift: -20 * PERCENT }, at(200));
    expect(clocks.reading(KUBELET, at(300))).to.equal(at(300));
  });

  it('has counted a span sooner where it runs fast, and later where it runs slow', () => {
    const clocks = new Clocks();
    clocks.set(KUBELET, 'a', { offset: 0, drift: 25 * PERCENT }, at(0));
    expect(clocks.span(KUBELET, seconds(10))).to.equal(seconds(8));
    clocks.putRight(KUBELET, 'a', at(1));
    clocks.set(KUBELET, 'b', { offset: 0, drift: -50 * PERCENT }, at(1));
    expect(clocks.span(KUBELET, seconds(10))).to.equal(seconds(20));
  });
});
