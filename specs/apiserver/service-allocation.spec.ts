// Goal: a Service gets families, addresses and ports as upstream gives them.
// Rules: dns-ipam.md §19; pkg/registry/core/service/storage/alloc.go.

import { expect } from 'chai';

import type { Service } from '../../src/apiserver/kinds/service';
import { ControlPlane, serviceOf } from '../controllers/control-plane';

function stored(spec: object, families: readonly ('IPv4' | 'IPv6')[] = ['IPv4']): Service {
  const plane = new ControlPlane({ nodes: 0, families });
  expect(plane.create(serviceOf('web', spec)), plane.refusal).to.equal('ok');
  return plane.get<Service>('Service', 'shop/web')!;
}

function refusal(spec: object, families: readonly ('IPv4' | 'IPv6')[] = ['IPv4']): string {
  const plane = new ControlPlane({ nodes: 0, families });
  expect(plane.create(serviceOf('web', spec))).to.equal('invalid');
  return plane.refusal!;
}

describe('what a Service is given', () => {
  it('is one address of the primary family by default', () => {
    const { spec } = stored({});
    expect(spec.clusterIP).to.match(/^10\.(9[6-9]|10\d|11[01])\./);
    expect(spec.clusterIPs).to.deep.equal([spec.clusterIP]);
    expect(spec).to.deep.include({ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
  });

  it('is an address of each family where two are preferred and there are two', () => {
    const policy = { ipFamilyPolicy: 'PreferDualStack' };
    expect(stored(policy, ['IPv4', 'IPv6']).spec.ipFamilies).to.deep.equal(['IPv4', 'IPv6']);
    expect(stored(policy, ['IPv4', 'IPv6']).spec.clusterIPs).to.have.length(2);
    expect(stored(policy, ['IPv4']).spec.clusterIPs).to.have.length(1);
  });

  it('follows the order of the families that it names', () => {
    const spec = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] };
    const { clusterIP, ipFamilies } = stored(spec, ['IPv4', 'IPv6']).spec;
    expect(ipFamilies).to.deep.equal(['IPv6', 'IPv4']);
    expect(clusterIP).to.match(/^fd00:10:96::/);
  });

  it('cannot be two families where the cluster has one', () => {
    expect(refusal({ ipFamilyPolicy: 'RequireDualStack' })).to.contain(
      'not configured for dual stack',
    );
    expect(refusal({ ipFamilies: ['IPv6'] })).to.contain('IPv6 is not configured on this cluster');
  });

  it('is no address for a headless Service, and both families if nothing selects for it', () => {
    expect(stored({ clusterIP: 'None' }).spec.clusterIPs).to.deep.equal(['None']);
    expect(stored({ clusterIP: 'None', selector: null }).spec).to.deep.include({
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    });
  });

  it('is nothing for an ExternalName', () => {
    const { spec } = stored({ type: 'ExternalName', externalName: 'example.com', ports: null });
    expect(spec).to.not.have.any.keys('clusterIP', 'clusterIPs', 'ipFamilies');
  });

  it('is a node port for each port of a NodePort or LoadBalancer', () => {
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81, nodePort: 30_080 },
    ];
    const [a, b] = stored({ type: 'LoadBalancer', ports }).spec.ports!;
    expect(a!.nodePort).to.be.within(30_086, 32_767);
    expect(b!.nodePort).to.equal(30_080);
  });

  it('is no node port where a LoadBalancer wants none', () => {
    const [port] = stored({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }).spec
      .ports!;
    expect(port).to.not.have.property('nodePort');
  });

  it('may be one number for two protocols', () => {
    const ports = [
      { name: 'tcp', port: 53, protocol: 'TCP', nodePort: 30_053 },
      { name: 'udp', port: 53, protocol: 'UDP', nodePort: 30_053 },
    ];
    expect(stored({ type: 'NodePort', ports }).spec.ports!.map((it) => it.nodePort)).to.deep.equal([
      30_053, 30_053,
    ]);
  });

  it('is a health check port for a LoadBalancer with Local policy', () => {
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
    expect(stored(spec).spec.healthCheckNodePort).to.be.within(30_000, 32_767);
  });

  it('is free again after a refusal and after a deletion', () => {
    const plane = new ControlPlane({ nodes: 0 });
    plane.create(serviceOf('a', { clusterIP: '10.96.0.20' }));
    const ports = [
      { name: 'x', port: 1, nodePort: 30_001 },
      { name: 'y', port: 2, nodePort: 30_002 },
    ];
    plane.create(serviceOf('b', { type: 'NodePort', ports: ports.slice(1) }));
    const both = { type: 'NodePort', clusterIP: '10.96.0.30', ports };
    expect(plane.create(serviceOf('c', both))).to.equal('invalid');
    expect(plane.refusal).to.contain('provided port 30002 is already allocated to shop/b');
    expect(plane.create(serviceOf('d', { clusterIP: '10.96.0.30' }))).to.equal('ok');
    expect(plane.create(serviceOf('e', { clusterIP: '10.96.0.20' }))).to.equal('invalid');
    plane.delete('Service', 'shop/a');
    expect(plane.create(serviceOf('e', { clusterIP: '10.96.0.20' }))).to.equal('ok');
  });
});

