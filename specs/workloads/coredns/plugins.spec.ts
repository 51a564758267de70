// Goal: each plugin does to a question what dns-ipam.md §9 and §10 say, in the order of the chain
// and not of the file. Method: one server over a small cluster, asked at chosen instants.

import { expect } from 'chai';
import { DnsWorld } from '../dns-world';

const KUBERNETES = 'kubernetes cluster.local {\n pods verified\n ttl 30\n}';

function worldOf(...lines: readonly string[]): DnsWorld {
  const world = new DnsWorld(`.:53 {\n${lines.join('\n')}\n}\n`);
  world.service('plain', { clusterIP: '10.96.0.20', selector: { app: 'plain' } });
  return world;
}

const PLAIN = 'plain.shop.svc.cluster.local';
const NEW = 'new.shop.svc.cluster.local';

describe('cache', () => {
  it('counts whole seconds down, and forgets at zero', () => {
    const world = worldOf('cache 30', 'forward . 192.0.2.53');
    const ttlAt = (at: number) => world.ask('example.com', 'A', { at }).answers[0]!.ttl;
    expect([0, 0.9, 1, 29.9].map(ttlAt)).to.deep.equal([30, 30, 29, 1]);
    expect(world.upstreamQueries).to.equal(1);
    expect(ttlAt(30)).to.equal(30);
    expect(world.upstreamQueries).to.equal(2);
  });

  it('learns from real questions alone', () => {
    const world = worldOf('cache 30', 'forward . 192.0.2.53');
    world.ask('example.com', 'A', { real: false });
    world.ask('example.com', 'A', { real: false });
    expect(world.upstreamQueries).to.equal(2);
    world.ask('example.com');
    world.ask('example.com', 'A', { real: false, at: 5 });
    expect(world.upstreamQueries).to.equal(3);
  });

  it('keeps a denial as it keeps an answer, so that a new name is late', () => {
    const world = worldOf('cache 30', KUBERNETES);
    expect(world.say(NEW)).to.equal('NXDOMAIN');
    world.service('new', { clusterIP: '10.96.0.30', selector: {} });
    expect(world.ask(NEW, 'A', { at: 29 }).rcode).to.equal('NXDOMAIN');
    expect(world.ask(NEW, 'A', { at: 29 }).authority[0]!.ttl).to.equal(1);
    expect(world.ask(NEW, 'A', { at: 30 }).rcode).to.equal('NOERROR');
  });

  it('leaves out the zones that it is told to, and rewrites the TTL there all the same', () => {
    const block = 'cache 20 {\n disable success cluster.local\n disable denial cluster.local\n}';
    const world = worldOf(block, KUBERNETES);
    expect(world.ask(PLAIN).answers[0]!.ttl).to.equal(20);
    expect(world.say(NEW)).to.equal('NXDOMAIN');
    world.service('new', { clusterIP: '10.96.0.30', selector: {} });
    expect(world.ask(NEW, 'A', { at: 1 }).rcode).to.equal('NOERROR');
    expect(world.ask(PLAIN, 'A', { at: 7 }).answers[0]!.ttl).to.equal(20);
  });

  it('makes every answer authoritative that it serves from memory', () => {
    const world = worldOf('cache 30', 'forward . 192.0.2.53');
    expect(world.ask('example.com').authoritative).to.equal(false);
    expect(world.ask('example.com').authoritative).to.equal(true);
  });

  it('overwrites all TTLs with the one that it keeps: 28800 becomes 30', () => {
    const world = worldOf('cache 30', KUBERNETES);
    expect(world.ask('dns-version.cluster.local', 'TXT').answers[0]!.ttl).to.equal(30);
  });
});

describe('hosts', () => {
  const block = (more: string) =>
    `hosts {\n192.0.2.1 a.example b.example\n192.0.2.2 *.wild.example\n${more}\n}`;

  it('stands before the cluster, and is silent about what it does not know', () => {
    const world = worldOf(KUBERNETES, block('fallthrough'), 'forward . 192.0.2.53');
    expect(world.say('a.example')).to.equal('NOERROR 192.0.2.1');
    expect(world.say('a.example', 'AAAA')).to.equal('NOERROR');
    expect(world.say('x.wild.example')).to.equal('NOERROR 192.0.2.2');
    expect(world.say('wild.example')).to.equal('NXDOMAIN');
    expect(world.say('x.y.wild.example')).to.equal('NXDOMAIN');
    expect(world.say('1.2.0.192.in-addr.arpa', 'PTR')).to.equal('NOERROR a.example b.example');
    expect(world.say('2.2.0.192.in-addr.arpa', 'PTR')).to.equal('NXDOMAIN');
  });

  it('says SERVFAIL for other names where nothing falls through', () => {
    expect(worldOf(block('')).say('c.example')).to.equal('SERVFAIL');
  });
});

