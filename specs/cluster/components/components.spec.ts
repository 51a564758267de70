// Goal: components die, are started again, stopped and cut off as the real ones are (faults.md §4,
// timing.md C8 and C10), and what is not touched goes on.

import { expect } from 'chai';

import { createCluster, loadScenarios } from '../../../src/index';
import type { Cluster } from '../../../src/cluster/cluster';
import type { Component } from '../../../src/values/component';
import type { Instant } from '../../../src/values/time';

const SECOND = 1_000_000;
const { plans } = loadScenarios(['scenarios/faults/kube-proxy-dead-stale-endpoint.yaml']);
const [memberPlan] = loadScenarios(['scenarios/faults/apiserver-member-15s.yaml']).plans;

function world(plan = plans[0]!): Cluster {
  return createCluster(plan.cluster, { seed: 1 });
}

function component(cluster: Cluster, actor: string): Component {
  return cluster.components.find((it) => it.actor === actor)!;
}

function runTo({ kernel }: Cluster, seconds: number): void {
  kernel.runUntil((seconds * SECOND) as Instant);
}

function journal({ kernel }: Cluster, actor: string, action: string): number[] {
  const own = kernel.journal.all().filter((it) => it.actor === actor && it.action === action);
  return own.map(({ at }) => at / SECOND).filter((at) => at > 0);
}

function readiness(cluster: Cluster): string[] {
  return [...cluster.api.store.list('Node')].map((node) => {
    const { conditions } = node.status as {
      conditions: readonly { readonly type: string; readonly status: string }[];
    };
    return conditions.find(({ type }) => type === 'Ready')!.status;
  });
}

function taints(cluster: Cluster): string[] {
  return [...cluster.api.store.list('Node')].flatMap((node) => {
    const { taints: all = [] } = (node.spec ?? {}) as {
      taints?: readonly { readonly key: string; readonly effect: string }[];
    };
    return all.filter(({ effect }) => effect === 'NoExecute').map(({ key }) => key);
  });
}

describe('the components of a cluster', () => {
  it('are the control plane, then the processes of each node', () => {
    const actors = world().components.map(({ actor }) => actor);
    expect(actors.slice(0, 4)).to.deep.equal([
      'apiserver',
      'etcd',
      'controller-manager',
      'controller-manager/daemonset',
    ]);
    expect(actors.filter((it) => it.endsWith('@worker-1'))).to.deep.equal([
      'kubelet@worker-1',
      'runtime@worker-1',
      'kube-proxy@worker-1',
      'cni@worker-1',
    ]);
  });

  it('are there once for each host of the control plane', () => {
    const actors = world(memberPlan).components.map(({ actor }) => actor);
    expect(actors.filter((it) => /^(apiserver|scheduler)@/.test(it))).to.deep.equal([
      'apiserver@cp-1',
      'apiserver@cp-2',
      'apiserver@cp-3',
      'scheduler@cp-1',
      'scheduler@cp-2',
      'scheduler@cp-3',
    ]);
  });
});

describe('a component that dies again and again', () => {
  it('is started at once the first time, then after 10 and 20 s', () => {
    const cluster = world();
    const { handles } = cluster;
    const proxy = component(cluster, 'kube-proxy@worker-1');
    const starts: number[] = [];
    for (let round = 0, now = 10; round < 3; round++) {
      runTo(cluster, now);
      handles.killComponent(proxy, { restart: true });
      runTo(cluster, now + 60);
      starts.push(journal(cluster, proxy.actor, 'listed').at(-1)! - now);
      now += 60;
    }
    expect(starts[0]).to.be.within(0.2, 2.1);
    expect(starts[1]).to.be.within(10.2, 11.1);
    expect(starts[2]).to.be.within(20.2, 21.1);
  });

  it('stays down without a kubelet, which starts it when it is back itself', () => {
    const cluster = world();
    const { handles } = cluster;
    runTo(cluster, 10);
    handles.killComponent(component(cluster, 'kubelet@worker-1'), { restart: true });
    handles.killComponent(component(cluster, 'kube-proxy@worker-1'), { restart: true });
    runTo(cluster, 60);
    expect(journal(cluster, 'kubelet@worker-1', 'started')).to.deep.equal([20]);
    const [started] = journal(cluster, 'kube-proxy@worker-1', 'listed');
    expect(started).to.be.within(20.2, 22.1);
  });
});

