// Goal: bad links delay and lose packets with exact probabilities; what a client does about that is
// Linux's (SYN at 0, 1, 3, 7, 15, 31, 63 s). Several bad links compose as faults.md §4.4 says:
// delays add, loss = 1 − ∏(1 − p), the least rate and the least MTU count. Copies, overtaking and
// rates are those of netem.

import { expect } from 'chai';

import { datagram, handshake, repeated, segment } from '../../src/network/index';
import type { Degradation, End } from '../../src/network/index';
import { drawDelay } from '../../src/network/jitter';
import { framesOf } from '../../src/network/transmission';
import { TIMERS } from '../../src/timing';
import { add, CERTAIN, formatRatio, NEVER, ratio } from '../../src/values/ratio';
import { milliseconds, seconds, ZERO } from '../../src/values/time';
import type { Duration, Instant } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';
import { Lab, tcp } from './lab';

const hosts = (name: string): End => ({ is: 'hosts', hosts: new Set([name]) });
const THIRTY = ratio(3, 10);

function lab(): Lab {
  const made = new Lab();
  made.pod('p1', 'n1', '10.244.1.5', [tcp(8_080)]);
  made.pod('p3', 'n2', '10.244.2.8', [tcp(8_080)]);
  made.program();
  return made;
}

function degrade(made: Lab, more: Partial<Degradation>): void {
  const plain = { token: 'bad', from: hosts('n1'), to: hosts('n2'), direction: 'both' } as const;
  const rule = { ...plain, ...more };
  made.network.fabric.degradations.set(rule.token, [rule]);
}

function trace(made: Lab): Trace {
  return made.sendOne('p1', '10.244.2.8:8080');
}

function stretchOf(made: Lab): string {
  const { stretch } = trace(made);
  if (stretch === undefined) return 'perfect';
  return `${stretch.there} + ${stretch.delay - stretch.there} us, ${formatRatio(stretch.arrives)}`;
}

describe('a bad link', () => {
  it('is passed by the request and by the answer', () => {
    const made = lab();
    expect(stretchOf(made)).to.equal('perfect');
    degrade(made, { delay: milliseconds(20), loss: THIRTY });
    expect(stretchOf(made)).to.equal('20000 + 20000 us, 49/100');
    degrade(made, { delay: milliseconds(20), loss: THIRTY, direction: 'to' });
    expect(stretchOf(made)).to.equal('20000 + 0 us, 7/10');
    degrade(made, { delay: milliseconds(20), loss: THIRTY, direction: 'from' });
    expect(stretchOf(made)).to.equal('0 + 20000 us, 7/10');
  });

  it('loses what it damages', () => {
    const made = lab();
    degrade(made, { loss: THIRTY, corrupt: ratio(1, 2), direction: 'to' });
    expect(stretchOf(made)).to.equal('0 + 0 us, 7/20');
  });

  it('adds to others, and recovers by itself', () => {
    const made = lab();
    degrade(made, { token: 'a', delay: milliseconds(20), loss: THIRTY, direction: 'to' });
    degrade(made, { token: 'b', delay: milliseconds(5), loss: ratio(1, 2), direction: 'to' });
    expect(stretchOf(made)).to.equal('25000 + 0 us, 7/20');
    made.network.fabric.degradations.set('a', []);
    expect(stretchOf(made)).to.equal('5000 + 0 us, 1/2');
    made.network.fabric.degradations.set('b', []);
    expect(stretchOf(made)).to.equal('perfect');
  });

  it('of a pod is passed once on each way, though both its ends see the packet', () => {
    const made = lab();
    const pods = (name: string): End => ({ is: 'pods', pods: new Set([`lab/${name}`]) });
    degrade(made, { from: pods('p1'), to: pods('p3'), delay: milliseconds(10) });
    expect(stretchOf(made)).to.equal('10000 + 10000 us, 1');
  });

  it('that loses everything is as good as cut, and says so', () => {
    const made = lab();
    degrade(made, { loss: CERTAIN });
    expect(trace(made)).to.deep.include({
      disposition: 'link-loss',
      reason: 'the link from n1 to n2 loses every packet (bad)',
    });
  });

  it('has the least of several MTUs, in its direction', () => {
    const made = lab();
    const { fabric } = made.network;
    expect(fabric.mtuOf('n1', 'n2')).to.equal(undefined);
    degrade(made, { token: 'a', mtu: 1_400, direction: 'to' });
    degrade(made, { token: 'b', mtu: 1_300, direction: 'to' });
    expect([fabric.mtuOf('n1', 'n2'), fabric.mtuOf('n2', 'n1')]).to.deep.equal([1_300, undefined]);
    fabric.degradations.set('b', []);
    expect(fabric.mtuOf('n1', 'n2')).to.equal(1_400);
  });
});

