// Goal: Deployments and ReplicaSets come to the wanted pods step by step, and never step outside of
// surge and unavailability. Rules: timing.md §2.3 (25 % up and down), §6 C12.

import { expect } from 'chai';

import type { Deployment } from '../../../src/apiserver/kinds/deployment';
import { isPodActive, isPodReady } from '../../../src/apiserver/kinds/pod';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { ReplicaSet } from '../../../src/apiserver/kinds/replicaset';
import { DESIRED_REPLICAS } from '../../../src/controllers/workloads/rollout';
import { milliseconds, seconds } from '../../../src/values/time';
import { ControlPlane, deploymentOf } from '../control-plane';

function rolledOut(replicas: number, spec: object = {}): ControlPlane {
  const plane = new ControlPlane();
  expect(plane.create(deploymentOf('web', replicas, spec)), plane.refusal).to.equal('ok');
  plane.run();
  return plane;
}

function images(plane: ControlPlane): string[] {
  return plane.list<Pod>('Pod').map(({ spec }) => spec.containers[0]!.image!);
}

function setImage(plane: ControlPlane, image: string): void {
  const containers = [{ name: 'main', image, ports: [{ containerPort: 8080 }] }];
  plane.patch('Deployment', 'shop/web', { spec: { template: { spec: { containers } } } });
}

