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

const INGRESS = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {defaultBackend: {service: {name: backend, port: {number: 80}}}}
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
    const [added, ...rest] = closed.objects;
    expect(rest).to.deep.equal([]);
    expect(added).to.deep.include({ kind: 'added', name: 'NetworkPolicy/shop/nobody' });
    expect(added!.place).to.match(/^cluster-in-code\.yaml:\d+:1$/);
    expect(closed.routes, 'a policy is no matter of routes').to.deep.equal([]);
    const [lost, ...others] = closed.changes.filter(({ from }) => from === 'pod/shop/client');
    expect(others).to.deep.equal([]);
    expect(lost).to.deep.include({
      kind: 'lost',
      to: 'backend.shop:80',
      by: ['NetworkPolicy/shop/nobody'],
    });
    expect(lost!.cause).to.match(
      /^NetworkPolicy\/shop\/nobody \(.*:\d+:1\) isolates shop\/backend#/,
    );
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
      'node/worker-1:30081 is new',
    ]);
    const called = added.find(({ to }) => to === 'other.shop:81');
    expect(called).to.deep.include({
      cause: 'other.shop:81 is new',
      by: ['Service/shop/other'],
    });
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

/** The routes that differ, without what stands behind them. */
function routesBetween(before: readonly string[], after: readonly string[]) {
  const { routes } = compare(clusterOf(...before), clusterOf(...after));
  return routes.map(({ kind, route, cause, by }) => ({ kind, route, cause, by }));
}

describe('a comparison of routes', () => {
  it('finds the doors that a new Service opens, and those that go with it', () => {
    const doors = ['any node 30081/TCP', 'service/shop/other 81/TCP'];
    const by = ['Service/shop/other'];
    expect(routesBetween([SHOP], [SHOP, OTHER])).to.deep.equal(
      doors.map((route) => ({ kind: 'gained', route, cause: 'it is new', by })),
    );
    expect(routesBetween([SHOP, OTHER], [SHOP])).to.deep.equal(
      doors.map((route) => ({ kind: 'lost', route, cause: 'it is gone', by })),
    );
  });

  it('says whose labels are missing where a Service leads nowhere', () => {
    const moved = OTHER.replace('app: backend', 'app: nobody');
    expect(routesBetween([SHOP, OTHER], [SHOP, moved])[1]).to.deep.equal({
      kind: 'lost',
      route: 'service/shop/other 81/TCP',
      cause: 'no pod in shop has app=nobody',
      by: ['Service/shop/other'],
    });
  });

  it('finds another target behind the same door, and another policy of the door', () => {
    const retargeted = OTHER.replace('targetPort: 8080', 'targetPort: 9090');
    const found = routesBetween([SHOP, OTHER], [SHOP, retargeted]);
    expect(found.find(({ route }) => route.startsWith('service/'))).to.deep.equal({
      kind: 'changed',
      route: 'service/shop/other 81/TCP',
      cause: 'now shop/backend:9090; no more shop/backend:8080',
      by: ['Service/shop/other'],
    });
    const local = OTHER.replace('type: NodePort', 'type: NodePort, externalTrafficPolicy: Local');
    expect(routesBetween([SHOP, OTHER], [SHOP, local])[0]).to.deep.include({
      kind: 'changed',
      route: 'any node 30081/TCP',
      cause: 'now externalTrafficPolicy Local',
    });
  });

  it('finds the port that pods listen on no more, by the workload', () => {
    const quiet = SHOP.replaceAll('8080', '8181');
    expect(routesBetween([SHOP], [quiet])).to.deep.include({
      kind: 'lost',
      route: 'pods of shop/backend 8080/TCP',
      cause: 'it is gone',
      by: ['Deployment/shop/backend'],
    });
  });

  it('names what would make routes of layer 7 instead of passing it over', () => {
    expect(compare(old(), clusterOf(SHOP, INGRESS)).unmodelled).to.deep.equal(['Ingress/shop/web']);
  });
});
