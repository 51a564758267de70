// kube-proxy's nftables mode: the table by version, what nodes share of it, and the differences
// from iptables mode that a client can see (services §6, §20).

import { expect } from 'chai';
import { renderNftRule } from '../../../src/node/netfilter/render-nftables';
import type { Ruleset } from '../../../src/node/netfilter/ruleset';
import { nftEndpointNames, nftServiceNames } from '../../../src/node/proxy/nftables-names';
import { nftables } from '../../../src/node/proxy/nftables';
import { StaleChains } from '../../../src/node/proxy/stale-chains';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import { ip } from '../../../src/values/ip';
import { PacketWalk } from '../../vectors/first-packet';
import { endpoint, inputOf, nodeOf, servicePort } from './proxy-fixture';

const SERVICE = servicePort('ns1/svc1:p80');
const TWO = [
  endpoint('10.244.1.5', { nodeName: 'worker-1' }),
  endpoint('10.244.2.6', { nodeName: 'worker-2' }),
];
const NAMES = nftServiceNames(SERVICE.id);

function rulesOf({ nft }: Ruleset, chain: string): string[] {
  return nft!.chains.get(chain)?.rules.map((rule) => renderNftRule(rule, 'IPv4')) ?? [];
}

function elementsOf({ nft }: Ruleset, name: string): string[] {
  return [...(nft!.sets.get(name)?.elements ?? nft!.maps.get(name)?.elements.keys() ?? [])];
}

describe('names in nftables mode', () => {
  it('are readable, with a hash in front (verified values of services §2)', () => {
    const id = { namespace: 'testing', name: 'service', port: 'http', protocol: 'TCP' } as const;
    expect(nftServiceNames(id).cluster).to.equal('service-P4ZYZVCF-testing/service/tcp/http');
    expect(nftEndpointNames(id, '10.180.0.1:80').chain).to.equal(
      'endpoint-JO2XBXZR-testing/service/tcp/http__10.180.0.1/80',
    );
  });

  it('are cut at 240 characters and then end in dots', () => {
    const long = 'x'.repeat(63);
    const id = { namespace: long, name: long, port: long, protocol: 'SCTP' } as const;
    const { chain } = nftEndpointNames(id, `[2001:db8:${'1111:'.repeat(5)}1111]:65535`);
    expect(chain.length).to.equal('endpoint-'.length + 240);
    expect(chain.endsWith('...')).to.equal(true);
  });
});

describe('nftables mode since 1.36', () => {
  const ruleset = nftables.compile(inputOf([SERVICE, TWO]), nodeOf('worker-1'));

  it('dispatches by one map and picks by one rule, without a chain for each endpoint', () => {
    expect(rulesOf(ruleset, 'services')).to.deep.equal([
      'ip daddr @cluster-ips ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x00004000 ' +
        'comment "masquerade clusterIP traffic from outside cluster"',
      'ip daddr . meta l4proto . th dport vmap @service-ips',
      'ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports',
    ]);
    expect(rulesOf(ruleset, NAMES.cluster)).to.deep.equal([
      'meta l4proto tcp dnat ip to numgen random mod 2 ' +
        'map { 0 : 10.244.1.5 . 8080, 1 : 10.244.2.6 . 8080 }',
    ]);
    const own = [...ruleset.nft!.chains.keys()].filter((it) => it.startsWith('endpoint-'));
    expect(own).to.deep.equal([]);
  });

  it('knows the connections to itself of its own endpoints only', () => {
    expect(elementsOf(ruleset, 'hairpin-connections')).to.deep.equal([
      '10.244.1.5 . 10.244.1.5 . tcp . 8080',
    ]);
  });

  it('keeps clients in a set for each endpoint where affinity asks for it', () => {
    const sticky = servicePort('ns1/svc1:p80', { affinitySeconds: 600 });
    const own = nftables.compile(inputOf([sticky, TWO.slice(0, 1)]), nodeOf('worker-1'));
    const { chain, affinity } = nftEndpointNames(sticky.id, '10.244.1.5:8080');
    expect(rulesOf(own, NAMES.cluster)).to.deep.equal([
      `ip saddr @${affinity} goto ${chain}`,
      `numgen random mod 1 vmap { 0 : goto ${chain} }`,
    ]);
    expect(rulesOf(own, chain)).to.deep.equal([
      `update @${affinity} { ip saddr }`,
      'meta l4proto tcp dnat to 10.244.1.5:8080',
    ]);
    expect(own.nft!.sets.get(affinity)).to.deep.include({ timeout: 600 });
  });
});

