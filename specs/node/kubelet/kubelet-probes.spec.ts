// Goal: probes give their verdicts at the tick at which the real ones would, and cost nothing in
// between (timing.md C5: refused 20 … 30 s after the failure).

import { expect } from 'chai';
import type { BehaviourSpec } from '../../../src/values/cluster-spec';
import { seconds } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';

const HTTP = { httpGet: { path: '/healthz', port: 8080 } };
const READY = { ...WEB, readinessProbe: HTTP };
const behaves = (spec: Partial<BehaviourSpec>): BehaviourSpec[] => [
  { target: 'pod/shop/web', ...spec },
];

const instantsUntil = (until: number) => {
  const behaviours = behaves({ ready: seconds(12) });
  const world = new KubeletWorld({ profile: 'default', behaviours });
  world.run({ containers: [{ ...READY, livenessProbe: HTTP }] });
  let instants = 0;
  while (world.kernel.nextAt !== undefined && world.kernel.nextAt <= until * 1e6) {
    world.kernel.runInstant();
    instants++;
  }
  return instants;
};

describe('a readiness probe', () => {
  it('makes a container ready as soon as it is up, if it answers by then', () => {
    const world = new KubeletWorld();
    world.run({ containers: [READY] }, 0);
    expect(world.when('marked', 'Ready')).to.deep.equal([0]);
  });

  it('waits for its next tick where the process listens late', () => {
    const behaviours = behaves({ startup: seconds(3) });
    const world = new KubeletWorld({ behaviours });
    world.run({ containers: [READY] }, 60);
    expect(world.when('marked')).to.deep.equal([10]);
  });

  it('succeeds at the first tick after the declared time', () => {
    const behaviours = behaves({ ready: seconds(12) });
    const world = new KubeletWorld({ behaviours });
    world.run({ containers: [READY] }, 60);
    expect(world.when('marked')).to.deep.equal([20]);
  });

  it('does not look before its initial delay is over', () => {
    const late = { ...WEB, readinessProbe: { ...HTTP, initialDelaySeconds: 15 } };
    const world = new KubeletWorld();
    world.run({ containers: [late] }, 60);
    expect(world.when('marked')).to.deep.equal([20]);
  });

  it('never succeeds on a status of 500', () => {
    const world = new KubeletWorld({ behaviours: behaves({ http: { '/healthz': 500 } }) });
    world.run({ containers: [READY] }, 600);
    expect(world.isReady).to.equal(false);
    expect(world.kubelets.servingNow('shop/web')).to.equal(false);
  });

  it('costs the same number of events however long nothing happens', () => {
    expect(instantsUntil(30)).to.be.greaterThan(3);
    expect(instantsUntil(100_000)).to.equal(instantsUntil(30));
  });

  it('fails 20 to 30 s after the failure, as the seed has it, in a settled cluster (C5)', () => {
    const delays: number[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      const world = new KubeletWorld({ seed });
      // What the probe asks for is served by another container, so that it alone can fail.
      const helper = { name: 'helper', image: 'example/x', ports: [{ containerPort: 9090 }] };
      const web = { ...WEB, readinessProbe: { tcpSocket: { port: 9090 } } };
      world.run({ containers: [web, helper] }, 5);
      expect(world.isReady).to.equal(true);
      world.timing.switchTo('default');
      world.kubelets.crashContainer('shop/web', 'helper', { exitCode: 1, restart: false });
      while (world.pod!.status!.containerStatuses![0]!.ready) world.kernel.runInstant();
      delays.push(world.kernel.now / 1e6 - 5);
    }
    expect(Math.min(...delays)).to.be.within(20, 22.5);
    expect(Math.max(...delays)).to.be.within(27.5, 30.02);
  });

  it('is taken from the ports that the process really has', () => {
    const behaviours = behaves({ listen: [{ port: 9090, protocol: 'TCP' }] });
    const world = new KubeletWorld({ behaviours });
    world.run({ containers: [READY] }, 60);
    expect(world.isReady).to.equal(false);
  });
});

