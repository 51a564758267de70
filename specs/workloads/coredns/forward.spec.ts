// Goal: whom `forward` asks, how long it waits, and what becomes of its failures: dns-ipam.md §10.
// Method: upstreams that answer, are silent or fail by their address.

import { expect } from 'chai';
import { ip } from '../../../src/values/ip';
import { formatRatio } from '../../../src/values/ratio';
import { seconds } from '../../../src/values/time';
import { emptyReply } from '../../../src/workloads/dns-message';
import type { Exchanged } from '../../../src/workloads/coredns/plugin';
import { says, UpstreamWorld } from './upstream-world';

const NAME = 'a.example';
const GOOD = says(`${NAME}. 60 IN A 192.0.2.1`);
const ALL = '192.0.2.53 192.0.2.54 192.0.2.55';

/** Upstreams in the order of the file; each says what stands for its last octet. */
function worldOf(targets: string, options: string, said: Readonly<Record<string, Exchanged>>) {
  const lines = `forward . ${targets} {\npolicy sequential\n${options}\n}`;
  return new UpstreamWorld(lines, (_, server) => {
    return said[/\.(\d+):/.exec(server)?.[1] ?? ''] ?? 'silent';
  });
}

const serversOf = ({ asked }: UpstreamWorld) => asked.map((it) => it.split(' ')[0]!);

describe('forward waits', () => {
  it('2 s for an upstream, and asks the next one', () => {
    const world = worldOf(ALL, '', { 54: GOOD });
    expect(world.ask(NAME)).to.include({ rcode: 'NOERROR', delay: seconds(2) });
    expect(serversOf(world)).to.deep.equal(['192.0.2.53:53', '192.0.2.54:53']);
  });

  it('not at all for one that is known to be unreachable', () => {
    const world = worldOf(ALL, '', { 53: 'unreachable', 54: 'unreachable', 55: GOOD });
    expect(world.ask(NAME)).to.include({ rcode: 'NOERROR', delay: 0 });
  });

  it('no longer than 2 s for an answer that is under way', () => {
    const late = { ...GOOD, delay: seconds(3) };
    const quick = { ...GOOD, delay: seconds(0.5) };
    const world = worldOf(ALL, '', { 53: late, 54: quick });
    expect(world.ask(NAME).delay).to.equal(seconds(2.5));
  });

  it('for all of them together until 5 s are over, and says SERVFAIL', () => {
    const world = worldOf(ALL, '', {});
    expect(world.ask(NAME)).to.include({ rcode: 'SERVFAIL', delay: seconds(6) });
    expect(serversOf(world)).to.have.length(3);
  });

  it('for each of them twice, and says SERVFAIL', () => {
    const world = worldOf('192.0.2.53', '', {});
    expect(world.ask(NAME)).to.include({ rcode: 'SERVFAIL', delay: seconds(4) });
    expect(serversOf(world)).to.have.length(2);
  });
});