describe('a line that doubles packets', () => {
  it('is no better than one that does not, where none is lost', () => {
    const made = lab();
    degrade(made, { duplicate: ratio(1, 2), delay: milliseconds(5) });
    expect(stretchOf(made)).to.equal('5000 + 5000 us, 1');
  });

  it('lets one copy through of a packet that is both doubled and lost', () => {
    // source: net/sched/sch_netem.c netem_enqueue (count): lost only where it is not doubled.
    const made = lab();
    degrade(made, { duplicate: ratio(1, 2), loss: THIRTY, direction: 'to' });
    expect(stretchOf(made)).to.equal('0 + 0 us, 17/20');
    degrade(made, { duplicate: CERTAIN, loss: CERTAIN, direction: 'to' });
    expect(stretchOf(made)).to.equal('0 + 0 us, 1');
  });

  it('gives what follows two chances: each copy is answered', () => {
    const made = lab();
    degrade(made, { token: 'a', duplicate: CERTAIN, direction: 'to' });
    degrade(made, { token: 'b', loss: ratio(1, 2), direction: 'from' });
    // Two answers, each of them lost with 1/2.
    expect(stretchOf(made)).to.equal('0 + 0 us, 3/4');
  });

  it('damages each copy by itself', () => {
    const made = lab();
    degrade(made, { duplicate: CERTAIN, corrupt: ratio(1, 2), direction: 'to' });
    expect(stretchOf(made)).to.equal('0 + 0 us, 3/4');
  });
});

describe('a line on which packets overtake each other', () => {
  const answers = (made: Lab, gaveUp = seconds(127)) =>
    repeated(trace(made), handshake(gaveUp)).map(({ took, probability, disposition }) => {
      return `${disposition} after ${(took ?? 0) / 1_000} ms: ${formatRatio(probability)}`;
    });

  it('holds up the others, there and back', () => {
    const made = lab();
    degrade(made, { delay: milliseconds(100), reorder: ratio(1, 4) });
    expect(answers(made)).to.deep.equal([
      'answered after 0 ms: 1/16',
      'answered after 100 ms: 3/8',
      'answered after 200 ms: 9/16',
    ]);
  });

  it('lets a second SYN overtake the first one', () => {
    const made = lab();
    degrade(made, { delay: milliseconds(1_500), reorder: ratio(1, 2), direction: 'to' });
    expect(answers(made)).to.deep.equal([
      'answered after 0 ms: 1/2',
      'answered after 1000 ms: 1/4',
      'answered after 1500 ms: 1/4',
    ]);
    expect(answers(made, seconds(1))).to.deep.equal([
      'answered after 0 ms: 1/2',
      'link-loss after 1000 ms: 1/2',
    ]);
  });
});

describe('a line with a rate', () => {
  it('takes as long as the bits of each packet do', () => {
    const made = lab();
    // A SYN of IPv4: 14 bytes of Ethernet, 20 of IP and 40 of TCP with its options.
    degrade(made, { rate: 64_000 });
    expect(stretchOf(made)).to.equal('9250 + 9250 us, 1');
    degrade(made, { rate: 64_000, direction: 'from' });
    expect(stretchOf(made)).to.equal('0 + 9250 us, 1');
  });

  it('is the least of several, and is not added up', () => {
    const made = lab();
    degrade(made, { token: 'a', rate: 64_000, direction: 'to' });
    degrade(made, { token: 'b', rate: 32_000, direction: 'to', delay: milliseconds(1) });
    expect(stretchOf(made)).to.equal('19500 + 0 us, 1');
    made.network.fabric.degradations.set('b', []);
    expect(stretchOf(made)).to.equal('9250 + 0 us, 1');
  });
});

describe('the frames of a message', () => {
  const flow = { protocol: 'TCP', src: '10.0.0.1', dst: '10.0.0.2', sport: 1, dport: 2 } as never;
  const udp = { ...(flow as object), protocol: 'UDP' } as never;

  it('have their headers each', () => {
    expect(framesOf(flow, 1_000, 1_500)).to.equal(1_000 + 66);
    expect(framesOf(flow, 14_480, 1_500)).to.equal(14_480 + 10 * 66);
    expect(framesOf(udp, 1_000, 1_500)).to.equal(1_000 + 42);
    // 1,480 bytes of 2,008 and the rest.
    expect(framesOf(udp, 2_000, 1_500)).to.equal(2_008 + 2 * 34);
  });
});

