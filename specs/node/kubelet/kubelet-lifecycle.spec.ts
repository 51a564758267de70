// Goal: what goes wrong on the way of a pod is met as the kubelet meets it: a sandbox that cannot
// be made, an init container that fails, a deletion before anything has begun.
// Rules: timing.md §5 (kubelet), pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions,
// pkg/kubelet/pod_workers.go.

import { expect } from 'chai';

import { KubeletWorld, WEB } from './kubelet-world';

const FAILING = { name: 'setup', image: 'example/setup', command: ['sh', '-c', 'exit 3'] };

/** The network has no address for any pod until the returned function is called. */
function withoutAddresses(world: KubeletWorld): () => void {
  const attachPod = world.network.attachPod.bind(world.network);
  Object.assign(world.network, { attachPod: () => ({ ok: false, error: 'no address left' }) });
  return () => void Object.assign(world.network, { attachPod });
}

describe('a pod whose sandbox cannot be made', () => {
  it('has no address, and is tried again 10 to 15 s later', () => {
    const world = new KubeletWorld({ profile: 'default' });
    const repair = withoutAddresses(world);
    world.run({ containers: [WEB] }, 9);
    expect(world.pod?.status?.podIP).to.equal(undefined);
    expect(world.when('prepared')).to.deep.equal([]);
    repair();
    world.until(60);
    const [at] = world.when('prepared');
    expect(at).to.be.within(10, 17);
    expect(world.isReady).to.equal(true);
  });

  it('is tried until it can be made', () => {
    const world = new KubeletWorld({ profile: 'worst' });
    const repair = withoutAddresses(world);
    world.run({ containers: [WEB] }, 100);
    repair();
    world.until(116);
    expect(world.when('prepared')).to.have.length(1);
  });

  it('is given up with its object, and the network has nothing to take back', () => {
    const world = new KubeletWorld({ profile: 'default' });
    withoutAddresses(world);
    world.run({ containers: [WEB] }, 5);
    world.delete();
    world.until(60);
    expect(world.pod).to.equal(undefined);
    expect(world.network.detached).to.deep.equal([]);
  });
});

describe('a pod that is deleted before it has begun', () => {
  it('never gets a sandbox', () => {
    const world = new KubeletWorld({ profile: 'default' });
    world.run({ containers: [WEB] });
    world.delete();
    world.until(30);
    expect(world.pod).to.equal(undefined);
    expect(world.when('prepared')).to.deep.equal([]);
  });
});

describe('an init container that fails', () => {
  it('is the end of a pod that is never restarted', () => {
    const world = new KubeletWorld();
    world.run({ initContainers: [FAILING], containers: [WEB], restartPolicy: 'Never' }, 10);
    expect(world.pod!.status!.phase).to.equal('Failed');
    expect(world.entries('started').map(({ detail }) => detail)).to.deep.equal([
      'container "setup"',
    ]);
  });

  it('is restarted with back-off in any other, and its pod waits', () => {
    const world = new KubeletWorld();
    world.run({ initContainers: [FAILING], containers: [WEB] }, 15);
    expect(world.pod!.status!.phase).to.equal('Pending');
    expect(world.when('restarted')).to.deep.equal([0, 10]);
    expect(world.entries('started', 'web')).to.deep.equal([]);
  });
});

describe('a pod of several containers', () => {
  const done = (name: string, seconds: number) => ({
    name,
    image: 'example/job',
    command: ['sleep', String(seconds)],
  });

  it('has ended when the last of them has', () => {
    const world = new KubeletWorld();
    const containers = [done('short', 1), done('long', 5)];
    world.run({ containers, restartPolicy: 'Never' }, 3);
    expect(world.pod!.status!.phase).to.equal('Running');
    world.until(6);
    expect(world.pod!.status!.phase).to.equal('Succeeded');
  });

  it('has failed where one of them has', () => {
    const world = new KubeletWorld();
    const containers = [done('short', 1), FAILING];
    world.run({ containers, restartPolicy: 'Never' }, 3);
    expect(world.pod!.status!.phase).to.equal('Failed');
  });

  it('makes the name free for another pod when its object is gone', () => {
    const world = new KubeletWorld();
    world.run({ containers: [done('short', 1)], restartPolicy: 'Never' }, 3);
    world.delete(0);
    world.until(4);
    expect(world.pod).to.equal(undefined);
    world.run({ containers: [WEB] }, 5);
    expect(world.isReady).to.equal(true);
  });
});

describe('a pod that has ended', () => {
  it('goes at once, though its node has no power: nothing of it runs any more', () => {
    // pkg/registry/core/pod/strategy.go CheckGracefulDelete
    const world = new KubeletWorld();
    const job = { name: 'job', image: 'example/job', command: ['sleep', '1'] };
    world.run({ containers: [job], restartPolicy: 'Never' }, 5);
    world.kubelets.powerOff('worker-1');
    world.delete();
    world.until(6);
    expect(world.pod).to.equal(undefined);
    world.kubelets.powerOn('worker-1');
    world.until(50);
    expect(world.entries('prepared')).to.have.length(1);
  });
});

describe('the condition Ready', () => {
  it('waits for the gates of the pod, which others open', () => {
    const world = new KubeletWorld();
    const readinessGates = [{ conditionType: 'example.com/in-rotation' }];
    world.run({ containers: [WEB], readinessGates }, 5);
    expect(world.isReady).to.equal(false);
    const conditions = [
      ...world.pod!.status!.conditions!,
      { type: 'example.com/in-rotation', status: 'True' },
    ];
    world.api.submit({
      verb: 'patch',
      kind: 'Pod',
      key: 'shop/web',
      patch: { status: { conditions } },
      actor: 'spec',
    });
    world.until(20);
    expect(world.isReady).to.equal(true);
  });
});
