// Goal: the answer matrix of dns-ipam.md §3, row by row, and the quirks of §2-§8 around it.

import { expect } from 'chai';
import { DnsWorld } from './dns-world';

/** Services of every form, named after what they are. */
function populated(corefile?: string): DnsWorld {
  const world = new DnsWorld(corefile);
  world.service('plain', { clusterIP: '10.96.0.20', selector: { app: 'plain' } });
  world.service('dual', {
    clusterIPs: ['10.96.0.21', 'fd00:10:96::15'],
    clusterIP: '10.96.0.21',
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'RequireDualStack',
  });
  world.service('headless', { clusterIP: 'None', selector: { app: 'headless' } });
  world.service('silent', { clusterIP: 'None', selector: { app: 'silent' } });
  world.service('elsewhere', { type: 'ExternalName', externalName: 'example.com' });
  world.service('alias', { type: 'ExternalName', externalName: 'plain.shop.svc.cluster.local.' });
  world.service('dangling', { type: 'ExternalName', externalName: 'no.shop.svc.cluster.local' });
  world.service('literal', { type: 'ExternalName', externalName: '10.0.0.1' });
  world.slice('headless', [
    { addresses: ['10.244.1.5'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.2.9'], conditions: {} },
    { addresses: ['10.244.2.7'], conditions: { ready: false, serving: true, terminating: true } },
  ]);
  world.slice('silent', [{ addresses: ['10.244.1.8'], conditions: { ready: false } }]);
  world.slice('plain', [{ addresses: ['10.244.1.6'], conditions: { ready: true } }]);
  return world;
}

/** name | type | what is said */
const MATRIX: readonly (readonly [name: string, type: string, said: string])[] = [
  ['cluster.local', 'A', 'NOERROR'],
  ['cluster.local', 'TXT', 'NXDOMAIN'],
  ['svc.cluster.local', 'A', 'NOERROR'],
  ['svc.cluster.local', 'TXT', 'NXDOMAIN'],
  ['shop.svc.cluster.local', 'A', 'NOERROR'],
  ['shop.pod.cluster.local', 'A', 'NOERROR'],
  ['nowhere.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['nowhere.svc.cluster.local', 'SOA', 'NOERROR'],
  ['dns-version.cluster.local', 'TXT', 'NOERROR 1.1.0'],
  ['dns-version.cluster.local', 'A', 'NXDOMAIN'],
  ['foo.cluster.local', 'A', 'NXDOMAIN'],
  ['plain.shop.svc.cluster.local', 'A', 'NOERROR 10.96.0.20'],
  ['PLAIN.Shop.svc.cluster.local', 'A', 'NOERROR 10.96.0.20'],
  ['plain.shop.svc.cluster.local', 'AAAA', 'NOERROR'],
  ['plain.shop.svc.cluster.local', 'CNAME', 'NOERROR'],
  ['plain.shop.svc.cluster.local', 'TXT', 'NOERROR'],
  ['plain.shop.svc.cluster.local', 'PTR', 'NOERROR'],
  ['dual.shop.svc.cluster.local', 'A', 'NOERROR 10.96.0.21'],
  ['dual.shop.svc.cluster.local', 'AAAA', 'NOERROR fd00:10:96::15'],
  ['missing.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['missing.shop.svc.cluster.local', 'SOA', 'NOERROR'],
  ['headless.shop.svc.cluster.local', 'A', 'NOERROR 10.244.1.5 10.244.2.9'],
  ['headless.shop.svc.cluster.local', 'AAAA', 'NOERROR'],
  ['silent.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['db-0.headless.shop.svc.cluster.local', 'A', 'NOERROR 10.244.1.5'],
  ['10-244-2-9.headless.shop.svc.cluster.local', 'A', 'NOERROR 10.244.2.9'],
  ['10-244-2-7.headless.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['10-244-1-6.plain.shop.svc.cluster.local', 'A', 'NOERROR 10.244.1.6'],
  ['_http._tcp.plain.shop.svc.cluster.local', 'A', 'NOERROR 10.96.0.20'],
  ['http.tcp.plain.shop.svc.cluster.local', 'A', 'NOERROR 10.96.0.20'],
  ['_http._udp.plain.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['a.b.c.plain.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['*.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['elsewhere.shop.svc.cluster.local', 'CNAME', 'NOERROR example.com'],
  ['elsewhere.shop.svc.cluster.local', 'A', 'NOERROR example.com 203.0.113.5'],
  ['elsewhere.shop.svc.cluster.local', 'AAAA', 'NOERROR example.com'],
  ['elsewhere.shop.svc.cluster.local', 'SRV', 'NOERROR'],
  ['x.elsewhere.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['alias.shop.svc.cluster.local', 'A', 'NOERROR plain.shop.svc.cluster.local 10.96.0.20'],
  ['alias.shop.svc.cluster.local', 'AAAA', 'NOERROR'],
  ['dangling.shop.svc.cluster.local', 'A', 'NOERROR'],
  ['literal.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ['10-244-1-99.shop.pod.cluster.local', 'A', 'NOERROR 10.244.1.99'],
  ['10-244-1-99.shop.pod.cluster.local', 'AAAA', 'NOERROR'],
  ['blah.shop.pod.cluster.local', 'A', 'NXDOMAIN'],
  ['10-244-1-99.nowhere.pod.cluster.local', 'A', 'NXDOMAIN'],
  ['20.0.96.10.in-addr.arpa', 'PTR', 'NOERROR plain.shop.svc.cluster.local'],
  ['5.1.244.10.in-addr.arpa', 'PTR', 'NOERROR db-0.headless.shop.svc.cluster.local'],
  ['99.99.99.10.in-addr.arpa', 'PTR', 'NXDOMAIN'],
  ['example.com', 'A', 'NOERROR 203.0.113.5'],
  ['example.org', 'A', 'NXDOMAIN'],
];

describe('CoreDNS answers', () => {
  const world = populated();
  for (const [name, type, said] of MATRIX) {
    it(`${name} ${type}: ${said}`, () => {
      expect(world.say(name, type)).to.equal(said);
    });
  }
});

describe('CoreDNS', () => {
  it('shares the weight of SRV records among all targets, and adds their addresses', () => {
    const world = populated();
    const name = '_http._tcp.headless.shop.svc.cluster.local';
    expect(world.ask(name, 'SRV').answers.map(({ data }) => data)).to.deep.equal([
      '0 50 80 db-0.headless.shop.svc.cluster.local',
      '0 50 80 10-244-2-9.headless.shop.svc.cluster.local',
    ]);
    expect(world.ask(name, 'SRV').additional.map(({ data }) => data)).to.deep.equal([
      '10.244.1.5',
      '10.244.2.9',
    ]);
  });

  it('counts both families of a dual-stack Service, and names its port once', () => {
    const world = populated();
    const { answers, additional } = world.ask('dual.shop.svc.cluster.local', 'SRV');
    expect(answers.map(({ data }) => data)).to.deep.equal(['0 50 80 dual.shop.svc.cluster.local']);
    expect(additional.map(({ type }) => type)).to.deep.equal(['A', 'AAAA']);
  });

  it('gives records 30 s to live, and says the same of what does not exist', () => {
    const world = populated();
    expect(world.ask('plain.shop.svc.cluster.local').answers[0]!.ttl).to.equal(30);
    expect(world.ask('missing.shop.svc.cluster.local').authority[0]!.ttl).to.equal(30);
  });

  it('follows Services as they change and go', () => {
    const world = populated();
    world.slice('headless', [{ addresses: ['10.244.3.3'], conditions: { ready: true } }]);
    expect(world.say('headless.shop.svc.cluster.local')).to.equal('NOERROR 10.244.3.3');
    expect(world.say('5.1.244.10.in-addr.arpa', 'PTR')).to.equal('NXDOMAIN');
    const gone = { verb: 'delete', kind: 'Service', key: 'shop/plain', grace: 0 } as const;
    world.api.commitNow({ ...gone, actor: 'spec' });
    world.kernel.runInstant();
    expect(world.say('plain.shop.svc.cluster.local')).to.equal('NXDOMAIN');
  });

  it('answers from what it knew last when its informers are cut off', () => {
    const world = populated();
    world.view.stop();
    world.service('later', { clusterIP: '10.96.0.99' });
    expect(world.say('later.shop.svc.cluster.local')).to.equal('NXDOMAIN');
    expect(world.say('plain.shop.svc.cluster.local')).to.equal('NOERROR 10.96.0.20');
  });

  it('says REFUSED for foreign names where it forwards nothing', () => {
    const world = populated('.:53 {\n  kubernetes cluster.local {\n    ttl 7\n  }\n}\n');
    expect(world.say('example.com')).to.equal('REFUSED');
    expect(world.ask('plain.shop.svc.cluster.local').answers[0]!.ttl).to.equal(7);
    expect(world.say('10-244-1-99.shop.pod.cluster.local')).to.equal('NXDOMAIN');
  });

  it('says SERVFAIL, not NXDOMAIN, before it has listed everything', () => {
    const world = new DnsWorld();
    expect(world.say('missing.shop.svc.cluster.local')).to.equal('NXDOMAIN');
    world.view.restart();
    expect(world.say('missing.shop.svc.cluster.local')).to.equal('SERVFAIL');
    world.view.sync();
    expect(world.say('missing.shop.svc.cluster.local')).to.equal('NXDOMAIN');
  });
});
