// Goal: a name that does not exist is explained by what the cluster has: the Service in another
// namespace, the namespace that is missing, the headless Service without ready endpoints.

import { expect } from 'chai';
import { explainMissing } from '../../../src/cluster/lookups/missing-name';
import { keyOf } from '../../../src/values/kube-object';
import type { KubeObject } from '../../../src/values/kube-object';

const object = (kind: string, namespace: string, name: string, parts: object = {}): KubeObject => {
  const metadata = namespace === '' ? { name } : { name, namespace };
  return { apiVersion: 'v1', kind, metadata, ...parts };
};

const OBJECTS: readonly KubeObject[] = [
  object('Namespace', '', 'shop'),
  object('Namespace', '', 'staging'),
  object('Namespace', '', 'other'),
  object('Service', 'shop', 'backend', { spec: { clusterIP: '10.96.0.20' } }),
  object('Service', 'shop', 'cart', { spec: { clusterIP: '10.96.0.21' } }),
  object('Service', 'staging', 'cart', { spec: { clusterIP: '10.96.0.22' } }),
  object('Service', 'other', 'peers', { spec: { clusterIP: 'None' } }),
  object('Service', 'other', 'own', { spec: { clusterIP: '10.96.0.23' } }),
];

const STORE = {
  get: (kind: string, key: string) => OBJECTS.find((it) => it.kind === kind && keyOf(it) === key),
  list: (kind: string) => OBJECTS.filter((it) => it.kind === kind),
};

const DOMAIN = { domain: 'cluster.local' };

/** What a pod in namespace `other` is told. */
const tell = (name: string): string => explainMissing(STORE, DOMAIN, name, 'other');

/** What a node is told. */
const tellNode = (name: string): string => explainMissing(STORE, DOMAIN, name, undefined);

const IN_SHOP =
  'Service backend lives in namespace shop: backend.shop.svc.cluster.local is its full name';

describe('a name that does not exist', () => {
  it('is that of a Service in another namespace', () => {
    expect(tell('backend')).to.equal(IN_SHOP);
    expect(tell('backend.shp')).to.equal(IN_SHOP);
    expect(tell('BACKEND.nowhere.svc.cluster.local.')).to.equal(IN_SHOP);
    expect(tell('backend.nowhere.svc')).to.equal(IN_SHOP);
  });

  it('is that of Services in several namespaces', () => {
    expect(tell('cart')).to.contain('lives in namespaces shop, staging: cart.shop.svc');
  });

  it('is nobody’s', () => {
    expect(tell('bakend')).to.equal('there is no Service bakend in any namespace');
    expect(tell('bakend.shop')).to.equal('there is no Service bakend in any namespace');
    expect(tell('bakend.nowhere.svc.cluster.local')).to.equal('there is no namespace nowhere');
  });

  it('is that of a headless Service without ready endpoints', () => {
    expect(tell('peers')).to.equal('Service other/peers is headless and has no ready endpoint');
  });

  it('is that of an endpoint that a Service does not have', () => {
    const none = 'Service shop/backend exists, but has no ready endpoint called db-3';
    expect(tell('db-3.backend.shop')).to.equal(none);
  });

  it('is known by now, or only by its full name', () => {
    expect(tell('own')).to.contain('Service other/own exists, and its full name is own.other.svc');
    expect(tellNode('own.other')).to.contain('own.other.svc.cluster.local');
  });

  it('is one of the outside, about which the cluster has nothing to say', () => {
    expect(tell('www.example.com')).to.equal('');
    expect(tell('example.com')).to.equal('');
    expect(tell('backend.example.com')).to.equal('');
    expect(tellNode('example')).to.equal('');
  });
});
