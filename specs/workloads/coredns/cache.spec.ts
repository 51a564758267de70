// Goal: the table of dns-ipam.md §9, row by row: for how long an answer is kept, and which answers
// are not. Method: an upstream that counts how often it is asked.

import { expect } from 'chai';
import { emptyReply } from '../../../src/workloads/dns-message';
import type { DnsReply } from '../../../src/workloads/index';
import type { TimerName } from '../../../src/timing';
import { seconds } from '../../../src/values/time';
import type { DefaultDelay } from '../../../src/workloads/coredns/plugin';
import { USUAL_DELAY } from '../usual-delay';
import { denies, says, UpstreamWorld } from './upstream-world';

const NAME = 'a.example';

function worldOf(cache: string, reply: DnsReply): UpstreamWorld {
  return new UpstreamWorld(`${cache}\nforward . 192.0.2.53`, () => reply);
}

/** Whether a second question at an instant, in seconds, is still answered from memory. */
function isKept(cache: string, reply: DnsReply, at: number): boolean {
  const world = worldOf(cache, reply);
  world.ask(NAME);
  world.ask(NAME, 'A', { at });
  return world.asked.length === 1;
}

const a = (ttl: number) => says(`${NAME}. ${ttl} IN A 192.0.2.1`);

describe('the duration of an entry', () => {
  const LASTS: readonly (readonly [cache: string, reply: DnsReply, lasts: number, why: string])[] =
    [
      ['cache', a(86_400), 3_600, 'an answer is kept for an hour at most'],
      ['cache 30', a(86_400), 30, 'the number of the directive is the most'],
      ['cache {\nsuccess 9984 7200\n}', a(86_400), 7_200, 'an explicit higher value is honoured'],
      ['cache', a(0), 5, 'an answer is kept for 5 s at least'],
      ['cache {\nsuccess 9984 3600 60\n}', a(20), 60, 'the least may be raised'],
      ['cache', denies('NXDOMAIN', 86_400), 1_800, 'a denial is kept for half an hour at most'],
      ['cache', denies('NXDOMAIN', 1_800, 60), 1_800, 'the TTL of the SOA counts, not its minimum'],
      ['cache', denies('NOERROR', 40), 40, 'no data is a denial too'],
      ['cache {\ndenial 9984 20\n}', denies('NXDOMAIN', 900), 20, 'denials have their own bounds'],
      ['cache', emptyReply('SERVFAIL'), 5, 'a failure is kept for 5 s'],
      ['cache', emptyReply('NOTIMP'), 5, 'so is what is not implemented'],
      ['cache {\nservfail 1m30s\n}', emptyReply('SERVFAIL'), 90, 'a failure is kept as told'],
      [
        'cache',
        says(`${NAME}. 90 IN CNAME b.example.`, 'b.example. 12 IN A 192.0.2.1'),
        12,
        'the least TTL of all records counts',
      ],
    ];
  for (const [cache, reply, lasts, why] of LASTS) {
    it(`${lasts} s: ${why}`, () => {
      expect(isKept(cache, reply, lasts - 1)).to.equal(true);
      expect(isKept(cache, reply, lasts)).to.equal(false);
    });
  }

  it('overwrites the TTL of every record already on the miss', () => {
    const reply = says(`${NAME}. 90 IN CNAME b.example.`, 'b.example. 12 IN A 192.0.2.1');
    const { answers } = worldOf('cache 30', reply).ask(NAME);
    expect(answers.map(({ ttl }) => ttl)).to.deep.equal([12, 12]);
    expect(worldOf('cache 30', a(0)).ask(NAME).answers[0]!.ttl).to.equal(5);
  });
});