describe('nftables mode up to 1.35', () => {
  const node = nodeOf('worker-1', { kubernetes: '1.35' });
  const ruleset = nftables.compile(inputOf([SERVICE, TWO]), node);

  it('has a chain for each endpoint, which marks who comes from there', () => {
    const { chain } = nftEndpointNames(SERVICE.id, '10.244.2.6:8080');
    expect(rulesOf(ruleset, chain)).to.deep.equal([
      'ip saddr 10.244.2.6 jump mark-for-masquerade',
      'meta l4proto tcp dnat to 10.244.2.6:8080',
    ]);
    expect(rulesOf(ruleset, NAMES.cluster)[0]).to.equal(
      'ip daddr 10.96.0.20 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade',
    );
  });
});

describe('unallocated addresses of the Service range', () => {
  const rulesAt = (kubernetes: string) => {
    const node = nodeOf('worker-1', { kubernetes, serviceCIDRs: ['10.96.0.0/12'] });
    return rulesOf(nftables.compile(inputOf(), node), 'cluster-ips-check').length;
  };

  it('are dropped since kube-proxy knows ServiceCIDR objects, in 1.33', () => {
    expect([rulesAt('1.32'), rulesAt('1.33')]).to.deep.equal([1, 2]);
  });
});

describe('NodePorts in nftables mode', () => {
  const service = servicePort('ns1/svc1:p80', { nodePort: 30_080 });
  const addresses = [ip('192.168.1.11'), ip('172.16.0.1'), ip('127.0.0.1')];
  const verdict = (dst: string, nodePortAddresses: readonly string[] = [], kubernetes = '1.36') => {
    const node = nodeOf('worker-1', { addresses, nodePortAddresses, kubernetes });
    const ruleset = nftables.compile(inputOf([service, TWO]), node);
    const ask = { from: 'node', src: '192.168.1.11', port: 30_080, protocol: 'TCP' } as const;
    return new PacketWalk(ruleset, node).fates({ ...ask, dst })[0]!.verdict;
  };

  it('answer on the primary address alone, unless more is asked for', () => {
    expect(verdict('192.168.1.11')).to.equal('dnat');
    expect(verdict('172.16.0.1')).to.equal('no-match');
    expect(verdict('172.16.0.1', ['172.16.0.0/16'])).to.equal('dnat');
    expect(verdict('172.16.0.1', ['0.0.0.0/0'])).to.equal('dnat');
    expect(verdict('172.16.0.1', [], '1.29')).to.equal('dnat');
  });

  it('never answer on loopback', () => {
    expect(verdict('127.0.0.1', ['0.0.0.0/0'])).to.equal('no-match');
    expect(verdict('127.0.0.1', ['127.0.0.0/8'])).to.equal('no-match');
  });
});

describe('chains of an nft table that nothing leads to', () => {
  const at = (ms: number) => ({ start: ms as Instant, connections: [] });
  const full = nftables.compile(inputOf([SERVICE, TWO]), nodeOf('worker-1'));
  const empty = nftables.compile(inputOf(), nodeOf('worker-1'));
  const rulesIn = ({ nft }: Ruleset) => nft!.chains.get(NAMES.cluster)?.rules.length;

  it('stand empty until a sync that starts more than a second later', () => {
    const stale = new StaleChains(seconds(1));
    const emptied = stale.written(full, empty, at(0));
    expect(rulesIn(emptied)).to.equal(0);
    const early = stale.written(emptied, empty, at(seconds(0.5)));
    expect(rulesIn(early)).to.equal(0);
    // The early sync has found them again, and they count as stale from then on.
    const later = stale.written(early, empty, at(seconds(1.5)));
    expect(rulesIn(later)).to.equal(0);
    expect(stale.written(later, empty, at(seconds(2.6)))).to.equal(empty);
  });

  it('are filled again where the Service comes back', () => {
    const stale = new StaleChains(seconds(1));
    const emptied = stale.written(full, empty, at(0));
    expect(stale.written(emptied, full, at(seconds(2)))).to.equal(full);
  });
});
