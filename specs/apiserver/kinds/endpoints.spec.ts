// Goal: addresses that a person writes, as EndpointSlices or as the older Endpoints, are judged
// as the API server judges them.
// Rules: pkg/apis/discovery/validation/validation.go validateEndpoints, pkg/apis/discovery/v1/
// defaults.go, pkg/apis/core/validation/validation.go ValidateEndpoints, pkg/apis/core/v1/defaults.go.

import { expect } from 'chai';

import { definitionOf } from '../../../src/apiserver/kinds';
import type { KubeObject } from '../../../src/values/kube-object';
import { manifest, verdictOn } from './verdict';

function slice(parts: object): KubeObject {
  return manifest('discovery.k8s.io/v1', 'EndpointSlice', { addressType: 'IPv4', ...parts });
}

function endpointsOf(subsets: readonly object[]): KubeObject {
  return manifest('v1', 'Endpoints', { subsets });
}

describe('an EndpointSlice is refused', () => {
  const rows: readonly (readonly [string, object, string])[] = [
    [
      'of an address type that there is not',
      { addressType: 'MAC' },
      'error /addressType: "MAC" is none of IPv4, IPv6, FQDN',
    ],
    [
      'with an endpoint without an address',
      { endpoints: [{ addresses: [] }] },
      'error /endpoints/0/addresses: an endpoint needs an address',
    ],
    [
      'with an address of the other family',
      { endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['2001:db8::1'] }] },
      'error /endpoints/1/addresses: "2001:db8::1" is no IPv4 address',
    ],
    [
      'with a name where addresses are wanted',
      { endpoints: [{ addresses: ['example.com'] }] },
      'error /endpoints/0/addresses: "example.com" is no IPv4 address',
    ],
    [
      'with more than 1000 endpoints',
      { endpoints: Array.from({ length: 1_001 }, () => ({ addresses: ['10.0.0.1'] })) },
      'error /endpoints: more than 1000 endpoints',
    ],
  ];
  for (const [title, parts, problem] of rows) {
    it(title, () => expect(verdictOn(slice(parts))).to.deep.equal([problem]));
  }

  it('in no case for names where names are meant', () => {
    const parts = { addressType: 'FQDN', endpoints: [{ addresses: ['example.com'] }] };
    expect(verdictOn(slice(parts))).to.deep.equal([]);
  });
});

describe('the defaults of hand-written addresses', () => {
  it('give a port of a slice the empty name and TCP', () => {
    const { defaults } = definitionOf('discovery.k8s.io/v1', 'EndpointSlice')!;
    expect(defaults(slice({ ports: [{ port: 80 }] }))).to.deep.include({
      endpoints: [],
      ports: [{ name: '', protocol: 'TCP', port: 80 }],
    });
  });

  it('give a port of Endpoints TCP, and leave the others alone', () => {
    const { defaults } = definitionOf('v1', 'Endpoints')!;
    const subsets = [
      { addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 53 }, { port: 53, protocol: 'UDP' }] },
      { notReadyAddresses: [{ ip: '10.0.0.2' }] },
    ];
    expect(defaults(endpointsOf(subsets))).to.deep.include({
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1' }],
          ports: [
            { port: 53, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
        },
        { notReadyAddresses: [{ ip: '10.0.0.2' }], ports: [] },
      ],
    });
  });

  it('add no list of subsets to Endpoints that have none', () => {
    const object = manifest('v1', 'Endpoints', {});
    expect(definitionOf('v1', 'Endpoints')!.defaults(object)).to.equal(object);
    expect(verdictOn(object)).to.deep.equal([]);
  });
});

describe('Endpoints are refused', () => {
  it('with an address that is none, ready or not', () => {
    const subsets = [
      { addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.300' }] },
      { notReadyAddresses: [{ ip: 'db.example.com' }], ports: [{ port: 80 }] },
    ];
    expect(verdictOn(endpointsOf(subsets))).to.deep.equal([
      'error /subsets/0/addresses/1/ip: "10.0.0.300" is no IP address',
      'error /subsets/1/notReadyAddresses/0/ip: "db.example.com" is no IP address',
    ]);
  });
});
