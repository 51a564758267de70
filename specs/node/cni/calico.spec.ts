// Goal: addresses and routes as Calico's IPAM and its routing leave them. Facts: dns-ipam.md §17.4.

import { expect } from 'chai';
import { CalicoPool } from '../../../src/node/cni/calico-ipam';
import { CNI_PLUGINS } from '../../../src/node/cni/index';
import { seconds, START } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import { machine } from './machines';

const CLUSTER = {
  ipFamilies: ['IPv4'],
  podCIDRs: ['10.244.0.0/16'],
  nodeCIDRs: ['192.168.1.0/24'],
} as const;

function pool(range: string, options: { strictAffinity?: boolean; clock?: () => Instant } = {}) {
  const blocks: string[] = [];
  const { strictAffinity = false, clock = () => START } = options;
  const made = new CalicoPool(range, {
    blockSize: 30,
    strictAffinity,
    now: clock,
    reclaimAfter: () => seconds(60),
    onBlock: (node, block, claimed) => blocks.push(`${node} ${claimed ? '+' : '-'}${block}`),
  });
  return { pool: made, blocks };
}

describe("Calico's addresses", () => {
  it('come from a block that the node claims with its first pod, every one of them usable', () => {
    const { pool: made, blocks } = pool('10.0.0.0/29');
    const first = made.assign('n1')!;
    expect(blocks).to.have.length(1);
    const others = [made.assign('n1'), made.assign('n1'), made.assign('n1')];
    expect(new Set([first, ...others]).size).to.equal(4);
    expect(blocks).to.have.length(1);
    made.assign('n1');
    expect(blocks).to.have.length(2);
  });

  it('rest at the end of the list when they are released', () => {
    const { pool: made } = pool('10.0.0.0/30');
    const first = made.assign('n1')!;
    made.release(first);
    const next = [1, 2, 3, 4].map(() => made.assign('n1'));
    expect(next.indexOf(first)).to.equal(3);
    expect(made.assign('n1')).to.equal(undefined);
  });

  it('are borrowed from another node where no block is left, unless affinity is strict', () => {
    const { pool: made } = pool('10.0.0.0/30');
    made.assign('n1');
    const borrowed = made.assign('n2')!;
    expect(made.isBorrowed(borrowed, 'n2')).to.equal(true);
    expect(made.rangesOf('n2')).to.deep.equal([]);
    const { pool: strict } = pool('10.0.0.0/30', { strictAffinity: true });
    strict.assign('n1');
    expect(strict.assign('n2')).to.equal(undefined);
  });

  it("are taken over with another node's block that was empty for more than a minute", () => {
    let now = START;
    const { pool: made, blocks } = pool('10.0.0.0/30', {
      strictAffinity: true,
      clock: () => now,
    });
    made.release(made.assign('n1')!);
    expect(made.assign('n2')).to.equal(undefined);
    now = seconds(61) as number as Instant;
    expect(made.assign('n2')).to.be.a('string');
    expect(blocks).to.deep.equal(['n1 +10.0.0.0/30', 'n1 -10.0.0.0/30', 'n2 +10.0.0.0/30']);
  });
});

describe('Calico', () => {
  function twoNodes(options: Record<string, unknown> = {}) {
    const cni = CNI_PLUGINS.get('calico')!.create(CLUSTER, options);
    const machines = [machine(1), machine(2)] as const;
    // The ranges of the Node objects mean nothing to it.
    machines.forEach((it, index) => cni.join(it, [`10.244.${index + 1}.0/24`]));
    return { cni, one: machines[0], two: machines[1] };
  }

  it('routes blocks of 64 through IPIP, to a tunnel device with an address of the pool', () => {
    const { cni, one, two } = twoNodes();
    const attached = cni.attach(two, 'shop/a');
    const address = attached.ok ? attached.addresses[0]! : undefined!;
    const route = one.routing.lookup(address)!;
    expect(route).to.deep.include({ device: 'tunl0' });
    expect(route.destination).to.match(/\/26$/);
    expect(route.encapsulation).to.deep.equal({ kind: 'ipip', remote: '192.168.1.12' });
    expect(one.device('tunl0')).to.deep.include({ kind: 'tunnel', mtu: 1480 });
    expect(two.routing.lookup(address)!.device).to.match(/^cali/);
  });

  it('does not wrap on one network with a cross-subnet mode, nor with bgp', () => {
    for (const mode of ['ipip-cross-subnet', 'vxlan-cross-subnet', 'bgp']) {
      const { cni, one, two } = twoNodes({ mode });
      const attached = cni.attach(two, 'shop/a');
      const route = attached.ok ? one.routing.lookup(attached.addresses[0]!) : undefined;
      expect(route, mode).to.deep.include({ device: 'eth0', via: '192.168.1.12' });
    }
  });

  it('leads packets for a free address of a block nowhere', () => {
    const { cni, two } = twoNodes();
    const attached = cni.attach(two, 'shop/a');
    cni.detach(two, 'shop/a');
    const address = attached.ok ? attached.addresses[0]! : undefined!;
    expect(two.routing.lookup(address)).to.deep.include({ blackhole: true });
  });

  it('announces a borrowed address by itself', () => {
    const small = { ...CLUSTER, podCIDRs: ['10.244.0.0/29'] };
    const cni = CNI_PLUGINS.get('calico')!.create(small, { mode: 'bgp', blockSize: 29 });
    const [one, two] = [machine(1), machine(2)];
    cni.join(one, []);
    cni.join(two, []);
    cni.attach(one, 'shop/a');
    const attached = cni.attach(two, 'shop/b');
    const address = attached.ok ? attached.addresses[0]! : undefined!;
    expect(one.routing.lookup(address)).to.deep.include({
      destination: `${address}/32`,
      via: '192.168.1.12',
    });
    cni.detach(two, 'shop/b');
    expect(one.routing.lookup(address)).to.deep.include({ blackhole: true });
  });

  it('says that the pool is used up', () => {
    const small = { ...CLUSTER, podCIDRs: ['10.244.0.0/31'] };
    const cni = CNI_PLUGINS.get('calico')!.create(small, { mode: 'bgp', blockSize: 31 });
    const one = machine(1);
    cni.join(one, []);
    cni.attach(one, 'shop/a');
    cni.attach(one, 'shop/b');
    expect(cni.attach(one, 'shop/c')).to.deep.equal({
      ok: false,
      error: 'no more free addresses in the pool for node worker-1',
    });
  });
});
