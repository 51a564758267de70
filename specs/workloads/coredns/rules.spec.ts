// Goal: what a Corefile writes about names is done to questions and answers: rewrite, template and
// autopath, as dns-ipam.md §10 and the readmes of the plugins say it.

import { expect } from 'chai';
import { emptyReply } from '../../../src/workloads/dns-message';
import type { DnsReply } from '../../../src/workloads/index';
import { DnsWorld } from '../dns-world';
import { denies, says, UpstreamWorld } from './upstream-world';

/** What an upstream is asked, and what the client sees of its answer. */
function through(rules: string, name: string, reply: DnsReply) {
  const world = new UpstreamWorld(`${rules}\nforward . 192.0.2.53`, () => reply);
  const { answers, additional, rcode } = world.ask(name);
  const seen = [...answers, ...additional].map((it) => `${it.name} ${it.type} ${it.data}`);
  return { asked: world.asked[0]?.split(' ')[2], seen, rcode, ttl: answers[0]?.ttl };
}

describe('rewrite', () => {
  const suffix = 'rewrite name suffix .corp.test .in.test';
  const regex = String.raw`rewrite name regex (.*)\.corp\.test {1}.in.test`;

  it('puts the old suffix back everywhere where it answers by itself', () => {
    const reply = {
      ...says('a.in.test. 60 IN CNAME b.in.test.', 'b.in.test. 60 IN A 192.0.2.1'),
      additional: says('_x._tcp.a.in.test. 60 IN SRV 0 1 80 c.in.test.').answers,
    };
    const { asked, seen } = through(`${suffix} answer auto`, 'a.corp.test', reply);
    expect(asked).to.equal('a.in.test');
    expect(seen).to.deep.equal([
      'a.corp.test CNAME b.corp.test',
      'b.corp.test A 192.0.2.1',
      '_x._tcp.a.corp.test SRV 0 1 80 c.corp.test',
    ]);
  });

  it('puts an exact name back, and names below it, and no others', () => {
    const reply = says('new.test. 60 IN MX 10 mx.new.test.', 'xnew.test. 60 IN A 192.0.2.1');
    expect(through('rewrite name old.test new.test', 'Old.test', reply).seen).to.deep.equal([
      'Old.test MX 10 mx.Old.test',
      'xnew.test A 192.0.2.1',
    ]);
  });

  it('changes names and values of answers by expressions of their own', () => {
    const reply = says('a.in.test. 60 IN CNAME b.in.test.', 'other.test. 60 IN A 192.0.2.1');
    const back = String.raw`(.*)\.in\.test {1}.corp.test`;
    expect(through(`${regex} answer name ${back}`, 'a.corp.test', reply).seen).to.deep.equal([
      'a.corp.test CNAME b.in.test',
      'other.test A 192.0.2.1',
    ]);
    const both = `${regex} answer name ${back} answer value ${back}`;
    expect(through(both, 'a.corp.test', reply).seen[0]).to.equal('a.corp.test CNAME b.corp.test');
  });

  it('leaves alone what no rule is about', () => {
    const reply = says('x.test. 60 IN A 192.0.2.1');
    for (const rule of [
      suffix,
      regex,
      'rewrite name prefix a- b-',
      'rewrite name substring corp in',
      'rewrite name corp.test in.test',
      'rewrite type AAAA A',
      'rewrite class CH IN',
      'rewrite ttl y.test 5',
      'rewrite rcode y.test NOERROR SERVFAIL',
    ]) {
      const { asked, rcode, ttl } = through(rule, 'x.test', reply);
      expect({ asked, rcode, ttl }, rule).to.deep.equal({
        asked: 'x.test',
        rcode: 'NOERROR',
        ttl: 60,
      });
    }
  });

  const TTLS: Readonly<Record<string, number>> = {
    '5': 5,
    '30-90': 60,
    '90-': 90,
    '-30': 30,
    '70-80': 70,
  };
  for (const [bounds, ttl] of Object.entries(TTLS)) {
    it(`makes ${ttl} s of 60 s by ttl ${bounds}`, () => {
      const reply = says('a.in.test. 60 IN A 192.0.2.1');
      expect(through(`rewrite ttl suffix .in.test ${bounds}`, 'a.in.test', reply).ttl).to.equal(
        ttl,
      );
    });
  }

  it('changes one code into another, and no third one', () => {
    const rule = 'rewrite rcode regex .* NXDOMAIN SERVFAIL';
    expect(through(rule, 'a.test', denies('NXDOMAIN', 60)).rcode).to.equal('SERVFAIL');
    expect(through(rule, 'a.test', emptyReply('REFUSED')).rcode).to.equal('REFUSED');
  });

  it('may be written in a block, and stops where it says stop', () => {
    const block = 'rewrite stop {\nname exact a.test b.test\n}\nrewrite name b.test c.test';
    expect(through(block, 'a.test', says()).asked).to.equal('b.test');
    expect(through(block.replace('stop', 'continue'), 'a.test', says()).asked).to.equal('c.test');
  });

  const BAD: Readonly<Record<string, string>> = {
    'rewrite edns0 local set 0xffee x': '"edns0" is not modelled',
    'rewrite name regex ( x': 'cannot be read',
    'rewrite name a.test b.test answer maybe': '"answer maybe" cannot be read',
    'rewrite name a.test b.test answer name x': '"answer name" cannot be read',
  };
  for (const [rule, message] of Object.entries(BAD)) {
    it(`is refused: ${message}`, () => {
      expect(() => through(rule, 'a.test', says())).to.throw(message);
    });
  }
});

