// Goal: a limited line with a queue is what tc tbf is. A bucket of `buffer` bytes lets a burst
// pass; what others send beyond the rate fills a queue of `limit` bytes; what finds it full is
// dropped. net/sched/sch_tbf.c: N(t + delta) = min(B/R, N(t) + delta), and a packet of S bytes
// leaves when S/R <= N. net/sched/sch_fifo.c: bfifo_enqueue takes what fits into the limit.

import { expect } from 'chai';

import type { Degradation, End } from '../../src/network/index';
import { nextLook, queueAhead } from '../../src/network/line-queue';
import type { LimitedLine } from '../../src/network/line-queue';
import { formatRatio } from '../../src/values/ratio';
import { milliseconds } from '../../src/values/time';
import type { Duration, Instant } from '../../src/values/time';
import type { Trace } from '../../src/values/trace';
import type { Destination } from '../../src/values/origin';
import { Lab, tcp } from './lab';

const P1 = { pod: 'lab/p1' } as const;
const P3 = { address: '10.244.2.8', port: 8_080, protocol: 'TCP' } as Destination;

const hosts = (name: string): End => ({ is: 'hosts', hosts: new Set([name]) });

/** 1 Mbit/s with a queue of 20 kB, into which others put 5 Mbit/s: it is full after 40 ms. */
const LINE = { rate: 1_000_000, limit: 20_000, load: 5_000_000 } as const;
/** The same with a bucket of 10 kB, which is empty after 20 ms: the queue is full after 60 ms. */
const BUCKET = { ...LINE, buffer: 10_000 } as const;

function lab(): Lab {
  const made = new Lab();
  made.pod('p1', 'n1', '10.244.1.5', [tcp(8_080)]);
  made.pod('p3', 'n2', '10.244.2.8', [tcp(8_080), { port: 5_353, protocol: 'UDP' }]);
  made.program();
  return made;
}

function degrade(made: Lab, more: Partial<Degradation>): void {
  const plain = { token: 'bad', from: hosts('n1'), to: hosts('n2'), direction: 'to' } as const;
  const rule = { ...plain, ...more };
  made.network.fabric.degradations.set(rule.token, [rule]);
}

function tell({ stretch }: Trace): string {
  if (stretch === undefined) return 'perfect';
  return `${stretch.there} us, ${formatRatio(stretch.arrives)}`;
}

function found(line: LimitedLine, at: number, interval?: Duration): string {
  const now = milliseconds(at) as unknown as Instant;
  const queue = queueAhead(line, { frame: 74, interval }, now);
  if (queue === undefined) return 'no queue';
  return `${queue.wait} us, ${formatRatio(queue.accepted)}, ${queue.tokens} bits`;
}