describe('a reply that is not kept', () => {
  const cname = (from: string, to: string) => `${from}. 60 IN CNAME ${to}.`;
  const REPLIES: readonly (readonly [what: string, cache: string, reply: DnsReply])[] = [
    ['a truncated one', 'cache', { ...a(60), truncated: true }],
    ['a denial without SOA', 'cache', emptyReply('NXDOMAIN')],
    ['a refusal', 'cache', emptyReply('REFUSED')],
    ['an alias that leads to nothing', 'cache', says(cname(NAME, 'b.example'))],
    ['a circle', 'cache', says(cname(NAME, 'b.example'), cname('b.example', NAME))],
    ['two aliases of one name', 'cache', says(cname(NAME, 'b.example'), cname(NAME, 'c.example'))],
    ['TTL 0 where the least is 0', 'cache {\nsuccess 9984 3600 0\n}', a(0)],
    ['a failure where that is off', 'cache {\nservfail 0\n}', emptyReply('SERVFAIL')],
    ['an answer where all are disabled', 'cache {\ndisable success\n}', a(60)],
    ['a denial where all are', 'cache {\ndisable denial\n}', denies('NXDOMAIN', 60)],
    ['one of another zone', 'cache 30 example.org', a(60)],
  ];
  for (const [what, cache, reply] of REPLIES) {
    it(what, () => {
      expect(isKept(cache, reply, 0)).to.equal(false);
    });
  }

  it('is not the one to another type or to the same name in other letters', () => {
    const world = worldOf('cache', a(60));
    world.ask(NAME);
    expect(world.ask(NAME.toUpperCase()).answers).to.have.length(1);
    expect(world.asked).to.have.length(1);
    world.ask(NAME, 'AAAA');
    expect(world.asked).to.have.length(2);
  });
});

describe('a failure', () => {
  it('does not hide an answer that is still good, and renews none', () => {
    const world = worldOf('cache {\nprefetch 1 1m 100%\n}', a(60));
    world.ask(NAME);
    world.script = () => emptyReply('SERVFAIL');
    expect(world.ask(NAME, 'A', { at: 10 }).rcode).to.equal('NOERROR');
    expect(world.asked).to.have.length(2);
    expect(world.ask(NAME, 'A', { at: 11 }).answers[0]!.ttl).to.equal(49);
  });

  it('is replaced by the answer that comes after it', () => {
    const world = worldOf('cache', emptyReply('SERVFAIL'));
    world.ask(NAME);
    world.script = () => a(60);
    expect(world.ask(NAME, 'A', { at: 4 }).rcode).to.equal('SERVFAIL');
    expect(world.ask(NAME, 'A', { at: 5 }).rcode).to.equal('NOERROR');
    expect(world.ask(NAME, 'A', { at: 64 }).rcode).to.equal('NOERROR');
    expect(world.asked).to.have.length(2);
  });
});

describe('serve_stale', () => {
  const HOUR = 3_600;

  // cache_test.go: an entry of 60 s is there after 30 and 60 minutes, and gone after 70.
  it('hands out old answers for an hour, with TTL 0, and looks for new ones behind', () => {
    const world = worldOf('cache {\nserve_stale\n}', a(60));
    world.ask(NAME);
    world.script = () => emptyReply('SERVFAIL');
    const at = (minutes: number) => world.ask(NAME, 'A', { at: minutes * 60 });
    expect([at(30), at(60)].map(({ answers }) => answers[0]!.ttl)).to.deep.equal([0, 0]);
    expect(world.asked).to.have.length(3);
    expect(at(70).rcode).to.equal('SERVFAIL');
  });

  it('serves what the look behind brought to the next client', () => {
    const world = worldOf('cache {\nserve_stale 1h immediate 7s\n}', a(60));
    world.ask(NAME);
    world.script = () => says(`${NAME}. 60 IN A 192.0.2.2`);
    const [old, fresh] = [100, 101].map((at) => world.ask(NAME, 'A', { at }).answers[0]!);
    expect(old).to.include({ data: '192.0.2.1', ttl: 7 });
    expect(fresh).to.include({ data: '192.0.2.2', ttl: 59 });
  });

  it('changes nothing for a question that nobody really asks', () => {
    const world = worldOf('cache {\nserve_stale 1h\n}', a(60));
    world.ask(NAME);
    expect(world.ask(NAME, 'A', { at: 100, real: false }).answers[0]!.ttl).to.equal(0);
    expect(world.asked).to.have.length(1);
  });

  it('asks first where it shall verify; a failure is worse than an old answer', () => {
    const world = worldOf('cache {\nserve_stale 1h verify 0 3s\n}', a(60));
    world.ask(NAME);
    world.script = () => emptyReply('SERVFAIL');
    expect(world.ask(NAME, 'A', { at: HOUR }).answers[0]).to.include({ ttl: 3 });
    world.script = () => denies('NXDOMAIN', 60);
    expect(world.ask(NAME, 'A', { at: HOUR }).rcode).to.equal('NXDOMAIN');
    expect(world.ask(NAME, 'A', { at: HOUR + 1 }).rcode).to.equal('NXDOMAIN');
    expect(world.asked).to.have.length(3);
  });
});