describe('a Deployment', () => {
  it('creates its pods, spread over the nodes, and reports them', () => {
    const plane = rolledOut(3);
    const pods = plane.list<Pod>('Pod');
    expect(pods.map(({ spec }) => spec.nodeName).sort()).to.deep.equal([
      'worker-1',
      'worker-2',
      'worker-3',
    ]);
    for (const { metadata } of pods) expect(metadata.name).to.match(/^web-[a-z0-9]+-[a-z0-9]{5}$/);
    expect(plane.get<Deployment>('Deployment', 'shop/web')!.status).to.include({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      updatedReplicas: 3,
      unavailableReplicas: 0,
    });
    expect(plane.kernel.idle).to.equal(true);
  });

  it('knows its set where the template names a hash itself', () => {
    // source: pkg/controller/deployment/util/deployment_util.go EqualIgnoreHash
    const labels = { app: 'web', 'pod-template-hash': 'given' };
    const { spec } = deploymentOf('web', 2) as Deployment;
    const plane = rolledOut(2, { template: { ...spec.template, metadata: { labels } } });
    setImage(plane, 'example/next');
    plane.run(seconds(60));
    setImage(plane, 'v1');
    plane.run(seconds(60));
    expect(plane.list('ReplicaSet')).to.have.length(2);
    expect(plane.get<Deployment>('Deployment', 'shop/web')!.status).to.include({
      replicas: 2,
      updatedReplicas: 2,
    });
  });

  it('follows its scale up and down', () => {
    const plane = rolledOut(3);
    plane.patch('Deployment', 'shop/web', { spec: { replicas: 7 } });
    plane.run();
    expect(plane.list('Pod')).to.have.length(7);
    plane.patch('Deployment', 'shop/web', { spec: { replicas: 0 } });
    plane.run();
    expect(plane.list('Pod')).to.have.length(0);
  });

  it('takes back what somebody else makes of its only set', () => {
    const plane = rolledOut(3);
    const [set] = plane.list<ReplicaSet>('ReplicaSet');
    const key = `shop/${set!.metadata.name}`;
    const sizeOf = () => {
      const { spec, metadata } = plane.get<ReplicaSet>('ReplicaSet', key)!;
      return [spec.replicas, metadata.annotations?.[DESIRED_REPLICAS]];
    };
    plane.patch('ReplicaSet', key, { spec: { replicas: 5 } });
    expect(sizeOf()).to.deep.equal([5, '3']);
    plane.run();
    expect(sizeOf()).to.deep.equal([3, '3']);
    expect(plane.list('Pod')).to.have.length(3);
    plane.patch('ReplicaSet', key, { metadata: { annotations: { [DESIRED_REPLICAS]: '5' } } });
    expect(sizeOf()).to.deep.equal([3, '5']);
    plane.run();
    expect(sizeOf()).to.deep.equal([3, '3']);
  });

  it('replaces a deleted pod at once, while the old one is still going', () => {
    // timing.md §2.3: a terminating pod does not count as active.
    const plane = rolledOut(2);
    const [first] = plane.list<Pod>('Pod');
    plane.heartbeats.stop(first!.spec.nodeName!, plane.kernel.now);
    plane.delete('Pod', `shop/${first!.metadata.name}`);
    plane.run(milliseconds(100));
    expect(plane.list('Pod')).to.have.length(3);
    expect(plane.list<Pod>('Pod').filter(isPodActive)).to.have.length(2);
  });

  it('rolls to a new template within its bounds: one more, none missing', () => {
    const plane = rolledOut(4, { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    const counts: [number, number][] = [];
    plane.api.observeCommits(() => {
      const pods = plane.list<Pod>('Pod').filter(isPodActive);
      counts.push([pods.length, pods.filter(isPodReady).length]);
    });
    setImage(plane, 'v2');
    plane.run(seconds(30));
    expect(images(plane)).to.deep.equal(['v2', 'v2', 'v2', 'v2']);
    expect(Math.max(...counts.map(([active]) => active))).to.equal(5);
    expect(Math.min(...counts.map(([, ready]) => ready))).to.equal(4);
  });

  it('goes without surge where it may miss one', () => {
    const plane = rolledOut(4, {
      strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '25%' } },
    });
    let most = 0;
    let least = 4;
    plane.api.observeCommits(() => {
      const pods = plane.list<Pod>('Pod').filter(isPodActive);
      most = Math.max(most, pods.length);
      least = Math.min(least, pods.filter(isPodReady).length);
    });
    setImage(plane, 'v2');
    plane.run(seconds(30));
    expect(images(plane)).to.deep.equal(['v2', 'v2', 'v2', 'v2']);
    expect([most, least]).to.deep.equal([4, 3]);
  });

  it('that recreates has no two templates at once', () => {
    const plane = rolledOut(3, { strategy: { type: 'Recreate' } });
    let mixed = false;
    plane.api.observeCommits(() => (mixed ||= new Set(images(plane)).size > 1));
    setImage(plane, 'v2');
    plane.run(seconds(30));
    expect(images(plane)).to.deep.equal(['v2', 'v2', 'v2']);
    expect(mixed).to.equal(false);
  });

  it('keeps old ReplicaSets as history, and goes back to one of them', () => {
    const plane = rolledOut(2);
    setImage(plane, 'v2');
    plane.run(seconds(30));
    const names = plane.list('ReplicaSet').map(({ metadata }) => metadata.name);
    expect(names).to.have.length(2);
    setImage(plane, 'v1');
    plane.run(seconds(30));
    expect(plane.list('ReplicaSet').map(({ metadata }) => metadata.name)).to.deep.equal(names);
    const [first] = plane.list<ReplicaSet>('ReplicaSet');
    expect(first!.metadata.annotations!['deployment.kubernetes.io/revision']).to.equal('3');
    expect(images(plane)).to.deep.equal(['v1', 'v1']);
  });

  it('forgets more history than it is to keep', () => {
    const plane = rolledOut(1, { revisionHistoryLimit: 1 });
    for (const image of ['v2', 'v3', 'v4']) {
      setImage(plane, image);
      plane.run(seconds(30));
    }
    expect(plane.list('ReplicaSet')).to.have.length(2);
  });

  it('does nothing but scale while it is paused', () => {
    const plane = rolledOut(2);
    plane.patch('Deployment', 'shop/web', { spec: { paused: true } });
    setImage(plane, 'v2');
    plane.run();
    expect(images(plane)).to.deep.equal(['v1', 'v1']);
    plane.patch('Deployment', 'shop/web', { spec: { paused: false } });
    plane.run(seconds(30));
    expect(images(plane)).to.deep.equal(['v2', 'v2']);
  });

  it('takes everything with it when it is deleted', () => {
    const plane = rolledOut(3);
    plane.delete('Deployment', 'shop/web');
    plane.run();
    expect([...plane.list('ReplicaSet'), ...plane.list('Pod')]).to.deep.equal([]);
  });

  it('waits for a pod to have been ready long enough', () => {
    const plane = rolledOut(1, { minReadySeconds: 20 });
    expect(plane.get<Deployment>('Deployment', 'shop/web')!.status).to.include({
      readyReplicas: 1,
      availableReplicas: 0,
    });
    plane.run(seconds(15));
    expect(plane.get<Deployment>('Deployment', 'shop/web')!.status!.availableReplicas).to.equal(1);
  });
});