describe('the queue of a limited line', () => {
  it('grows by what is too much, as a fluid', () => {
    expect(found(LINE, 0)).to.equal('0 us, 1, 0 bits');
    // 4 Mbit/s too much, for 10 ms: 40,000 bits, which take 40 ms at 1 Mbit/s.
    expect(found(LINE, 10)).to.equal('40000 us, 1, 0 bits');
    expect(found(LINE, 39)).to.equal('156000 us, 1, 0 bits');
  });

  it('is full then: what finds room waits for the rest of it, and the share is rate / load', () => {
    // 20,000 bytes take 160 ms; the packet itself is the last of them, with its 592 bits.
    expect(found(LINE, 40)).to.equal('159408 us, 1/5, 0 bits');
    expect(found(LINE, 90_000)).to.equal('159408 us, 1/5, 0 bits');
  });

  it('begins to grow when the bucket is empty', () => {
    expect(found(BUCKET, 0)).to.equal('0 us, 1, 80000 bits');
    expect(found(BUCKET, 15)).to.equal('0 us, 1, 20000 bits');
    expect(found(BUCKET, 20)).to.equal('0 us, 1, 0 bits');
    expect(found(BUCKET, 30)).to.equal('40000 us, 1, 0 bits');
    expect(found(BUCKET, 60)).to.equal('159408 us, 1/5, 0 bits');
  });

  it('stays empty, and its bucket full, where no more is sent than it takes', () => {
    expect(found({ ...BUCKET, load: 1_000_000 }, 90_000)).to.equal('0 us, 1, 80000 bits');
    expect(found({ rate: 1_000_000, limit: 100 }, 90_000)).to.equal('0 us, 1, 0 bits');
    expect(found({ rate: 1_000_000 }, 90_000)).to.equal('no queue');
  });

  it('is filled by a stream of packets as well', () => {
    // 592 bits at every 10 ms are 59,200 bit/s.
    const every = milliseconds(10);
    const slow = { rate: 32_000, limit: 4_000 };
    expect(found(slow, 0, every)).to.equal('981500 us, 20/37, 0 bits');
    expect(found(slow, 0, milliseconds(20))).to.equal('0 us, 1, 0 bits');
    const shared = { rate: 64_000, limit: 4_000, load: 36_000 };
    expect(found(shared, 0)).to.equal('0 us, 1, 0 bits');
    expect(found(shared, 0, every)).to.equal('490750 us, 80/119, 0 bits');
  });

  it('is looked at when the bucket is empty, ten times while it grows, and never after', () => {
    const looks: number[] = [];
    let at = nextLook(BUCKET, 0 as Instant);
    for (; at !== undefined; at = nextLook(BUCKET, at)) looks.push(at / 1_000);
    expect(looks).to.deep.equal([20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60]);
    expect(nextLook(LINE, 0 as Instant)).to.equal(4_000);
    expect(
      nextLook({ ...LINE, since: milliseconds(5) as unknown as Instant }, 0 as Instant),
    ).to.equal(5_000);
    expect(nextLook({ ...LINE, load: 1_000_000 }, 0 as Instant)).to.equal(undefined);
  });

  it('is no longer than it can be, and a moment of it is a moment: what is begun counts', () => {
    // Just before it is full, the packet itself still finds room as the last one.
    expect(found(LINE, 39.99)).to.equal('159408 us, 1, 0 bits');
    // A packet that is larger than the queue has nothing of it ahead.
    expect(found({ ...LINE, limit: 50 }, 40)).to.equal('0 us, 1/5, 0 bits');
    // 40,000 bits at 3 Mbit/s take 13,333.3 us.
    expect(found({ ...LINE, rate: 3_000_000, load: 7_000_000 }, 10)).to.equal(
      '13334 us, 1, 0 bits',
    );
    // 160,000 bits at 3 Mbit/s too much take 53,333.3 us.
    const odd = { rate: 1_000_000, limit: 20_000, load: 4_000_000 };
    expect(nextLook(odd, 53_333 as Instant)).to.equal(53_334);
  });

  it('is filled by a stream also where the others leave nothing over', () => {
    const used = { rate: 64_000, limit: 4_000, load: 64_000 };
    expect(found(used, 0, milliseconds(10))).to.equal('490750 us, 40/77, 0 bits');
    // 592 bits at every 10.007 ms are 59,158.6 bit/s.
    const every = (milliseconds(10) + 7) as Duration;
    const slow = { rate: 32_000, limit: 4_000 };
    expect(found(slow, 0, every)).to.equal('981500 us, 32000/59159, 0 bits');
  });

  it('has room for what passes at once beside what waits', () => {
    const room = (line: LimitedLine, at: number): number => {
      const now = milliseconds(at) as unknown as Instant;
      return queueAhead(line, { frame: 74 }, now)!.room;
    };
    expect(room(BUCKET, 15)).to.equal(160_000 + 20_000);
    expect(room(BUCKET, 30)).to.equal(160_000 - 40_000);
    expect(room({ ...BUCKET, load: 0 }, 15)).to.equal(160_000 + 80_000);
    expect(room(BUCKET, 60)).to.equal(592);
  });

  it('is not looked at where there is none', () => {
    expect(nextLook({ rate: 1_000_000, load: 5_000_000, buffer: 10_000 }, 0 as Instant)).to.equal(
      undefined,
    );
  });
});

