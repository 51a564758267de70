// Goal: each controller tries again as often as its own work queue lets it, and writes as fast as
// its own client (cmd/kube-controller-manager/app/core.go; pkg/scheduler/apis/config/v1/defaults.go;
// the back-offs of the controllers' NewController functions).

import { expect } from 'chai';

import type { RequestFailure } from '../../src/apiserver/request-failures';
import type { KubeObject } from '../../src/values/kube-object';
import { seconds } from '../../src/values/time';
import { ControlPlane, deploymentOf } from './control-plane';

/** Every request of these clients fails. */
function failing(client: string, kind: string): RequestFailure {
  const odds = { numerator: 1, denominator: 1 };
  const clients = [client];
  return { answer: 'internal-error', verbs: [], kinds: [kind], clients, odds, pattern: [] };
}

function failedAt(plane: ControlPlane, actor: string): number[] {
  const entries = plane.kernel.journal.all();
  return entries.filter((it) => it.actor === actor && it.action === 'failed').map(({ at }) => at);
}

/** Whole tenths of a second between two failures. */
function gaps(instants: readonly number[]): number[] {
  return instants.slice(1).map((at, index) => Math.round((at - instants[index]!) / 1e5) / 10);
}

function settled(kubelet = false): ControlPlane {
  const plane = new ControlPlane({ kubelet, maxPods: 500 });
  plane.run();
  return plane;
}

function created(plane: ControlPlane, kind: string): number[] {
  return plane.list(kind).map(({ metadata }) => metadata.creationTimestamp!);
}

function podOf(index: number): KubeObject {
  const spec = { containers: [{ name: 'main', image: 'v1' }] };
  const metadata = { name: `p${index}`, namespace: 'shop' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

describe('a failing pass', () => {
  it('of the Job controller is tried again after 1 s, doubling to 60 s, without end', () => {
    const plane = settled();
    plane.api.requestFailures.set('spec', failing('controller-manager/job', 'Pod'));
    const template = {
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'v1' }] },
    };
    const metadata = { name: 'work', namespace: 'shop' };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } };
    expect(plane.create(job), plane.refusal).to.equal('ok');
    plane.run(seconds(1_500));
    const found = gaps(failedAt(plane, 'controller-manager/job'));
    expect(found.slice(0, 8)).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(found.length).to.be.above(20);
  });

  it('of a controller without a maximum of its own waits for `controller-manager.retryMax`', () => {
    const retryMax = seconds(2);
    const plane = new ControlPlane({
      kubelet: false,
      timers: { 'controller-manager.retryMax': retryMax },
    });
    plane.run();
    plane.api.requestFailures.set('spec', failing('controller-manager/deployment', 'ReplicaSet'));
    plane.create(deploymentOf('web', 1));
    plane.run(seconds(60));
    const found = gaps(failedAt(plane, 'controller-manager/deployment'));
    expect(found.slice(-6)).to.deep.equal([2, 2, 2, 2, 2, 2]);
  });

  it('of the Deployment controller is given up after 15 more tries', () => {
    const plane = settled();
    plane.api.requestFailures.set('spec', failing('controller-manager/deployment', 'ReplicaSet'));
    plane.create(deploymentOf('web', 1));
    plane.run(seconds(400));
    expect(failedAt(plane, 'controller-manager/deployment')).to.have.lengthOf(16);
    plane.api.requestFailures.clear('spec');
    // Its progress deadline of ten minutes would be the next occasion.
    plane.run(seconds(150));
    expect(plane.list('ReplicaSet'), 'nobody looks at it again').to.deep.equal([]);
    plane.patch('Deployment', 'shop/web', { metadata: { labels: { touched: 'yes' } } });
    plane.run();
    expect(plane.list('ReplicaSet')).to.have.lengthOf(1);
  });
});

describe('the client', () => {
  it('of the scheduler lets 100 requests through, and then 50 a second', () => {
    const plane = settled();
    const start = plane.kernel.now;
    for (let index = 0; index < 150; index++) plane.create(podOf(index));
    plane.run(seconds(30));
    const bound = plane.kernel.journal
      .all()
      .filter(({ at, action, actor }) => at > start && actor === 'apiserver' && action === 'stored')
      .map(({ at }) => at);
    expect((Math.max(...bound) - start) / 1e6).to.be.within(1, 1.1);
  });

  it('of the garbage collector lets 15 deletions through, and then 20 a second', () => {
    const plane = settled(true);
    plane.create(deploymentOf('web', 45));
    plane.run(seconds(30));
    const start = plane.kernel.now;
    plane.delete('Deployment', 'shop/web');
    plane.run(seconds(30));
    expect(created(plane, 'Pod')).to.deep.equal([]);
    const last = Math.max(...plane.kernel.journal.all().map(({ at }) => at));
    // The ReplicaSet and 45 pods, of which 15 objects are free.
    expect((last - start) / 1e6).to.be.within(1.4, 1.7);
  });

  it('of the namespace controller holds nothing up', () => {
    const plane = settled();
    for (let index = 0; index < 120; index++) plane.create(podOf(index));
    plane.run(seconds(30));
    const start = plane.kernel.now;
    plane.delete('Namespace', 'shop');
    plane.run(seconds(30));
    const deletions = plane.kernel.journal
      .all()
      .filter(({ at, detail }) => at > start && detail.startsWith('delete'))
      .map(({ at }) => at);
    expect((Math.max(...deletions) - start) / 1e6).to.be.below(0.5);
  });
});
