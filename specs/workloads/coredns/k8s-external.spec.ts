// Goal: Services by their external addresses in a zone of their own, as dns-ipam.md §10 tells it
// of k8s_external. Method: one table of names over Services of every form.

import { expect } from 'chai';
import { ip } from '../../../src/values/ip';
import { DnsWorld } from '../dns-world';

const KUBERNETES = 'kubernetes cluster.local';

function worldOf(external = 'k8s_external lb.example', ...more: readonly string[]): DnsWorld {
  const lines = [external, KUBERNETES, ...more, 'forward . 192.0.2.53'];
  const world = new DnsWorld(`.:53 {\n${lines.join('\n')}\n}\n`);
  world.service('web', { clusterIP: '10.96.0.20', externalIPs: ['198.51.100.1', 'fd00:ee::1'] });
  world.service('inner', { clusterIP: '10.96.0.21' });
  world.service('db', { clusterIP: 'None' });
  world.slice('db', [
    { addresses: ['10.244.1.5'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.2.9'], conditions: { ready: true } },
  ]);
  balanced(world, 'named', { hostname: 'example.com' });
  balanced(world, 'balanced', { ip: '198.51.100.2' });
  return world;
}

function balanced(world: DnsWorld, name: string, ingress: Record<string, string>): void {
  world.put('Service', 'v1', {
    metadata: { name, namespace: 'shop' },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
    status: { loadBalancer: { ingress: [ingress] } },
  });
}

/** name, type and what is said, without headless Services and with them. */
const MATRIX: readonly (readonly [name: string, type: string, said: string, headless?: string])[] =
  [
    ['lb.example', 'A', 'NOERROR'],
    ['lb.example', 'NS', 'NOERROR ns1.dns.lb.example'],
    ['lb.example', 'SOA', 'NOERROR ns1.dns.lb.example hostmaster.lb.example 0 7200 1800 86400 5'],
    ['dns.lb.example', 'A', 'NOERROR'],
    ['ns1.dns.lb.example', 'TXT', 'NOERROR'],
    ['ns2.dns.lb.example', 'A', 'NXDOMAIN'],
    ['a.ns1.dns.lb.example', 'A', 'NXDOMAIN'],
    ['shop.lb.example', 'A', 'NOERROR'],
    ['nowhere.lb.example', 'A', 'NXDOMAIN'],
    ['web.shop.lb.example', 'A', 'NOERROR 198.51.100.1'],
    ['Web.Shop.LB.example', 'A', 'NOERROR 198.51.100.1'],
    ['web.shop.lb.example', 'AAAA', 'NOERROR fd00:ee::1'],
    ['web.shop.lb.example', 'TXT', 'NOERROR'],
    ['web.nowhere.lb.example', 'A', 'NXDOMAIN'],
    ['missing.shop.lb.example', 'A', 'NXDOMAIN'],
    ['inner.shop.lb.example', 'A', 'NXDOMAIN'],
    ['balanced.shop.lb.example', 'A', 'NOERROR 198.51.100.2'],
    ['named.shop.lb.example', 'A', 'NOERROR example.com 203.0.113.5'],
    ['named.shop.lb.example', 'SRV', 'NOERROR'],
    ['_http._tcp.web.shop.lb.example', 'A', 'NOERROR 198.51.100.1'],
    ['_http._udp.web.shop.lb.example', 'A', 'NXDOMAIN'],
    ['a._http._tcp.web.shop.lb.example', 'A', 'NXDOMAIN'],
    ['_http._tcp.web.shop.lb.example', 'SRV', 'NOERROR 0 50 80 web.shop.lb.example'],
    ['1.100.51.198.in-addr.arpa', 'PTR', 'NOERROR web.shop.lb.example'],
    ['5.100.51.198.in-addr.arpa', 'PTR', 'NXDOMAIN'],
    ['db.shop.lb.example', 'A', 'NXDOMAIN', 'NOERROR 10.244.1.5 10.244.2.9'],
    ['db-0.db.shop.lb.example', 'A', 'NXDOMAIN', 'NOERROR 10.244.1.5'],
    ['db-9.db.shop.lb.example', 'A', 'NXDOMAIN'],
    [
      'db.shop.lb.example',
      'SRV',
      'NXDOMAIN',
      'NOERROR 0 50 80 db-0.db.shop.lb.example 0 50 80 10-244-2-9.db.shop.lb.example',
    ],
  ];

const ZONES = 'k8s_external lb.example 51.198.in-addr.arpa';

describe('k8s_external answers', () => {
  const worlds = [worldOf(ZONES), worldOf(`${ZONES} {\nheadless\n}`)];
  for (const [name, type, said, headless = said] of MATRIX) {
    it(`${name} ${type}: ${said === headless ? said : `${said}, or ${headless}`}`, () => {
      expect(worlds.map((it) => it.say(name, type))).to.deep.equal([said, headless]);
    });
  }
});

describe('k8s_external', () => {
  it('puts the SOA of its own zone into denials', () => {
    const { authority } = worldOf().ask('missing.shop.lb.example');
    expect(authority[0]).to.include({ name: 'lb.example', type: 'SOA', ttl: 5 });
  });

  it('names itself by the Service in front of its own address', () => {
    const world = worldOf();
    world.service('dns', { clusterIP: '10.96.0.22', externalIPs: ['198.51.100.9', 'fd00:ee::9'] });
    world.slice('dns', [{ addresses: [ip('10.244.1.2')], conditions: { ready: true } }]);
    expect(world.say('ns1.dns.lb.example')).to.equal('NOERROR 198.51.100.9');
    expect(world.say('ns1.dns.lb.example', 'AAAA')).to.equal('NOERROR fd00:ee::9');
    const { additional } = world.ask('lb.example', 'NS');
    expect(additional.map(({ name, data }) => `${name} ${data}`)).to.deep.equal([
      'ns1.dns.lb.example 198.51.100.9',
      'ns1.dns.lb.example fd00:ee::9',
    ]);
  });

  it('takes its TTL and the label of its name server from its block', () => {
    const world = worldOf('k8s_external lb.example {\nttl 77\napex self\n}');
    expect(world.ask('web.shop.lb.example').answers[0]!.ttl).to.equal(77);
    expect(world.say('lb.example', 'NS')).to.equal('NOERROR ns1.self.lb.example');
  });

  it('hands on unknown names of the zones that fall through', () => {
    const world = worldOf('k8s_external example {\nfallthrough com.example\n}');
    world.ask('a.com.example');
    expect(world.upstreamQueries).to.equal(1);
    expect(world.say('a.org.example')).to.equal('NXDOMAIN');
    expect(world.upstreamQueries).to.equal(1);
    const all = worldOf('k8s_external lb.example {\nfallthrough\n}');
    all.ask('missing.shop.lb.example');
    expect(all.upstreamQueries).to.equal(1);
  });

  it('leaves names of other zones alone', () => {
    expect(worldOf().say('example.com')).to.equal('NOERROR 203.0.113.5');
    expect(worldOf().say('web.shop.svc.cluster.local')).to.equal('NOERROR 10.96.0.20');
  });

  it('tells of exposed namespaces alone', () => {
    const world = new DnsWorld(
      '.:53 {\nk8s_external lb.example 51.198.in-addr.arpa\n' +
        'kubernetes cluster.local {\nnamespaces other\n}\n}\n',
    );
    world.service('web', { clusterIP: '10.96.0.20', externalIPs: ['198.51.100.1'] });
    expect(world.say('web.shop.lb.example')).to.equal('NXDOMAIN');
    expect(world.say('1.100.51.198.in-addr.arpa', 'PTR')).to.equal('NXDOMAIN');
  });

  it('is refused for options that it does not have', () => {
    expect(() => worldOf('k8s_external lb.example {\nttl 3601\n}')).to.throw('is no number');
    expect(() => worldOf('k8s_external lb.example {\nzones x\n}')).to.throw('zones x');
  });

  it('needs the kubernetes plugin', () => {
    const world = new DnsWorld('.:53 {\nk8s_external lb.example\n}\n');
    expect(() => world.say('web.shop.lb.example')).to.throw('the block has no kubernetes plugin');
  });
});
