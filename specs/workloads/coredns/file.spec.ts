// Goal: `hosts` and `file` read their files as CoreDNS does, and answer from them: dns-ipam.md §10
// for hosts, RFC 1035 §5.1 and RFC 1034 §4.3.2 for zones.

import { expect } from 'chai';
import { DnsWorld } from '../dns-world';

const FILES: Readonly<Record<string, string>> = {
  '/etc/zone': `
$TTL 120
@            IN SOA ns.corp.example. root.corp.example. 7 7200 1800 86400 60 ; serial
@            IN NS  ns
ns        60 IN A   192.0.2.2
www          IN A   192.0.2.3
www          IN AAAA fd00::3
shop         IN CNAME www
deep         IN CNAME shop
out          IN CNAME example.com.
loose        IN CNAME loose
_sip._tcp    IN SRV 0 5 5060 www
mail         IN MX  10 www
note         IN TXT "two words"
$ORIGIN sub.corp.example.
a.b          IN A   192.0.2.4
bad          IN A   no-address
nothing
`,
  '/etc/hosts': `
127.0.0.1 localhost # the machine
192.0.2.8 from.example other.example
::ffff:192.0.2.9 clothed.example
fd00::8 from.example
192.0.2.8 from.example
not-an-address bad.example
192.0.2.10
`,
};

function worldOf(...lines: readonly string[]): DnsWorld {
  return new DnsWorld(`.:53 {\n${lines.join('\n')}\n}\n`, { readFile: (path) => FILES[path] });
}

describe('file answers', () => {
  const MATRIX: readonly (readonly [name: string, type: string, said: string])[] = [
    ['www.corp.example', 'A', 'NOERROR 192.0.2.3'],
    ['WWW.corp.example', 'AAAA', 'NOERROR fd00::3'],
    ['www.corp.example', 'TXT', 'NOERROR'],
    ['corp.example', 'NS', 'NOERROR ns.corp.example'],
    ['corp.example', 'SOA', 'NOERROR ns.corp.example root.corp.example 7 7200 1800 86400 60'],
    ['shop.corp.example', 'A', 'NOERROR www.corp.example 192.0.2.3'],
    ['shop.corp.example', 'CNAME', 'NOERROR www.corp.example'],
    ['deep.corp.example', 'A', 'NOERROR shop.corp.example www.corp.example 192.0.2.3'],
    ['out.corp.example', 'A', 'NOERROR example.com 203.0.113.5'],
    ['_sip._tcp.corp.example', 'SRV', 'NOERROR 0 5 5060 www.corp.example'],
    ['mail.corp.example', 'MX', 'NOERROR 10 www.corp.example'],
    ['note.corp.example', 'TXT', 'NOERROR two words'],
    ['a.b.sub.corp.example', 'A', 'NOERROR 192.0.2.4'],
    ['b.sub.corp.example', 'A', 'NOERROR'],
    ['bad.sub.corp.example', 'A', 'NXDOMAIN'],
    ['missing.corp.example', 'A', 'NXDOMAIN'],
    ['example.com', 'A', 'NOERROR 203.0.113.5'],
  ];
  const world = worldOf('file /etc/zone corp.example', 'forward . 192.0.2.53');
  for (const [name, type, said] of MATRIX) {
    it(`${name} ${type}: ${said}`, () => {
      expect(world.say(name, type)).to.equal(said);
    });
  }
});

describe('file', () => {
  const world = worldOf('file /etc/zone corp.example', 'forward . 192.0.2.53');

  it('gives records their own TTL, or that of the file', () => {
    const ttls = ['ns', 'www'].map((it) => world.ask(`${it}.corp.example`).answers[0]!.ttl);
    expect(ttls).to.deep.equal([60, 120]);
  });

  it('adds the name servers to an answer, and the SOA to a denial', () => {
    expect(world.ask('www.corp.example').authority[0]).to.include({ type: 'NS' });
    expect(world.ask('no.corp.example').authority[0]).to.include({ type: 'SOA', ttl: 120 });
    expect(world.ask('www.corp.example', 'TXT').authority[0]).to.include({ type: 'SOA' });
  });

  it('hands on unknown names that fall through', () => {
    const falls = worldOf(
      'file /etc/zone corp.example {\nreload 0\nfallthrough sub.corp.example\n}',
      'forward . 192.0.2.53',
    );
    falls.ask('x.sub.corp.example');
    expect(falls.upstreamQueries).to.equal(1);
    falls.ask('x.corp.example');
    expect(falls.upstreamQueries).to.equal(1);
  });

  // source: plugin/file/lookup.go (externalLookup, maxChain)
  it('follows a name that is its own alias about ten times, and asks nobody else', () => {
    const circle = worldOf('file /etc/zone corp.example', 'forward . 192.0.2.53');
    const { answers } = circle.ask('loose.corp.example');
    expect(new Set(answers.map(({ data }) => data))).to.deep.equal(new Set(['loose.corp.example']));
    expect(answers.length).to.be.within(10, 12);
    expect(circle.upstreamQueries).to.equal(0);
  });

  it('is refused without its file, and for options that it does not have', () => {
    expect(() => worldOf('file /nowhere corp.example')).to.throw('there is no file /nowhere');
    expect(() => worldOf('file')).to.throw('there is no file');
    expect(() => worldOf('file /etc/zone corp.example {\nupstream x\n}')).to.throw('upstream x');
  });
});

describe('hosts', () => {
  it('reads the file of the container: comments, two names, two families', () => {
    const world = worldOf('hosts');
    expect(world.say('from.example')).to.equal('NOERROR 192.0.2.8');
    expect(world.say('from.example', 'AAAA')).to.equal('NOERROR fd00::8');
    expect(world.say('other.example')).to.equal('NOERROR 192.0.2.8');
    expect(world.say('clothed.example')).to.equal('NOERROR 192.0.2.9');
    expect(world.say('machine')).to.equal('SERVFAIL');
    expect(world.say('bad.example')).to.equal('SERVFAIL');
    expect(world.say('1.0.0.127.in-addr.arpa', 'PTR')).to.equal('NOERROR localhost');
  });

  it('lets its records live for an hour, or as told', () => {
    expect(worldOf('hosts').ask('from.example').answers[0]!.ttl).to.equal(3_600);
    expect(worldOf('hosts {\nttl 9\nreload 0\n}').ask('from.example').answers[0]!.ttl).to.equal(9);
  });

  it('writes no reverse names where it shall not', () => {
    const world = worldOf('hosts {\nno_reverse\n}');
    expect(world.say('8.2.0.192.in-addr.arpa', 'PTR')).to.equal('REFUSED');
  });

  it('answers for its zones alone, and hands on what falls through', () => {
    const block = 'hosts /nowhere example test {\n192.0.2.1 a.example\nfallthrough test\n}';
    const world = worldOf(block, 'forward . 192.0.2.53');
    expect(world.say('a.example')).to.equal('NOERROR 192.0.2.1');
    expect(world.say('b.example')).to.equal('SERVFAIL');
    expect(world.upstreamQueries).to.equal(0);
    world.say('b.test');
    world.say('example.com');
    expect(world.upstreamQueries).to.equal(2);
  });

  it('prefers an explicit name to one with a star', () => {
    const world = worldOf('hosts {\n192.0.2.1 *.example\n192.0.2.2 a.example\n}');
    expect(world.say('a.example')).to.equal('NOERROR 192.0.2.2');
    expect(world.say('b.example')).to.equal('NOERROR 192.0.2.1');
  });
});
