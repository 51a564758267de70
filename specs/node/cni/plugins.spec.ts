// Goal: addresses, devices and rules of the plug-ins that are not flannel or Calico.
// Facts: dns-ipam.md §17.5 to §18.

import { expect } from 'chai';
import { CNI_PLUGINS } from '../../../src/node/cni/index';
import type { CniNetwork } from '../../../src/node/cni/index';
import { renderIptables } from '../../../src/node/netfilter/render-iptables';
import type { Machine } from '../../../src/node/machine';
import { seconds, START } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import { machine } from './machines';

let now = START;

const CLUSTER = {
  ipFamilies: ['IPv4'],
  podCIDRs: ['10.244.0.0/16'],
  nodeCIDRs: ['192.168.1.0/24'],
  nodes: [{ name: 'worker-1' }, { name: 'worker-2' }],
  now: () => now,
} as const;

function joined(name: string, options: Record<string, unknown> = {}) {
  now = START;
  const cni = CNI_PLUGINS.get(name)!.create(CLUSTER, options);
  const machines = [machine(1), machine(2)] as const;
  machines.forEach((it, index) => cni.join(it, [`10.244.${index + 1}.0/24`]));
  return { cni, one: machines[0], two: machines[1] };
}

function addressOf(cni: CniNetwork, on: Machine, id: string): string {
  const attached = cni.attach(on, id);
  return attached.ok ? attached.addresses.join() : attached.error;
}

function natOf(on: Machine): string {
  return renderIptables(on.cniRules.get('IPv4')!);
}

describe('Cilium', () => {
  it("takes a range of the operator's pool; router and health endpoint come first", () => {
    const { cni, one, two } = joined('cilium');
    expect(addressOf(cni, one, 'shop/a')).to.equal('10.244.0.4');
    expect(addressOf(cni, two, 'shop/b')).to.equal('10.244.1.4');
    expect(one.device('cilium_host')).to.deep.include({ addresses: ['10.244.0.2/32'] });
    expect(one.device('cilium_vxlan')).to.deep.include({ kind: 'tunnel', mtu: 1450 });
  });

  it('takes the range of the Node object with ipam: kubernetes', () => {
    const { cni, one } = joined('cilium', { ipam: 'kubernetes' });
    expect(addressOf(cni, one, 'shop/a')).to.equal('10.244.1.4');
  });

  it('has no node without a range when the pool is used up', () => {
    const small = { ...CLUSTER, podCIDRs: ['10.244.0.0/24'] };
    const cni = CNI_PLUGINS.get('cilium')!.create(small, {});
    const [one, two] = [machine(1), machine(2)];
    cni.join(one, []);
    cni.join(two, []);
    expect(addressOf(cni, one, 'shop/a')).to.equal('10.244.0.4');
    expect(addressOf(cni, two, 'shop/b')).to.match(/waits for podCIDRs/);
  });

  it('spares the nodes from masquerading with bpf, and does none at all without', () => {
    expect(natOf(joined('cilium').one)).not.to.contain('192.168.1.0/24');
    expect(natOf(joined('cilium', { masquerade: 'bpf' }).one)).to.contain('192.168.1.0/24');
    const { one } = joined('cilium', { masquerade: 'none' });
    expect(one.cniRules.get('IPv4')).to.equal(undefined);
  });
});

describe('kindnet', () => {
  it('gives pods the range of the Node object, and every pair the address of the gateway', () => {
    const { cni, one, two } = joined('kindnet');
    expect(addressOf(cni, one, 'shop/a')).to.equal('10.244.1.2');
    expect(addressOf(cni, one, 'shop/b')).to.equal('10.244.1.3');
    expect(one.isLocal('10.244.1.1' as never)).to.equal(true);
    cni.detach(one, 'shop/b');
    expect(one.isLocal('10.244.1.1' as never)).to.equal(true);
    expect(two.routing.lookup('10.244.1.2' as never)).to.deep.include({ via: '192.168.1.11' });
    expect(natOf(one)).to.contain('KIND-MASQ-AGENT');
  });
});

describe('Weave', () => {
  it('shares one flat range evenly, and bridges it over a tunnel', () => {
    const { cni, one, two } = joined('weave');
    expect(addressOf(cni, one, 'shop/a')).to.equal('10.244.0.2');
    expect(addressOf(cni, two, 'shop/b')).to.equal('10.244.128.1');
    expect(one.device('weave')).to.deep.include({ addresses: ['10.244.0.1/16'], mtu: 1376 });
    expect(one.routing.lookup('10.244.128.1' as never)!.encapsulation).to.deep.equal({
      kind: 'vxlan',
      remote: '192.168.1.12',
    });
    cni.detach(one, 'shop/a');
    expect(addressOf(cni, one, 'shop/c')).to.equal('10.244.0.2');
  });

  it('is refused without IPv4', () => {
    const onlyV6 = { ipFamilies: ['IPv6'], podCIDRs: ['fd00::/56'] } as const;
    expect(() => CNI_PLUGINS.get('weave')!.create(onlyV6, {})).to.throw(/IPv4/);
  });
});

