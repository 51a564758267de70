// Goal: an owner that is paused does nothing and loses nothing: what is due for it waits and is
// handled, in order, at the instant at which it goes on; pauses are counted by token; and nobody
// else notices.

import { expect } from 'chai';

import { Kernel } from '../../src/kernel/kernel';
import { Phase } from '../../src/kernel/phase';
import type { Instant } from '../../src/values/time';

function world() {
  const kernel = new Kernel(1);
  const handled: string[] = [];
  const note = (who: string) => (a: string | number) =>
    void handled.push(`${kernel.now} ${who} ${a}`);
  const proxy = kernel.declare('proxy', note('proxy'), { owner: 'kube-proxy@a' });
  const kubelet = kernel.declare('kubelet', note('kubelet'), {
    owner: (node) => `kubelet@${node}`,
  });
  const nobody = kernel.declare('nobody', note('nobody'));
  const at = (instant: number, kind: typeof proxy, a: string) =>
    kernel.schedule(instant as Instant, Phase.agent, kind, a);
  return { kernel, handled, proxy, kubelet, nobody, at };
}

describe('a paused owner', () => {
  it('handles what was due, in order, at the instant of its resume', () => {
    const { kernel, handled, proxy, nobody, at } = world();
    at(20, proxy, 'second');
    at(10, proxy, 'first');
    at(15, nobody, 'other');
    at(40, proxy, 'later');
    kernel.pause('kube-proxy@a', 'fault');
    kernel.runUntil(30 as Instant);
    expect(handled).to.deep.equal(['15 nobody other']);
    kernel.resume('kube-proxy@a', 'fault');
    kernel.runUntil(50 as Instant);
    expect(handled.slice(1)).to.deep.equal(['30 proxy first', '30 proxy second', '40 proxy later']);
  });

  it('is found by what its event says, where the kind serves several', () => {
    const { kernel, handled, kubelet, at } = world();
    at(10, kubelet, 'a');
    at(10, kubelet, 'b');
    kernel.pause('kubelet@a', 'fault');
    kernel.runUntil(20 as Instant);
    expect(handled).to.deep.equal(['10 kubelet b']);
  });

  it('goes on when the last of its tokens is taken back', () => {
    const { kernel, handled, proxy, at } = world();
    at(10, proxy, 'first');
    kernel.pause('kube-proxy@a', 'one');
    kernel.pause('kube-proxy@a', 'two');
    kernel.pause('kube-proxy@a', 'two');
    kernel.resume('kube-proxy@a', 'one');
    kernel.runUntil(20 as Instant);
    expect([handled, kernel.isPaused('kube-proxy@a')]).to.deep.equal([[], true]);
    kernel.resume('kube-proxy@a', 'two');
    kernel.runUntil(20 as Instant);
    expect([handled, kernel.isPaused('kube-proxy@a')]).to.deep.equal([['20 proxy first'], false]);
  });

  it('is not moved by a token that never stopped it', () => {
    const { kernel, handled, proxy, at } = world();
    at(10, proxy, 'first');
    kernel.pause('kube-proxy@a', 'one');
    kernel.resume('kube-proxy@a', 'two');
    kernel.runUntil(20 as Instant);
    expect(handled).to.deep.equal([]);
  });

  it('does not keep a run from being settled', () => {
    const { kernel, proxy, at } = world();
    at(10, proxy, 'first');
    kernel.pause('kube-proxy@a', 'fault');
    kernel.runUntil(20 as Instant);
    expect([kernel.idle, kernel.pending()]).to.deep.equal([true, []]);
    kernel.resume('kube-proxy@a', 'fault');
    expect(kernel.idle).to.equal(false);
  });
});