describe('an allocation is refused', () => {
  it('of an address or a port that another Service has', () => {
    const plane = new ControlPlane({ nodes: 0 });
    const ports = [{ port: 80, nodePort: 30_080 }];
    const spec = { type: 'NodePort', clusterIP: '10.96.0.20', ports };
    expect(plane.create(serviceOf('first', spec))).to.equal('ok');
    expect(plane.create(serviceOf('second', { clusterIP: '10.96.0.20' }))).to.equal('invalid');
    expect(plane.refusal).to.contain('spec.clusterIPs').and.to.contain('10.96.0.20');
    expect(plane.create(serviceOf('third', { type: 'NodePort', ports }))).to.equal('invalid');
    expect(plane.refusal).to.contain('spec.ports[0].nodePort').and.to.contain('30080');
  });

  it('of an address that is not in the range of Services', () => {
    expect(refusal({ clusterIP: '192.168.1.5' })).to.contain('spec.clusterIPs');
  });

  it('of two families to a Service that wants to have one', () => {
    const spec = { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] };
    expect(refusal(spec, ['IPv4', 'IPv6'])).to.contain('where there are two families');
  });
});

describe('a change of type', () => {
  function changed(before: object, patch: object): Service {
    const plane = new ControlPlane({ nodes: 0 });
    expect(plane.create(serviceOf('web', before)), plane.refusal).to.equal('ok');
    expect(plane.patch('Service', 'shop/web', { spec: patch }), plane.refusal).to.equal('ok');
    return plane.get<Service>('Service', 'shop/web')!;
  }

  it('to a ClusterIP takes node ports, policy and the port of health checks away', () => {
    const { spec } = changed(
      { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
      { type: 'ClusterIP' },
    );
    expect(spec).to.not.have.any.keys('externalTrafficPolicy', 'healthCheckNodePort');
    expect(spec.ports![0]).to.not.have.property('nodePort');
  });

  it('takes what only a LoadBalancer has', () => {
    const before = { type: 'LoadBalancer', loadBalancerClass: 'example.com/vip' };
    const { spec } = changed(before, { type: 'NodePort' });
    expect(spec).to.not.have.any.keys('allocateLoadBalancerNodePorts', 'loadBalancerClass');
  });

  it('to a NodePort keeps the numbers of a LoadBalancer', () => {
    const ports = [{ port: 80, nodePort: 30_080 }];
    const { spec } = changed({ type: 'LoadBalancer', ports }, { type: 'NodePort' });
    expect(spec.ports![0]!.nodePort).to.equal(30_080);
  });

  it('of policy takes the port of health checks away, and gives it', () => {
    const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
    const { spec } = changed(local, { externalTrafficPolicy: 'Cluster' });
    expect(spec).to.not.have.property('healthCheckNodePort');
    const back = changed({ type: 'LoadBalancer' }, { externalTrafficPolicy: 'Local' });
    expect(back.spec.healthCheckNodePort).to.be.within(30_000, 32_767);
  });

  it('of ports keeps the node port of a port that stays, for its protocol', () => {
    const ports = [
      { name: 'a', port: 80, nodePort: 30_080 },
      { name: 'b', port: 53, protocol: 'UDP', nodePort: 30_053 },
    ];
    const next = [
      { name: 'c', port: 53, protocol: 'UDP' },
      { name: 'd', port: 81 },
    ];
    const { spec } = changed({ type: 'NodePort', ports }, { ports: next });
    expect(spec.ports![0]!.nodePort).to.equal(30_053);
    expect(spec.ports![1]!.nodePort).to.be.within(30_000, 32_767).and.to.not.equal(30_080);
  });

  it('to a name frees the address, and back from it draws one', () => {
    const name = { type: 'ExternalName', externalName: 'example.com', clusterIP: null };
    const plane = new ControlPlane({ nodes: 0 });
    plane.create(serviceOf('web', { clusterIP: '10.96.0.20' }));
    const clusterIPs = null;
    const patch = { spec: { ...name, clusterIPs, ports: null, selector: null } };
    expect(plane.patch('Service', 'shop/web', patch), plane.refusal).to.equal('ok');
    expect(plane.get<Service>('Service', 'shop/web')!.spec.clusterIP).to.not.equal('10.96.0.20');
    expect(plane.create(serviceOf('other', { clusterIP: '10.96.0.20' }))).to.equal('ok');
  });
});
