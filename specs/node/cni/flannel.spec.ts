// Goal: a node looks as flannel leaves it: devices, routes, MTU and rules.
// Facts: dns-ipam.md §17.3 and §18.

import { expect } from 'chai';

import { CNI_PLUGINS } from '../../../src/node/cni/index';
import { renderIptables } from '../../../src/node/netfilter/render-iptables';
import { Machine } from '../../../src/node/machine';
import { ip } from '../../../src/values/ip';

const CLUSTER = { ipFamilies: ['IPv4'], podCIDRs: ['10.244.0.0/16'] } as const;

function machine(index: number): Machine {
  return new Machine({
    name: `worker-${index}`,
    addresses: [ip(`192.168.1.${10 + index}`)],
    nodeCIDRs: ['192.168.1.0/24'],
    gateways: [ip('192.168.1.1')],
  });
}

function twoNodes(options: Record<string, unknown> = {}) {
  const cni = CNI_PLUGINS.get('flannel')!.create(CLUSTER, options);
  const machines = [machine(1), machine(2)] as const;
  machines.forEach((it, index) => cni.join(it, [`10.244.${index + 1}.0/24`]));
  return { cni, worker1: machines[0], worker2: machines[1] };
}

function routesOf(node: Machine): string[] {
  return node.routes.map(({ destination, via, device, source }) =>
    [destination, via && `via ${via}`, `dev ${device}`, source && `src ${source}`]
      .filter(Boolean)
      .join(' '),
  );
}

