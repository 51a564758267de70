// Goal: an upgrade ends processes one after the other and starts others in their places, which
// behave as their version does; it is no failure, and nothing else is touched.

import { expect } from 'chai';
import type { Cluster } from '../../../src/cluster/cluster';
import { upgradedBy } from '../../../src/cluster/components/versioned-processes';
import type { UpgradeTarget } from '../../../src/cluster/components/versioned-processes';
import { createCluster, loadScenarios } from '../../../src/index';
import type { Component } from '../../../src/values/component';
import type { KubeVersion } from '../../../src/values/kube-version';
import type { Instant } from '../../../src/values/time';

const SECOND = 1_000_000;
const OLD = '1.33' as KubeVersion;
const NEW = '1.34' as KubeVersion;
const V1_31 = '1.31' as KubeVersion;
const ONE = loadScenarios(['scenarios/timing/outage.yaml']).plans[0]!.cluster;
const THREE = loadScenarios(['scenarios/faults/apiserver-member-15s.yaml']).plans[0]!.cluster;

function world(spec = ONE, kubernetes = NEW): Cluster {
  const timing = { ...spec.timing, profile: 'default' };
  return createCluster({ ...spec, kubernetes, timing }, { seed: 1 });
}

function component(cluster: Cluster, actor: string): Component {
  return cluster.components.find((it) => it.actor === actor)!;
}

function runTo({ kernel }: Cluster, at: number): void {
  kernel.runUntil((at * SECOND) as Instant);
}

function upgrade({ handles, spec }: Cluster, target: UpgradeTarget, to = NEW): void {
  handles.upgrade(upgradedBy(spec, target), to);
}

/** When, since zero, an actor did something, in seconds. */
function when({ kernel }: Cluster, actor: string, action: string): number[] {
  const own = kernel.journal.all().filter((it) => it.actor === actor && it.action === action);
  return own.map(({ at }) => at / SECOND).filter((at) => at > 0);
}