describe('a client behind a bad link', () => {
  const bad = (delay: Duration, arrives = ratio(49, 100)): Trace => {
    const made = lab();
    return { ...trace(made), stretch: { delay, there: delay, arrives } };
  };
  const tell = ({ disposition, took, probability }: Trace): string =>
    `${disposition} at ${(took ?? 0) / 1_000_000}s: ${formatRatio(probability)}`;
  const sumOf = (traces: readonly Trace[]): string =>
    formatRatio(traces.reduce((sum, { probability }) => add(sum, probability), NEVER));

  it('sends its SYN at 0, 1, 3, 7, 15, 31 and 63 s and gives up at 127 s', () => {
    const { sends } = handshake(seconds(127));
    expect(sends.map((at) => at / 1_000_000)).to.deep.equal([0, 1, 3, 7, 15, 31, 63]);
    expect(handshake(seconds(3)).sends.map((at) => at / 1_000_000)).to.deep.equal([0, 1]);
  });

  it('is answered at each of them with its exact probability', () => {
    const traces = repeated(bad(milliseconds(40)), handshake(seconds(5)));
    expect(traces.map(tell)).to.deep.equal([
      'answered at 0.04s: 49/100',
      'answered at 1.04s: 2499/10000',
      'answered at 3.04s: 127449/1000000',
      'link-loss at 5s: 132651/1000000',
    ]);
    expect(sumOf(traces)).to.equal('1');
    expect(traces[2]!.reason).to.contain('after the first 2 packets were lost');
  });

  it('sends a datagram once, and a segment of an open connection sixteen times', () => {
    const traces = repeated(bad(milliseconds(40)), datagram(seconds(127)));
    expect(traces.map(tell)).to.deep.equal([
      'answered at 0.04s: 49/100',
      'link-loss at 127s: 51/100',
    ]);
    const { sends, gaveUp } = segment();
    expect(sends.slice(0, 4).map((at) => at / 1_000)).to.deep.equal([0, 200, 600, 1_400]);
    expect([sends.length, gaveUp / 1_000_000]).to.deep.equal([16, 924.6]);
    const usual = TIMERS['tcp.retransmissionTimeout'].value.least;
    expect(segment(ZERO, usual)).to.deep.equal({ sends, gaveUp });
    const soon = segment(ZERO, seconds(1));
    expect(soon).to.deep.equal({ sends: sends.slice(0, 3), gaveUp: seconds(1) });
  });

  it('gives up on answers that come too late', () => {
    const traces = repeated(bad(seconds(4), CERTAIN), handshake(seconds(3)));
    expect(traces.map(tell)).to.deep.equal(['link-loss at 3s: 1']);
    expect(traces[0]!.reason).to.equal('the answer takes 4s, and the client waits 3s');
  });

  it('learns nothing new where there would be silence anyway', () => {
    const silent: Trace = { ...bad(milliseconds(40)), disposition: 'dropped' };
    expect(repeated(silent, handshake(seconds(127)))).to.deep.equal([silent]);
  });

  it('keeps what is possible possible where fractions get too fine', () => {
    const rare = ratio(999, 1_000);
    const traces = repeated(bad(milliseconds(1), rare), handshake(seconds(127)));
    expect(traces).to.have.length(8);
    expect(traces.every(({ probability }) => probability.numerator > 0)).to.equal(true);
  });
});

describe('a delay that varies', () => {
  const rule = (more: Partial<Degradation>): Degradation => {
    const sides = { from: hosts('n1'), to: hosts('n2'), direction: 'both' } as const;
    return { token: 'bad', ...sides, delay: milliseconds(100), ...more };
  };
  const draws = (more: Partial<Degradation>): number[] =>
    Array.from({ length: 400 }, (_, index) => drawDelay(rule(more), 1, index as Instant) / 1_000);
  const mean = (all: readonly number[]): number => all.reduce((a, b) => a + b) / all.length;

  it('stays within the jitter, around the delay', () => {
    const all = draws({ jitter: milliseconds(10) });
    expect(Math.min(...all)).to.be.within(90, 92);
    expect(Math.max(...all)).to.be.within(108, 110);
    expect(mean(all)).to.be.closeTo(100, 1);
  });

  it('leaves the jitter behind where it is normal: that is the standard deviation', () => {
    const all = draws({ jitter: milliseconds(10), distribution: 'normal' });
    const inside = all.filter((it) => it > 90 && it < 110).length / all.length;
    expect(inside).to.be.closeTo(0.68, 0.08);
    expect(Math.max(...all)).to.be.above(115);
    expect(mean(all)).to.be.closeTo(100, 1.5);
  });

  it('is the same for one link, instant and seed, and another for any other', () => {
    const one = rule({ jitter: milliseconds(10) });
    const at = (seed: number, now: number): number => drawDelay(one, seed, now as Instant);
    expect(at(1, 5)).to.equal(at(1, 5));
    expect(new Set([at(1, 5), at(2, 5), at(1, 6)]).size).to.equal(3);
  });

  it('never lets a packet arrive before it was sent', () => {
    const all = draws({ delay: milliseconds(1), jitter: milliseconds(10) });
    expect(Math.min(...all)).to.equal(0);
  });
});
