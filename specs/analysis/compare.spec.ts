// Goal: a comparison of manifests names each connection that fares differently, with its cause and
// the object that changed, and nothing else.

import { expect } from 'chai';
import { compare } from '../../src/analysis/compare';
import { buildCluster } from '../../src/chai/plugin';
import { SHOP } from '../chai/shop';

const DENY = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody, namespace: shop}
spec: {podSelector: {matchLabels: {app: backend}}, policyTypes: [Ingress]}
`;

const OTHER = `
apiVersion: v1
kind: Service
metadata: {name: other, namespace: shop}
spec: {type: NodePort, selector: {app: backend}, ports: [{port: 81, targetPort: 8080, nodePort: 30081}]}
`;

function clusterOf(...manifests: readonly string[]) {
  return buildCluster({ manifests, cni: 'calico' }).cluster;
}

const old = () => clusterOf(SHOP);

describe('a comparison of manifests', () => {
  it('finds nothing between a set and itself', () => {
    const { changes, objects, unchanged } = compare(old(), old());
    expect(changes).to.deep.equal([]);
    expect(objects).to.deep.equal([]);
    expect(unchanged).to.be.greaterThan(1);
  });

  it('finds the connection that a policy closes, and opens again without it', () => {
    const closed = compare(old(), clusterOf(SHOP, DENY));
    expect(closed.objects).to.deep.equal(['+ NetworkPolicy/shop/nobody']);
    const [lost, ...others] = closed.changes.filter(({ from }) => from === 'pod/shop/client');
    expect(others).to.deep.equal([]);
    expect(lost).to.deep.include({
      kind: 'lost',
      to: 'backend.shop:80',
      by: ['NetworkPolicy/shop/nobody'],
    });
    expect(lost!.cause).to.match(/^NetworkPolicy\/shop\/nobody isolates shop\/backend#/);
    const opened = compare(clusterOf(SHOP, DENY), old());
    const found = opened.changes.find(({ from }) => from === 'pod/shop/client');
    expect(found).to.deep.include({ kind: 'gained', by: ['NetworkPolicy/shop/nobody'] });
  });

  it('says which end is new, and which is gone', () => {
    const added = compare(old(), clusterOf(SHOP, OTHER)).changes;
    expect(added.map(({ kind, from, to, cause }) => [kind, from, to, cause])).to.deep.include([
      'gained',
      'external',
      'node/worker-1:30081',
      'external and node/worker-1:30081 is new',
    ]);
    const removed = compare(clusterOf(SHOP, OTHER), old()).changes;
    expect(removed.map(({ kind, to, cause }) => [kind, to, cause])).to.deep.include([
      'lost',
      'other.shop:81',
      'other.shop:81 is gone',
    ]);
  });

  it('finds that other backends answer', () => {
    const moved = SHOP.replace(
      '  selector: {app: backend}\n  ports',
      '  selector: {app: nobody}\n  ports',
    );
    const [change] = compare(old(), clusterOf(moved)).changes;
    expect(change).to.deep.include({ kind: 'lost', to: 'backend.shop:80' });
    expect(change!.cause).to.contain('no endpoints');
  });
});
