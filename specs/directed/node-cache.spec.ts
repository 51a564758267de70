// Goal: what `cluster.dns.nodelocal` means for a cluster: which settings it takes, where it is left
// out, and the whole life of the cache on one node. Sources: kubernetes/dns cmd/node-cache,
// kubernetes/kubernetes cluster/addons/dns/nodelocaldns, dns-ipam.md §13.

import { expect } from 'chai';
import { createCluster } from '../../src/cluster/create-cluster';
import type { Cluster } from '../../src/cluster/cluster';
import { loadScenarios } from '../../src/language/index';
import type { Files } from '../../src/language/index';
import { ip } from '../../src/values/ip';
import { seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { lexicon } from '../../src/vocabulary/lexicon';

const CLIENT = [
  '---',
  'apiVersion: v1',
  'kind: Pod',
  'metadata: {name: client, namespace: default}',
  'spec: {nodeName: worker-1, containers: [{name: main, image: debian, command: [sleep, infinity]}]}',
].join('\n');

const ANY = '{at: 1s, resolve: {from: pod/default/client, name: kubernetes}}';

/** A scenario with this mapping as its cluster, and one client. */
function load(cluster: string) {
  const text = `scenario: a cache\ncluster: ${cluster}\nexpect: [${ANY}]\n${CLIENT}\n`;
  const files: Files = {
    read: (path) => (path === 'a.yaml' ? { is: 'text', text } : { is: 'missing' }),
    expand: (path) => [path],
  };
  return loadScenarios(['a.yaml'], lexicon, files);
}

const specOf = (cluster: string) => load(cluster).plans[0]!.cluster;
const codesOf = (cluster: string) => load(cluster).diagnostics.map(({ code }) => code);

function clusterWith(dns: string, proxy = 'iptables'): Cluster {
  return createCluster(specOf(`{nodes: 1, proxy: ${proxy}, dns: ${dns}}`), { seed: 1 });
}

const FROM = { pod: 'default/client' };
const KUBE_DNS = { address: ip('10.96.0.10'), port: 53, protocol: 'UDP' } as const;

/** Who takes a query of the pod for the address of kube-dns: `node-local-dns`, `coredns`. */
function answering(cluster: Cluster): string[] {
  const names = cluster.send(FROM, KUBE_DNS).map(({ responder, disposition }) => {
    const pod = responder?.name.split('/')[1] ?? 'nobody';
    return `${disposition} ${/^(node-local-dns|coredns)/.exec(pod)?.[1] ?? pod}`;
  });
  return [...new Set(names)];
}

function cachePod({ api }: Cluster): string {
  const pods = [...api.store.list('Pod')].filter(({ metadata }) => metadata.namespace);
  const pod = pods.find(({ metadata }) => metadata.name.startsWith('node-local-dns'))!;
  return `kube-system/${pod.metadata.name}`;
}

const live = ({ kernel }: Cluster, span: number) =>
  kernel.runUntil((kernel.now + seconds(span)) as Instant);

describe('cluster.dns.nodelocal', () => {
  it('is an address and a Corefile, each with a default', () => {
    const dnsOf = (nodelocal: string) => specOf(`{nodes: 1, dns: {nodelocal: ${nodelocal}}}`).dns;
    expect(dnsOf('false')).not.to.have.property('nodelocal');
    expect(dnsOf('true').nodelocal).to.deep.equal({ address: ip('169.254.20.10') });
    expect(dnsOf('{ip: 169.254.25.10, corefile: ".:53 {}"}').nodelocal).to.deep.equal({
      address: ip('169.254.25.10'),
      corefile: '.:53 {}',
    });
  });

  it('needs an address of its own in a cluster of IPv6', () => {
    const cluster = (nodelocal: string) =>
      `{nodes: 1, ipFamilies: [IPv6], dns: {nodelocal: ${nodelocal}}}`;
    expect(codesOf(cluster('true'))).to.contain('KD1401');
    expect(codesOf(cluster('{ip: "fd00:ca::10"}'))).to.deep.equal([]);
  });

  it('is left out, with a warning, where eBPF translates', () => {
    for (const extra of ['cni: cilium', 'cni: cilium, proxy: ebpf']) {
      const text = `{nodes: 1, ${extra}, dns: {nodelocal: true}}`;
      const notes = load(text).plans[0]!.notes.map(({ code }) => code);
      expect(notes, extra).to.contain('KD1407');
      expect(specOf(text).dns, extra).not.to.have.property('nodelocal');
    }
  });
});

describe('the DNS cache of a node', () => {
  it('takes the queries for kube-dns, and no entry is made for them', () => {
    const cluster = clusterWith('{nodelocal: true}');
    expect(answering(cluster)).to.deep.equal(['answered node-local-dns']);
    for (const { translations } of cluster.send(FROM, KUBE_DNS)) {
      expect(translations).to.deep.equal([]);
    }
    expect(answering(clusterWith('{}'))).to.deep.equal(['answered coredns']);
  });

  it('leaves them to CoreDNS in ipvs mode, where pods ask another address', () => {
    const cluster = clusterWith('{nodelocal: true}', 'ipvs');
    expect(answering(cluster)).to.deep.equal(['answered coredns']);
    const [resolution] = cluster.resolve(FROM, 'kubernetes', { types: ['A'] });
    expect(resolution).to.include({ rcode: 'NOERROR', server: '169.254.20.10' });
  });

  it('that is killed leaves queries on the node, and takes them again when it is back', () => {
    const cluster = clusterWith('{nodelocal: true}');
    cluster.handles.crashPod(cachePod(cluster), { exitCode: 137, restart: true });
    expect(answering(cluster)[0]).to.match(/^refused-by-listener/);
    live(cluster, 60);
    expect(answering(cluster)).to.deep.equal(['answered node-local-dns']);
  });

  it('that is deleted hands them to CoreDNS', () => {
    const cluster = clusterWith('{nodelocal: true}');
    cluster.handles.delete('DaemonSet', 'kube-system/node-local-dns');
    live(cluster, 30);
    expect(answering(cluster)).to.deep.equal(['answered coredns']);
  });

  it('answers what it has kept when CoreDNS is gone, until that is too old', () => {
    const cluster = clusterWith('{nodelocal: true}');
    const ask = (real: boolean) =>
      cluster.resolve(FROM, 'kubernetes', { types: ['A'], real })[0]!.rcode;
    ask(true);
    cluster.handles.scale('Deployment', 'kube-system/coredns', 0);
    live(cluster, 20);
    expect(ask(false)).to.equal('NOERROR');
    live(cluster, 11);
    expect(ask(false)).to.equal('SERVFAIL');
  });
});
