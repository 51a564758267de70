// Goal: a port of a network namespace exists once. Whoever comes second cannot bind it, exits, and
// is restarted with the usual back-off until the port is free (bind(2), EADDRINUSE).

import { expect } from 'chai';
import { KubeletWorld, WEB } from './kubelet-world';

const OTHER = { ...WEB, name: 'other' };
const CONFLICT = 'cannot bind 8080/TCP: address already in use';

function seconds(world: KubeletWorld, detail: string): number[] {
  return world.entries('exited', detail).map(({ at }) => at / 1_000_000);
}

describe('two containers of a pod on one port', () => {
  it('leave it to the first, and the second loops with back-off', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB, OTHER] }, 100);
    expect(seconds(world, CONFLICT)).to.deep.equal([0, 0, 10, 30, 70]);
    expect(world.entries('exited', '"web"')).to.deep.equal([]);
    expect(world.isReady).to.equal(false);
    const [first, second] = world.pod!.status!.containerStatuses!;
    expect(first).to.include({ ready: true, restartCount: 0 });
    expect(second!.state?.waiting?.reason).to.equal('CrashLoopBackOff');
    expect(second!.lastState?.terminated?.exitCode).to.equal(1);
  });

  it('share the same number over UDP and TCP', () => {
    const world = new KubeletWorld();
    const ports = [{ containerPort: 8080, protocol: 'UDP' as const }];
    world.run({ containers: [WEB, { ...OTHER, ports }] }, 10);
    expect(seconds(world, CONFLICT)).to.deep.equal([]);
    expect(world.isReady).to.equal(true);
  });

  it('do not keep a run from settling', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB, OTHER] }, 15);
    expect(world.kernel.idle).to.equal(true);
  });

  it('change places where the second one starts while the first one is down', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB, OTHER] }, 9);
    world.kubelets.crashContainer('shop/web', 'web', { exitCode: 1, restart: false });
    // The second one was due at 10 s and is held as well; both are let go at 20 s.
    world.until(20);
    world.kubelets.allowRestart('shop/web');
    world.until(21);
    const running = world.pod!.status!.containerStatuses!.filter(({ ready }) => ready);
    expect(running).to.have.lengthOf(1);
  });
});

describe('two pods on the network of their node', () => {
  it('cannot listen on one port', () => {
    const world = new KubeletWorld();
    const pod = (name: string) => ({
      metadata: { name, namespace: 'shop' },
      spec: { nodeName: 'worker-1', hostNetwork: true, containers: [WEB] },
    });
    world.createNow('Pod', pod('web'));
    world.createNow('Pod', pod('rival'));
    world.until(1);
    const losers = world.entries('exited', CONFLICT).map(({ subject }) => subject);
    expect([...new Set(losers)]).to.deep.equal(['Pod/shop/rival']);
  });
});