describe('the VPC CNI of AWS', () => {
  it('has (ENIs × (addresses − 1)) addresses at most: 9 on a t3.small', () => {
    const { cni, one } = joined('aws-vpc', { instanceType: 't3.small' });
    const found = Array.from({ length: 9 }, (_, index) => {
      now = ((now as number) + seconds(11)) as Instant;
      return addressOf(cni, one, `shop/${index}`);
    });
    expect(new Set(found).size).to.equal(9);
    expect(found.every((it) => it.startsWith('10.244.0.'))).to.equal(true);
    expect(addressOf(cni, one, 'shop/more')).to.equal(
      'failed to assign an IP address to container',
    );
  });

  it('keeps one interface warm; the next one takes ten seconds', () => {
    const { cni, one } = joined('aws-vpc', { instanceType: 't3.small' });
    for (let index = 0; index < 6; index++) addressOf(cni, one, `shop/${index}`);
    expect(addressOf(cni, one, 'shop/6')).to.match(/failed/);
    now = seconds(10) as number as Instant;
    expect(addressOf(cni, one, 'shop/6')).to.match(/^10\.244/);
  });

  it('lets a released address rest for thirty seconds', () => {
    const { cni, one } = joined('aws-vpc', { instanceType: 't3.nano', warmEniTarget: 0 });
    const address = addressOf(cni, one, 'shop/a');
    cni.detach(one, 'shop/a');
    expect(addressOf(cni, one, 'shop/b')).to.match(/failed/);
    now = seconds(30) as number as Instant;
    expect(addressOf(cni, one, 'shop/b')).to.equal(address);
  });

  it('takes its delays from the table, as a scenario may change them', () => {
    const rows = { 'aws-node.eniAttach': seconds(4), 'aws-node.ipCooldown': seconds(2) };
    const delay = (timer: string) => rows[timer as keyof typeof rows];
    const cni = CNI_PLUGINS.get('aws-vpc')!.create(
      { ...CLUSTER, now: () => now, delay },
      { instanceType: 't3.small', warmEniTarget: 0 },
    );
    const one = machine(1);
    cni.join(one, []);
    const taken = [0, 1, 2].map((index) => addressOf(cni, one, `shop/${index}`));
    expect(addressOf(cni, one, 'shop/3')).to.match(/failed/);
    cni.detach(one, 'shop/0');
    now = (now + seconds(2)) as Instant;
    expect(addressOf(cni, one, 'shop/4')).to.equal(taken[0]);
  });

  it('keeps a warm interface coming in the time that a scenario gives', () => {
    const delay = () => seconds(4);
    const world = { ...CLUSTER, now: () => now, delay };
    const cni = CNI_PLUGINS.get('aws-vpc')!.create(world, { instanceType: 't3.small' });
    const one = machine(1);
    cni.join(one, []);
    for (let index = 0; index < 6; index++) addressOf(cni, one, `shop/${index}`);
    expect(addressOf(cni, one, 'shop/6')).to.match(/failed/);
    now = (now + seconds(4)) as Instant;
    expect(addressOf(cni, one, 'shop/6')).to.match(/^10\.244/);
  });

  it("gives what leaves the VPC the node's address, unless that is done outside", () => {
    expect(natOf(joined('aws-vpc').one)).to.contain('--to-source 192.168.1.11');
    const { one } = joined('aws-vpc', { externalSnat: true });
    expect(one.cniRules.get('IPv4')).to.equal(undefined);
  });

  it('enforces policies where its agent runs', () => {
    const { policy } = CNI_PLUGINS.get('aws-vpc')!;
    expect(policy!({})?.newPods).to.equal('open');
    expect(policy!({ networkPolicy: 'strict' })?.newPods).to.equal('closed');
    expect(policy!({ networkPolicy: 'off' })).to.equal(undefined);
  });
});

describe('the plug-ins', () => {
  it('that enforce no policy are flannel and bridge', () => {
    const idle = [...CNI_PLUGINS.values()].filter(({ policy }) => policy!({}) === undefined);
    expect(idle.map(({ name }) => name)).to.deep.equal(['bridge', 'flannel']);
  });

  it('set a node up anew after a boot, and know what they gave out before', () => {
    for (const name of ['aws-vpc', 'calico', 'cilium', 'kindnet', 'weave']) {
      const { cni, one, two } = joined(name);
      addressOf(cni, one, 'shop/a');
      const before = one.routes.length;
      one.powerOff();
      cni.detach(one, 'shop/a');
      one.powerOn();
      cni.join(one, ['10.244.1.0/24']);
      const address = addressOf(cni, one, 'shop/b');
      expect(one.routes.length, name).to.equal(before);
      expect(two.routing.lookup(address as never)?.via, name).not.to.equal('192.168.1.1');
      cni.leave(one);
      expect(two.routing.lookup(address as never)?.via, name).to.equal('192.168.1.1');
    }
  });
});
