// What kube-proxy reads from Services and EndpointSlices, and which endpoints a node may use of
// that. Cases of serviceport_test.go, endpointslicecache_test.go and topology_test.go.

import { expect } from 'chai';
import { categorizeEndpoints, endpointText } from '../../../src/node/proxy/categorize-endpoints';
import { endpointsOfService, serviceOfSlice } from '../../../src/node/proxy/endpoints-map';
import { nodePortAddresses } from '../../../src/node/proxy/node-port-addresses';
import { ProxyInputs } from '../../../src/node/proxy/proxy-inputs';
import type { Endpoint } from '../../../src/node/proxy/proxy-mode';
import { serviceMapOf, servicePortsOf } from '../../../src/node/proxy/service-map';
import { Store } from '../../../src/apiserver/store';
import { ip } from '../../../src/values/ip';
import type { KubeObject } from '../../../src/values/kube-object';
import { START } from '../../../src/values/time';
import { endpoint, nodeOf, servicePort, terminating, unready } from './proxy-fixture';

function service(spec: object, fields: object = {}): KubeObject {
  const metadata = { name: 'svc', namespace: 'ns' };
  const ports = [{ name: 'http', port: 80 }];
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports, ...spec }, ...fields };
}

function slice(name: string, endpoints: readonly object[], fields: object = {}): KubeObject {
  const labels = { 'kubernetes.io/service-name': 'svc' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'ns', labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints,
    ...fields,
  };
}

const KEY = 'ns/svc:http/TCP';

function read(...slices: KubeObject[]): readonly Endpoint[] {
  return endpointsOfService(slices, 'IPv4').get(KEY) ?? [];
}

function named(name: string): KubeObject {
  return service({ clusterIP: '10.96.0.1' }, { metadata: { name, namespace: 'ns' } });
}