describe('a component that is stopped', () => {
  it('sees what it missed at the instant at which it goes on', () => {
    const cluster = world();
    const { handles } = cluster;
    const slices = component(cluster, 'controller-manager/endpointslice');
    runTo(cluster, 10);
    handles.pauseComponent(slices, 'one');
    handles.pauseComponent(slices, 'two');
    handles.delete('Pod', cluster.podsOf('Deployment', 'shop/backend')[0]!, 0);
    runTo(cluster, 20);
    handles.resumeComponent(slices, 'one');
    runTo(cluster, 30);
    const since = (at: number) => at > 10;
    expect(journal(cluster, slices.actor, 'observed').filter(since)).to.deep.equal([]);
    handles.resumeComponent(slices, 'two');
    runTo(cluster, 40);
    expect(new Set(journal(cluster, slices.actor, 'observed').filter(since))).to.include(30);
  });

  it('ends as a leader if it was stopped for longer than its deadline', () => {
    const cluster = world();
    const manager = component(cluster, 'controller-manager');
    runTo(cluster, 10);
    cluster.handles.pauseComponent(manager, 'fault');
    runTo(cluster, 15);
    cluster.handles.resumeComponent(manager, 'fault');
    runTo(cluster, 40);
    expect(journal(cluster, manager.actor, 'lost')).to.deep.equal([]);
    cluster.handles.pauseComponent(manager, 'fault');
    runTo(cluster, 60);
    cluster.handles.resumeComponent(manager, 'fault');
    runTo(cluster, 100);
    expect(journal(cluster, manager.actor, 'lost')).to.deep.equal([60]);
    expect(journal(cluster, manager.actor, 'acquired')).to.have.lengthOf(1);
  });
});

describe('all kubelets cut off from the API server', () => {
  it('make all nodes Unknown, and nobody is evicted: the full disruption of all zones', () => {
    const cluster = world();
    const { handles, components } = cluster;
    const kubelets = components.filter(({ name }) => name === 'kubelet');
    const pods = [...cluster.api.store.list('Pod')].map(({ metadata }) => metadata.uid);
    runTo(cluster, 10);
    for (const kubelet of kubelets) handles.severComponent(kubelet, 'cut');
    runTo(cluster, 70);
    expect(readiness(cluster)).to.deep.equal(['Unknown', 'Unknown', 'Unknown']);
    runTo(cluster, 600);
    expect(taints(cluster)).to.deep.equal([]);
    for (const kubelet of kubelets) handles.mendComponent(kubelet, 'cut');
    runTo(cluster, 640);
    const after = [...cluster.api.store.list('Pod')].map(({ metadata }) => metadata.uid);
    expect(after).to.deep.equal(pods);
    for (const { actor } of kubelets) {
      expect(journal(cluster, actor, 'renewed')[0]).to.be.within(600, 617);
    }
  });

  it('are declared silent after the grace period, and the journal says so', () => {
    const cluster = world();
    runTo(cluster, 10);
    cluster.handles.killComponent(component(cluster, 'kubelet@worker-1'), { restart: false });
    runTo(cluster, 70);
    const said = cluster.kernel.journal.all().find(({ detail }) => /Unknown/.test(detail));
    expect(said?.timer).to.equal('controller-manager.nodelifecycle.monitorGracePeriod');
  });
});

describe('etcd', () => {
  it('serves with two of three members, and not with one', () => {
    const cluster = world(memberPlan);
    const { handles, api } = cluster;
    runTo(cluster, 10);
    handles.killComponent(component(cluster, 'etcd@cp-2'), { restart: false });
    expect(api.cutOf('kubelet@worker-1')).to.equal(undefined);
    handles.killComponent(component(cluster, 'etcd@cp-3'), { restart: false });
    expect(api.cutOf('kubelet@worker-1')).to.equal('failing');
    handles.startComponent(component(cluster, 'etcd@cp-3'));
    runTo(cluster, 20);
    expect(api.cutOf('kubelet@worker-1')).to.equal(undefined);
  });
});