describe('prefetch', () => {
  // prefetch_test.go: of 80 s, the last 10 % begin at 72 s.
  it('renews an entry in the last tenth of its life, and not before', () => {
    const world = worldOf('cache {\nprefetch 1\n}', a(80));
    const asksAt = (at: number) => {
      world.ask(NAME, 'A', { at });
      return world.asked.length;
    };
    expect([0, 71, 73, 74].map(asksAt)).to.deep.equal([1, 1, 2, 2]);
    expect(world.ask(NAME, 'A', { at: 74 }).answers[0]!.ttl).to.equal(79);
  });

  it('counts the questions that come close behind each other', () => {
    const asks = (...instants: readonly number[]) => {
      const world = worldOf('cache {\nprefetch 3 10s 50%\n}', a(80));
      for (const at of instants) world.ask(NAME, 'A', { at });
      return world.asked.length;
    };
    expect(asks(0, 50, 55, 60)).to.equal(2);
    expect(asks(0, 50, 55, 66)).to.equal(1);
  });
});

describe('keepttl', () => {
  it('counts nothing down', () => {
    const world = worldOf('cache {\nkeepttl\n}', a(60));
    world.ask(NAME);
    expect(world.ask(NAME, 'A', { at: 59 }).answers[0]!.ttl).to.equal(60);
    world.ask(NAME, 'A', { at: 60 });
    expect(world.asked).to.have.length(2);
  });
});

describe('a cache directive is refused', () => {
  const OPTIONS: Readonly<Record<string, string>> = {
    'disable everything': 'disable everything',
    'serve_stale 1h later': 'serve_stale 1h later',
    'success many': 'success: "many" is no number',
    'success 9984 0': 'success: "0" is no number',
    'servfail soon': 'servfail: "soon" is no duration',
    'prefetch often': 'prefetch: "often" is no number',
    'prefetch 1 soon': 'prefetch: "soon" is no duration',
    'serve_stale_policy prefer_positive': 'serve_stale_policy prefer_positive',
  };
  for (const [option, message] of Object.entries(OPTIONS)) {
    it(option, () => {
      expect(() => worldOf(`cache {\n${option}\n}`, a(1))).to.throw(message);
    });
  }
});

// An override by name holds where the directive says nothing of it.
describe('the duration of an entry where the scenario overrides the defaults', () => {
  const lasts = (cache: string, reply: DnsReply, timer: TimerName, at: number): boolean => {
    const delay: DefaultDelay = (name) => (name === timer ? seconds(50) : USUAL_DELAY(name));
    const world = new UpstreamWorld(`${cache}\nforward . 192.0.2.53`, () => reply, { delay });
    world.ask(NAME);
    world.ask(NAME, 'A', { at });
    return world.asked.length === 1;
  };
  const CASES = [
    ['coredns.cacheSuccess', a(86_400), 'success 9984 20'],
    ['coredns.cacheDenial', denies('NXDOMAIN', 86_400), 'denial 9984 20'],
    ['coredns.cacheFailure', emptyReply('SERVFAIL'), 'servfail 20s'],
  ] as const;
  for (const [timer, reply, option] of CASES) {
    it(`${timer}: 50 s, and not where the directive says 20`, () => {
      expect([49, 50].map((at) => lasts('cache', reply, timer, at))).to.deep.equal([true, false]);
      const said = `cache {\n${option}\n}`;
      expect([19, 20].map((at) => lasts(said, reply, timer, at))).to.deep.equal([true, false]);
    });
  }
});
