// kube-proxy in virtual time: when rules follow a change, by version and profile. The instants are
// those of the composed timeline C1 and of the two classic tutorial timelines.

import { expect } from 'chai';
import { newEntry } from '../../../src/node/netfilter/conntrack-entry';
import type { iptables } from '../../../src/node/proxy/iptables';
import { ipvs } from '../../../src/node/proxy/ipvs';
import { nftables } from '../../../src/node/proxy/nftables';
import { nftServiceNames } from '../../../src/node/proxy/nftables-names';
import type { FiveTuple } from '../../../src/values/flow';
import { ip } from '../../../src/values/ip';
import { META, service, slice, WEB, worldOf } from './proxy-world';
import type { World } from './proxy-world';

describe('kube-proxy', () => {
  it('has a Service live 1.075 s after the request, since it saw the Service alone first', () => {
    // Timeline C1: stored at 10 ms, slice written at 30 ms, each seen 5 ms later.
    const world = worldOf('1.36', 'default');
    world.proxies[0]!.syncNow();
    world.at(10, service());
    world.at(30, slice(['10.244.1.5']));
    world.run(60);
    expect(world.proxies[0]!.programmedEndpoints(WEB)).to.deep.equal([]);
    world.run(5_000);
    expect(world.log()).to.deep.equal([
      '15 observed Service/shop/web',
      '25 built rules',
      '35 observed EndpointSlice/shop/web-abc',
      '45 restored rules',
      '45 applied rules',
      '1055 built rules',
      '1075 restored rules',
      '1075 applied rules',
    ]);
    expect(world.proxies[0]!.programmedEndpoints(WEB)).to.deep.equal(['10.244.1.5:8080']);
  });

  it('has it live after 75 ms up to 1.33, where two syncs may follow each other', () => {
    const world = worldOf('1.33', 'default');
    world.proxies[0]!.syncNow();
    world.at(10, service());
    world.at(30, slice(['10.244.1.5']));
    world.run(5_000);
    expect(world.log().at(-1)).to.equal('75 applied rules');
  });

  it('waits a second between syncs in nftables mode, and not at all in IPVS mode', () => {
    const lastSync = (mode: typeof iptables) => {
      const world = worldOf('1.36', 'default', 1, mode);
      world.proxies[0]!.syncNow();
      world.at(10, service());
      world.at(30, slice(['10.244.1.5']));
      world.run(5_000);
      expect(world.proxies[0]!.programmedEndpoints(WEB)).to.deep.equal(['10.244.1.5:8080']);
      return world.log().at(-1);
    };
    expect(lastSync(nftables)).to.equal('1075 applied rules');
    expect(lastSync(ipvs)).to.equal('75 applied rules');
  });

  it('leaves the chains of a removed Service in the nft table, empty, until a later sync', () => {
    const world = worldOf('1.36', 'default', 1, nftables);
    world.write(service());
    world.write(slice(['10.244.1.5']));
    world.proxies[0]!.syncNow();
    const { cluster } = nftServiceNames(WEB);
    const rulesLeft = () => {
      const { nft } = world.machines[0]!.proxyRules.get('IPv4')!;
      return nft!.chains.get(cluster)?.rules.length;
    };
    expect(rulesLeft()).to.equal(1);
    world.remove(service());
    world.run(2_000);
    expect(rulesLeft()).to.equal(0);
    world.at(4_000, { ...service(), metadata: { ...META, name: 'other' } });
    world.run(6_000);
    expect(rulesLeft()).to.equal(undefined);
  });

  it('drains a real server of IPVS that still has connections, and then lets it go', () => {
    const world = worldOf('1.36', 'default', 1, ipvs);
    world.write(service());
    world.write(slice(['10.244.1.5', '10.244.2.6']));
    world.proxies[0]!.syncNow();
    const machine = world.machines[0]!;
    const [virtual] = machine.proxyRules.get('IPv4')!.ipvs!.servers.values();
    const { address, port } = virtual!;
    const client = { protocol: 'TCP', src: ip('10.244.1.9'), sport: 40_000 } as const;
    const server = { src: ip('10.244.2.6'), sport: 8080 };
    const original = { ...client, dst: address, dport: port };
    const reply = { protocol: 'TCP', ...server, dst: client.src, dport: 40_000 } as const;
    const open = newEntry(original, reply, world.kernel.now);
    machine.conntrack.put(open);
    const weights = () => {
      const [now] = machine.proxyRules.get('IPv4')!.ipvs!.servers.values();
      return now!.servers.map(({ weight }) => weight);
    };
    world.at(10, slice(['10.244.1.5']));
    world.run(1_000);
    expect(weights()).to.deep.equal([1, 0]);
    expect(world.proxies[0]!.programmedEndpoints(WEB)).to.deep.equal(['10.244.1.5:8080']);
    machine.conntrack.delete(open);
    world.at(2_000, slice(['10.244.1.5', '10.244.1.7']));
    world.run(3_000);
    expect(weights()).to.deep.equal([1, 1]);
  });

  it('follows the tutorial to the millisecond when a Service is created', () => {
    const world = worldOf('1.36', 'tutorial');
    world.proxies[0]!.syncNow();
    world.at(10, service());
    world.at(25, slice(['10.244.1.5']));
    world.run(1_000);
    expect(world.log().slice(-4)).to.deep.equal([
      '30 observed EndpointSlice/shop/web-abc',
      '35 built rules',
      '40 restored rules',
      '40 applied rules',
    ]);
  });

  it('follows the tutorial to the millisecond when an endpoint dies', () => {
    const world = worldOf('1.36', 'tutorial');
    world.write(service());
    world.write(slice(['10.244.1.5', '10.244.2.6']));
    world.proxies[0]!.syncNow();
    world.at(150, slice(['10.244.2.6']), 'loss');
    world.run(1_000);
    expect(world.log()).to.deep.equal([
      '200 observed EndpointSlice/shop/web-abc',
      '250 built rules',
      '300 restored rules',
      '350 applied rules',
    ]);
  });

  it('puts into the rules what it had seen when the sync started', () => {
    const world = worldOf('1.33', 'default');
    world.proxies[0]!.syncNow();
    world.at(0, service());
    world.at(1, slice(['10.244.1.5']));
    // Seen at 6 ms, while the sync that started at 5 ms is under way.
    world.run(36);
    expect(world.machines[0]!.proxyRules.get('IPv4')).to.not.equal(undefined);
    expect(world.proxies[0]!.programmedEndpoints(WEB)).to.deep.equal([]);
  });

  it('does nothing for a change that no rule depends on', () => {
    const world = worldOf('1.36', 'default');
    world.write(service());
    world.proxies[0]!.syncNow();
    world.write({ ...service(), metadata: { ...META, annotations: { note: 'x' } } });
    world.run(5_000);
    expect(world.log()).to.deep.equal([]);
  });

  it('leaves the rules in the kernel when it stops, and catches up when it starts', () => {
    const world = worldOf('1.36', 'default');
    world.write(service());
    world.write(slice(['10.244.1.5']));
    const proxy = world.proxies[0]!;
    proxy.syncNow();
    proxy.stop();
    world.at(100, slice(['10.244.2.6']));
    world.run(10_000);
    expect(proxy.programmedEndpoints(WEB)).to.deep.equal(['10.244.1.5:8080']);
    proxy.start();
    world.run(20_000);
    expect(proxy.programmedEndpoints(WEB)).to.deep.equal(['10.244.2.6:8080']);
    expect(world.log()).to.deep.equal([
      '10000 listed Services and EndpointSlices',
      '10010 built rules',
      '10030 restored rules',
      '10030 applied rules',
    ]);
  });

  it('drops a sync that is under way when its process ends', () => {
    const world = worldOf('1.36', 'default');
    world.proxies[0]!.syncNow();
    world.at(0, service());
    world.run(16);
    world.proxies[0]!.stop();
    world.run(5_000);
    expect(world.log().at(-1)).to.equal('15 built rules');
  });

  it('does nothing on a machine without power', () => {
    const world = worldOf('1.36', 'default');
    world.proxies[0]!.syncNow();
    world.machines[0]!.powered = false;
    world.at(0, service());
    world.run(5_000);
    expect(world.log()).to.deep.equal([]);
  });

  it('shares one ruleset among nodes that have seen the same', () => {
    const world = worldOf('1.36', 'default', 3);
    for (const proxy of world.proxies) proxy.syncNow();
    world.at(0, service());
    world.at(2_000, slice(['10.244.1.5']));
    world.run(5_000);
    const rules = world.machines.map(({ proxyRules }) => proxyRules.get('IPv4'));
    expect(new Set(rules).size).to.equal(1);
    expect(world.applied).to.equal(3 * 3);
  });

  it('names the change, not the last sync, as the cause of a sync that had to wait', () => {
    const world = worldOf('1.36', 'default');
    world.proxies[0]!.syncNow();
    world.at(0, service());
    world.at(20, slice(['10.244.1.5']));
    world.run(5_000);
    const { journal } = world.kernel;
    const chain = journal
      .chain(journal.length - 1)
      .map(({ action, subject }) => `${action} ${subject}`);
    expect(chain).to.deep.equal([
      'stored EndpointSlice/shop/web-abc',
      'observed EndpointSlice/shop/web-abc',
      'built rules',
      'restored rules',
      'applied rules',
    ]);
  });

  it('removes UDP connections to an endpoint that serves no longer, once the rules stand', () => {
    const world = worldOf('1.36', 'default');
    world.write(service('UDP'));
    world.write(slice(['10.244.1.5', '10.244.2.6'], {}, 'UDP'));
    world.proxies[0]!.syncNow();
    const { conntrack } = world.machines[0]!;
    const original = connected(world);
    world.write(slice(['10.244.2.6'], {}, 'UDP'));
    world.run(34);
    expect(conntrack.lookup(original, world.kernel.now)).to.not.equal(undefined);
    world.run(35);
    expect(conntrack.lookup(original, world.kernel.now)).to.equal(undefined);
    expect(world.log().at(-1)).to.equal('35 removed conntrack entries');
  });

  it('removes them also where it has them from before it was there', () => {
    const world = worldOf('1.36', 'default');
    world.write(service('UDP'));
    world.write(slice(['10.244.2.6'], {}, 'UDP'));
    const original = connected(world);
    world.proxies[0]!.syncNow();
    const { conntrack } = world.machines[0]!;
    expect(conntrack.lookup(original, world.kernel.now)).to.equal(undefined);
  });
});

/** The first node holds a connection of the Service to 10.244.1.5; returns how it began. */
function connected({ machines, kernel }: World): FiveTuple {
  const client = { protocol: 'UDP', src: ip('10.244.3.7'), sport: 40_000 } as const;
  const original = { ...client, dst: ip('10.96.0.20'), dport: 80 };
  const answer = { protocol: 'UDP', src: ip('10.244.1.5'), sport: 8080 } as const;
  const reply = { ...answer, dst: client.src, dport: client.sport };
  machines[0]!.conntrack.put(newEntry(original, reply, kernel.now));
  return original;
}