describe('Services as kube-proxy reads them', () => {
  for (const [what, object] of [
    ['without a clusterIP', service({ clusterIP: 'None' })],
    ['of type ExternalName', service({ type: 'ExternalName', clusterIP: '10.96.0.1' })],
    ['of the other family', service({ clusterIP: 'fd00::1' })],
    [
      'that another proxy serves',
      service(
        { clusterIP: '10.96.0.1' },
        { metadata: { name: 'svc', labels: { 'service.kubernetes.io/service-proxy-name': 'x' } } },
      ),
    ],
  ] as const) {
    it(`are passed over ${what}`, () => {
      expect(servicePortsOf(object, 'IPv4')).to.deep.equal([]);
    });
  }

  it('give each family its own addresses', () => {
    const dual = service({ clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00::1'] });
    expect(servicePortsOf(dual, 'IPv4')[0]!.clusterIP).to.equal('10.96.0.1');
    expect(servicePortsOf(dual, 'IPv6')[0]!.clusterIP).to.equal('fd00::1');
  });

  it('have no source ranges where one of them holds every address', () => {
    const ranges = [' 10.0.0.0/8 ', '0.0.0.0/0'];
    const open = service({ clusterIP: '10.96.0.1', loadBalancerSourceRanges: ranges });
    const closed = service({
      clusterIP: '10.96.0.1',
      loadBalancerSourceRanges: ranges.slice(0, 1),
    });
    expect(servicePortsOf(open, 'IPv4')[0]!.loadBalancerSourceRanges).to.deep.equal([]);
    expect(servicePortsOf(closed, 'IPv4')[0]!.loadBalancerSourceRanges).to.deep.equal([
      '10.0.0.0/8',
    ]);
  });

  it('are sticky for three hours unless they say otherwise', () => {
    const sticky = { clusterIP: '10.96.0.1', sessionAffinity: 'ClientIP' };
    const config = { sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } };
    expect(servicePortsOf(service(sticky), 'IPv4')[0]!.affinitySeconds).to.equal(10_800);
    expect(servicePortsOf(service({ ...sticky, ...config }), 'IPv4')[0]!.affinitySeconds).to.equal(
      60,
    );
  });

  it('stand in the order of their keys', () => {
    const map = serviceMapOf([named('b'), named('a')], 'IPv4');
    expect([...map.keys()]).to.deep.equal(['ns/a:http/TCP', 'ns/b:http/TCP']);
  });
});

describe('EndpointSlices as kube-proxy reads them', () => {
  it('count an endpoint without conditions as ready and serving', () => {
    const [only] = read(slice('a', [{ addresses: ['10.244.1.5'] }]));
    expect(only).to.include({ ready: true, serving: true, terminating: false, nodeName: '' });
  });

  it('count an address in two slices once, the one that is not terminating', () => {
    const gone = { addresses: ['10.244.1.5'], conditions: { ready: false, terminating: true } };
    const here = { addresses: ['10.244.1.5'], conditions: { ready: true } };
    for (const [first, second] of [
      [gone, here],
      [here, gone],
    ]) {
      const endpoints = read(slice('a', [first!]), slice('b', [second!]));
      expect(endpoints.map(({ ready }) => ready)).to.deep.equal([true]);
    }
  });

  it('are passed over without a port number, of headless Services and of the other family', () => {
    const one = [{ addresses: ['10.244.1.5'] }];
    expect(read(slice('a', one, { ports: [{ name: 'http', port: null }] }))).to.deep.equal([]);
    expect(read(slice('a', one, { addressType: 'IPv6' }))).to.deep.equal([]);
    const labels = { 'kubernetes.io/service-name': 'svc', 'service.kubernetes.io/headless': '' };
    const headless = slice('a', one, { metadata: { name: 'a', namespace: 'ns', labels } });
    expect(serviceOfSlice(headless)).to.equal(undefined);
  });
});

function texts(endpoints: readonly Endpoint[], kubernetes = '1.36', zone = 'a'): string[] {
  const node = nodeOf('worker-1', { kubernetes, zone });
  const { cluster } = categorizeEndpoints(endpoints, servicePort('ns/svc:http'), node);
  return cluster.map(endpointText);
}

describe('the endpoints that a node may use', () => {
  it('are terminating ones only where no ready one is left', () => {
    const [ready, old] = [endpoint('10.244.1.5'), terminating('10.244.1.6')];
    expect(texts([ready, old])).to.deep.equal(['10.244.1.5:8080']);
    expect(texts([old, unready('10.244.1.7')])).to.deep.equal(['10.244.1.6:8080']);
  });

  it('are those of its zone where every ready one is hinted', () => {
    const near = endpoint('10.244.1.5', { zoneHints: ['a'] });
    const far = endpoint('10.244.2.6', { zoneHints: ['b'] });
    expect(texts([near, far])).to.deep.equal(['10.244.1.5:8080']);
    expect(texts([near, far, endpoint('10.244.2.7')])).to.have.length(3);
    expect(texts([near, far], '1.36', 'c')).to.have.length(2);
  });

  it('are those of the node where it is hinted, since 1.34', () => {
    const here = endpoint('10.244.1.5', { nodeHints: ['worker-1'] });
    const there = endpoint('10.244.2.6', { nodeHints: ['worker-2'] });
    expect(texts([here, there])).to.deep.equal(['10.244.1.5:8080']);
    expect(texts([here, there], '1.33')).to.have.length(2);
  });
});

const ADDRESSES = ['192.168.1.11', '10.0.0.1', '127.0.0.1', 'fd00::1'].map((text) => ip(text));

function selected(setting: string[]): readonly string[] {
  return nodePortAddresses(setting, 'IPv4', ADDRESSES).addresses;
}

describe('NodePort addresses', () => {
  it('are all of a family that the setting does not name', () => {
    expect(nodePortAddresses(['10.0.0.0/8'], 'IPv6', ADDRESSES)).to.deep.equal({
      all: true,
      addresses: ['fd00::1'],
    });
  });

  it('are those in the ranges, or the primary one', () => {
    expect(selected(['10.0.0.0/8'])).to.deep.equal(['10.0.0.1']);
    expect(selected(['primary'])).to.deep.equal(['192.168.1.11']);
  });
});

function written(): Store {
  const store = new Store();
  store.put(service({ clusterIP: '10.96.0.1' }), START, -1);
  store.put(slice('a', [{ addresses: ['10.244.1.5'] }]), START, -1);
  return store;
}

describe('inputs shared by proxies', () => {
  it('are one object for views between which nothing changed', () => {
    const store = written();
    const inputs = new ProxyInputs(store, 'IPv4');
    const now = inputs.at(2, 2);
    expect(inputs.at(1, 2)).to.equal(now);
    store.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }, START, -1);
    expect(inputs.at(3, 3)).to.equal(now);
  });

  it('show a lagging proxy what it has seen, and nothing later', () => {
    const store = written();
    const inputs = new ProxyInputs(store, 'IPv4');
    store.put(slice('a', [{ addresses: ['10.244.1.6'] }]), START, -1);
    const addresses = (slices: number) =>
      inputs
        .at(3, slices)
        .endpoints.get(KEY)
        ?.map(({ ip: address }) => address);
    expect(addresses(3)).to.deep.equal(['10.244.1.6']);
    expect(addresses(2)).to.deep.equal(['10.244.1.5']);
    expect(addresses(1)).to.equal(undefined);
  });

  it('keep the endpoints of a Service that a change does not concern', () => {
    const store = written();
    const inputs = new ProxyInputs(store, 'IPv4');
    const before = inputs.at(2, 2);
    const metadata = { name: 'other', namespace: 'ns' };
    store.put(service({ clusterIP: '10.96.0.2' }, { metadata }), START, -1);
    const after = inputs.at(3, 3);
    expect(after).to.not.equal(before);
    expect(after.endpoints).to.equal(before.endpoints);
    expect(after.servicePorts.get(KEY)).to.equal(before.servicePorts.get(KEY));
  });

  it('forget a Service that is removed, with its endpoints', () => {
    const store = written();
    const inputs = new ProxyInputs(store, 'IPv4');
    inputs.at(2, 2);
    store.remove('Service', 'ns/svc', START, -1);
    store.remove('EndpointSlice', 'ns/a', START, -1);
    const after = inputs.at(4, 4);
    expect([after.servicePorts.size, after.endpoints.size]).to.deep.equal([0, 0]);
  });
});
