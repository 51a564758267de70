// Goal: the files that the kubelet writes for a container (dns-ipam.md §14).

import { expect } from 'chai';
import type { Pod, PodSpec } from '../../src/apiserver/kinds/pod';
import { ip } from '../../src/values/ip';
import { hostsOf, resolvConfOf } from '../../src/workloads/index';
import { optionTexts, parseResolvConf, podDns } from '../../src/workloads/resolv-conf';

const DNS = [ip('10.96.0.10')];

function podWith(spec: Partial<PodSpec>): Pod {
  const metadata = { name: 'web-0', namespace: 'shop' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], ...spec } };
}

const confOf = (spec: Partial<PodSpec>) => resolvConfOf(podWith(spec), DNS, 'cluster.local');

describe('resolv.conf', () => {
  it('of ClusterFirst names the cluster DNS, three search domains and ndots:5', () => {
    const conf = confOf({});
    expect(conf.nameservers).to.deep.equal(DNS);
    expect(conf.search).to.deep.equal([
      'shop.svc.cluster.local',
      'svc.cluster.local',
      'cluster.local',
    ]);
    expect([...conf.options]).to.deep.equal([['ndots', '5']]);
  });

  it("is the node's own for Default, and for ClusterFirst on the host's network", () => {
    expect(confOf({ dnsPolicy: 'Default' }).isNodes).to.equal(true);
    expect(confOf({ hostNetwork: true }).isNodes).to.equal(true);
    expect(confOf({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }).isNodes).to.equal(
      false,
    );
    expect(resolvConfOf(podWith({}), [], 'cluster.local').isNodes).to.equal(true);
  });

  it('of None holds only what dnsConfig says', () => {
    const conf = confOf({
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['1.1.1.1'],
        searches: ['example.com.'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
    });
    expect(conf.nameservers).to.deep.equal(['1.1.1.1']);
    expect(conf.search).to.deep.equal(['example.com']);
    expect([...conf.options]).to.deep.equal([
      ['ndots', '2'],
      ['edns0', ''],
    ]);
  });

  it('appends what dnsConfig adds, without duplicates, and lets its options win', () => {
    const conf = confOf({
      dnsConfig: {
        nameservers: ['10.96.0.10', '1.1.1.1', '1.1.1.2', '1.1.1.3'],
        searches: ['cluster.local', 'corp.internal'],
        options: [{ name: 'ndots', value: '1' }],
      },
    });
    expect(conf.nameservers).to.deep.equal(['10.96.0.10', '1.1.1.1', '1.1.1.2']);
    expect(conf.search.slice(2)).to.deep.equal(['cluster.local', 'corp.internal']);
    expect(conf.options.get('ndots')).to.equal('1');
  });

  it('drops search paths that are too long, and what exceeds 32 of them', () => {
    const searches = ['x'.repeat(254), ...Array.from({ length: 40 }, (_, index) => `d${index}`)];
    const { search } = confOf({ dnsConfig: { searches } });
    expect(search).to.have.length(32);
    expect(search.at(-1)).to.equal('d28');
  });
});

describe('the hosts file', () => {
  it('names the pod by its host name and its name in the subdomain', () => {
    const spec = { subdomain: 'db', hostAliases: [{ ip: '10.1.1.1', hostnames: ['Legacy'] }] };
    const hosts = hostsOf(podWith(spec), [ip('10.244.1.5')], 'cluster.local');
    expect(hosts.get('web-0')).to.deep.equal(['10.244.1.5']);
    expect(hosts.get('web-0.db.shop.svc.cluster.local')).to.deep.equal(['10.244.1.5']);
    expect(hosts.get('legacy')).to.deep.equal(['10.1.1.1']);
    expect(hosts.get('localhost')).to.deep.equal(['127.0.0.1', '::1']);
  });
});

describe('the file of a node', () => {
  it('is read as the kubelet reads it', () => {
    const conf = parseResolvConf(
      'nameserver 9.9.9.9\n# no\nnameserver 8.8.8.8\nsearch a\nsearch b. . c\noptions ndots:2 rotate\n' +
        'options ndots:3',
    )!;
    expect(conf.nameservers).to.deep.equal(['9.9.9.9', '8.8.8.8']);
    expect(conf.search).to.deep.equal(['b', 'c']);
    expect(optionTexts(conf)).to.deep.equal(['ndots:3', 'rotate']);
    expect(parseResolvConf('nameserver\n')).to.equal(undefined);
  });

  it('adds its search list to that of the cluster, and stands in where the kubelet has no DNS', () => {
    const pod = { metadata: { name: 'a', namespace: 'shop' }, spec: { containers: [] } } as never;
    const node = parseResolvConf('nameserver 9.9.9.9\nsearch corp.example\n')!;
    const kubelet = { domain: 'cluster.local', node, nodeAddresses: [] };
    const first = podDns(pod, { ...kubelet, clusterDns: ['10.96.0.10' as never] });
    expect(first.conf.search.at(-1)).to.equal('corp.example');
    expect(first.events).to.deep.equal([]);
    const missing = podDns(pod, { ...kubelet, clusterDns: [] });
    expect(missing.conf.nameservers).to.deep.equal(['9.9.9.9']);
    expect(missing.events).to.deep.equal(['MissingClusterDNS']);
    const none = podDns(pod, { ...kubelet, clusterDns: [], node: undefined });
    expect([none.conf.nameservers, none.conf.search]).to.deep.equal([['127.0.0.1'], ['.']]);
  });
});
