// Goal: a node that loses its power falls silent and writes nothing; one that boots runs its pods
// anew, with new addresses (timing.md C6, dns-ipam.md §17.2).

import { expect } from 'chai';
import type { Instant } from '../../../src/values/time';
import { seconds } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';

describe('a node without power', () => {
  it('has no sandbox and no process, and the API hears nothing of it', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 10);
    const revision = world.api.store.revision;
    world.kubelets.powerOff('worker-1');
    world.until(100);
    expect(world.network.machines.get('worker-1')!.sandboxes.size).to.equal(0);
    expect(world.kubelets.servingNow('shop/web')).to.equal(false);
    expect(world.api.store.revision).to.equal(revision);
    expect(world.isReady).to.equal(true);
  });

  it('renews its lease no longer', () => {
    const world = new KubeletWorld({ profile: 'default' });
    world.run({ containers: [WEB] }, 35);
    const { kubelets } = world;
    expect(kubelets.isBeating('worker-1')).to.equal(true);
    const last = kubelets.lastRenewal('worker-1', world.kernel.now);
    expect(world.kernel.now - last).to.be.within(0, 10_400_000);
    kubelets.powerOff('worker-1');
    world.until(500);
    expect(kubelets.isBeating('worker-1')).to.equal(false);
    expect(kubelets.lastRenewal('worker-1', world.kernel.now)).to.equal(last);
  });

  it('renews every 10 to 10.4 s while it runs, without an event', () => {
    const world = new KubeletWorld({ profile: 'default' });
    const renewals = new Set<number>();
    for (let at = 0; at < 1000; at++) {
      renewals.add(world.kubelets.lastRenewal('worker-1', (at * 1e6) as Instant));
    }
    const gaps = [...renewals].slice(1).map((at, index) => at - [...renewals][index]!);
    expect(renewals.size).to.be.within(96, 101);
    expect(Math.max(...gaps.slice(1))).to.be.within(10e6, 10.4e6);
    expect(world.kernel.nextAt).to.equal(undefined);
  });
});

describe('a node that boots', () => {
  it('runs its pods in new sandboxes with new addresses, counted as restarts', () => {
    const world = new KubeletWorld({ profile: 'default' });
    world.run({ containers: [WEB] }, 10);
    const before = world.pod!.status!.podIP;
    world.kubelets.powerOff('worker-1');
    world.until(20);
    world.kubelets.powerOn('worker-1');
    world.kubelets.powerOn('worker-1');
    world.until(90);
    const [booted] = world.when('booted');
    expect(booted).to.be.within(40, 60);
    expect(world.isReady).to.equal(true);
    expect(world.pod!.status!.podIP).to.not.equal(before);
    expect(world.pod!.status!.containerStatuses![0]!.restartCount).to.equal(1);
    expect(world.network.detached).to.deep.equal(['shop/web']);
  });

  it('says that it is Ready, and what was deleted meanwhile goes at once', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 10);
    world.kubelets.powerOff('worker-1');
    world.delete();
    world.until(50);
    expect(world.pod?.metadata.deletionTimestamp).to.equal(40_000_000);
    world.kubelets.powerOn('worker-1');
    world.until(50);
    expect(world.pod).to.equal(undefined);
    const node = world.api.store.get('Node', 'worker-1') as { status?: { conditions?: unknown[] } };
    expect(JSON.stringify(node.status?.conditions)).to.contain('KubeletReady');
  });

  it('stays off if the power goes again before it is up', () => {
    const world = new KubeletWorld({ profile: 'default' });
    world.run({ containers: [WEB] }, 10);
    world.kubelets.powerOff('worker-1');
    world.kubelets.powerOn('worker-1');
    world.until(15);
    world.kubelets.powerOff('worker-1');
    world.until(200);
    expect(world.when('booted')).to.deep.equal([]);
  });
});

describe('a node that shuts down', () => {
  it('sends SIGTERM to every process and goes off with the last of them', () => {
    const behaviours = [
      { target: 'pod/shop/web', onTerm: { do: 'drain', for: seconds(5) } },
    ] as const;
    const world = new KubeletWorld({ behaviours });
    const off: string[] = [];
    world.kubelets.onShutdown((node) => off.push(`${node} ${world.kernel.now / 1e6}`));
    world.run({ containers: [WEB] }, 10);
    world.kubelets.shutdown('worker-1');
    world.until(200);
    expect(off).to.deep.equal(['worker-1 15']);
    expect(world.isReady).to.equal(true);
    expect(world.network.machines.get('worker-1')!.powered).to.equal(false);
  });

  it('does not wait longer than 90 s', () => {
    const behaviours = [
      { target: 'pod/shop/web', onTerm: { do: 'ignore', for: seconds(0) } },
    ] as const;
    const world = new KubeletWorld({ behaviours });
    world.run({ containers: [WEB] }, 10);
    world.kubelets.shutdown('worker-1');
    world.until(200);
    expect(world.when('lost power')).to.deep.equal([100]);
  });
});

describe('five thousand kubelets', () => {
  it('have nothing to do while nothing happens', () => {
    const world = new KubeletWorld({ profile: 'default', nodes: 5000 });
    world.run({ containers: [WEB] }, 60);
    expect(world.isReady).to.equal(true);
    expect(world.kernel.nextAt).to.equal(undefined);
  });
});