describe('a ReplicaSet', () => {
  it('asks for one pod, then two, then four', () => {
    const plane = new ControlPlane();
    plane.create(deploymentOf('web', 7));
    plane.run();
    const times = plane.list<Pod>('Pod').map(({ metadata }) => metadata.creationTimestamp!);
    const batches = [...new Set(times)].map((time) => times.filter((it) => it === time).length);
    expect(batches).to.deep.equal([1, 2, 4]);
  });

  it('creates nothing twice, however far its informer lags', () => {
    const plane = new ControlPlane();
    plane.run();
    const controller = plane.controllers.find(({ name }) => name === 'replicaset')!;
    plane.create(deploymentOf('web', 3));
    plane.run(milliseconds(35));
    // Its first pod is on the way: from here on it sees nothing of what it has done.
    controller.hold();
    plane.run();
    expect(plane.list('Pod')).to.have.length(3);
    controller.resume();
    plane.run();
    expect(plane.list('Pod')).to.have.length(3);
  });

  it('starts anew with an empty memory and finds its pods', () => {
    const plane = rolledOut(3);
    const controller = plane.controllers.find(({ name }) => name === 'replicaset')!;
    controller.stop();
    plane.patch('Deployment', 'shop/web', { spec: { replicas: 5 } });
    plane.run();
    expect(plane.list('Pod')).to.have.length(3);
    controller.start();
    plane.run();
    expect(plane.list('Pod')).to.have.length(5);
  });

  it('takes in a pod that it selects and lets go of one that it no longer does', () => {
    const plane = rolledOut(2);
    const [first] = plane.list<Pod>('Pod');
    plane.patch('Pod', `shop/${first!.metadata.name}`, { metadata: { labels: { app: 'debug' } } });
    plane.run();
    expect(plane.list('Pod')).to.have.length(3);
    expect(plane.get('Pod', `shop/${first!.metadata.name}`)!.metadata).to.not.have.property(
      'ownerReferences',
    );
    plane.patch('Pod', `shop/${first!.metadata.name}`, { metadata: { labels: { app: 'web' } } });
    plane.run();
    expect(plane.list('Pod')).to.have.length(2);
  });

  it('deletes a pod that is not ready before one that is', () => {
    const plane = rolledOut(3);
    const [, second] = plane.list<Pod>('Pod');
    const conditions = [{ type: 'Ready', status: 'False' }];
    plane.patch('Pod', `shop/${second!.metadata.name}`, { status: { conditions } });
    plane.run();
    plane.patch('Deployment', 'shop/web', { spec: { replicas: 2 } });
    plane.run();
    expect(plane.get('Pod', `shop/${second!.metadata.name}`)).to.equal(undefined);
  });
});

describe('a ReplicationController', () => {
  it('keeps its pods as a ReplicaSet does', () => {
    const plane = new ControlPlane();
    const { spec } = deploymentOf('web', 2) as { spec: { template: object } };
    plane.create({
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { replicas: 2, template: spec.template },
    });
    plane.run();
    expect(plane.list('Pod')).to.have.length(2);
    expect(plane.list('ReplicationController')[0]!.status).to.include({ readyReplicas: 2 });
  });
});

describe('the request limit of a controller', () => {
  it('lets 30 requests through and then 20 a second', () => {
    // timing.md §2.2: KCM 20 qps/30 burst; 110 pods take about 4 s longer (§2.3).
    const plane = new ControlPlane({ kubelet: false });
    plane.run();
    const start = plane.kernel.now;
    plane.create(deploymentOf('web', 110));
    plane.run(seconds(60));
    const last = Math.max(...plane.list('Pod').map(({ metadata }) => metadata.creationTimestamp!));
    expect((last - start) / 1e6).to.be.within(4, 4.3);
  });
});
