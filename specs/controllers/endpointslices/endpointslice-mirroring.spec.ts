// Goal: Endpoints of Services without a selector stand in EndpointSlices too, one for each family
// and list of ports. Rules: pkg/controller/endpointslicemirroring (shouldMirror, syncEndpoints,
// reconcileByPortMapping).

import { expect } from 'chai';
import type { EndpointSlice } from '../../../src/apiserver/kinds/endpointslice';
import type { KubeObject } from '../../../src/values/kube-object';
import { seconds } from '../../../src/values/time';
import { ControlPlane } from '../control-plane';

const PORTS = [{ name: 'sql', port: 5432 }];

const serviceOf = (spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'db', namespace: 'shop' },
  spec: { ports: PORTS, ...spec },
});

const endpointsOf = (subsets: readonly object[], metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'db', namespace: 'shop', ...metadata },
  subsets,
});

const addresses = (...ips: readonly string[]) => ips.map((ip) => ({ ip }));

function mirrored(endpoints: KubeObject, service = serviceOf()): ControlPlane {
  const plane = new ControlPlane();
  for (const object of [service, endpoints]) {
    expect(plane.create(object), plane.refusal).to.equal('ok');
  }
  plane.run(seconds(5));
  return plane;
}

function slices(plane: ControlPlane): EndpointSlice[] {
  return plane
    .list<EndpointSlice>('EndpointSlice')
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'db');
}

const SIMPLE = endpointsOf([{ addresses: addresses('203.0.113.5'), ports: PORTS }]);

