// Goal: slices that are written by hand are judged as the API server judges them: an endpoint
// that no cluster would store must not be drilled.
// Rules: pkg/apis/discovery/validation/validation.go; pkg/apis/core/validation/validation.go
// ValidateEndpointIP.

import { expect } from 'chai';

import type { KubeObject } from '../../../src/values/kube-object';
import { manifest, verdictOn } from './verdict';

function slice(parts: object): KubeObject {
  const endpoints = [{ addresses: ['10.1.2.3'] }];
  const given = { addressType: 'IPv4', endpoints, ports: [{ name: 'http', port: 80 }], ...parts };
  return manifest('discovery.k8s.io/v1', 'EndpointSlice', given);
}

const withEndpoint = (parts: object) =>
  slice({ endpoints: [{ addresses: ['10.1.2.3'], ...parts }] });
const withPort = (...ports: object[]) => slice({ ports });
const addresses = (count: number) => Array.from({ length: count }, (_, at) => `10.1.2.${at}`);
const zones = (...names: unknown[]) =>
  withEndpoint({ hints: { forZones: names.map((name) => ({ name })) } });

const IPV4 = '/endpoints/0/addresses';

describe('a slice is refused', () => {
  const rows: readonly (readonly [string, KubeObject, string])[] = [
    ...['0.0.0.0', '127.0.0.1', '127.255.255.255', '169.254.20.10', '224.0.0.0', '224.0.0.255'].map(
      (address): readonly [string, KubeObject, string] => [
        `with the address ${address}`,
        withEndpoint({ addresses: [address] }),
        `error ${IPV4}: ${address} is an address of a host or a link alone`,
      ],
    ),
    ...['::', '::1', 'fe80::1', 'ff02::1'].map((address): readonly [string, KubeObject, string] => [
      `with the address ${address}`,
      slice({ addressType: 'IPv6', endpoints: [{ addresses: [address] }] }),
      `error ${IPV4}: ${address} is an address of a host or a link alone`,
    ]),
    [
      'with an address of the other family',
      slice({ addressType: 'IPv6' }),
      `error ${IPV4}: "10.1.2.3" is no IPv6 address`,
    ],
    [
      'with one label in place of a full name',
      slice({ addressType: 'FQDN', endpoints: [{ addresses: ['db'] }] }),
      `error ${IPV4}: "db" is no full DNS name`,
    ],
    [
      'with 101 addresses of one endpoint',
      withEndpoint({ addresses: addresses(101) }),
      `error ${IPV4}: more than 100 addresses`,
    ],
    [
      'with 1,001 endpoints',
      slice({ endpoints: addresses(1_001).map(() => ({ addresses: ['10.1.2.3'] })) }),
      'error /endpoints: more than 1000 endpoints',
    ],
    [
      'with two ports of one name',
      withPort({ name: 'http', port: 80 }, { name: 'http', port: 81 }),
      'error /ports/1/name: "http" is the name of another port',
    ],
    [
      'with two ports without a name',
      withPort({ port: 80 }, { port: 81 }),
      'error /ports/1/name: "" is the name of another port',
    ],
    [
      'with a port name that is no label',
      withPort({ name: 'HTTP_', port: 80 }),
      'error /ports/0/name: "HTTP_" is no DNS label',
    ],
    [
      'with an application protocol that is no name',
      withPort({ port: 80, appProtocol: 'my proto' }),
      'error /ports/0/appProtocol: "my proto" is no qualified name',
    ],
    [
      'with a port number in quotes',
      withPort({ port: '80' }),
      'error /ports/0/port: must be a number, is "80"',
    ],
    [
      'with a host name that is no label',
      withEndpoint({ hostname: 'db_0' }),
      'error /endpoints/0/hostname: "db_0" is no DNS label',
    ],
    [
      'with a node whose name cannot be',
      withEndpoint({ nodeName: 'Node1' }),
      'error /endpoints/0/nodeName: "Node1" is no DNS name',
    ],
    [
      'with a condition that is a text',
      withEndpoint({ conditions: { ready: 'true' } }),
      'error /endpoints/0/conditions/ready: must be true or false, is "true"',
    ],
    [
      'with one zone twice',
      zones('a', 'a'),
      'error /endpoints/0/hints/forZones/1/name: "a" is there already',
    ],
    [
      'with a zone that is no label value',
      zones('zone a'),
      'error /endpoints/0/hints/forZones/0/name: "zone a" is no label value',
    ],
    [
      'with hints for nine zones',
      zones(...'abcdefghi'),
      'error /endpoints/0/hints/forZones: more than 8 hints',
    ],
    [
      'with one node twice',
      withEndpoint({ hints: { forNodes: [{ name: 'n1' }, { name: 'n1' }] } }),
      'error /endpoints/0/hints/forNodes/1/name: "n1" is there already',
    ],
    [
      'with a node in a hint whose name cannot be',
      withEndpoint({ hints: { forNodes: [{ name: 'N_1' }] } }),
      'error /endpoints/0/hints/forNodes/0/name: "N_1" is no DNS name',
    ],
  ];
  for (const [what, object, line] of rows) {
    it(what, () => {
      expect(verdictOn(object)).to.deep.equal([line]);
    });
  }
});

describe('a slice is taken', () => {
  const rows: readonly (readonly [string, KubeObject])[] = [
    ['without ports', slice({ ports: undefined })],
    ['with a port without a number', withPort({ name: 'http' })],
    ['with an unnamed and a named port', withPort({ port: 80 }, { name: 'b', port: 81 })],
    ['with 100 addresses of an endpoint', withEndpoint({ addresses: addresses(100) })],
    ['with multicast beyond the link', withEndpoint({ addresses: ['224.0.1.1'] })],
    [
      'with addresses right beside those of a host or a link',
      withEndpoint({
        addresses: ['0.0.0.1', '126.255.255.255', '128.0.0.0', '169.255.0.0', '224.0.1.0'],
      }),
    ],
    ['with full names', slice({ addressType: 'FQDN', endpoints: [{ addresses: ['db.shop'] }] })],
    ['with hints for eight zones', zones(...'abcdefgh')],
    ['with conditions that are null', withEndpoint({ conditions: { ready: null } })],
  ];
  for (const [what, object] of rows) {
    it(what, () => {
      expect(verdictOn(object)).to.deep.equal([]);
    });
  }
});

describe('Endpoints of the old API are refused', () => {
  it('with addresses of a host alone', () => {
    const subsets = [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 80 }] }];
    expect(verdictOn(manifest('v1', 'Endpoints', { subsets }))).to.deep.equal([
      'error /subsets/0/addresses/0/ip: 127.0.0.1 is an address of a host or a link alone',
    ]);
  });
});
