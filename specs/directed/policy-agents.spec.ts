// Goal: policies hold on a node when its agent has applied them, not before; and a pod that is new
// to its agent fares as the plug-in lets it. Facts: netpol.md §8, timing.md C13.

import { expect } from 'chai';
import { buildCluster } from '../../src/chai/plugin';
import type { Cluster } from '../../src/cluster/cluster';
import { ip } from '../../src/values/ip';
import { later, milliseconds } from '../../src/values/time';
import { SHOP } from '../chai/shop';

const DENY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'nobody', namespace: 'shop' },
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
};

function clusterWith(cni: string, seed: number): Cluster {
  return buildCluster({ manifests: [SHOP], cni, seed }).cluster;
}

/** Milliseconds from the request until the client's new connections fail for good. */
function closedAfter(cni: string, seed: number): number {
  const cluster = clusterWith(cni, seed);
  cluster.api.submit({
    verb: 'create',
    kind: 'NetworkPolicy',
    key: 'shop/nobody',
    object: DENY,
    actor: 'kubectl',
  });
  const [backend] = [...cluster.api.store.list('Pod')].filter(({ metadata }) =>
    metadata.name.startsWith('backend'),
  );
  const { podIP } = backend!.status as { podIP: string };
  const to = { address: ip(podIP), port: 8080, protocol: 'TCP' } as const;
  const start = cluster.kernel.now;
  for (let at = 0; at < 3_000; at += 5) {
    cluster.kernel.runUntil(later(start, milliseconds(at)));
    const [trace] = cluster.send({ pod: 'shop/client' }, to);
    if (trace!.disposition === 'denied-by-policy') return at;
  }
  return Infinity;
}

describe('the agents that enforce policies', () => {
  for (const [cni, least, most] of [
    ['calico', 25, 630],
    ['cilium', 65, 170],
    ['kindnet', 15, 1_020],
    ['weave', 25, 520],
    ['aws-vpc', 1_015, 2_020],
  ] as const) {
    it(`of ${cni} close a pod between ${least} and ${most} ms after the request`, () => {
      const spans = [1, 2, 3, 4, 5].map((seed) => closedAfter(cni, seed));
      for (const span of spans) expect(span).to.be.within(least, most);
      expect(new Set(spans).size, 'drawn from the seed').to.be.greaterThan(1);
    });
  }

  it('do nothing where there is no policy', () => {
    const applied = clusterWith('calico', 1)
      .kernel.journal.all()
      .filter(({ actor }) => actor.startsWith('calico-node@'));
    expect(applied).to.deep.equal([]);
  });
});

describe('a plug-in that rejects what it denies', () => {
  function denied(direction: 'Ingress' | 'Egress', protocol: 'TCP' | 'UDP', denyAction: string) {
    const policy = { ...DENY, spec: { podSelector: {}, policyTypes: [direction] } };
    const cni = { name: 'calico', denyAction };
    const { cluster } = buildCluster({ manifests: [SHOP, policy], cluster: { cni } });
    const backend = [...cluster.api.store.list('Pod')].find(({ metadata }) =>
      metadata.name.startsWith('backend'),
    );
    const { podIP } = backend!.status as { podIP: string };
    const to = { address: ip(podIP), port: 8080, protocol } as const;
    return cluster.send({ pod: 'shop/client' }, to);
  }

  for (const direction of ['Ingress', 'Egress'] as const) {
    for (const protocol of ['TCP', 'UDP'] as const) {
      it(`tells the client at once: ${direction}, ${protocol}`, () => {
        for (const trace of denied(direction, protocol, 'reject')) {
          expect(trace.disposition, trace.reason).to.equal('rejected-by-policy');
          expect(trace.reason).to.contain('isolates');
          expect(trace.blames[0]).to.equal('NetworkPolicy/shop/nobody');
          const left = trace.translations.map(({ node }) => node);
          expect(left, 'an entry where it was let out, none where it was denied').to.have.length(
            direction === 'Ingress' ? 1 : 0,
          );
        }
        for (const trace of denied(direction, protocol, 'drop')) {
          expect(trace.disposition, trace.reason).to.equal('denied-by-policy');
        }
      });
    }
  }
});
