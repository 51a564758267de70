// Goal: a Corefile is read as CoreDNS reads it, and nothing in it is passed over in silence that
// could change an answer.

import { expect } from 'chai';
import { ip } from '../../src/values/ip';
import { MODELLED_VERSIONS } from '../../src/values/kube-version';
import type { KubeVersion } from '../../src/values/kube-version';
import { seconds } from '../../src/values/time';
import { readProcessOptions } from '../../src/workloads/coredns/passive';
import type { DefaultDelay } from '../../src/workloads/coredns/plugin';
import { readZones } from '../../src/workloads/corefile-values';
import { bringsDns, corednsManifests, defaultCorefile } from '../../src/workloads/index';
import { CorefileError, parseCorefile } from '../../src/workloads/index';
import { DnsWorld } from './dns-world';
import { USUAL_DELAY } from './usual-delay';

const inBlock = (lines: string) => `.:53 {\n${lines}\n}\n`;

const disables = (version: string) =>
  defaultCorefile(version as KubeVersion, 'cluster.local').includes('disable success');

describe('a Corefile', () => {
  it('of kubeadm is understood in every version', () => {
    for (const version of MODELLED_VERSIONS) {
      const world = new DnsWorld(defaultCorefile(version, 'cluster.local'));
      expect(world.say('example.com'), version).to.equal('NOERROR 203.0.113.5');
    }
  });

  it('does not cache the cluster since 1.32', () => {
    expect([disables('1.31'), disables('1.32')]).to.deep.equal([false, true]);
  });

  it('has blocks, snippets, comments and words in quotes', () => {
    const blocks = parseCorefile(`
      # a snippet
      (shared) {
        cache 7 # seconds
      }
      a.example, b.example:53 {
        import shared
        template IN A {
          answer "{{ .Name }} 60 IN A 192.0.2.1"
        }
      }
    `);
    expect(blocks).to.have.length(1);
    expect(blocks[0]!.keys).to.deep.equal(['a.example', 'b.example:53']);
    const [cache, template] = blocks[0]!.directives;
    expect([cache!.name, cache!.args]).to.deep.equal(['cache', ['7']]);
    expect(template!.block[0]!.args).to.deep.equal(['{{ .Name }} 60 IN A 192.0.2.1']);
  });

  it('tells the process how long to serve on, and when to look for a new file', () => {
    const options = readProcessOptions(
      parseCorefile(inBlock('health {\nlameduck 12s\n}\nreload 10s 3s\nloop')),
      USUAL_DELAY,
    );
    expect(options).to.deep.equal({
      lameduck: seconds(12),
      reload: { interval: seconds(10), jitter: seconds(3) },
    });
    expect(readProcessOptions(parseCorefile(inBlock('errors')), USUAL_DELAY).reload).to.equal(
      undefined,
    );
  });

  // plugin/reload/setup.go: defaultInterval, defaultJitter; a jitter beyond half is half of it.
  it('says when to look for a new file; what it does not say, the scenario may', () => {
    const lookOf = (words: string, delay = USUAL_DELAY) =>
      readProcessOptions(parseCorefile(inBlock(words)), delay).reload;
    const of = (interval: number, jitter: number) => ({
      interval: seconds(interval),
      jitter: seconds(jitter),
    });
    expect(lookOf('reload')).to.deep.equal(of(30, 15));
    expect(lookOf('reload 60s')).to.deep.equal(of(60, 15));
    expect(lookOf('reload 10s')).to.deep.equal(of(10, 5));
    const told: DefaultDelay = (timer) => {
      if (timer === 'coredns.reload') return seconds(40);
      return timer === 'coredns.reloadJitter' ? seconds(3) : USUAL_DELAY(timer);
    };
    expect(lookOf('reload', told)).to.deep.equal(of(40, 3));
    expect(lookOf('reload 10s 4s', told)).to.deep.equal(of(10, 4));
    expect(lookOf('reload 10s 0s', told)).to.deep.equal(of(10, 0));
  });

  it('names zones by ranges of addresses, several where a range ends inside of a label', () => {
    expect(readZones('10.96.0.0/24')).to.deep.equal(['0.96.10.in-addr.arpa']);
    expect(readZones('10.96.0.0/15')).to.deep.equal(['96.10.in-addr.arpa', '97.10.in-addr.arpa']);
    expect(readZones('fd00::/16')).to.deep.equal(['0.0.d.f.ip6.arpa']);
    expect(readZones('Cluster.Local.')).to.deep.equal(['cluster.local']);
  });

  const BAD: readonly (readonly [text: string, message: string])[] = [
    [inBlock('cashe 30'), 'line 2: there is no directive "cashe"'],
    [inBlock('dnssec'), 'the plugin "dnssec" is not modelled'],
    [inBlock('kubernetes cluster.local {\nttl soon\n}'), 'ttl: "soon" is no number'],
    [inBlock('kubernetes cluster.local {\nttl 3601\n}'), 'ttl: "3601" is no number'],
    [inBlock('kubernetes cluster.local {\npods maybe\n}'), 'pods "maybe" does not exist'],
    [inBlock('kubernetes cluster.local {\nmulticluster x\n}'), 'multicluster x'],
    [inBlock('cache 30 {\nservfail 6m\n}'), 'failures are kept for 5 minutes at most'],
    [inBlock('cache 30 {\nserve_stale 1h verify 100ms\n}'), 'serve_stale 1h verify 100ms'],
    [inBlock('forward . tls://9.9.9.9'), '"tls://9.9.9.9" is not modelled'],
    [inBlock('reload 1s'), '2s is the least interval'],
    [inBlock('reload 10s 500ms'), '1s is the least jitter, or 0s for none'],
    [inBlock('template IN A {\nanswer "{{ range .Match }}"\n}'), 'is not modelled'],
    [inBlock('template IN A {\nmatch "("\n}'), 'cannot be read'],
    [inBlock('autopath . /nowhere'), 'there is no file /nowhere'],
    [inBlock('loadbalance weighted x'), 'policy "weighted" is not modelled'],
    ['tls://.:53 {\nerrors\n}\n', 'a server for tls:// is not modelled'],
    ['.:53 {\nerrors\n', 'a block is not closed'],
    ['errors\n', 'expected "<zone> {"'],
    [inBlock('import nothing'), 'there is no snippet "nothing"'],
  ];
  for (const [text, message] of BAD) {
    it(`is refused: ${message}`, () => {
      const run = () => readProcessOptions(parseCorefile(text), USUAL_DELAY) && new DnsWorld(text);
      expect(run).to.throw(CorefileError, message);
    });
  }
});

