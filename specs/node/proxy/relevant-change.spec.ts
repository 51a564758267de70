// What a change means to kube-proxy: whether a rule can change by it, and whether traffic loses a
// destination. Rules: pkg/proxy/endpointslicecache.go updatePending.

import { expect } from 'chai';
import { relevanceOf } from '../../../src/node/proxy/relevant-change';
import type { KubeObject } from '../../../src/values/kube-object';

const READY = { ready: true };
const UNREADY = { ready: false };

function slice(endpoints: readonly object[], fields: object = {}): KubeObject {
  const labels = { 'kubernetes.io/service-name': 'svc' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'svc-1', namespace: 'ns', labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints,
    ...fields,
  };
}

function at(address: string, fields: object = { conditions: READY }): object {
  return { addresses: [address], ...fields };
}

function effect(before: KubeObject | undefined, after: KubeObject | undefined) {
  return relevanceOf('EndpointSlice', { key: 'ns/svc-1', before, after, cause: 0 }, 'IPv4');
}

const ONE = at('10.244.1.1');
const TWO = at('10.244.1.2');
const TEN = at('10.244.1.10');

describe('a change of a slice', () => {
  for (const [what, before, after, expected] of [
    ['that comes with endpoints', undefined, slice([ONE]), 'gain'],
    ['that goes with endpoints', slice([ONE]), undefined, 'loss'],
    ['that goes without any', slice([]), undefined, 'gain'],
    ['that adds an endpoint', slice([TWO]), slice([TEN, TWO]), 'gain'],
    ['that takes one of many away', slice([ONE, TEN, TWO]), slice([ONE, TWO]), 'loss'],
    ['that replaces one', slice([ONE]), slice([TWO]), 'loss'],
    [
      'that makes one ready',
      slice([at('10.244.1.1', { conditions: UNREADY })]),
      slice([ONE]),
      'gain',
    ],
    [
      'that makes one unready',
      slice([ONE]),
      slice([at('10.244.1.1', { conditions: UNREADY })]),
      'loss',
    ],
    [
      'that moves one to another port',
      slice([ONE]),
      slice([ONE], { ports: [{ name: 'http', port: 81 }] }),
      'loss',
    ],
    [
      'that renames the port',
      slice([ONE]),
      slice([ONE], { ports: [{ name: 'web', port: 8080 }] }),
      'loss',
    ],
    [
      'that adds a hint',
      slice([ONE]),
      slice([at('10.244.1.1', { hints: { forZones: [{ name: 'a' }] } })]),
      'gain',
    ],
    ['that orders them anew', slice([ONE, TWO]), slice([TWO, ONE]), undefined],
    ['that says what was understood', slice([at('10.244.1.1', {})]), slice([ONE]), undefined],
    [
      'that touches its zone alone',
      slice([ONE]),
      slice([at('10.244.1.1', { conditions: READY, zone: 'b' })]),
      undefined,
    ],
    ['of the other family', undefined, slice([], { addressType: 'IPv6' }), undefined],
  ] as const) {
    it(`${what} is ${expected === undefined ? 'none for a rule' : `a ${expected}`}`, () => {
      expect(effect(before, after)).to.equal(expected);
    });
  }

  it('is judged for each way by which it may come about', () => {
    const [both, one] = [slice([ONE, TWO]), slice([ONE])];
    expect(effect(both, one)).to.equal('loss');
    expect(effect(undefined, one)).to.equal('gain');
    expect(effect(both, one)).to.equal('loss');
    expect(effect(one, undefined)).to.equal('loss');
  });
});

describe('a change of a Service', () => {
  function service(spec: object): KubeObject {
    const metadata = { name: 'svc', namespace: 'ns' };
    const ports = [{ name: 'http', port: 80 }];
    const clusterIP = '10.96.0.1';
    return { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP, ports, ...spec } };
  }

  it('is a loss where no port is left, and none where all ports are as before', () => {
    const change = (before: KubeObject, after: KubeObject) =>
      relevanceOf('Service', { key: 'ns/svc', before, after, cause: 0 }, 'IPv4');
    expect(change(service({}), service({}))).to.equal(undefined);
    expect(change(service({}), service({ sessionAffinity: 'ClientIP' }))).to.equal('gain');
    expect(change(service({}), service({ clusterIP: 'None' }))).to.equal('loss');
  });
});