describe('forward asks', () => {
  it('any of its upstreams first, and the others behind it', () => {
    const world = new UpstreamWorld(`forward . ${ALL}`, (_, server) => {
      return server.startsWith('192.0.2.54') ? GOOD : emptyReply('REFUSED');
    });
    const courses = world.courses(NAME);
    const rcodes = courses.map((it) => `${it.value.rcode} ${formatRatio(it.probability)}`);
    expect(rcodes).to.have.members(['NOERROR 1/3', 'REFUSED 1/3', 'REFUSED 1/3']);
  });

  it('the next upstream for the codes of failover, until there is none', () => {
    const failed = emptyReply('SERVFAIL');
    const some = worldOf(ALL, 'failover SERVFAIL', { 53: failed, 54: failed, 55: GOOD });
    expect(some.ask(NAME).rcode).to.equal('NOERROR');
    const all = worldOf(ALL, 'failover SERVFAIL', { 53: failed, 54: failed, 55: failed });
    expect(all.ask(NAME).rcode).to.equal('SERVFAIL');
    expect(serversOf(all)).to.have.length(3);
    expect(worldOf(ALL, '', { 53: failed, 54: GOOD }).ask(NAME).rcode).to.equal('SERVFAIL');
  });

  it('by the transport of the client, unless it is told otherwise', () => {
    const transports = (option: string, client: 'UDP' | 'TCP') => {
      const world = worldOf('192.0.2.53', option, { 53: GOOD });
      world.courses(NAME, client);
      return world.asked.map((it) => it.split(' ')[1]);
    };
    expect(transports('', 'UDP')).to.deep.equal(['UDP']);
    expect(transports('', 'TCP')).to.deep.equal(['TCP']);
    expect(transports('force_tcp', 'UDP')).to.deep.equal(['TCP']);
    expect(transports('prefer_udp', 'TCP')).to.deep.equal(['UDP']);
  });

  it('again over TCP for an answer that was cut, where it prefers UDP', () => {
    const script = (_name: string, _server: string, transport: string) =>
      transport === 'UDP' ? { ...GOOD, answers: [], truncated: true } : GOOD;
    const prefers = new UpstreamWorld('forward . 192.0.2.53 {\nprefer_udp\n}', script);
    expect(prefers.ask(NAME)).to.include({ truncated: false });
    expect(prefers.asked.map((it) => it.split(' ')[1])).to.deep.equal(['UDP', 'TCP']);
    const plain = new UpstreamWorld('forward . 192.0.2.53', script);
    expect(plain.ask(NAME)).to.include({ truncated: true });
  });

  it('only for names of its zone, and keeps the flags of the upstream', () => {
    const world = new UpstreamWorld('forward example 192.0.2.53', () => GOOD);
    expect(world.ask(NAME)).to.include({ recursive: true, authoritative: false });
    expect(world.say('a.test')).to.equal('REFUSED');
  });
});

describe('the upstreams of forward', () => {
  const ground = {
    readFile: (path: string) =>
      path === '/etc/upstreams' ? '# two\nnameserver 192.0.2.7\nnameserver fd00::7\n' : undefined,
    resolvers: [{ address: ip('192.0.2.99'), port: 53 }],
  };
  const FORMS: Readonly<Record<string, readonly string[]>> = {
    '192.0.2.53': ['192.0.2.53:53'],
    'dns://192.0.2.53:1053': ['192.0.2.53:1053'],
    'fd00::35': ['fd00::35:53'],
    '[fd00::35]:1053': ['fd00::35:1053'],
    '/etc/resolv.conf': ['192.0.2.99:53'],
    '/etc/upstreams': ['192.0.2.7:53', 'fd00::7:53'],
  };
  for (const [text, servers] of Object.entries(FORMS)) {
    it(`${text}: ${servers.join(', ')}`, () => {
      const lines = `forward . ${text} {\npolicy sequential\n}`;
      const world = new UpstreamWorld(lines, () => 'unreachable', ground);
      expect(world.say(NAME)).to.equal('SERVFAIL');
      expect([...new Set(serversOf(world))]).to.deep.equal(servers);
    });
  }

  const many = Array.from({ length: 16 }, (_, index) => `192.0.2.${index + 1}`).join(' ');
  const BAD: Readonly<Record<string, string>> = {
    'forward .': 'expected a zone and upstreams',
    [`forward . ${many}`]: 'more than 15 upstreams',
    'forward . /nowhere': '"/nowhere" is not modelled',
    'forward . 192.0.2.53 {\npolicy fastest\n}': 'policy fastest',
    'forward . 192.0.2.53 {\ntls_servername x\n}': 'tls_servername x',
  };
  for (const [lines, message] of Object.entries(BAD)) {
    it(`are refused: ${message}`, () => {
      expect(() => new UpstreamWorld(lines, () => GOOD)).to.throw(message);
    });
  }
});
