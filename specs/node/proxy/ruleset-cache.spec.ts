// Goal: what is built for a Service port is built once for all lists of endpoints that say the same,
// also where another list was there in between. Method: builds are counted.

import { expect } from 'chai';
import type { Endpoint, ServicePort } from '../../../src/node/proxy/proxy-mode';
import { ServiceParts } from '../../../src/node/proxy/ruleset-cache';
import { endpoint, servicePort, unready } from './proxy-fixture';

const ADDRESSES = ['10.244.1.5', '10.244.2.6'] as const;
const list = (): Endpoint[] => ADDRESSES.map((address) => endpoint(address));

class Counted {
  readonly parts = new ServiceParts<object>();
  built = 0;

  of(service: ServicePort, endpoints: readonly Endpoint[], variant = ''): object {
    return this.parts.of(service, endpoints, variant, () => {
      this.built++;
      return {};
    });
  }
}

describe('what is built for a Service port', () => {
  it('is found again when its endpoints are what they were', () => {
    const counted = new Counted();
    const service = servicePort('shop/web');
    const first = counted.of(service, list());
    const between = counted.of(service, [endpoint(ADDRESSES[0]), unready(ADDRESSES[1])]);
    expect(counted.of(service, list())).to.equal(first).and.not.to.equal(between);
    expect(counted.built).to.equal(2);
  });

  it('is built for each variant, and for each version of the Service', () => {
    const counted = new Counted();
    const service = servicePort('shop/web');
    const parts = [
      counted.of(service, list()),
      counted.of(service, list(), 'other'),
      counted.of({ ...service }, list()),
    ];
    expect(new Set(parts).size).to.equal(3);
    expect(counted.of(service, list(), 'other')).to.equal(parts[1]);
    expect(counted.built).to.equal(3);
  });

  it('is kept for the last lists alone', () => {
    const counted = new Counted();
    const service = servicePort('shop/web');
    counted.of(service, list());
    for (let last = 1; last <= 32; last++) counted.of(service, [endpoint(`10.244.3.${last}`)]);
    counted.of(service, list());
    expect(counted.built).to.equal(34);
  });
});