describe('flannel with vxlan', () => {
  it('has a tunnel with the first address of the range, and the bridge after the first pod', () => {
    const { cni, worker1 } = twoNodes();
    expect(worker1.device('flannel.1')).to.deep.include({
      addresses: ['10.244.1.0/32'],
      mtu: 1450,
    });
    expect(worker1.device('cni0')).to.equal(undefined);
    expect(cni.attach(worker1, 'a')).to.deep.equal({ ok: true, addresses: ['10.244.1.2'] });
    expect(worker1.device('cni0')).to.deep.include({
      kind: 'bridge',
      addresses: ['10.244.1.1/24'],
      mtu: 1450,
      hairpin: true,
    });
  });

  it("routes every other node's range into the tunnel", () => {
    const { cni, worker1 } = twoNodes();
    cni.attach(worker1, 'a');
    expect(routesOf(worker1)).to.deep.equal([
      '0.0.0.0/0 via 192.168.1.1 dev eth0',
      '10.244.1.0/24 dev cni0 src 10.244.1.1',
      '10.244.2.0/24 via 10.244.2.0 dev flannel.1',
      '192.168.1.0/24 dev eth0 src 192.168.1.11',
    ]);
    expect(worker1.routing.lookup(ip('10.244.2.7'))?.encapsulation).to.deep.equal({
      kind: 'vxlan',
      remote: '192.168.1.12',
    });
  });

  it('takes the address of the device towards the destination', () => {
    const { cni, worker1 } = twoNodes();
    cni.attach(worker1, 'a');
    expect(worker1.sourceFor(ip('10.244.1.2'))).to.equal('10.244.1.1');
    expect(worker1.sourceFor(ip('10.244.2.2'))).to.equal('10.244.1.0');
    expect(worker1.sourceFor(ip('192.168.1.12'))).to.equal('192.168.1.11');
    expect(worker1.sourceFor(ip('203.0.113.1'))).to.equal('192.168.1.11');
    expect(worker1.sourceFor(ip('127.0.0.1'))).to.equal('127.0.0.1');
  });

  it('forgets the route to a node that left', () => {
    const { cni, worker1, worker2 } = twoNodes();
    expect(worker1.routing.lookup(ip('10.244.2.7'))?.device).to.equal('flannel.1');
    cni.leave(worker2);
    expect(worker1.routing.lookup(ip('10.244.2.7'))?.device).to.equal('eth0');
  });

  it('cannot attach a pod before its node has a range', () => {
    const { cni } = twoNodes();
    const attachment = cni.attach(machine(3), 'a');
    expect(attachment).to.deep.equal({ ok: false, error: 'node worker-3 has no podCIDR yet' });
  });

  it('makes once what the rules of all nodes have in common, and each range its own', () => {
    const { worker1, worker2 } = twoNodes();
    const [one, other] = [worker1, worker2].map(({ cniRules }) => cniRules.get('IPv4')!.tables);
    expect(one!.get('filter')).to.equal(other!.get('filter'));
    const [own, others] = [one, other].map((it) => it!.get('nat')!.chains.get('FLANNEL-POSTRTG')!);
    const isShared = own!.rules.map((rule, index) => rule === others!.rules[index]);
    expect(isShared).to.deep.equal([true, false, false, false, true, true]);
    const text = renderIptables(worker2.cniRules.get('IPv4')!);
    expect(text).to.include('10.244.2.0/24').and.not.to.include('10.244.1.0/24');
  });

  it('writes the rules that flanneld writes', () => {
    const { worker1 } = twoNodes();
    const rules = renderIptables(worker1.cniRules.get('IPv4')!)
      .split('\n')
      .filter((line) => line.startsWith('-A'))
      .map((line) => line.replace(/-m comment --comment "[^"]*" /, ''));
    expect(rules).to.deep.equal([
      '-A POSTROUTING -j FLANNEL-POSTRTG',
      '-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -j RETURN',
      '-A FLANNEL-POSTRTG -s 10.244.1.0/24 -d 10.244.0.0/16 -j RETURN',
      '-A FLANNEL-POSTRTG -s 10.244.0.0/16 -d 10.244.1.0/24 -j RETURN',
      '-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.1.0/24 -j RETURN',
      '-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully',
      '-A FLANNEL-POSTRTG ! -s 10.244.0.0/16 -d 10.244.0.0/16 -j MASQUERADE --random-fully',
      '-A FORWARD -j FLANNEL-FWD',
      '-A FLANNEL-FWD -s 10.244.0.0/16 -j ACCEPT',
      '-A FLANNEL-FWD -d 10.244.0.0/16 -j ACCEPT',
    ]);
  });
});

describe('flannel with host-gw', () => {
  it('routes over the nodes themselves, without a tunnel and with the full MTU', () => {
    const { cni, worker1 } = twoNodes({ mode: 'host-gw' });
    cni.attach(worker1, 'a');
    expect(worker1.device('flannel.1')).to.equal(undefined);
    expect(worker1.device('cni0')?.mtu).to.equal(1500);
    expect(routesOf(worker1)).to.include('10.244.2.0/24 via 192.168.1.12 dev eth0');
  });
});

describe('flannel with both families', () => {
  it('has devices, routes and rules for each', () => {
    const podCIDRs = ['10.244.0.0/16', 'fd00:244::/48'];
    const cni = CNI_PLUGINS.get('flannel')!.create({ ipFamilies: ['IPv4', 'IPv6'], podCIDRs }, {});
    const nodes = [1, 2].map(
      (index) =>
        new Machine({
          name: `worker-${index}`,
          addresses: [ip(`192.168.1.1${index}`), ip(`fd00:1::1${index}`)],
          nodeCIDRs: ['192.168.1.0/24', 'fd00:1::/64'],
          gateways: [ip('192.168.1.1'), ip('fd00:1::1')],
        }),
    );
    nodes.forEach((it, index) =>
      cni.join(it, [`10.244.${index + 1}.0/24`, `fd00:244:0:${index + 1}::/64`]),
    );
    const worker1 = nodes[0]!;
    const attached = cni.attach(worker1, 'a');
    expect(attached).to.deep.equal({ ok: true, addresses: ['10.244.1.2', 'fd00:244:0:1::2'] });
    expect(worker1.device('flannel-v6.1')?.addresses).to.deep.equal(['fd00:244:0:1::/128']);
    expect(worker1.routing.lookup(ip('fd00:244:0:2::9'))?.device).to.equal('flannel-v6.1');
    expect([...worker1.cniRules.keys()]).to.deep.equal(['IPv4', 'IPv6']);
  });
});

describe('options of a CNI', () => {
  it('are checked by name and by value', () => {
    const { create } = CNI_PLUGINS.get('flannel')!;
    expect(() => create(CLUSTER, { backend: 'vxlan' })).to.throw(
      'has no option "backend"; it has: mode',
    );
    expect(() => create(CLUSTER, { mode: 'udp' })).to.throw('mode is one of vxlan, host-gw');
  });
});