describe('a packet on a limited line', () => {
  const send = (made: Lab, more: object = {}): Trace => made.network.send(P1, P3, more)[0]!;

  it('takes no time while there are tokens for it, then the time of the other bits', () => {
    const made = lab();
    degrade(made, { rate: 64_000, limit: 20_000 });
    expect(tell(send(made))).to.equal('9250 us, 1');
    degrade(made, { rate: 64_000, limit: 20_000, buffer: 2_000 });
    expect(tell(send(made))).to.equal('0 us, 1');
    // A SYN of 74 bytes, and three segments with 3,000 bytes and 66 of headers each: 3,272 bytes.
    const whole = (3_272 - 2_000) * 8 * (1_000 / 64);
    expect(tell(send(made, { size: 3_000 }))).to.equal(`${whole} us, 1`);
  });

  it('waits in the queue, and the whole way there takes limit / rate once it is full', () => {
    const made = lab();
    degrade(made, { ...LINE, since: -milliseconds(40) as Instant });
    expect(tell(send(made))).to.equal('160000 us, 1/5');
    expect(JSON.stringify(send(made).hops)).to.contain(
      'behind a queue of 159.408ms, which is full',
    );
  });

  it('waits once on a way, and for each of two lines; it must survive both', () => {
    const made = lab();
    degrade(made, { ...LINE, since: -milliseconds(40) as Instant });
    degrade(made, { ...LINE, token: 'b', since: -milliseconds(40) as Instant });
    expect(tell(send(made))).to.equal('319408 us, 1/25');
  });

  it('is told from a stream of them', () => {
    const made = lab();
    degrade(made, { rate: 32_000, limit: 4_000 });
    expect(tell(send(made))).to.equal('18500 us, 1');
    expect(tell(send(made, { interval: milliseconds(10) }))).to.equal('1000000 us, 20/37');
    const [connection] = made.network.open(P1, P3);
    // Segments of an open connection have 66 bytes: 52,800 bit/s.
    const [kept] = made.network.proceed(connection!, milliseconds(10));
    expect(tell(kept!)).to.equal('1000000 us, 20/33');
  });

  it('never passes where it is larger than the bucket or the queue', () => {
    const made = lab();
    const end = (more: Partial<Degradation>): string => {
      degrade(made, { rate: 1_000_000, limit: 20_000, ...more });
      // 52 bytes of headers, 50 of the tunnel, and 14 of Ethernet.
      return send(made, { size: 1_350 }).disposition;
    };
    expect(end({})).to.equal('answered');
    expect(end({ buffer: 1_466 })).to.equal('answered');
    expect(end({ buffer: 1_465 })).to.equal('too-big');
    expect(end({ limit: 1_465 })).to.equal('too-big');
  });

  it('takes all fragments of a datagram, or is of no use to any', () => {
    const made = lab();
    const datagram = { ...P3, port: 5_353, protocol: 'UDP' } as Destination;
    const end = (more: Partial<Degradation>): string => {
      degrade(made, { rate: 1_000_000, ...more });
      const [trace] = made.network.send(P1, datagram, { size: 4_000 });
      return `${trace!.disposition}, ${trace!.reason}`;
    };
    // 4,008 bytes in three fragments, with 34 bytes of headers each.
    expect(end({ limit: 4_110 })).to.contain('answered');
    expect(end({ limit: 4_109 })).to.equal(
      'link-loss, a message of 4000 bytes comes as fragments of 4110 bytes at once, and the ' +
        'queue of a bad link has room for 4109',
    );
    expect(end({ limit: 2_110, buffer: 2_000 })).to.contain('answered');
    expect(end({ limit: 2_109, buffer: 2_000 })).to.contain('link-loss');
    // After 10 ms, 5,000 bytes wait.
    const growing = { ...LINE, since: -milliseconds(10) as Instant };
    expect(end({ ...growing, limit: 9_110 })).to.contain('answered');
    expect(end({ ...growing, limit: 9_109 })).to.contain('room for 4109');
    const full = { ...LINE, since: -milliseconds(40) as Instant };
    expect(end(full)).to.contain('room for 42');
    expect(send(made, { size: 4_000 }).disposition, 'TCP sends again').to.equal('answered');
  });
});