describe('template', () => {
  const templateOf = (options: string, head = 'IN ANY t.test') =>
    new UpstreamWorld(`template ${head} {\n${options}\n}\nforward . 192.0.2.53`, () =>
      says('x.test. 9 IN A 192.0.2.7'),
    );

  const FIELDS: readonly (readonly [text: string, said: string])[] = [
    ['{{ .Name }}', 'a-7.t.test.'],
    ['{{ .Zone }}', 't.test.'],
    ['{{ .Type }} {{ .Class }}', 'TXT IN'],
    ['{{ .Remote }}', '10.244.1.9'],
    ['{{ .Group.number }}', '7'],
    ['{{ index .Group "letter" }}', 'a'],
    ['{{ index .Match 1 }}', 'a'],
    ['{{ index .Match 2 }}', '7'],
    ['{{ index .Match 9 }}.', '.'],
    ['{{ .Group.nobody }}.', '.'],
    ['{{- .Group.1 -}}', 'a'],
  ];
  for (const [text, said] of FIELDS) {
    it(`writes ${said} for ${text}`, () => {
      const quoted = text.replaceAll('"', String.raw`\"`);
      const world = templateOf(
        String.raw`match "^(?P<letter>[a-z])-(?P<number>[0-9]+)\.t\.test\.$"` +
          `\nanswer "{{ .Name }} 60 IN TXT ${quoted}"`,
      );
      expect(world.say('a-7.t.test', 'TXT')).to.equal(`NOERROR ${said}`);
    });
  }

  it('fills every section', () => {
    const world = templateOf(
      'answer "{{ .Name }} 60 IN A 192.0.2.1"\n' +
        'authority "t.test. 60 IN NS ns.t.test."\n' +
        'additional "ns.t.test. 60 IN A 192.0.2.2"',
    );
    const { answers, authority, additional, authoritative } = world.ask('a.t.test');
    const data = [answers, authority, additional].map(([record]) => record!.data);
    expect(data).to.deep.equal(['192.0.2.1', 'ns.t.test', '192.0.2.2']);
    expect(authoritative).to.equal(true);
  });

  it('follows its aliases by itself where it is told so', () => {
    const alias = 'answer "{{ .Name }} 60 IN CNAME x.test."';
    expect(templateOf(alias).say('a.t.test')).to.equal('NOERROR x.test');
    expect(templateOf(`${alias}\nupstream`).say('a.t.test')).to.equal('NOERROR x.test 192.0.2.7');
  });

  it('answers for its type and zone alone', () => {
    const world = templateOf('answer "{{ .Name }} 60 IN A 192.0.2.1"', 'IN A t.test u.test');
    expect(world.say('a.u.test')).to.equal('NOERROR 192.0.2.1');
    world.say('a.t.test', 'MX');
    world.say('a.v.test');
    expect(world.asked).to.have.length(2);
  });

  it('tries its expressions in order, and hands on the zones that fall through', () => {
    const world = templateOf('match "^a" "^b"\nrcode nxdomain\nfallthrough open.t.test');
    expect(['a.t.test', 'b.t.test', 'c.t.test'].map((it) => world.say(it))).to.deep.equal([
      'NXDOMAIN',
      'NXDOMAIN',
      'SERVFAIL',
    ]);
    expect(world.say('c.open.t.test')).to.equal('NOERROR 192.0.2.7');
  });

  it('writes nothing beside a failure', () => {
    const world = templateOf('rcode SERVFAIL\nanswer "{{ .Name }} 60 IN A 192.0.2.1"');
    expect(world.say('a.t.test')).to.equal('SERVFAIL');
  });

  it('is refused for other classes and options', () => {
    expect(() => templateOf('', 'CH ANY t.test')).to.throw('class CH is not modelled');
    expect(() => templateOf('ederror 21')).to.throw('ederror 21');
  });
});

