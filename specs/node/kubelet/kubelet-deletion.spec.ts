// Goal: a pod ends in the order of the kubelet: hook, SIGTERM, SIGKILL, sandbox, object
// (timing.md C3, §2.1).

import { expect } from 'chai';
import type { BehaviourSpec } from '../../../src/values/cluster-spec';
import { seconds } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';

const onTerm = (reaction: 'drain' | 'ignore', span = 0): BehaviourSpec[] => [
  { target: 'pod/shop/web', onTerm: { do: reaction, for: seconds(span) } },
];

describe('a graceful deletion', () => {
  it('ends a process that closes on SIGTERM at once, then sandbox and object', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 10);
    world.delete();
    world.until(10);
    expect(world.pod).to.equal(undefined);
    const actions = world.kernel.journal.all().map(({ actor, action }) => `${actor} ${action}`);
    expect(actions.slice(-6)).to.deep.equal([
      'kubelet@worker-1 killed',
      'runtime@worker-1 exited',
      'kubelet@worker-1 marked',
      'apiserver stored',
      'kubelet@worker-1 finished',
      'apiserver removed',
    ]);
    expect(world.network.detached).to.deep.equal(['shop/web']);
  });

  it('removes the object 1 to 2 s after the last exit by default', () => {
    const world = new KubeletWorld({ profile: 'default' });
    world.run({ containers: [WEB] }, 10);
    world.delete();
    world.until(20);
    const [exited] = world.when('exited');
    const [removed] = world.when('removed');
    expect(exited! - 10).to.be.within(0.01, 0.05);
    expect(removed! - exited!).to.be.within(1, 2.1);
  });

  it('lets a draining process serve until it is done', () => {
    const world = new KubeletWorld({ behaviours: onTerm('drain', 5) });
    world.run({ containers: [WEB] }, 10);
    world.delete();
    world.until(14);
    const sandbox = world.kubelets.sandboxOf('shop/web')!;
    expect(sandbox.listenerOn('TCP', 8080)?.state).to.equal('draining');
    expect(world.kubelets.servingNow('shop/web')).to.equal(false);
    world.until(15);
    expect(world.when('exited')).to.deep.equal([15]);
  });

  it('kills at the end of the grace period what ignores SIGTERM, with exit code 137', () => {
    const world = new KubeletWorld({ behaviours: onTerm('ignore') });
    world.run({ containers: [WEB] }, 10);
    world.delete();
    world.until(100);
    expect(world.when('exited', 'exit code 137')).to.deep.equal([40]);
  });

  it('runs the preStop hook first, within the grace period', () => {
    const slow = { ...WEB, lifecycle: { preStop: { exec: { command: ['sh', '-c', 'sleep 7'] } } } };
    const world = new KubeletWorld();
    world.run({ containers: [slow] }, 10);
    world.delete();
    world.until(100);
    expect(world.when('exited')).to.deep.equal([17]);
  });

  it('gives a process 2 s to react though the hook has used up the time', () => {
    const slow = { ...WEB, lifecycle: { preStop: { sleep: { seconds: 60 } } } };
    const world = new KubeletWorld({ behaviours: onTerm('ignore') });
    world.run({ containers: [slow], terminationGracePeriodSeconds: 20 }, 10);
    world.delete();
    world.until(100);
    expect(world.when('exited')).to.deep.equal([32]);
  });

  it('stops sidecars after the containers', () => {
    const proxy = { name: 'proxy', image: 'example/proxy', restartPolicy: 'Always' as const };
    const web = { ...WEB, lifecycle: { preStop: { sleep: { seconds: 5 } } } };
    const world = new KubeletWorld();
    world.run({ initContainers: [proxy], containers: [web] }, 10);
    world.delete();
    world.until(100);
    const exits = world.entries('exited').map(({ at, detail }) => [at / 1e6, detail.slice(0, 15)]);
    expect(exits).to.deep.equal([
      [15, 'container "web"'],
      [15, 'container "prox'],
    ]);
  });

  // source: pkg/kubelet/kubelet.go SyncTerminatingPod; kubernetes/kubernetes#83916
  it('is not brought forward by a second deletion with less grace', () => {
    const world = new KubeletWorld({ behaviours: onTerm('ignore') });
    world.run({ containers: [WEB] }, 10);
    world.delete();
    world.until(12);
    world.delete(5);
    world.until(100);
    expect(world.when('exited')).to.deep.equal([40]);
  });

  it('goes on looking at readiness, but at nothing else', () => {
    const probe = { httpGet: { port: 8080, path: '/x' } };
    const behaviours = [
      { target: 'pod/shop/web', http: { '/x': 500 }, onTerm: { do: 'ignore', for: seconds(0) } },
    ] as const;
    const world = new KubeletWorld({ behaviours });
    world.run({ containers: [{ ...WEB, livenessProbe: probe }] }, 15);
    world.delete();
    world.until(100);
    expect(world.when('killed')).to.deep.equal([15]);
    expect(world.when('exited')).to.deep.equal([45]);
  });
});

describe('a forced deletion', () => {
  it('removes the object at once; the process has 2 s more', () => {
    const world = new KubeletWorld({ behaviours: onTerm('ignore') });
    world.run({ containers: [WEB] }, 10);
    world.delete(0);
    world.until(11);
    expect(world.pod).to.equal(undefined);
    expect(world.kubelets.sandboxOf('shop/web')).to.not.equal(undefined);
    world.until(12);
    expect(world.when('exited')).to.deep.equal([12]);
    expect(world.kubelets.sandboxOf('shop/web')).to.equal(undefined);
  });

  it('makes the next pod of the name wait for the sandbox of the first', () => {
    const world = new KubeletWorld({ behaviours: onTerm('ignore') });
    world.run({ containers: [WEB] }, 10);
    world.delete(0);
    world.until(10);
    world.run({ containers: [WEB] }, 11);
    expect(world.pod?.status?.podIP).to.equal(undefined);
    world.until(20);
    expect(world.isReady).to.equal(true);
    expect(world.pod?.status?.podIP).to.equal('10.244.1.3');
  });
});

describe('a pod that has ended by itself', () => {
  it('is removed as soon as its deletion is asked for', () => {
    const world = new KubeletWorld();
    world.run({ containers: [{ ...WEB, command: ['sleep', '1'] }], restartPolicy: 'Never' }, 5);
    expect(world.pod?.status?.phase).to.equal('Succeeded');
    world.delete();
    world.until(5);
    expect(world.pod).to.equal(undefined);
  });
});