describe('Endpoints of a Service without a selector', () => {
  it('are mirrored with their labels, and belong to the Endpoints', () => {
    const metadata = { labels: { team: 'a' }, annotations: { note: 'b' } };
    const plane = mirrored(
      endpointsOf(
        [
          {
            addresses: [{ ip: '203.0.113.5', hostname: 'one', nodeName: 'worker-1' }],
            notReadyAddresses: addresses('203.0.113.6'),
            ports: PORTS,
          },
        ],
        metadata,
      ),
    );
    const [slice, ...others] = slices(plane);
    expect(others).to.deep.equal([]);
    expect(slice!.metadata.name).to.match(/^db-\w{5}$/);
    expect(slice!.metadata.labels).to.deep.equal({
      team: 'a',
      'kubernetes.io/service-name': 'db',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    });
    expect(slice!.metadata.annotations).to.deep.equal({ note: 'b' });
    expect(slice!.metadata.ownerReferences![0]).to.include({ kind: 'Endpoints', name: 'db' });
    expect(slice!.endpoints).to.deep.equal([
      {
        addresses: ['203.0.113.5'],
        conditions: { ready: true },
        hostname: 'one',
        nodeName: 'worker-1',
      },
      { addresses: ['203.0.113.6'], conditions: { ready: false } },
    ]);
  });

  it('are a slice for each family and each list of ports', () => {
    const plane = mirrored(
      endpointsOf([
        { addresses: addresses('203.0.113.5', '2001:db8::5'), ports: PORTS },
        { addresses: addresses('203.0.113.6'), ports: PORTS },
        { addresses: addresses('203.0.113.7'), ports: [{ name: 'sql', port: 5433 }] },
      ]),
    );
    const found = slices(plane).map(({ addressType, ports, endpoints }) => [
      addressType,
      ports![0]!.port,
      ...endpoints.map((it) => it.addresses[0]),
    ]);
    expect(found).to.have.deep.members([
      ['IPv4', 5432, '203.0.113.5', '203.0.113.6'],
      ['IPv6', 5432, '2001:db8::5'],
      ['IPv4', 5433, '203.0.113.7'],
    ]);
  });

  it('are brought into their canonical form first (RepackSubsets)', () => {
    const http = { name: 'http', port: 80 };
    const plane = mirrored(
      endpointsOf([
        { addresses: addresses('203.0.113.6', '203.0.113.5'), ports: PORTS },
        { addresses: addresses('203.0.113.5', '203.0.113.6'), ports: [http] },
        { addresses: addresses('203.0.113.7'), ports: [{ name: 'other', port: 81 }] },
      ]),
    );
    const found = slices(plane).map(({ ports, endpoints }) => [
      ports!.map(({ port }) => port),
      endpoints.map((it) => it.addresses[0]),
    ]);
    expect(found, 'ports of the same addresses stand together').to.have.deep.members([
      [
        [5432, 80],
        ['203.0.113.5', '203.0.113.6'],
      ],
      [[81], ['203.0.113.7']],
    ]);
  });

  it('are not ready where one place says so', () => {
    for (const isFirst of [true, false]) {
      const ready = { addresses: addresses('203.0.113.5'), ports: PORTS };
      const notReady = { notReadyAddresses: addresses('203.0.113.5'), ports: PORTS };
      const plane = mirrored(endpointsOf(isFirst ? [notReady, ready] : [ready, notReady]));
      const [slice, ...others] = slices(plane);
      expect(others).to.deep.equal([]);
      expect(slice!.endpoints).to.deep.equal([
        { addresses: ['203.0.113.5'], conditions: { ready: false } },
      ]);
    }
  });

  it('of one subset are a thousand at most', () => {
    const all = Array.from(
      { length: 1_005 },
      (_, at) => `10.9.${Math.floor(at / 250)}.${at % 250}`,
    );
    const plane = mirrored(endpointsOf([{ addresses: addresses(...all), ports: PORTS }]));
    expect(slices(plane)[0]!.endpoints).to.have.length(1_000);
  });

  it('change in the slice that stands', () => {
    const plane = mirrored(SIMPLE);
    const [before] = slices(plane);
    plane.patch('Endpoints', 'shop/db', {
      subsets: [{ addresses: addresses('203.0.113.9'), ports: PORTS }],
    });
    plane.run();
    const [after, ...others] = slices(plane);
    expect(others).to.deep.equal([]);
    expect(after!.metadata.name).to.equal(before!.metadata.name);
    expect(after!.endpoints[0]!.addresses).to.deep.equal(['203.0.113.9']);
  });

  it('are written once: a second look changes nothing', () => {
    const plane = mirrored(SIMPLE);
    const [before] = slices(plane);
    plane.patch('Endpoints', 'shop/db', { metadata: { annotations: {} } });
    plane.run();
    expect(slices(plane)[0]!.metadata.resourceVersion).to.equal(before!.metadata.resourceVersion);
  });

  it('come back when somebody deletes or changes their slice', () => {
    const plane = mirrored(SIMPLE);
    const key = `shop/${slices(plane)[0]!.metadata.name}`;
    plane.patch('EndpointSlice', key, { endpoints: [] });
    plane.run();
    expect(slices(plane)[0]!.endpoints).to.have.length(1);
    plane.delete('EndpointSlice', key);
    plane.run();
    expect(slices(plane)).to.have.length(1);
  });

  it('are not mirrored where they say so, hold a lease, or the Service has a selector', () => {
    const subsets = [{ addresses: addresses('203.0.113.5'), ports: PORTS }];
    const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    expect(slices(mirrored(endpointsOf(subsets, { labels })))).to.deep.equal([]);
    const annotations = { 'control-plane.alpha.kubernetes.io/leader': '{}' };
    expect(slices(mirrored(endpointsOf(subsets, { annotations })))).to.deep.equal([]);
    const selecting = mirrored(SIMPLE, serviceOf({ selector: { app: 'db' } }));
    expect(slices(selecting).flatMap(({ endpoints }) => endpoints)).to.deep.equal([]);
  });

  it('take their slices along: with the Endpoints, the Service, or a selector', () => {
    for (const change of [
      (plane: ControlPlane) => plane.delete('Endpoints', 'shop/db'),
      (plane: ControlPlane) => plane.delete('Service', 'shop/db'),
      (plane: ControlPlane) =>
        plane.patch('Service', 'shop/db', { spec: { selector: { a: 'b' } } }),
    ]) {
      const plane = mirrored(SIMPLE);
      change(plane);
      plane.run();
      expect(slices(plane).flatMap(({ endpoints }) => endpoints)).to.deep.equal([]);
    }
  });
});
