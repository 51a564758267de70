// Goal: how likely a probe over a bad line is over within its timeout, exactly: the SYN is repeated
// after 1 s, a segment after the round trip and 200 ms, doubled (Linux net/ipv4/tcp_timer.c).

import { expect } from 'chai';

import { callOver } from '../../src/network/exchange';
import { join, lineOf, PERFECT } from '../../src/network/impairments';
import type { Degradation } from '../../src/network/index';
import { formatRatio, ratio } from '../../src/values/ratio';
import { milliseconds, seconds, ZERO } from '../../src/values/time';
import type { Duration } from '../../src/values/time';
import type { Stretch } from '../../src/values/trace';

/** Both ways over a line that delays and loses. */
function callOn(more: Partial<Degradation>) {
  const anyone = { is: 'anyone' } as const;
  const rule: Degradation = { token: 'bad', from: anyone, to: anyone, direction: 'both', ...more };
  const delay = more.delay ?? ZERO;
  const way = (leg: 'request' | 'answer'): Stretch => {
    const there = leg === 'request' ? delay : ZERO;
    return { ...PERFECT, delay, there, lines: [lineOf(rule, leg, delay)] };
  };
  return callOver(join(way('request'), way('answer')), true);
}

function oddsOn(more: Partial<Degradation>, trips: number, within: Duration): string {
  return formatRatio(callOn(more).odds!(trips, within));
}

const HALF = ratio(1, 2);

describe('a short exchange over a bad line', () => {
  it('leaves nothing to chance where nothing is lost', () => {
    expect(callOn({ delay: milliseconds(5) })).to.deep.equal({
      answered: true,
      roundTrip: 10_000,
    });
  });

  it('has one SYN in a second, and two in three', () => {
    expect(oddsOn({ loss: HALF }, 1, seconds(1))).to.equal('1/4');
    expect(oddsOn({ loss: HALF }, 1, seconds(3))).to.equal('7/16');
    expect(oddsOn({ loss: ratio(1, 10) }, 1, seconds(1))).to.equal('81/100');
  });

  it('loses an answer that comes too late', () => {
    expect(oddsOn({ loss: HALF, delay: milliseconds(499) }, 1, seconds(1))).to.equal('1/4');
    expect(oddsOn({ loss: HALF, delay: milliseconds(500) }, 1, seconds(1))).to.equal('0');
  });

  it('repeats the request and its answer, each after 200 and 600 ms', () => {
    // In less than 200 ms nothing can be sent again: SYN, SYN-ACK, request and answer.
    expect(oddsOn({ loss: HALF }, 2, milliseconds(200))).to.equal('1/16');
    // In less than 600 ms: neither again, one of them (200 ms), or both (400 ms).
    // 1/4 × (1/4 + 1/8 + 1/8 + 1/16) = 9/64
    expect(oddsOn({ loss: HALF }, 2, milliseconds(600))).to.equal('9/64');
  });

  it('counts two round trips, and one more before anything is sent again', () => {
    const slow = { loss: HALF, delay: milliseconds(100) };
    expect(oddsOn(slow, 2, milliseconds(400))).to.equal('0');
    expect(oddsOn(slow, 2, milliseconds(401))).to.equal('1/16');
    // The second request leaves 400 ms after the first.
    expect(oddsOn(slow, 2, milliseconds(800))).to.equal('1/16');
    expect(oddsOn(slow, 2, milliseconds(801))).to.equal('1/8');
  });
});
