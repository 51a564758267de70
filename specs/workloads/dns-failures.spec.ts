// Goal: a DNS server that fails says exactly what the fault says, of the names that it means, as
// often as it says; several faults on one server add up, and each is taken back by itself.

import { expect } from 'chai';

import { Random } from '../../src/kernel/random';
import { formatRatio, ratio } from '../../src/values/ratio';
import { ip } from '../../src/values/ip';
import { coursesOf } from '../../src/workloads/courses';
import { ALWAYS, DnsFailures, mostOf } from '../../src/workloads/dns-failures';
import type { Counts, DnsFailure, Stage } from '../../src/workloads/dns-failures';
import { emptyReply } from '../../src/workloads/dns-message';
import type { DnsReply, DnsTransport } from '../../src/workloads/dns-message';

const SERVER = 'kube-system/coredns-a';
const TRUTH: DnsReply = {
  ...emptyReply('NOERROR', true),
  answers: [{ name: 'a.shop', type: 'A', ttl: 5, data: '10.96.0.20' }],
};

const failure = (more: Partial<DnsFailure> = {}): DnsFailure => ({
  names: [],
  answer: { kind: 'code', rcode: 'SERVFAIL' },
  behindCache: false,
  ...ALWAYS,
  ...more,
});

function failing(given: Partial<DnsFailure>, seed = 1): DnsFailures {
  const failures = new DnsFailures(new Random(seed));
  failures.fail('f', [SERVER], failure(given));
  return failures;
}

interface How {
  readonly name?: string;
  readonly type?: string;
  readonly transport?: DnsTransport;
  readonly stage?: Stage;
  readonly counted?: Counts;
}

function ask(failures: DnsFailures, how: How = {}, server = SERVER) {
  const { name = 'a.shop', type = 'A', transport = 'UDP', stage = 'door' } = how;
  const { counted = new Map() } = how;
  return coursesOf((choose) => {
    const met = { question: { name, type }, transport, choose, counted };
    return failures.answer(server, stage, met, () => TRUTH);
  });
}

const only = (failures: DnsFailures, how?: How) => ask(failures, how)[0]!.value;

describe('the names that a DNS failure means', () => {
  for (const [pattern, name, isMeant] of [
    ['*.shop', 'a.shop', true],
    ['*.shop', 'a.b.SHOP', true],
    ['*.shop', 'shop', false],
    ['?.shop', 'a.shop', true],
    ['?.shop', 'ab.shop', false],
    ['a.shop.', 'a.shop', true],
    ['a*', 'a.shop', true],
    ['*', 'x', true],
  ] as const) {
    it(`${pattern} ${isMeant ? 'means' : 'does not mean'} ${name}`, () => {
      const { rcode } = only(failing({ names: [pattern] }), { name });
      expect(rcode === 'SERVFAIL').to.equal(isMeant);
    });
  }
});

describe('what a failing DNS server says', () => {
  it('is said by no other server, and at no other stage', () => {
    const failures = failing({});
    expect(ask(failures, {}, 'kube-system/coredns-b')[0]!.value).to.equal(TRUTH);
    expect(only(failures, { stage: 'behind the cache' })).to.equal(TRUTH);
    const behind = failing({ behindCache: true });
    expect(only(behind)).to.equal(TRUTH);
    expect(only(behind, { stage: 'behind the cache' }).rcode).to.equal('SERVFAIL');
  });

  it('is silence', () => {
    expect(only(failing({ answer: { kind: 'silence' } })).silent).to.equal(true);
  });

  it('is cut off over UDP and true over TCP', () => {
    const failures = failing({ answer: { kind: 'truncation' } });
    expect(only(failures)).to.include({ truncated: true, rcode: 'NOERROR' });
    expect(only(failures, { transport: 'TCP' })).to.equal(TRUTH);
  });

  it('is an address for its type, and nothing for any other', () => {
    const failures = failing({ answer: { kind: 'addresses', A: ip('1.2.3.4') } });
    expect(only(failures).answers.map(({ data }) => data)).to.deep.equal(['1.2.3.4']);
    expect(only(failures, { type: 'AAAA' })).to.deep.include({ rcode: 'NOERROR', answers: [] });
  });

  it('is one address where nobody is for each name, by the seed', () => {
    const answer = { kind: 'addresses', A: 'random' } as const;
    const address = (seed: number, name: string) =>
      only(failing({ answer }, seed), { name }).answers[0]!.data;
    expect(address(1, 'a.shop')).to.match(/^198\.1[89]\.\d+\.\d+$/);
    expect(address(1, 'a.shop')).to.equal(address(1, 'A.shop'));
    const all = [1, 2, 3].flatMap((seed) => ['a', 'b'].map((name) => address(seed, name)));
    expect(new Set(all).size).to.equal(6);
  });
});

describe('how often a DNS server fails', () => {
  it('is an exact share of the courses', () => {
    const courses = ask(failing({ odds: ratio(1, 8) }));
    const shares = courses.map(({ probability, value }) => [value.rcode, formatRatio(probability)]);
    expect(shares).to.deep.equal([
      ['SERVFAIL', '1/8'],
      ['NOERROR', '7/8'],
    ]);
  });

  it('is never for odds of nothing', () => {
    expect(ask(failing({ odds: ratio(0, 1) }))).to.have.length(1);
  });

  it('is a pattern that goes on from lookup to lookup', () => {
    const failures = failing({ pattern: [true, false, false] });
    const codes = [0, 1, 2, 3].map((count) => {
      const { rcode, counted } = only(failures, { counted: new Map([['f', count]]) });
      expect(counted).to.deep.equal(['f']);
      return rcode;
    });
    expect(codes).to.deep.equal(['SERVFAIL', 'NOERROR', 'NOERROR', 'SERVFAIL']);
    failures.made(new Map([['f', 3]]));
    expect(only(failures).rcode).to.equal('SERVFAIL');
    failures.made(new Map([['f', 1]]));
    expect(only(failures).rcode).to.equal('NOERROR');
  });

  it('counts the most that any course has counted', () => {
    const most = mostOf([
      new Map([['f', 2]]),
      new Map([
        ['f', 1],
        ['g', 1],
      ]),
      new Map(),
    ]);
    expect([...most]).to.deep.equal([
      ['f', 2],
      ['g', 1],
    ]);
  });
});

describe('several DNS failures', () => {
  it('fail by the first that strikes, and are taken back one by one', () => {
    const failures = failing({ names: ['b.*'] });
    failures.fail('g', [SERVER], failure({ answer: { kind: 'code', rcode: 'REFUSED' } }));
    const codes = () => ['a.shop', 'b.shop'].map((name) => only(failures, { name }).rcode);
    expect(codes()).to.deep.equal(['REFUSED', 'SERVFAIL']);
    failures.mend('g', SERVER);
    expect(codes()).to.deep.equal(['NOERROR', 'SERVFAIL']);
    failures.mend('f', SERVER);
    failures.mend('f', SERVER);
    expect(codes()).to.deep.equal(['NOERROR', 'NOERROR']);
  });

  it('tell which servers are new to them', () => {
    const failures = failing({});
    expect(failures.fail('f', [SERVER, 'node'], failure())).to.deep.equal(['node']);
  });
});
