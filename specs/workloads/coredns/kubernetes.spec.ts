// Goal: the options of the kubernetes plugin, and the rows of dns-ipam.md §2-§7 that the default
// Corefile does not reach.

import { expect } from 'chai';
import { ip } from '../../../src/values/ip';
import { seconds } from '../../../src/values/time';
import type { DefaultDelay } from '../../../src/workloads/coredns/plugin';
import { DnsWorld } from '../dns-world';
import { USUAL_DELAY } from '../usual-delay';

const ZONES = 'cluster.local 10.in-addr.arpa ip6.arpa';

function worldOf(options = '', zones = ZONES, delay: DefaultDelay = USUAL_DELAY): DnsWorld {
  const world = new DnsWorld(
    `.:53 {\nkubernetes ${zones} {\n${options}\n}\nforward . 192.0.2.53\n}`,
    { delay },
  );
  world.service('plain', { clusterIP: '10.96.0.20', selector: { app: 'plain' } });
  world.service('headless', { clusterIP: 'None' });
  const pod = (name: string) => ({ targetRef: { kind: 'Pod', name } });
  world.slice('headless', [{ addresses: ['10.244.1.5'], ...pod('db-0') }]);
  const long = [{ addresses: ['fd00:10:244:1::'], ...pod('x'.repeat(64)) }];
  world.slice('headless', long, 'v6');
  world.put('Namespace', 'v1', { metadata: { name: 'other', labels: { told: 'yes' } } });
  world.put('Service', 'v1', {
    metadata: { name: 'web', namespace: 'other' },
    spec: { clusterIP: '10.96.0.30', ports: [{ port: 80 }] },
  });
  return world;
}

describe('the name of the server itself', () => {
  const NS = 'ns.dns.cluster.local';
  // dns-ipam.md §3, the row `ns.dns.cluster.local`, for a server that no Service owns.
  const ROW: Readonly<Record<string, string>> = {
    A: 'NOERROR 10.244.1.2',
    AAAA: 'NOERROR',
    SRV: 'NOERROR',
    CNAME: 'NOERROR',
    TXT: 'NXDOMAIN',
    PTR: 'NXDOMAIN',
    MX: 'NOERROR',
    NS: 'NOERROR',
    SOA: 'NOERROR',
    HTTPS: 'NOERROR',
  };
  for (const [type, said] of Object.entries(ROW)) {
    it(`${NS} ${type}: ${said}`, () => {
      expect(worldOf().say(NS, type)).to.equal(said);
    });
  }

  const apex = (world: DnsWorld) => {
    const { answers, additional } = world.ask('cluster.local', 'NS');
    return [...answers, ...additional].map(({ name, data }) => `${name} ${data}`);
  };
  const self = [{ addresses: [ip('10.244.1.2')], hostname: 'one' }];

  it('is ns.dns where no Service stands before it', () => {
    expect(apex(worldOf())).to.deep.equal([`cluster.local ${NS}`, `${NS} 10.244.1.2`]);
  });

  it('is that of the Service with its address in a slice', () => {
    const world = worldOf();
    world.service('dns', { clusterIP: '10.96.0.10' });
    world.slice('dns', self);
    const name = 'dns.shop.svc.cluster.local';
    expect(apex(world)).to.deep.equal([`cluster.local ${name}`, `${name} 10.96.0.10`]);
    expect(world.say(NS)).to.equal('NOERROR 10.96.0.10');
  });

  it('is that of the endpoint where the Service is headless', () => {
    const world = worldOf();
    world.service('dns', { clusterIP: 'None' });
    world.slice('dns', self);
    const name = 'one.dns.shop.svc.cluster.local';
    expect(apex(world)).to.deep.equal([`cluster.local ${name}`, `${name} 10.244.1.2`]);
  });

  it('is nobody where the slice belongs to no Service', () => {
    const world = worldOf();
    world.slice('orphan', self);
    expect(apex(world)).to.deep.equal([]);
  });
});

