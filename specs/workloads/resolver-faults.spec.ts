// Goal: what each resolver makes of lost, late and cut answers, socket by socket; dns-ipam.md §15.2
// and §15.3.

import { expect } from 'chai';
import { formatRatio, ratio } from '../../src/values/ratio';
import { seconds } from '../../src/values/time';
import { ask, TABLE } from './resolver-world';
import type { Server } from './resolver-world';

describe('what glibc learns from a lost answer', () => {
  /** Loses every answer of a type. */
  const without =
    (lost: string): Server =>
    (question) =>
      question.type === lost ? 'lost' : TABLE(question);
  const DIRECT = 'svc1.default.svc.cluster.local.';

  it('asks one after the other after 5 s, from new ports after 10 s, and has A after 15 s', () => {
    const [way] = ask({ name: DIRECT }, without('AAAA'));
    expect(way!.answers).to.deep.equal(['10.96.0.1']);
    const sent = way!.exchanges.map(({ at, socket, query }) => {
      return `${at / 1e6} ${socket} ${query.split(' ')[1]}`;
    });
    expect(sent).to.deep.equal(['0 1 A', '0 1 AAAA', '5 1 A', '5 1 AAAA', '10 2 A', '10 3 AAAA']);
    expect(way!.took).to.equal(seconds(15));
  });

  it('musl sends the missing one again after 2.5 s, and gives up after 5 s', () => {
    const [way] = ask({ name: DIRECT, libc: 'musl' }, without('AAAA'));
    expect(way!.queries.map((query) => query.split(' ')[1])).to.deep.equal(['A', 'AAAA', 'AAAA']);
    expect([way!.rcode, way!.took]).to.deep.equal(['none', seconds(5)]);
  });

  it('Go has what it got, after both attempts at the other', () => {
    const [way] = ask({ name: DIRECT, libc: 'go' }, without('AAAA'));
    expect([way!.answers, way!.took]).to.deep.equal([['10.96.0.1'], seconds(10)]);
  });
});

describe('the race of two questions from one port', () => {
  const race = ratio(1, 4);
  const waits = (libc: string, options = {}) =>
    ask({ name: 'svc1', libc, race, options }, TABLE).map((way) => way.took / 1e6);

  it('costs glibc 5 s and musl 2.5 s', () => {
    expect(waits('glibc')).to.deep.equal([5, 0]);
    expect(waits('musl')).to.include(2.5);
    const [late] = ask({ name: 'svc1', race }, TABLE);
    expect(formatRatio(late!.probability)).to.equal('1/4');
  });

  it('does not happen to those who use a port for each, or wait for the first answer', () => {
    expect(waits('go')).to.deep.equal([0]);
    expect(waits('glibc', { 'single-request': '' })).to.deep.equal([0]);
    expect(waits('glibc', { 'single-request-reopen': '' })).to.deep.equal([0]);
  });
});

describe('an answer that is cut', () => {
  const cut: Server = () => 'truncated';
  const NAME = 'svc1.default.svc.cluster.local.';
  const went = (libc: string, tcp: Server) => {
    const [way] = ask({ name: NAME, types: ['A'], libc, tcp }, cut);
    return [way!.exchanges.map(({ transport }) => transport).join(), way!.rcode, way!.took / 1e6];
  };

  it('is asked for again over TCP, but not by old musl', () => {
    for (const libc of ['glibc', 'musl', 'go', 'dig', 'c-ares']) {
      expect(went(libc, TABLE), libc).to.deep.equal(['UDP,TCP', 'NOERROR', 0]);
    }
    expect(went('musl-1.2.3', TABLE)[0]).to.equal('UDP');
  });

  it('costs the patience of the kernel where TCP is blocked', () => {
    expect(went('glibc', () => 'denied-by-policy')).to.deep.equal(['UDP,TCP', 'none', 127]);
    expect(went('musl', () => 'denied-by-policy')).to.deep.equal(['UDP,TCP', 'none', 5]);
  });
});

describe('programs that ask for the name as it stands', () => {
  it('know neither search list nor hosts file', () => {
    for (const libc of ['dig', 'c-ares']) {
      expect(ask({ name: 'svc1', types: ['A'], libc }, TABLE)[0]!.queries).to.deep.equal([
        'svc1 A',
      ]);
      expect(ask({ name: 'me', types: ['A'], libc }, TABLE)[0]!.rcode).to.equal('NXDOMAIN');
    }
  });

  it('try three times for 5 s (dig), and at 0, 3, 7 and 12 s (c-ares)', () => {
    const times = (libc: string) => {
      const [way] = ask({ name: 'svc1', types: ['A'], libc }, () => 'lost');
      return [...way!.exchanges.map(({ at }) => at / 1e6), way!.took / 1e6];
    };
    expect(times('dig')).to.deep.equal([0, 5, 10, 15]);
    expect(times('c-ares')).to.deep.equal([0, 3, 7, 12, 21]);
  });
});
