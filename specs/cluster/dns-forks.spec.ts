// Goal: in a fork each DNS server goes on to live by what its origin has read, files that came with
// a later Corefile included. Method: a Corefile with every plugin that answers, and as many forks
// as it takes until they are made by a recipe.

import { expect } from 'chai';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import { later, seconds } from '../../src/values/time';
import { planText } from '../runner/plan-text';

const TEXT = `
scenario: servers that live by files
cluster: {nodes: 2}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: main, image: example/client}]}
`;

const COREFILE = `
.:53 {
  reload
  loadbalance
  rewrite name exact old.example kubernetes.default.svc.cluster.local
  autopath /etc/coredns/resolv.conf
  cache 30
  template IN A sandbox.example {
    match "^([0-9]+)\\.sandbox\\.example\\.$"
    answer "{{ .Name }} 60 IN A 192.0.2.{{ index .Match 1 }}"
    fallthrough
  }
  hosts /etc/coredns/hosts {
    fallthrough
  }
  k8s_external ext.example
  kubernetes cluster.local {
    pods verified
  }
  file /etc/coredns/zone corp.example
  loop
  forward . /etc/coredns/resolv.conf
}
`;

const DATA = {
  Corefile: COREFILE,
  'resolv.conf': 'nameserver 192.0.2.9\nsearch corp.example\n',
  hosts: '192.0.2.8 legacy.example\n',
  zone: '@ IN SOA ns.corp.example. root.corp.example. 7 7200 1800 86400 60\nwww IN A 192.0.2.3\n',
};

const ANSWERS: readonly (readonly [name: string, said: string])[] = [
  ['old.example.', 'NOERROR 10.96.0.1'],
  ['www.corp.example.', 'NOERROR 192.0.2.3'],
  ['7.sandbox.example.', 'NOERROR 192.0.2.7'],
  ['legacy.example.', 'NOERROR 192.0.2.8'],
  ['no.ext.example.', 'NXDOMAIN'],
  ['elsewhere.example.', 'SERVFAIL'],
];

/** A cluster in which all servers have read the Corefile. */
function reloaded(): Cluster {
  const cluster = createCluster(planText(TEXT, 'dns-forks.yaml').cluster, { seed: 1 });
  cluster.handles.patch('ConfigMap', 'kube-system/coredns', { data: DATA });
  cluster.kernel.runUntil(later(cluster.kernel.now, seconds(200)));
  return cluster;
}

function said(cluster: Cluster, name: string): string[] {
  const ways = cluster.resolve({ pod: 'default/client' }, name);
  return [...new Set(ways.map(({ rcode, answers }) => [rcode, ...answers].join(' ')))];
}

describe('a DNS server in a fork', () => {
  it('answers by the files that its origin has read', () => {
    const origin = reloaded();
    const forks = [origin.fork(), origin.fork(), origin.fork()];
    for (const cluster of [origin, ...forks]) {
      expect(ANSWERS.map(([name]) => [name, ...said(cluster, name)])).to.deep.equal(ANSWERS);
    }
  });

  it('reads a later Corefile for itself', () => {
    const origin = reloaded();
    const fork = origin.fork();
    const zone = DATA.zone.replace('192.0.2.3', '192.0.2.4');
    const data = { Corefile: COREFILE.replace('cache 30', 'cache 10'), zone };
    fork.handles.patch('ConfigMap', 'kube-system/coredns', { data });
    for (const { kernel } of [origin, fork]) kernel.runUntil(later(kernel.now, seconds(200)));
    expect(said(fork, 'www.corp.example.')).to.deep.equal(['NOERROR 192.0.2.4']);
    expect(said(origin, 'www.corp.example.')).to.deep.equal(['NOERROR 192.0.2.3']);
    expect(said(fork.fork(), 'www.corp.example.')).to.deep.equal(['NOERROR 192.0.2.4']);
  });
});