describe('the kubernetes plugin says', () => {
  const PLAIN = 'plain.shop.svc.cluster.local';
  const ROWS: readonly (readonly [name: string, type: string, said: string])[] = [
    [PLAIN, 'MX', 'NOERROR'],
    [PLAIN, 'NS', 'NOERROR'],
    [PLAIN, 'HTTPS', 'NOERROR'],
    ['no.shop.svc.cluster.local', 'MX', 'NXDOMAIN'],
    ['no.shop.svc.cluster.local', 'NS', 'NXDOMAIN'],
    ['no.shop.svc.cluster.local', 'HTTPS', 'NXDOMAIN'],
    ['no.shop.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['no.shop.svc.cluster.local', 'PTR', 'NXDOMAIN'],
    ['no.shop.svc.cluster.local', 'CNAME', 'NXDOMAIN'],
    [
      'cluster.local',
      'SOA',
      'NOERROR ns.dns.cluster.local hostmaster.cluster.local 0 7200 1800 86400 5',
    ],
    ['cluster.local', 'AXFR', 'REFUSED'],
    [PLAIN, 'IXFR', 'REFUSED'],
    ['20.0.96.10.in-addr.arpa', 'A', 'NXDOMAIN'],
    ['96.10.in-addr.arpa', 'PTR', 'NXDOMAIN'],
    ['0.0.96.10.in-addr.arpa', 'PTR', 'NXDOMAIN'],
    ['plain.shop.svc.10.in-addr.arpa', 'A', 'NXDOMAIN'],
    ['fd00-10-244-1--0.headless.shop.svc.cluster.local', 'AAAA', 'NOERROR fd00:10:244:1::'],
    [
      `${'0.'.repeat(16)}1.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa`,
      'PTR',
      'NOERROR fd00-10-244-1--0.headless.shop.svc.cluster.local',
    ],
    ['10-244-1-5.shop.pod.cluster.local', 'A', 'NXDOMAIN'],
    // source: plugin/kubernetes/kubernetes.go (findPods): disabled pods have no empty names either.
    ['shop.pod.cluster.local', 'A', 'NXDOMAIN'],
  ];
  const world = worldOf();
  for (const [name, type, said] of ROWS) {
    it(`${name} ${type}: ${said}`, () => {
      expect(world.say(name, type)).to.equal(said);
    });
  }

  it('no SRV for a Service without ports, and its addresses all the same', () => {
    const bare = worldOf();
    bare.put('Service', 'v1', {
      metadata: { name: 'bare', namespace: 'shop' },
      spec: { clusterIP: 'None', selector: { app: 'bare' } },
    });
    bare.put('EndpointSlice', 'discovery.k8s.io/v1', {
      metadata: {
        name: 'bare-1',
        namespace: 'shop',
        labels: { 'kubernetes.io/service-name': 'bare' },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.1.7'] }],
      ports: [],
    });
    expect(bare.say('bare.shop.svc.cluster.local')).to.equal('NOERROR 10.244.1.7');
    expect(bare.say('bare.shop.svc.cluster.local', 'SRV')).to.equal('NOERROR');
    expect(bare.say('_a._tcp.bare.shop.svc.cluster.local')).to.equal('NXDOMAIN');
  });
});

describe('the kubernetes option', () => {
  const NAMES = ['plain.shop', 'web.other', 'headless.shop'].map((it) => `${it}.svc.cluster.local`);
  const [PLAIN, WEB, HEADLESS] = NAMES as [string, string, string];
  const known = (options: string) => {
    const world = worldOf(options);
    return NAMES.filter((name) => world.ask(name).rcode === 'NOERROR');
  };

  it('namespaces exposes those that it names, in both directions', () => {
    expect(known('')).to.deep.equal(NAMES);
    expect(known('namespaces other')).to.deep.equal([WEB]);
    const world = worldOf('namespaces other');
    expect(world.say('shop.svc.cluster.local')).to.equal('NXDOMAIN');
    expect(world.say('20.0.96.10.in-addr.arpa', 'PTR')).to.equal('NXDOMAIN');
    expect(world.say('5.1.244.10.in-addr.arpa', 'PTR')).to.equal('NXDOMAIN');
    expect(world.say('30.0.96.10.in-addr.arpa', 'PTR')).to.equal(`NOERROR ${WEB}`);
  });

  it('namespace_labels exposes those with the labels, by value or by key', () => {
    for (const selector of ['told=yes', 'told==yes', 'told', 'told = yes']) {
      expect(known(`namespace_labels ${selector}`), selector).to.deep.equal([WEB]);
    }
    expect(known('namespace_labels told=no')).to.deep.equal([]);
    expect(known('namespace_labels told=yes,other')).to.deep.equal([]);
    expect(() => known('namespace_labels told!=yes')).to.throw('is not modelled');
  });

  it('ignore empty_service hides a Service without ready endpoints', () => {
    expect(known('ignore empty_service')).to.deep.equal([HEADLESS]);
    const world = worldOf('ignore empty_service');
    world.slice('plain', [{ addresses: ['10.244.1.6'], conditions: { ready: true } }]);
    expect(world.say(PLAIN)).to.equal('NOERROR 10.96.0.20');
    expect(() => known('ignore everything')).to.throw('ignore everything');
  });

  it('noendpoints leaves headless Services without an answer', () => {
    expect(known('noendpoints')).to.deep.equal([PLAIN, WEB]);
  });

  it('endpoint_pod_names names endpoints after pods whose names fit into a label', () => {
    const { answers } = worldOf('endpoint_pod_names').ask(HEADLESS, 'SRV');
    expect(answers.map(({ data }) => data.split(' ')[3])).to.deep.equal([
      `db-0.${HEADLESS}`,
      `fd00-10-244-1--0.${HEADLESS}`,
    ]);
  });

  it('pods decides which addresses below `pod` are names', () => {
    const asked = ['10-244-1-9.shop', '10-244-1-9.other', '10-244-1-99.shop', 'blah.shop'];
    const said = (mode: string) => {
      const world = worldOf(`pods ${mode}`);
      world.put('Pod', 'v1', {
        metadata: { name: 'client', namespace: 'shop' },
        spec: { containers: [{ name: 'main', image: 'x' }] },
        status: { phase: 'Running', podIP: '10.244.1.9' },
      });
      return asked.filter((it) => world.ask(`${it}.pod.cluster.local`).rcode === 'NOERROR');
    };
    expect(said('disabled')).to.deep.equal([]);
    expect(said('insecure')).to.deep.equal(asked.slice(0, 3));
    expect(said('verified')).to.deep.equal(asked.slice(0, 1));
    expect(worldOf('pods insecure').say('fd00--1.shop.pod.cluster.local', 'AAAA')).to.equal(
      'NOERROR fd00::1',
    );
  });

  it('fallthrough hands on unknown names, and no others', () => {
    const world = worldOf('fallthrough in-addr.arpa');
    world.say('99.0.96.10.in-addr.arpa', 'PTR');
    expect(world.upstreamQueries).to.equal(1);
    expect(world.say('no.shop.svc.cluster.local')).to.equal('NXDOMAIN');
    expect(world.upstreamQueries).to.equal(1);
    const all = worldOf('fallthrough');
    all.say('no.shop.svc.cluster.local');
    expect(all.upstreamQueries).to.equal(1);
  });

  it('ttl is that of records and of denials, whose SOA lives for 5 minutes at most', () => {
    const world = worldOf('ttl 3600');
    expect(world.ask(PLAIN).answers[0]!.ttl).to.equal(3_600);
    expect(world.ask('no.shop.svc.cluster.local').authority[0]!.ttl).to.equal(300);
  });

  // coredns plugin/kubernetes/kubernetes.go defaultTTL.
  it('ttl is five seconds where it is left out, or what the scenario overrides', () => {
    expect(worldOf().ask(PLAIN).answers[0]!.ttl).to.equal(5);
    const told: DefaultDelay = (timer) =>
      timer === 'coredns.ttl' ? seconds(7) : USUAL_DELAY(timer);
    expect(worldOf('', ZONES, told).ask(PLAIN).answers[0]!.ttl).to.equal(7);
    expect(worldOf('ttl 9', ZONES, told).ask(PLAIN).answers[0]!.ttl).to.equal(9);
  });

  it('about the connection to the API server changes no answer', () => {
    const options = 'kubeconfig /x y\nendpoint http://a\ntls a b c\nstartup_timeout 1s';
    expect(known(options)).to.deep.equal(NAMES);
  });
});
