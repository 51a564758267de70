// Goal: what becomes of the rules where they cannot be written, or are taken away by a stranger:
// when kube-proxy tries again, what it writes then, what it tells a load balancer meanwhile, and
// what is never made up for.
// source: pkg/proxy/iptables/proxier.go, pkg/proxy/nftables/proxier.go (syncProxyRules),
// pkg/proxy/runner/bounded_frequency_runner.go, pkg/util/iptables/iptables.go,
// pkg/proxy/healthcheck/proxy_health.go; timing.md §2.4

import { expect } from 'chai';
import { newEntry } from '../../../src/node/netfilter/conntrack-entry';
import { ipvs } from '../../../src/node/proxy/ipvs';
import { nftables } from '../../../src/node/proxy/nftables';
import { nftServiceNames } from '../../../src/node/proxy/nftables-names';
import { ip } from '../../../src/values/ip';
import { META, service, slice, WEB, worldOf } from './proxy-world';
import type { World } from './proxy-world';

/** An idle kube-proxy that has written rules for the endpoint 10.244.1.5. */
function idle(kubernetes = '1.36', mode?: Parameters<typeof worldOf>[3]): World {
  const world = worldOf(kubernetes, 'default', 1, mode);
  world.write(service());
  world.write(slice(['10.244.1.5']));
  world.run(100);
  world.proxies[0]!.syncNow();
  return world;
}

const endpoints = ({ proxies }: World) => proxies[0]!.programmedEndpoints(WEB);
const last = (world: World, count = 1) => world.log().slice(-count);

describe('a sync that fails', () => {
  for (const kubernetes of ['1.33', '1.36']) {
    it(`leaves the rules as they were and is tried again after 30 s, in ${kubernetes}`, () => {
      const world = idle(kubernetes);
      world.proxies[0]!.failRestores('a');
      world.at(1_000, slice(['10.244.1.6']));
      world.run(2_000);
      expect(last(world)).to.deep.equal(['1035 failed sync']);
      expect(endpoints(world)).to.deep.equal(['10.244.1.5:8080']);
      world.run(31_000);
      world.proxies[0]!.mendRestores('a');
      world.run(31_034);
      expect(last(world)).to.deep.equal(['1035 failed sync']);
      world.run(40_000);
      expect(last(world, 3)).to.deep.equal([
        '31045 built rules',
        '31065 restored rules',
        '31065 applied rules',
      ]);
      expect(endpoints(world)).to.deep.equal(['10.244.1.6:8080']);
    });
  }

  it('is followed by a sync at the next change, if that comes sooner', () => {
    const world = idle();
    world.proxies[0]!.failRestores('a');
    world.at(1_000, slice(['10.244.1.6']));
    world.run(3_000);
    world.proxies[0]!.mendRestores('a');
    world.at(3_000, slice(['10.244.1.7']));
    world.run(60_000);
    expect(last(world)).to.deep.equal(['3035 applied rules']);
    expect(endpoints(world)).to.deep.equal(['10.244.1.7:8080']);
  });

  it('fails again as long as anybody holds a token', () => {
    const world = idle();
    const [proxy] = world.proxies;
    for (const token of ['a', 'b']) proxy!.failRestores(token);
    world.at(1_000, slice(['10.244.1.6']));
    proxy!.mendRestores('a');
    world.run(40_000);
    expect(last(world)).to.deep.equal(['31065 failed sync']);
    proxy!.mendRestores('b');
    world.run(70_000);
    expect(last(world)).to.deep.equal(['61095 applied rules']);
  });

  it('is unhealthy from 60 s after the change that waits, and healthy with the rules', () => {
    const world = idle();
    const [proxy] = world.proxies;
    proxy!.failRestores('a');
    world.at(1_000, slice(['10.244.1.6']));
    world.run(61_004);
    expect(proxy!.isHealthy).to.equal(true);
    world.run(61_005);
    expect(proxy!.isHealthy).to.equal(false);
    proxy!.mendRestores('a');
    world.run(91_200);
    expect(proxy!.isHealthy).to.equal(true);
  });

  it('makes the next one a full one, which costs more where there are many Services', () => {
    const world = idle();
    for (let index = 0; index < 1_000; index++) {
      const metadata = { ...META, name: `other-${index}` };
      const spec = { clusterIP: `10.97.${index >> 8}.${index & 255}`, ports: [{ port: 80 }] };
      world.write({ ...service(), metadata, spec });
    }
    world.run(500);
    world.proxies[0]!.syncNow();
    world.at(1_000, slice(['10.244.1.6']));
    world.run(20_000);
    const partial = took(world);
    world.proxies[0]!.failRestores('a');
    world.at(21_000, slice(['10.244.1.7']));
    world.run(40_000);
    world.proxies[0]!.mendRestores('a');
    world.run(80_000);
    expect(took(world)).to.be.greaterThan(partial);
  });

  it('is as urgent when it is tried again as it was', () => {
    const world = worldOf('1.36', 'tutorial');
    world.write(service());
    world.write(slice(['10.244.1.5']));
    world.proxies[0]!.syncNow();
    world.proxies[0]!.failRestores('a');
    world.at(1_000, slice([]), 'loss');
    world.run(2_000);
    world.proxies[0]!.mendRestores('a');
    world.run(40_000);
    // A loss takes ten times as long as a gain there.
    expect(took(world)).to.equal(50);
  });

  it('does not count as an emptying of stale chains, in nftables mode', () => {
    const world = idle('1.36', nftables);
    const { cluster } = nftServiceNames(WEB);
    const stands = () => world.machines[0]!.proxyRules.get('IPv4')!.nft!.chains.has(cluster);
    world.remove(service());
    world.run(3_000);
    world.proxies[0]!.failRestores('a');
    world.at(3_000, { ...service(), metadata: { ...META, name: 'other' } });
    world.run(4_000);
    world.proxies[0]!.mendRestores('a');
    world.run(40_000);
    expect(stands()).to.equal(true);
    world.at(50_000, { ...service(), metadata: { ...META, name: 'third' } });
    world.run(52_000);
    expect(stands()).to.equal(false);
  });

  for (const kubernetes of ['1.31', '1.36']) {
    it(`loses what it knew of stale UDP entries: they outlive its retry, in ${kubernetes}`, () => {
      for (const [fails, left] of [
        [false, 0],
        [true, 1],
      ] as const) {
        const world = worldOf(kubernetes, 'default');
        world.write(service('UDP'));
        world.write(slice(['10.244.1.5', '10.244.1.6'], {}, 'UDP'));
        world.run(100);
        world.proxies[0]!.syncNow();
        send(world);
        if (fails) world.proxies[0]!.failRestores('a');
        world.at(1_000, slice(['10.244.1.6'], {}, 'UDP'));
        world.run(2_000);
        world.proxies[0]!.mendRestores('a');
        world.run(20_000);
        // Packets of one direction keep the entry alive.
        if (fails) send(world);
        world.run(40_000);
        const udp = { ...WEB, protocol: 'UDP' } as const;
        expect(world.proxies[0]!.programmedEndpoints(udp)).to.deep.equal(['10.244.1.6:8080']);
        const entries = world.machines[0]!.conntrack.list(world.kernel.now);
        expect(entries, `${fails}`).to.have.lengthOf(left);
      }
    });
  }
});

