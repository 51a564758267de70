// Goal: a provider of load balancers gives addresses as its configuration says, and no others.

import { expect } from 'chai';

import { AddressPool } from '../../../src/controllers/load-balancers/address-pool';
import { providerOf } from '../../../src/controllers/load-balancers/load-balancer-provider';
import { isServed } from '../../../src/controllers/load-balancers/service-load-balancer';
import type { Service, ServiceSpec } from '../../../src/apiserver/kinds/service';
import type { ClusterSpec } from '../../../src/values/cluster-spec';
import { ip } from '../../../src/values/ip';
import type { LoadBalancerSpec } from '../../../src/values/load-balancer-spec';

function provider(loadBalancer: LoadBalancerSpec, nodeCIDRs = ['192.168.1.0/24']) {
  return providerOf({ loadBalancer, nodeCIDRs } as unknown as ClusterSpec);
}

function service(spec: ServiceSpec): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec };
}

describe('a pool of addresses', () => {
  const pool = new AddressPool('a', ['10.0.0.4-10.0.0.5', '2001:db8::/127'], true);

  it('gives the lowest free one of a family', () => {
    expect(pool.nextFree('IPv4', () => false)).to.equal('10.0.0.4');
    expect(pool.nextFree('IPv4', (it) => it === ip('10.0.0.4'))).to.equal('10.0.0.5');
    expect(pool.nextFree('IPv4', () => true)).to.equal(undefined);
    expect(pool.nextFree('IPv6', () => false)).to.equal('2001:db8::');
  });

  it('has what lies in its ranges', () => {
    const asked = ['10.0.0.3', '10.0.0.5', '2001:db8::1', '2001:db8::2'];
    const has = asked.map((it) => pool.has(ip(it)));
    expect(has).to.deep.equal([false, true, true, false]);
  });
});

describe('the provider of a cluster', () => {
  it('is nobody by default', () => {
    expect(provider('none')).to.equal(undefined);
  });

  it('is MetalLB in layer 2 mode with the end of the node network, where nothing else is said', () => {
    const { name, pools, delivery } = provider({ metallb: {} })!;
    expect([name, delivery]).to.deep.equal(['metallb-layer2', 'pass-through']);
    expect(pools[0]!.nextFree('IPv4', () => false)).to.equal('192.168.1.240');
    expect(pools[0]!.has(ip('192.168.1.251'))).to.equal(false);
  });

  it('stays inside a node network that is small', () => {
    const { pools } = provider({ metallb: {} }, ['192.168.1.0/29'])!;
    expect(pools[0]!.nextFree('IPv4', () => false)).to.equal('192.168.1.4');
    expect(pools[0]!.has(ip('192.168.1.7'))).to.equal(false);
  });

  it('serves Services of its class alone', () => {
    const plain = service({ type: 'LoadBalancer' });
    const classed = service({ type: 'LoadBalancer', loadBalancerClass: 'example.com/x' });
    const cloud = provider('cloud')!;
    const other = provider({ metallb: { loadBalancerClass: 'example.com/x' } })!;
    expect([isServed(plain, cloud), isServed(classed, cloud)]).to.deep.equal([true, false]);
    expect([isServed(plain, other), isServed(classed, other)]).to.deep.equal([false, true]);
    expect(isServed(service({ type: 'NodePort' }), cloud)).to.equal(false);
  });
});