describe('autopath', () => {
  const KUBERNETES = 'kubernetes cluster.local {\npods verified\n}';
  const worldOf = (autopath: string, missing: (name: string) => boolean, plugin = KUBERNETES) => {
    const world = new UpstreamWorld(
      `${autopath}\n${plugin}\nforward . 192.0.2.53`,
      (name) => (missing(name) ? denies('NXDOMAIN', 60) : says(`${name}. 60 IN A 192.0.2.1`)),
      {
        readFile: (path) => (path === '/search' ? 'search one.test two.test\n' : undefined),
        search: ['host.test'],
      },
    );
    world.put('Pod', 'v1', {
      metadata: { name: 'client', namespace: 'shop' },
      spec: { containers: [{ name: 'main', image: 'x' }] },
      status: { phase: 'Running', podIP: '10.244.1.9' },
    });
    return world;
  };
  const FIRST = 'a.shop.svc.cluster.local';

  it('walks the namespace, the Services, the cluster, the host and the root', () => {
    const world = worldOf('autopath @kubernetes', (name) => name === 'a.host.test');
    expect(world.say(FIRST)).to.equal('NOERROR a 192.0.2.1');
    expect(world.asked.map((it) => it.split(' ')[2])).to.deep.equal(['a.host.test', 'a']);
  });

  it('gives the first denial where nothing is found', () => {
    const reply = worldOf('autopath @kubernetes', () => true).ask(FIRST);
    expect(reply.rcode).to.equal('NXDOMAIN');
    expect(reply.authority[0]!.name).to.equal('cluster.local');
  });

  it('adds no alias to the name that was asked for', () => {
    const world = worldOf('autopath @kubernetes', () => true);
    world.service('a', { clusterIP: '10.96.0.20' });
    expect(world.say(FIRST)).to.equal('NOERROR 10.96.0.20');
  });

  it('walks nothing for names outside of the first element', () => {
    const world = worldOf('autopath @kubernetes', () => true);
    world.ask('a.other.svc.cluster.local');
    world.ask('a.test');
    expect(world.asked.map((it) => it.split(' ')[2])).to.deep.equal(['a.test']);
  });

  it('needs verified pods', () => {
    const world = worldOf('autopath @kubernetes', () => false, 'kubernetes cluster.local');
    expect(world.say(FIRST)).to.equal('NXDOMAIN');
    expect(world.asked).to.have.length(0);
  });

  it('takes the search list of a file for every client, in its zones', () => {
    const world = worldOf('autopath one.test /search', (name) => name !== 'a.two.test');
    expect(world.say('a.one.test')).to.equal('NOERROR a.two.test 192.0.2.1');
    expect(worldOf('autopath two.test /search', () => true).say('a.one.test')).to.equal('NXDOMAIN');
  });

  it('is refused without a source', () => {
    expect(() => worldOf('autopath', () => true)).to.throw('expected @PLUGIN or a file');
    const none = worldOf('autopath @nobody', () => true);
    expect(none.say(FIRST)).to.equal('NXDOMAIN');
  });
});

describe('the plugins around answers', () => {
  it('put aliases first and mail exchangers last', () => {
    const lines = [
      'a.test. 60 IN MX 10 m.test.',
      'a.test. 60 IN A 192.0.2.1',
      'a.test. 60 IN TXT x',
      'a.test. 60 IN CNAME b.test.',
    ];
    const world = new UpstreamWorld('loadbalance\nforward . 192.0.2.53', () => says(...lines));
    const types = world.ask('a.test').answers.map(({ type }) => type);
    expect(types).to.deep.equal(['CNAME', 'TXT', 'A', 'MX']);
  });

  const BAD: Readonly<Record<string, string>> = {
    'loop x': 'loop takes no arguments',
    'ready {\nmonitor continuously\n}': 'monitor continuously',
    'ready {\nsuspend x\n}': 'suspend x',
    'health {\nlameduck x\n}': '"x" is no duration',
    'health {\nsleep 5s\n}': 'sleep 5s',
  };
  for (const [lines, message] of Object.entries(BAD)) {
    it(`are refused: ${message}`, () => {
      expect(() => new DnsWorld(`.:53 {\n${lines}\n}\n`)).to.throw(message);
    });
  }

  it('serve at the port 53 alone, and a question in a circle ends', () => {
    const other = new DnsWorld('.:1053 {\nforward . 192.0.2.53\n}\ndns://b.test:53 {\nlog\n}\n');
    expect(other.say('example.com')).to.equal('REFUSED');
    const circle = 'template IN A c.test {\nanswer "c.test. 1 IN CNAME c.test."\nupstream\n}';
    expect(new DnsWorld(`.:53 {\n${circle}\n}\n`).ask('c.test').rcode).to.equal('NOERROR');
  });

  it('serve the reverse zones of a range of addresses', () => {
    const world = new DnsWorld('10.96.0.0/12 {\nkubernetes\n}\n');
    expect(world.say('99.0.97.10.in-addr.arpa', 'PTR')).to.equal('NXDOMAIN');
    expect(world.say('99.0.95.10.in-addr.arpa', 'PTR')).to.equal('REFUSED');
  });
});