describe('the lock of iptables', () => {
  it('is waited for, and taken as soon as it is free', () => {
    const world = idle();
    world.proxies[0]!.holdLock('a');
    world.proxies[0]!.holdLock('b');
    world.at(1_000, slice(['10.244.1.6']));
    world.run(2_000);
    world.proxies[0]!.releaseLock('a');
    world.run(4_000);
    expect(last(world)).to.deep.equal(['1015 waiting lock']);
    world.proxies[0]!.releaseLock('b');
    world.run(60_000);
    expect(last(world)).to.deep.equal(['4020 applied rules']);
  });

  it('ends the sync after 5 s, and the next one is 30 s later', () => {
    const world = idle();
    world.proxies[0]!.holdLock('a');
    world.at(1_000, slice(['10.244.1.6']));
    world.run(35_000);
    expect(last(world)).to.deep.equal(['6015 failed sync']);
    world.run(37_000);
    expect(last(world)).to.deep.equal(['36025 waiting lock']);
    world.proxies[0]!.releaseLock('a');
    world.run(60_000);
    expect(last(world)).to.deep.equal(['37020 applied rules']);
  });

  it('is nothing to the nftables mode', () => {
    const world = idle('1.36', nftables);
    world.proxies[0]!.holdLock('a');
    world.at(1_000, slice(['10.244.1.6']));
    world.run(1_100);
    expect(endpoints(world)).to.deep.equal(['10.244.1.6:8080']);
  });
});