describe('an upgrade of kube-proxy', () => {
  it('replaces one after the other: the next when the one before runs again', () => {
    const cluster = world();
    runTo(cluster, 10);
    upgrade(cluster, { component: 'kube-proxy' });
    runTo(cluster, 40);
    const turns = ['worker-1', 'worker-2', 'worker-3'].map((node) => {
      const actor = `kube-proxy@${node}`;
      return [when(cluster, actor, 'replaced'), when(cluster, actor, 'listed')].flat();
    });
    expect(turns.flat()).to.have.length(6);
    expect(turns[0]![0]).to.equal(10);
    expect(turns[1]![0]).to.equal(turns[0]![1]);
    expect(turns[2]![0]).to.equal(turns[1]![1]);
    for (const [ended, started] of turns) expect(started! - ended!).to.be.within(0.2, 2.1);
  });

  it('is no failure: no back-off, however often, and the first crash after it is free', () => {
    const cluster = world();
    const proxy = component(cluster, 'kube-proxy@worker-1');
    for (const at of [10, 20, 30]) {
      runTo(cluster, at);
      upgrade(cluster, { component: 'kube-proxy', node: 'worker-1' });
    }
    runTo(cluster, 40);
    cluster.handles.killComponent(proxy, { restart: true });
    runTo(cluster, 50);
    const starts = when(cluster, proxy.actor, 'listed').map((at) => at % 10);
    expect(starts).to.have.length(4);
    for (const took of starts) expect(took).to.be.within(0.2, 2.1);
  });

  it('gives what is kept down its version when it comes back, and passes over it', () => {
    const cluster = world();
    const proxy = component(cluster, 'kube-proxy@worker-1');
    runTo(cluster, 5);
    cluster.handles.killComponent(proxy, { restart: false });
    runTo(cluster, 10);
    upgrade(cluster, { component: 'kube-proxy' }, OLD);
    expect(when(cluster, 'kube-proxy@worker-2', 'replaced')).to.deep.equal([10]);
    runTo(cluster, 20);
    expect(when(cluster, proxy.actor, 'listed')).to.deep.equal([]);
    cluster.handles.startComponent(proxy);
    runTo(cluster, 30);
    expect(when(cluster, proxy.actor, 'listed')).to.have.length(1);
    expect(cluster.timing.versions.of(proxy.actor)).to.equal(OLD);
  });

  it('waits for the kubelet, who replaces what runs in pods', () => {
    const cluster = world();
    const kubelet = component(cluster, 'kubelet@worker-1');
    runTo(cluster, 5);
    cluster.handles.killComponent(kubelet, { restart: false });
    runTo(cluster, 10);
    upgrade(cluster, { component: 'kube-proxy', node: 'worker-1' }, OLD);
    runTo(cluster, 20);
    expect(when(cluster, 'kube-proxy@worker-1', 'replaced')).to.deep.equal([]);
    expect(cluster.timing.versions.of('kube-proxy@worker-1')).to.equal(NEW);
    cluster.handles.startComponent(kubelet);
    runTo(cluster, 40);
    expect(when(cluster, 'kube-proxy@worker-1', 'replaced')).to.deep.equal([30]);
    expect(cluster.timing.versions.of('kube-proxy@worker-1')).to.equal(OLD);
  });

  it('gives way to a later one', () => {
    const cluster = world();
    runTo(cluster, 10);
    upgrade(cluster, { component: 'kube-proxy' }, OLD);
    upgrade(cluster, { component: 'kube-proxy' }, NEW);
    runTo(cluster, 40);
    for (const node of ['worker-1', 'worker-2', 'worker-3']) {
      const actor = `kube-proxy@${node}`;
      expect(when(cluster, actor, 'replaced')).to.have.length(1);
      expect(cluster.timing.versions.of(actor)).to.equal(NEW);
    }
  });

  it('goes on with the others where a later one takes back the process that has its turn', () => {
    const cluster = world();
    runTo(cluster, 10);
    upgrade(cluster, { component: 'kube-proxy' }, OLD);
    runTo(cluster, 10.1);
    upgrade(cluster, { component: 'kube-proxy', node: 'worker-1' }, NEW);
    runTo(cluster, 40);
    const { versions } = cluster.timing;
    const turns = ['worker-1', 'worker-2', 'worker-3'].map((node) => {
      const actor = `kube-proxy@${node}`;
      return [versions.of(actor), when(cluster, actor, 'replaced').length];
    });
    expect(turns).to.deep.equal([
      [NEW, 1],
      [OLD, 1],
      [OLD, 1],
    ]);
  });

  it('waits for no back-off of earlier crashes', () => {
    const cluster = world();
    const proxy = component(cluster, 'kube-proxy@worker-1');
    for (const at of [10, 15]) {
      runTo(cluster, at);
      cluster.handles.killComponent(proxy, { restart: true });
    }
    runTo(cluster, 40);
    const crashes = when(cluster, proxy.actor, 'listed').length;
    upgrade(cluster, { component: 'kube-proxy', node: 'worker-1' });
    runTo(cluster, 60);
    const starts = when(cluster, proxy.actor, 'listed').slice(crashes);
    expect([crashes, starts.length]).to.deep.equal([2, 1]);
    expect(starts[0]).to.be.within(40.2, 42.1);
  });

  it('goes on with the others when a node boots that went down in its turn', () => {
    const cluster = world();
    runTo(cluster, 10);
    upgrade(cluster, { component: 'kube-proxy' }, OLD);
    runTo(cluster, 10.1);
    cluster.handles.powerOff('worker-1');
    runTo(cluster, 60);
    expect(when(cluster, 'kube-proxy@worker-2', 'replaced')).to.deep.equal([]);
    cluster.handles.powerOn('worker-1');
    runTo(cluster, 180);
    const [booted] = when(cluster, 'machine@worker-1', 'booted');
    expect(when(cluster, 'kube-proxy@worker-2', 'replaced')).to.deep.equal([booted]);
  });

  it('spares one crash the back-off, and no further one', () => {
    const cluster = world();
    const proxy = component(cluster, 'kube-proxy@worker-1');
    runTo(cluster, 10);
    upgrade(cluster, { component: 'kube-proxy', node: 'worker-1' });
    for (const at of [20, 25]) {
      runTo(cluster, at);
      cluster.handles.killComponent(proxy, { restart: true });
    }
    runTo(cluster, 50);
    const [, free, late] = when(cluster, proxy.actor, 'listed');
    expect(free).to.be.within(20.2, 22.1);
    expect(late).to.be.within(35, 38.1);
  });

  it('goes on in a fork as in the original', () => {
    const cluster = world();
    runTo(cluster, 10);
    upgrade(cluster, { component: 'kube-proxy' }, OLD);
    runTo(cluster, 10.5);
    const fork = cluster.fork();
    for (const one of [cluster, fork]) runTo(one, 40);
    for (const node of ['worker-1', 'worker-2', 'worker-3']) {
      const actor = `kube-proxy@${node}`;
      expect(when(fork, actor, 'listed')).to.deep.equal(when(cluster, actor, 'listed'));
      expect(fork.timing.versions.of(actor)).to.equal(OLD);
    }
  });
});