describe('rewrite', () => {
  it('gives the client the name that it asked for, where the rule is exact', () => {
    const world = worldOf(`rewrite name old.example ${PLAIN}`, KUBERNETES);
    expect(world.ask('old.example').answers[0]).to.include({
      name: 'old.example',
      data: '10.96.0.20',
    });
  });

  it('leaves the other name in the answer without `answer auto`', () => {
    const rule = 'rewrite name suffix .corp.example .shop.svc.cluster.local';
    const plain = worldOf(rule, KUBERNETES).ask('plain.corp.example');
    expect(plain.answers[0]!.name).to.equal(PLAIN);
    const auto = worldOf(`${rule} answer auto`, KUBERNETES).ask('plain.corp.example');
    expect(auto.answers[0]!.name).to.equal('plain.corp.example');
  });

  it('knows prefixes, parts, expressions, types, codes and times', () => {
    const say = (rule: string, name: string, type = 'A') =>
      worldOf(`rewrite ${rule}`, KUBERNETES).say(name, type);
    expect(say('name prefix x- plain', 'x-.shop.svc.cluster.local')).to.contain('10.96.0.20');
    expect(say('name substring .prod. .shop.', 'plain.prod.svc.cluster.local')).to.contain('10.');
    const regex = String.raw`name regex (.*)\.s\.example {1}.shop.svc.cluster.local`;
    expect(say(regex, 'plain.s.example')).to.equal('NOERROR 10.96.0.20');
    expect(say('type ANY A', PLAIN, 'ANY')).to.equal('NOERROR 10.96.0.20');
    expect(say(`rcode ${NEW} NXDOMAIN SERVFAIL`, NEW)).to.equal('SERVFAIL');
    const world = worldOf(`rewrite ttl ${PLAIN} 60-120`, KUBERNETES);
    expect(world.ask(PLAIN).answers[0]!.ttl).to.equal(60);
  });

  it('stops at the first rule that applies, unless it says continue', () => {
    const rules = [`rewrite name a.example b.example`, `rewrite name b.example ${PLAIN}`];
    expect(worldOf(...rules, KUBERNETES).say('a.example')).to.equal('REFUSED');
    const on = rules[0]!.replace('rewrite', 'rewrite continue');
    expect(worldOf(on, rules[1]!, KUBERNETES).say('a.example')).to.equal('NOERROR 10.96.0.20');
  });
});

describe('template', () => {
  it('answers what matches, and hands on what falls through', () => {
    const world = worldOf(
      String.raw`template IN A t.example {
        match "^(?P<n>[0-9]+)\.t\.example\.$"
        answer "{{ .Name }} 60 IN A 192.0.2.{{ .Group.n }}"
        fallthrough
      }`,
      'forward . 192.0.2.53',
    );
    expect(world.say('7.t.example')).to.equal('NOERROR 192.0.2.7');
    expect(world.say('x.t.example')).to.equal('NXDOMAIN');
    expect(world.say('7.t.example', 'AAAA')).to.equal('NXDOMAIN');
    expect(world.upstreamQueries).to.equal(2);
  });

  it('says the code that it is told, and SERVFAIL where nothing matches', () => {
    const world = worldOf(
      'template IN ANY n.example {\n rcode NXDOMAIN\n}',
      'template IN ANY m.example {\n match "^never"\n}',
    );
    expect(world.say('a.n.example')).to.equal('NXDOMAIN');
    expect(world.say('a.m.example')).to.equal('SERVFAIL');
  });
});

describe('autopath', () => {
  const pod = {
    metadata: { name: 'client', namespace: 'shop' },
    spec: { containers: [{ name: 'main', image: 'x' }] },
    status: { phase: 'Running', podIP: '10.244.1.9' },
  };
  const walk = (client: string) => {
    const world = worldOf('autopath @kubernetes', KUBERNETES, 'forward . 192.0.2.53');
    world.put('Pod', 'v1', pod);
    return world.ask('example.com.shop.svc.cluster.local', 'A', { client });
  };

  it('walks the search list of the pod that asks, and says so by an alias', () => {
    const { answers } = walk('10.244.1.9');
    expect(answers.map(({ type, data }) => `${type} ${data}`)).to.deep.equal([
      'CNAME example.com',
      'A 203.0.113.5',
    ]);
  });

  it('does nothing for an address that is no pod', () => {
    expect(walk('192.168.1.11').rcode).to.equal('NXDOMAIN');
  });
});

describe('forward', () => {
  it('hands on what it is told to leave alone', () => {
    const world = worldOf('forward . 192.0.2.53 {\n except corp.example\n}');
    expect(world.say('a.corp.example')).to.equal('REFUSED');
    expect(world.upstreamQueries).to.equal(0);
  });

  it('asks the next forward for the codes of `next`', () => {
    const world = worldOf('forward . 192.0.2.53 {\n next NXDOMAIN\n}', 'forward . 192.0.2.54');
    world.ask('missing.example');
    expect(world.upstreamQueries).to.equal(2);
  });
});

describe('server blocks', () => {
  it('answer for the longest zone, and refuse what no block has', () => {
    const world = new DnsWorld(
      `cluster.local {\n${KUBERNETES}\n}\nb.example:53 {\n forward . 192.0.2.53\n}\n`,
    );
    expect(world.say('shop.svc.cluster.local')).to.equal('NOERROR');
    expect(world.say('x.b.example')).to.equal('NXDOMAIN');
    expect(world.say('example.com')).to.equal('REFUSED');
  });
});