describe('a liveness probe', () => {
  const failing = behaves({ http: { '/healthz': 503 } });
  const alive = { ...WEB, livenessProbe: HTTP };

  it('kills a container at its third failure, and the container is started anew', () => {
    const world = new KubeletWorld({ behaviours: failing });
    world.run({ containers: [alive] }, 21);
    expect(world.when('killed')).to.deep.equal([20]);
    expect(world.when('restarted')).to.deep.equal([20]);
    expect(world.entries('exited')[0]!.detail).to.contain('closed on SIGTERM');
  });

  it('does so again and again, from the second time on after a growing wait', () => {
    const world = new KubeletWorld({ behaviours: failing });
    world.run({ containers: [alive] }, 400);
    const kills = world.when('killed');
    const restarts = world.when('restarted');
    // The kubelet compares with the exit before its own kill, so the wait shows only when it has
    // grown longer than the 30 s between two kills.
    expect(restarts[0]! - kills[0]!).to.equal(0);
    expect(restarts[1]! - kills[1]!).to.equal(0);
    expect(Math.max(...restarts.map((at, index) => at - kills[index]!))).to.be.greaterThan(9);
  });

  it('is not looked at before the startup probe has passed', () => {
    const behaviours = behaves({ startup: seconds(45) });
    const startupProbe = { ...HTTP, failureThreshold: 10 };
    const world = new KubeletWorld({ behaviours });
    world.run({ containers: [{ ...alive, startupProbe }] }, 200);
    expect(world.when('killed')).to.deep.equal([]);
    expect(world.when('marked')).to.deep.equal([50]);
  });
});

describe('a startup probe', () => {
  it('that fails too often ends the container', () => {
    const behaviours = behaves({ startup: seconds(1000) });
    const startupProbe = { ...HTTP, failureThreshold: 4, periodSeconds: 5 };
    const world = new KubeletWorld({ behaviours });
    world.run({ containers: [{ ...WEB, startupProbe }] }, 16);
    expect(world.when('killed')).to.deep.equal([15]);
    expect(world.when('restarted')).to.deep.equal([15]);
  });
});

describe('a pod that passes through the eyes of its readiness probe', () => {
  it('serves while its process answers, whatever the API says', () => {
    const world = new KubeletWorld({ behaviours: behaves({ ready: seconds(12) }) });
    world.run({ containers: [READY] }, 11);
    expect(world.kubelets.servingNow('shop/web')).to.equal(false);
    world.until(13);
    expect(world.kubelets.servingNow('shop/web')).to.equal(true);
    expect(world.isReady).to.equal(false);
    world.crash(false);
    expect(world.kubelets.servingNow('shop/web')).to.equal(false);
  });
});

describe('what a probe asks', () => {
  const readyWith = (readinessProbe: object, behaviours: BehaviourSpec[] = []): boolean => {
    const world = new KubeletWorld({ behaviours });
    const ports = [{ name: 'web', containerPort: 8080 }];
    world.run({ containers: [{ ...WEB, ports, readinessProbe }] }, 30);
    return world.isReady;
  };

  it('over HTTP is any path, and 200 to 399 is well', () => {
    for (const [status, isWell] of [
      [199, false],
      [200, true],
      [399, true],
      [400, false],
    ] as const) {
      const behaviours = behaves({ http: { '/healthz': status } });
      expect(readyWith(HTTP, behaviours), String(status)).to.equal(isWell);
    }
  });

  it('may be a port by name, which must be one of the container', () => {
    expect(readyWith({ httpGet: { port: 'web' } })).to.equal(true);
    expect(readyWith({ tcpSocket: { port: 'admin' } })).to.equal(false);
  });

  it('over gRPC is whether the port is open', () => {
    expect(readyWith({ grpc: { port: 8080 } })).to.equal(true);
    const behaviours = behaves({ listen: [{ port: 8080, protocol: 'TCP' }] });
    expect(readyWith({ grpc: { port: 9000 } }, behaviours)).to.equal(false);
  });

  it('by a command is its exit code, and 0 where nothing is said of it', () => {
    const exec = { command: ['pg_isready', '-q'] };
    expect(readyWith({ exec })).to.equal(true);
    expect(readyWith({ exec }, behaves({ exec: { 'pg_isready -q': 2 } }))).to.equal(false);
  });
});

describe('the extremes of timing', () => {
  const lostAfter = (profile: 'best' | 'worst'): number => {
    const world = new KubeletWorld();
    const helper = { name: 'helper', image: 'example/x', ports: [{ containerPort: 9090 }] };
    const web = { ...WEB, readinessProbe: { tcpSocket: { port: 9090 } } };
    world.run({ containers: [web, helper] }, 5);
    world.timing.switchTo(profile);
    world.kubelets.crashContainer('shop/web', 'helper', { exitCode: 1, restart: false });
    while (world.pod!.status!.containerStatuses![0]!.ready) world.kernel.runInstant();
    return world.kernel.now / 1e6 - 5;
  };

  it('let the failure of a probe be noticed at the first tick or a whole period later (C5)', () => {
    expect(lostAfter('best')).to.be.within(20, 20.1);
    expect(lostAfter('worst')).to.be.within(30, 30.1);
  });
});