describe('an upgrade of a node', () => {
  it('starts the kubelet at once, without the pause that systemd makes after a crash', () => {
    const cluster = world();
    runTo(cluster, 10);
    upgrade(cluster, { node: 'worker-1' });
    expect(when(cluster, 'kubelet@worker-1', 'started')).to.deep.equal([10]);
    runTo(cluster, 20);
    expect(when(cluster, 'kube-proxy@worker-1', 'replaced')).to.deep.equal([10]);
    expect(when(cluster, 'kube-proxy@worker-1', 'listed')).to.have.length(1);
  });

  it('ends a stop of what it replaces', () => {
    const cluster = world();
    runTo(cluster, 10);
    cluster.handles.pauseComponent(component(cluster, 'kubelet@worker-1'), 'fault');
    upgrade(cluster, { node: 'worker-1' });
    expect(cluster.kernel.isPaused('kubelet@worker-1')).to.equal(false);
  });

  it('lets containers run on', () => {
    const cluster = world();
    runTo(cluster, 10);
    upgrade(cluster, { node: 'worker-1' });
    runTo(cluster, 60);
    const exits = ['exited', 'restarted'].flatMap((it) => when(cluster, 'kubelet@worker-1', it));
    // The kubelet itself is all that has exited.
    expect(exits).to.deep.equal([10]);
  });
});

describe('an upgrade of the control plane', () => {
  it('has the work done in the version of whoever leads', () => {
    const cluster = world(THREE, OLD);
    const { versions } = cluster.timing;
    runTo(cluster, 10);
    upgrade(cluster, { component: 'controller-manager', node: 'cp-2' });
    runTo(cluster, 30);
    expect(versions.of('controller-manager@cp-2')).to.equal(NEW);
    expect(versions.of('controller-manager/node-lifecycle')).to.equal(OLD);
    const others = ['cp-1', 'cp-3'].map((host) => component(cluster, `controller-manager@${host}`));
    for (const other of others) cluster.handles.killComponent(other, { restart: false });
    runTo(cluster, 60);
    expect(versions.of('controller-manager/node-lifecycle')).to.equal(NEW);
    expect(versions.of('scheduler')).to.equal(OLD);
  });

  it('is over for the scheduler when it runs again, and for controllers when the lease is', () => {
    const cluster = world();
    for (const [index, name] of ['scheduler', 'controller-manager'].entries()) {
      const begins = 10 + 40 * index;
      runTo(cluster, begins);
      upgrade(cluster, { component: name });
      runTo(cluster, begins + 40);
      const [leads] = when(cluster, name, 'acquired');
      // The process is there after 0.2 to 2.1 s; the lease of its predecessor after 15 to 19.4 more.
      const bounds = name === 'scheduler' ? [0.2, 2.1] : [15.2, 21.5];
      expect(leads! - begins, name).to.be.within(bounds[0]!, bounds[1]!);
    }
  });

  it('can rely on what the oldest of the API servers does', () => {
    const cluster = world(THREE, OLD);
    const { versions } = cluster.timing;
    runTo(cluster, 10);
    upgrade(cluster, { component: 'apiserver', node: 'cp-1' });
    runTo(cluster, 30);
    expect(versions.of('apiserver')).to.equal(OLD);
    upgrade(cluster, { component: 'apiserver' });
    runTo(cluster, 60);
    expect(versions.of('apiserver')).to.equal(NEW);
  });

  it('leaves no time without an API server where there are several', () => {
    const cluster = world(THREE, OLD);
    runTo(cluster, 10);
    upgrade(cluster, { component: 'apiserver' });
    runTo(cluster, 60);
    const turns = ['cp-1', 'cp-2', 'cp-3'].map((host) => {
      return when(cluster, `apiserver@${host}`, 'replaced')[0]!;
    });
    expect(turns.toSorted((a, b) => a - b)).to.deep.equal(turns);
    expect(turns[1]! - turns[0]!).to.be.at.least(0.2);
    expect(turns[2]! - turns[1]!).to.be.at.least(0.2);
  });
});

