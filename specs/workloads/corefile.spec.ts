// Goal: a Corefile is read as far as it decides answers, and nothing in it is passed over in
// silence that could change one.

import { expect } from 'chai';
import { ip } from '../../src/values/ip';
import { MODELLED_VERSIONS } from '../../src/values/kube-version';
import type { KubeVersion } from '../../src/values/kube-version';
import {
  bringsDns,
  CorefileError,
  corednsManifests,
  defaultCorefile,
  parseCorefile,
} from '../../src/workloads/index';

const inBlock = (lines: string) => `.:53 {\n${lines}\n}\n`;

const disables = (version: string) =>
  defaultCorefile(version as KubeVersion, 'cluster.local').includes('disable success');

describe('a Corefile', () => {
  it('of kubeadm is understood in every version', () => {
    for (const version of MODELLED_VERSIONS) {
      expect(parseCorefile(defaultCorefile(version, 'cluster.local')), version).to.deep.equal({
        zones: ['cluster.local', 'in-addr.arpa', 'ip6.arpa'],
        ttl: 30,
        pods: 'insecure',
        endpointPodNames: false,
        fallthrough: ['in-addr.arpa', 'ip6.arpa'],
        forwards: true,
        cacheTtl: 30,
      });
    }
  });

  it('does not cache the cluster since 1.32', () => {
    expect([disables('1.31'), disables('1.32')]).to.deep.equal([false, true]);
  });

  const BAD: readonly (readonly [text: string, message: string])[] = [
    [inBlock('rewrite name a b'), 'the directive "rewrite" is not modelled'],
    [inBlock('kubernetes cluster.local {\npods verified\n}'), '"kubernetes { pods verified }"'],
    [inBlock('kubernetes cluster.local {\nttl soon\n}'), 'ttl "soon" is no number of seconds'],
    ['example.com {\n}\n', 'a server block for "example.com" is not modelled'],
    [`${inBlock('errors')}${inBlock('errors')}`, 'more than one server block'],
    ['.:53 {\nerrors\n', 'is not closed'],
    ['errors\n', 'expected "<zone> {"'],
  ];
  for (const [text, message] of BAD) {
    it(`is refused: ${message}`, () => {
      expect(() => parseCorefile(text)).to.throw(CorefileError, message);
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