describe('the DNS that a cluster gets by itself', () => {
  const objects = corednsManifests({
    kubernetes: '1.36' as KubeVersion,
    domain: 'cluster.local',
    replicas: 2,
    clusterIPs: [ip('10.96.0.10')],
  });

  it('is a Deployment behind the Service kube-dns at the tenth address', () => {
    expect(objects.map(({ kind }) => kind)).to.deep.equal(['ConfigMap', 'Deployment', 'Service']);
    expect((objects[2]!.spec as { clusterIP: string }).clusterIP).to.equal('10.96.0.10');
    expect((objects[1]!.spec as { replicas: number }).replicas).to.equal(2);
  });

  it('is left out where the manifests bring one', () => {
    expect(bringsDns(objects)).to.equal(true);
    expect(bringsDns(objects.slice(0, 2))).to.equal(false);
  });
});

describe("kubeadm's Corefile where the scenario overrides what it says", () => {
  const written = (version: string, overrides: Readonly<Record<string, number>>): string =>
    defaultCorefile(version as KubeVersion, 'cluster.local', (timer) => {
      const own = overrides[timer];
      return own === undefined ? undefined : seconds(own);
    });

  it('says that instead, and the rest as before', () => {
    const told = written('1.36', { 'coredns.lameduck': 9, 'coredns.ttl': 7 });
    expect(told).to.contain('lameduck 9s\n').and.to.contain('ttl 7\n');
    const usual = defaultCorefile('1.36' as KubeVersion, 'cluster.local');
    expect(told.replace('lameduck 9s', 'lameduck 5s').replace('ttl 7', 'ttl 30')).to.equal(usual);
  });

  it('says of the cache what differs', () => {
    expect(written('1.31', { 'coredns.cacheSuccess': 60, 'coredns.cacheDenial': 60 })).to.match(
      /^ {4}cache 60$/m,
    );
    const both = written('1.36', { 'coredns.cacheDenial': 4 });
    expect(both).to.match(/cache 30 \{\n +denial 9984 4\n +disable success cluster\.local\n/);
  });

  it('goes without what the table has only for those that say nothing', () => {
    expect(written('1.36', {})).to.equal(defaultCorefile('1.36' as KubeVersion, 'cluster.local'));
    expect(written('1.31', {}))
      .to.match(/^ {4}cache 30$/m)
      .and.to.contain('ttl 30\n');
  });
});