describe('an upgrade that nobody supports', () => {
  const problem = ({ handles, spec }: Cluster, target: UpgradeTarget, to: string) =>
    handles.upgradeProblem(upgradedBy(spec, target), to as KubeVersion);

  it('is one of an API server that skips a minor version, whoever else would be too old', () => {
    expect(problem(world(), { component: 'apiserver' }, '1.36')).to.equal(
      'an API server goes from 1.34 to 1.36 by one minor version at a time',
    );
  });

  it('is one of kube-proxy to a version without its mode, and not one of anybody else', () => {
    const cluster = world({ ...ONE, proxy: { ...ONE.proxy, mode: 'nftables' } }, V1_31);
    expect(problem(cluster, { component: 'kube-proxy' }, '1.28')).to.include('nftables');
    expect(problem(cluster, { component: 'kubelet' }, '1.28')).to.equal(undefined);
  });
});

describe('an upgrade of CoreDNS', () => {
  it('replaces image and Corefile, and keeps the replicas', () => {
    const cluster = world(ONE, '1.31' as KubeVersion);
    const { handles, api } = cluster;
    runTo(cluster, 10);
    handles.scale('Deployment', 'kube-system/coredns', 3);
    runTo(cluster, 20);
    handles.upgradeDns('1.36' as KubeVersion);
    runTo(cluster, 90);
    const deployment = api.store.get('Deployment', 'kube-system/coredns')!;
    expect(deployment.spec).to.include({ replicas: 3 });
    const dns = [...api.store.list('Pod')].filter(({ metadata }) => {
      return metadata.namespace === 'kube-system';
    });
    const images = dns.map(({ spec }) => (spec as { containers: { image: string }[] }).containers);
    expect(images.flat().map(({ image }) => image)).to.deep.equal(
      Array(3).fill('registry.k8s.io/coredns/coredns:v1.14.2'),
    );
    const { Corefile } = api.store.get('ConfigMap', 'kube-system/coredns')!.data as {
      Corefile: string;
    };
    expect(Corefile).to.include('disable success cluster.local');
  });
});

describe('a kubelet that is replaced', () => {
  /** Whether the DNS pod of a node is Ready, at each instant at which that was written. */
  const readiness = (kubernetes: KubeVersion): readonly string[] => {
    const cluster = world(ONE, kubernetes);
    runTo(cluster, 20);
    const { length } = cluster.kernel.journal.all();
    upgrade(cluster, { component: 'kubelet', node: 'worker-1' }, kubernetes);
    runTo(cluster, 60);
    const since = cluster.kernel.journal.all().slice(length);
    const marks = since.filter((it) => it.actor === 'kubelet@worker-1' && it.action === 'marked');
    return marks.map(({ detail = '' }) => (detail.startsWith('not') ? 'False' : 'True'));
  };

  it('has its pods unready until it has probed them, until 1.35', () => {
    expect(readiness(NEW)).to.deep.equal(['False', 'True']);
    expect(readiness('1.35' as KubeVersion)).to.deep.equal([]);
  });
});
