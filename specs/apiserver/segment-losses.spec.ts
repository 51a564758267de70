// Goal: what a bad line loses between the API server and a client is sent again by TCP: after
// 200 ms, 600 ms, 1.4 s … (Linux net/ipv4/tcp_timer.c), in order, drawn for each client and
// direction by itself; who hears nothing for too long closes its connection (timing.md §2.2).

import { expect } from 'chai';

import { Lags } from '../../src/apiserver/lags';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { ratio } from '../../src/values/ratio';
import { milliseconds, ZERO } from '../../src/values/time';
import type { Duration, Instant } from '../../src/values/time';

const ACTOR = 'kubelet@worker-1';
const SURE = [{ after: ZERO, probability: ratio(1, 1) }];

function world(seed = 1) {
  const kernel = new Kernel(seed);
  const timing = new Timing({ kubernetes: NEWEST_VERSION, profile: 'best' }, kernel.random);
  const lost: { readonly actor: string; readonly at: number }[] = [];
  const lose = (actor: string): void => void lost.push({ actor, at: kernel.now / 1_000_000 });
  return { kernel, lost, lags: new Lags({ kernel, timing, lose }) };
}

/** A line to the client that lets that share through, after `delay` each way. */
function lossy(share: number, delay = ZERO) {
  const back = [{ after: delay, probability: ratio(share, 100) }];
  return { there: delay, back: delay, chances: { there: SURE, back } };
}

function waits(lags: Lags, count: number, way: 'there' | 'back' = 'back'): readonly number[] {
  return Array.from({ length: count }, () => lags.of(ACTOR, way) / 1_000);
}

describe('a message to a client over a line that loses some', () => {
  it('is late by one of the doubled waits', () => {
    const seen = new Set<number>();
    for (let seed = 1; seed <= 60; seed++) {
      const { lags } = world(seed);
      lags.set(ACTOR, lossy(50));
      seen.add(waits(lags, 1)[0]!);
    }
    expect([...seen].sort((a, b) => a - b).slice(0, 4)).to.deep.equal([0, 200, 600, 1_400]);
  });

  it('waits for its round trip as well before it is sent again', () => {
    const seen = new Set<number>();
    for (let seed = 1; seed <= 60; seed++) {
      const { lags } = world(seed);
      lags.set(ACTOR, lossy(50, milliseconds(100)));
      seen.add(waits(lags, 1)[0]!);
    }
    // The RTO is 400 ms: two times 100 ms and the 200 ms of Linux.
    expect([...seen].sort((a, b) => a - b).slice(0, 3)).to.deep.equal([100, 500, 1_300]);
  });

  it('is lost as often as the line says', () => {
    let late = 0;
    for (let seed = 1; seed <= 1_000; seed++) {
      const { lags } = world(seed);
      lags.set(ACTOR, lossy(70));
      if (waits(lags, 1)[0]! > 0) late++;
    }
    expect(late).to.be.within(255, 345);
  });

  it('never overtakes the one before it', () => {
    const { lags } = world(3);
    lags.set(ACTOR, lossy(50));
    const all = waits(lags, 30);
    expect(Math.max(...all)).to.be.above(0);
    expect(all).to.deep.equal([...all].sort((a, b) => a - b));
    // A line that is good again lets nothing past what is still to be sent again.
    lags.set(ACTOR, { there: ZERO, back: ZERO });
    expect(waits(lags, 1)[0]).to.equal(all.at(-1));
  });

  it('concerns nobody else, and not the other direction', () => {
    const { lags, kernel } = world(3);
    lags.set(ACTOR, lossy(50));
    expect(waits(lags, 30, 'there')).to.deep.equal(Array.from({ length: 30 }, () => 0));
    expect(lags.of('kubelet@worker-2', 'back')).to.equal(ZERO);
    const untouched = new Kernel(3).random.stream('apiserver.watch').below(1_000_000);
    expect(kernel.random.stream('apiserver.watch').below(1_000_000)).to.equal(untouched);
  });

  it('that is late for longer than pings are waited for costs the connection, once', () => {
    const { lags, lost, kernel } = world();
    lags.set(ACTOR, lossy(1));
    waits(lags, 20);
    kernel.runUntil(200_000_000 as Instant);
    // No frame for 30 s, and no answer to the ping for 15 s.
    expect(lost).to.deep.equal([{ actor: ACTOR, at: 45 }]);
  });

  it('costs the next connection as well, and each begins with nothing to wait for', () => {
    const { lags, lost, kernel } = world();
    const good = { there: ZERO, back: ZERO };
    lags.set(ACTOR, lossy(1));
    // It comes by the next list before this copy does: after the ping, and as long again.
    expect(Math.max(...waits(lags, 20))).to.equal(90_000);
    kernel.runUntil(46_000_000 as Instant);
    lags.set(ACTOR, good);
    expect(waits(lags, 1)).to.deep.equal([0]);
    lags.set(ACTOR, lossy(1));
    waits(lags, 20);
    kernel.runUntil(200_000_000 as Instant);
    expect(lost.map(({ at }) => at)).to.deep.equal([45, 91]);
  });

  it('is under way for the plain delay where nothing is left to chance', () => {
    const { lags } = world();
    lags.set(ACTOR, { there: milliseconds(10), back: milliseconds(20) });
    expect([lags.of(ACTOR, 'there'), lags.of(ACTOR, 'back')] as Duration[]).to.deep.equal([
      10_000, 20_000,
    ]);
  });
});

describe('connecting over a line that loses some', () => {
  /** In milliseconds, for each of so many seeds. */
  function handshakes(
    lag: ReturnType<typeof lossy>,
    seeds: number,
  ): readonly (number | undefined)[] {
    return Array.from({ length: seeds }, (_, index) => {
      const { lags } = world(index + 1);
      lags.set(ACTOR, lag);
      const took = lags.handshake(ACTOR);
      return took === undefined ? undefined : took / 1_000;
    });
  }

  it('takes no time on a line that is good', () => {
    expect(world().lags.handshake(ACTOR)).to.equal(0);
  });

  it('is late by one of the waits of a SYN', () => {
    const all = handshakes(lossy(50), 60).filter((it) => it !== undefined);
    const seen = [...new Set(all)].sort((a, b) => a - b);
    // tcp_timer.c: after 1, 3, 7, 15 s; the client dials for 30 s.
    expect(seen.slice(0, 4)).to.deep.equal([0, 1_000, 3_000, 7_000]);
    expect(seen.at(-1)).to.be.at.most(15_000);
  });

  it('gets through at once as often as the SYN and its answer do', () => {
    const all = handshakes(lossy(50), 1_000);
    expect(all.filter((it) => it === 0).length).to.be.within(450, 550);
  });

  it('is given up where nothing gets through', () => {
    expect(new Set(handshakes(lossy(0), 5))).to.deep.equal(new Set([undefined]));
  });
});