describe('rules that a stranger has flushed', () => {
  it('are written anew in iptables mode when the canary is missed, within 30 s', () => {
    const world = idle();
    world.at(1_000, service());
    world.proxies[0]!.flushRules();
    expect(endpoints(world)).to.deep.equal([]);
    world.run(31_100);
    expect(endpoints(world)).to.deep.equal(['10.244.1.5:8080']);
    const log = world.log();
    expect(log.filter((it) => it.endsWith('missed canary'))).to.have.lengthOf(1);
    expect(log.at(-1)).to.match(/applied rules$/);
  });

  it('make a partial sync fail that leaves out the chains of other Services', () => {
    const world = idle();
    const metadata = { ...META, name: 'other' };
    const own = { ...slice(['10.244.1.9']), metadata: { ...slice([]).metadata, name: 'other-x' } };
    own.metadata.labels = { 'kubernetes.io/service-name': 'other' };
    world.write({ ...service(), metadata, spec: { ...service().spec!, clusterIP: '10.96.0.21' } });
    world.write(own);
    world.run(200);
    world.proxies[0]!.syncNow();
    world.proxies[0]!.flushRules();
    world.at(300, slice(['10.244.1.6']));
    world.run(400);
    expect(last(world)).to.deep.equal(['335 failed sync']);
  });

  it('are not reached through a partial sync, which writes no jumps', () => {
    const world = idle();
    world.run(1_000);
    world.proxies[0]!.flushRules();
    world.write(slice(['10.244.1.6']));
    world.run(1_100);
    expect(last(world)).to.deep.equal(['1035 applied rules']);
    expect(endpoints(world)).to.deep.equal([]);
    world.run(32_000);
    expect(endpoints(world)).to.deep.equal(['10.244.1.6:8080']);
  });

  it('wait for the end of a sync that is under way when the canary is missed', () => {
    const world = idle();
    world.run(1_000);
    world.proxies[0]!.flushRules();
    const looked = missedAt(world);
    const again = idle();
    again.run(1_000);
    again.proxies[0]!.flushRules();
    again.at(looked - 20, slice(['10.244.1.6']));
    again.run(looked + 500);
    expect(last(again, 4).map((it) => it.slice(it.indexOf(' ') + 1))).to.deep.equal([
      'applied rules',
      'built rules',
      'restored rules',
      'applied rules',
    ]);
    expect(endpoints(again)).to.deep.equal(['10.244.1.6:8080']);
  });

  for (const [kubernetes, expected] of [
    ['1.33', ['10.244.1.5:8080']],
    ['1.36', []],
  ] as const) {
    it(`are written once for a canary: is it tried again where that fails, in ${kubernetes}`, () => {
      const world = idle(kubernetes);
      world.run(1_000);
      world.proxies[0]!.flushRules();
      world.proxies[0]!.failRestores('a');
      const looked = missedAt(world);
      world.run(looked + 500);
      world.proxies[0]!.mendRestores('a');
      world.run(looked + 100_000);
      expect(endpoints(world)).to.deep.equal(expected);
    });
  }

  it('stay away in nftables mode until a change: its sync fails, the next one mends it', () => {
    const world = idle('1.36', nftables);
    world.proxies[0]!.flushRules();
    world.run(100_000);
    expect(endpoints(world)).to.deep.equal([]);
    world.at(100_000, slice(['10.244.1.6']));
    world.run(129_000);
    expect(last(world)).to.deep.equal(['100035 failed sync']);
    world.run(140_000);
    expect(endpoints(world)).to.deep.equal(['10.244.1.6:8080']);
  });

  it('are all written by a process that starts', () => {
    const world = idle('1.36', nftables);
    world.proxies[0]!.flushRules();
    world.proxies[0]!.start();
    world.run(1_000);
    expect(endpoints(world)).to.deep.equal(['10.244.1.5:8080']);
  });

  it('are no fault of a mode of which it is not modelled', () => {
    expect(ipvs.upkeep).to.equal(undefined);
  });
});

/** Runs until the canary is missed; when that is, in whole milliseconds. */
function missedAt(world: World): number {
  for (let now = 1_000; now < 32_000; now += 10) {
    world.run(now);
    const missed = world.log().find((it) => it.endsWith('missed canary'));
    if (missed !== undefined) return Math.ceil(Number(missed.split(' ')[0]));
  }
  throw new Error('nobody missed the canary');
}

/** How long the last restore took, in milliseconds. */
function took(world: World): number {
  const [built, restored] = ['built', 'restored'].map((action) => {
    return Number(
      world
        .log()
        .findLast((it) => it.includes(` ${action} `))!
        .split(' ')[0],
    );
  });
  return restored! - built!;
}

/** A client sends to the endpoint that is about to leave, and goes on to. */
function send({ kernel, machines }: World): void {
  const client = { protocol: 'UDP', src: ip('10.244.1.9'), sport: 4_000 } as const;
  const original = { ...client, dst: ip('10.96.0.20'), dport: 80 };
  const server = { protocol: 'UDP', src: ip('10.244.1.5'), sport: 8_080 } as const;
  const reply = { ...server, dst: client.src, dport: client.sport };
  machines[0]!.conntrack.put(newEntry(original, reply, kernel.now));
}
