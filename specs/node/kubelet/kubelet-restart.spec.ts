// Goal: containers come back as the kubelet brings them back, when it learns of their end, and
// after the waits of CrashLoopBackOff (timing.md §2.1 and C2).

import { expect } from 'chai';
import { KubeletWorld, WEB } from './kubelet-world';

const STATUS = (world: KubeletWorld) => world.pod!.status!.containerStatuses![0]!;

describe('a container that exits', () => {
  it('is restarted at once for the first time, then after 10, 20, 40 … 300 s', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 1);
    const waits: number[] = [];
    for (let crash = 0; crash < 8; crash++) {
      const before = world.when('restarted').length;
      world.crash();
      const at = world.kernel.now / 1_000_000;
      world.until(at + 310);
      const restarts = world.when('restarted');
      expect(restarts).to.have.length(before + 1);
      waits.push(restarts.at(-1)! - at);
    }
    expect(waits).to.deep.equal([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it('is forgiven its crashes after twice the longest wait without one', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 1);
    world.crash();
    world.until(2);
    world.crash();
    world.until(20);
    expect(world.when('restarted')).to.deep.equal([1, 12]);
    world.until(12 + 601);
    world.crash();
    world.until(700);
    expect(world.when('restarted').at(-1)).to.equal(613);
  });

  it('shows CrashLoopBackOff while it waits, with the exit as its last state', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 1);
    world.crash();
    world.until(2);
    world.crash();
    world.until(5);
    expect(STATUS(world).state?.waiting?.reason).to.equal('CrashLoopBackOff');
    expect(STATUS(world).lastState?.terminated?.exitCode).to.equal(137);
    world.until(15);
    expect(STATUS(world).restartCount).to.equal(2);
    expect(STATUS(world).ready).to.equal(true);
  });

  it('keeps its address, since the sandbox stays', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 1);
    const before = world.pod!.status!.podIP;
    world.crash();
    world.until(5);
    expect(world.pod!.status!.podIP).to.equal(before);
    expect(world.isReady).to.equal(true);
  });

  it('stays down while a fault holds it, and comes back when that lets go', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 1);
    world.crash(false);
    world.until(100);
    expect(world.isReady).to.equal(false);
    expect(world.when('restarted')).to.deep.equal([]);
    world.kubelets.allowRestart('shop/web');
    world.until(101);
    expect(world.isReady).to.equal(true);
  });

  it('is not restarted under restartPolicy Never, and the pod ends as it did', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB], restartPolicy: 'Never' }, 1);
    world.crash();
    world.until(5);
    expect(world.pod!.status!.phase).to.equal('Failed');
    expect(world.when('restarted')).to.deep.equal([]);
  });

  it('is restarted under OnFailure only after a failure', () => {
    const failing = { ...WEB, command: ['sh', '-c', 'exit 3'] };
    const done = { ...WEB, command: ['sleep', '2'] };
    const first = new KubeletWorld();
    first.run({ containers: [failing], restartPolicy: 'OnFailure' }, 5);
    expect(first.when('restarted')).to.have.length(1);
    const second = new KubeletWorld();
    second.run({ containers: [done], restartPolicy: 'OnFailure' }, 5);
    expect(second.pod!.status!.phase).to.equal('Succeeded');
  });
});

const lag = (kubernetes: string) => {
  const world = new KubeletWorld({ profile: 'default', kubernetes });
  world.run({ containers: [WEB] }, 30);
  const [started] = world.when('started');
  const [ready] = world.when('marked', 'Ready');
  return ready! - started!;
};

describe('the kubelet notices an exit', () => {
  it('50 ms later in the tutorial; its status is stored at once and seen at +100 ms', () => {
    const world = new KubeletWorld({ profile: 'tutorial' });
    world.run({ containers: [WEB] }, 10);
    const seen: number[] = [];
    world.api.informer({
      kind: 'Pod',
      owner: 'watcher',
      onChange: ({ after }) => {
        if (after === undefined) return;
        const ready = world.isReady ? [] : [world.kernel.now / 1_000_000];
        seen.push(...ready);
      },
    });
    world.crash();
    world.until(12);
    expect(world.when('exited')).to.deep.equal([10]);
    expect(world.when('noticed')).to.deep.equal([10.05]);
    expect(seen[0]).to.equal(10.1);
  });

  it('at its next relist, at most 1.04 s later, by default (C2)', () => {
    const delays: number[] = [];
    for (let seed = 1; seed <= 60; seed++) {
      const world = new KubeletWorld({ profile: 'default', seed });
      world.run({ containers: [WEB] }, 30);
      world.crash();
      world.until(33);
      delays.push(world.when('noticed')[0]! - 30);
    }
    expect(Math.min(...delays)).to.be.within(0, 0.1);
    expect(Math.max(...delays)).to.be.within(0.9, 1.04);
    const middle = delays.toSorted((a, b) => a - b)[30]!;
    expect(middle).to.be.within(0.35, 0.7);
  });

  it('at once where quantisers are off', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 5);
    world.crash();
    world.until(5);
    expect(world.when('noticed')).to.deep.equal([5]);
    expect(world.isReady).to.equal(true);
  });

  it('and its own starts at once since 1.36, at the next relist before', () => {
    expect(lag('1.36')).to.be.within(0.02, 0.04);
    expect(lag('1.35')).to.be.within(0.04, 1.05);
  });
});

const init = (name: string) => ({ name, image: 'example/init', command: ['sleep', '2'] });

describe('a pod starts', () => {
  it('its init containers one after the other, then everything else', () => {
    const world = new KubeletWorld();
    world.run({ initContainers: [init('one'), init('two')], containers: [WEB] }, 1);
    expect(world.pod!.status!.phase).to.equal('Pending');
    world.until(10);
    const started = world.entries('started').map(({ at, detail }) => [at / 1e6, detail]);
    expect(started).to.deep.equal([
      [0, 'container "one"'],
      [2, 'container "two"'],
      [4, 'container "web"'],
    ]);
    expect(world.isReady).to.equal(true);
  });

  it('a sidecar before its containers, and restarts it alone', () => {
    const world = new KubeletWorld();
    const proxy = { name: 'proxy', image: 'example/proxy', restartPolicy: 'Always' as const };
    world.run({ initContainers: [proxy], containers: [WEB] }, 1);
    expect(world.entries('started').map(({ detail }) => detail)).to.deep.equal([
      'container "proxy"',
      'container "web"',
    ]);
    world.kubelets.crashContainer('shop/web', 'proxy', { exitCode: 1, restart: true });
    world.until(2);
    expect(world.entries('restarted').map(({ detail }) => detail)).to.deep.equal([
      'container "proxy"',
    ]);
  });

  it('no event later than its start while nothing happens', () => {
    const world = new KubeletWorld({ profile: 'default' });
    const probe = { httpGet: { port: 8080 } };
    world.run({ containers: [{ ...WEB, readinessProbe: probe, livenessProbe: probe }] }, 60);
    expect(world.isReady).to.equal(true);
    expect(world.kernel.nextAt).to.equal(undefined);
  });
});
