// Goal: a node-cache reads its arguments and writes its Corefile as kubernetes/dns does
// (cmd/node-cache/main.go, app/configmap.go), and the add-on's manifest says what upstream's says
// (cluster/addons/dns/nodelocaldns/nodelocaldns.yaml).

import { expect } from 'chai';
import { ip } from '../../src/values/ip';
import { nodeCacheManifests, parseCorefile } from '../../src/workloads/index';
import {
  nodeCacheCorefile,
  nodeCacheListens,
  nodeCacheOf,
  readKubeDnsConfig,
} from '../../src/workloads/node-cache';
import { seconds } from '../../src/values/time';
import type { TimerOverride } from '../../src/workloads/index';
import { nodeCacheTemplate } from '../../src/workloads/node-cache-manifests';

const IMAGE = 'registry.k8s.io/dns/k8s-dns-node-cache:1.26.4';
const BOTH = ['-localip', '169.254.20.10,10.96.0.10', '-conf', '/etc/Corefile'];
const IPTABLES = {
  domain: 'cluster.local',
  address: ip('169.254.20.10'),
  kubeDns: ip('10.96.0.10'),
  isIpvs: false,
};
const NOTHING = readKubeDnsConfig();

function cacheWith(...args: string[]) {
  return nodeCacheOf({ name: 'node-cache', image: IMAGE, args })!;
}

describe('the arguments of a node-cache', () => {
  it('say where it listens for DNS and for its health', () => {
    const asked = nodeCacheListens(BOTH).map(({ port, protocol, addresses }) => {
      return `${port}/${protocol} ${addresses?.join(',') ?? 'everywhere'}`;
    });
    expect(asked).to.deep.equal([
      '53/UDP 169.254.20.10,10.96.0.10',
      '53/TCP 169.254.20.10,10.96.0.10',
      '8080/TCP 169.254.20.10',
      '9253/TCP everywhere',
      '9353/TCP everywhere',
    ]);
  });

  it('are Go flags, with one dash or two, and with defaults', () => {
    expect(cacheWith(...BOTH)).to.deep.include({
      interfaceName: 'nodelocaldns',
      setupInterface: true,
      setupIptables: true,
      skipTeardown: false,
      upstreamService: 'kube-dns',
    });
    const own = cacheWith('--localip=169.254.20.11', '-skipteardown', '--setupiptables=false');
    expect(own).to.deep.include({ skipTeardown: true, setupIptables: false });
    expect(own.addresses).to.deep.equal([ip('169.254.20.11')]);
  });

  it('mean nothing to another image', () => {
    const other = { name: 'x', image: 'registry.k8s.io/coredns/coredns:v1.14.2', args: BOTH };
    expect(nodeCacheOf(other)).to.equal(undefined);
  });
});

describe('the Corefile that a node-cache writes', () => {
  const template = nodeCacheTemplate(IPTABLES);
  const written = nodeCacheCorefile(template, cacheWith(...BOTH), ip('10.96.7.7'), NOTHING);
  const blocks = parseCorefile(written);
  const wordsOf = (zone: string, name: string): readonly string[] =>
    blocks.find(({ keys }) => keys[0] === `${zone}:53`)!.directives.find((it) => it.name === name)!
      .args;

  it('has a block for the cluster, for both reverse zones and for the rest', () => {
    expect(blocks.flatMap(({ keys }) => keys)).to.deep.equal([
      'cluster.local:53',
      'in-addr.arpa:53',
      'ip6.arpa:53',
      '.:53',
    ]);
  });

  it('asks the upstream Service about the cluster, and the resolver of the node for the rest', () => {
    expect(wordsOf('cluster.local', 'forward')).to.deep.equal(['.', '10.96.7.7']);
    expect(wordsOf('ip6.arpa', 'forward')).to.deep.equal(['.', '10.96.7.7']);
    expect(wordsOf('.', 'forward')).to.deep.equal(['.', '/etc/resolv.conf']);
  });

  it('keeps answers of the cluster for 30 s, and denials for 5', () => {
    expect(written).to.match(/cache \{\s+success 9984 30\s+denial 9984 5\s+\}/);
    expect(wordsOf('.', 'cache')).to.deep.equal(['30']);
  });

  it('keeps them for as long as the scenario overrides that', () => {
    const override: TimerOverride = (timer) =>
      timer === 'node-cache.denial' ? seconds(2) : undefined;
    const told = nodeCacheTemplate({ ...IPTABLES, override });
    expect(told).to.match(/cache \{\s+success 9984 30\s+denial 9984 2\s+\}/);
  });

  it('binds both addresses, in ipvs mode only its own, and asks kube-dns by its ClusterIP', () => {
    expect(wordsOf('.', 'bind')).to.deep.equal(['169.254.20.10', '10.96.0.10']);
    const ipvs = nodeCacheTemplate({ ...IPTABLES, isIpvs: true });
    expect(ipvs).to.contain('bind 169.254.20.10\n').and.to.contain('forward . 10.96.0.10 {');
  });

  it('names no upstream where the Service came after the pod', () => {
    const blind = nodeCacheCorefile(template, cacheWith(...BOTH), undefined, NOTHING);
    expect(blind).to.contain('forward . <nil> {');
  });

  it('takes resolvers and stub domains from ConfigMap kube-dns', () => {
    const config = readKubeDnsConfig({
      upstreamNameservers: '["192.0.2.1", "192.0.2.2"]',
      stubDomains: '{"corp.example": ["192.0.2.9"]}',
    });
    const text = nodeCacheCorefile(template, cacheWith(...BOTH), ip('10.96.7.7'), config);
    expect(text).to.contain('forward . 192.0.2.1 192.0.2.2');
    const stub = parseCorefile(text).find(({ keys }) => keys[0] === 'corp.example:53')!;
    const forward = stub.directives.find(({ name }) => name === 'forward')!;
    expect(forward.args).to.deep.equal(['.', '192.0.2.9']);
    expect(readKubeDnsConfig({ stubDomains: '{' })).to.deep.equal(NOTHING);
  });
});

describe('the add-on', () => {
  it('tolerates every taint and lives on the host network', () => {
    const daemonSet = nodeCacheManifests(IPTABLES).find(({ kind }) => kind === 'DaemonSet')!;
    const { template } = daemonSet.spec as { template: { spec: Record<string, unknown> } };
    expect(template.spec).to.include({ hostNetwork: true, dnsPolicy: 'Default' });
    expect(template.spec['tolerations']).to.deep.include({
      effect: 'NoSchedule',
      operator: 'Exists',
    });
  });

  it('tells the cache kube-dns-upstream, which selects the pods of kube-dns', () => {
    const manifests = nodeCacheManifests(IPTABLES);
    const upstream = manifests.find(({ metadata }) => metadata.name === 'kube-dns-upstream')!;
    expect(upstream.spec).to.deep.include({ selector: { 'k8s-app': 'kube-dns' } });
  });
});
