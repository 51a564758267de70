// Goal: `kill` hits what its target means, by the handle that fits, and its effects can be undone.

import { expect } from 'chai';
import kill from '../../../src/vocabulary/faults/kill';
import { shop } from '../../runner/fake-cluster';
import type { FakeCluster } from '../../runner/fake-cluster';

const ONCE = { step: 'crash', recovers: false };
const UNTIL_RECOVERY = { step: 'crash', recovers: true };

function inject(args: object, context = ONCE, cluster: FakeCluster = shop()) {
  const injection = kill.inject(cluster, args, context);
  return { ...injection, calls: cluster.calls };
}

const problems = (args: object) => kill.check!(args).map(({ path }) => path);

describe('kill, of pods', () => {
  it('lets every container exit with 137 and start again', () => {
    const { calls, hits, effects } = inject({ pod: 'shop/backend#2' });
    expect(calls).to.deep.equal([['crashPod', 'shop/backend-b', { exitCode: 137, restart: true }]]);
    expect(hits).to.deep.equal(['pod shop/backend#2']);
    expect(effects).to.deep.equal([]);
  });

  it('keeps containers down while the fault lasts, or for ever', () => {
    for (const [args, context] of [
      [{}, UNTIL_RECOVERY],
      [{ restart: 'never' }, ONCE],
      [{ restart: '20s' }, UNTIL_RECOVERY],
    ] as const) {
      const { calls, effects } = inject({ pod: 'shop/backend#1', ...args }, context);
      expect(calls[0]![2]).to.deep.include({ restart: false });
      expect(effects).to.deep.equal(['no-restart shop/backend-a']);
    }
    expect(kill.lasts!({ restart: '20s' })).to.equal(20_000_000);
  });

  it('undoes exactly the effect that it is given', () => {
    const cluster = shop();
    kill.undo(cluster, 'no-restart shop/backend-a');
    kill.undo(cluster, 'no-power worker-2');
    expect(cluster.calls).to.deep.equal([
      ['allowRestart', 'shop/backend-a'],
      ['powerOn', 'worker-2'],
    ]);
  });

  it('deletes by force or evicts gracefully', () => {
    expect(inject({ pod: 'shop/backend#1', how: 'delete' }).calls).to.deep.equal([
      ['delete', 'Pod', 'shop/backend-a', 0],
    ]);
    expect(inject({ pod: 'shop/backend#1', how: 'evict' }).calls).to.deep.equal([
      ['evict', 'shop/backend-a'],
    ]);
  });

  it('means every pod of a workload, or those that are selected', () => {
    expect(inject({ pod: 'shop/backend' }).calls).to.have.length(3);
    expect(inject({ pods: { labels: { app: 'backend' } } }).calls).to.have.length(3);
    expect(inject({ pods: { namespace: 'other' } }).hits).to.deep.equal([]);
  });

  it('picks by seed, names its choice, and chooses alike for one seed', () => {
    const pods = { namespace: 'shop', labels: { app: 'backend' } };
    const picked = (pick: unknown, seed: number) =>
      inject({ pods, pick }, ONCE, shop({ seed })).hits;
    expect(picked(1, 7)).to.have.length(1).and.deep.equal(picked('one', 7));
    const choices = new Set([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => picked(1, seed)[0]));
    expect(choices.size).to.be.above(1);
    expect(picked('30%', 1)).to.have.length(1);
    expect(picked('minority', 1)).to.have.length(1);
    expect(picked('majority', 1)).to.have.length(2);
    expect(picked('oldest', 1)).to.deep.equal(['pod shop/backend#1']);
    expect(picked('newest', 1)).to.deep.equal(['pod shop/backend#3']);
    expect(picked(9, 1)).to.have.length(3);
    const referred = inject({ pod: 'shop/backend', pick: 'newest' }).hits;
    expect(referred).to.deep.equal(['pod shop/backend#3']);
  });

  it('chooses anew in each repetition of a step', () => {
    const pods = { namespace: 'shop', labels: { app: 'backend' } };
    const steps = ['crash', 'crash#2', 'crash#3', 'crash#4', 'crash#5', 'crash#6'];
    const choices = steps.map((step) => inject({ pods, pick: 1 }, { ...ONCE, step }).hits[0]);
    expect(new Set(choices).size).to.be.above(1);
  });

  it('hits the containers of these names in the pods that are meant', () => {
    const args = { pods: { labels: { app: 'backend' } }, containers: ['app', 'log'] };
    const { calls, hits } = inject(args);
    expect(calls).to.have.length(3);
    expect(calls[0]).to.deep.equal([
      'crashContainer',
      'shop/backend-a',
      'app',
      { exitCode: 137, restart: true },
    ]);
    expect(hits[0]).to.equal('container shop/backend#1/app');
    expect(inject({ pod: 'shop/backend#1', containers: ['other'] }).hits).to.deep.equal([]);
    const kept = inject({ pod: 'shop/backend#1', containers: ['app'] }, UNTIL_RECOVERY);
    expect(kept.effects).to.deep.equal(['no-restart shop/backend-a']);
    const containers = ['app'];
    expect(problems({ node: 'worker-1', containers })).to.deep.equal(['/containers']);
    expect(problems({ component: 'kubelet', containers })).to.deep.equal(['/containers']);
    expect(problems({ container: 'a/b/c', containers })).to.deep.equal(['/containers']);
    expect(problems({ pod: 'a/b', containers, how: 'delete' })).to.deep.equal(['/how']);
  });

  it('hits one container where one is named', () => {
    const { calls, hits } = inject({ container: 'shop/backend#1/app', exitCode: 1 });
    expect(calls).to.deep.equal([
      ['crashContainer', 'shop/backend-a', 'app', { exitCode: 1, restart: true }],
    ]);
    expect(hits).to.deep.equal(['container shop/backend#1/app']);
    expect(inject({ container: 'shop/backend#1/other' }).hits).to.deep.equal([]);
  });

  it('hits containers in as many pods as `pick` says, however they are named', () => {
    expect(inject({ container: 'shop/backend/app' }).calls).to.have.length(3);
    expect(inject({ container: 'shop/backend/app', pick: 'newest' }).hits).to.deep.equal([
      'container shop/backend#3/app',
    ]);
    expect(inject({ container: 'shop/backend/app', pick: 2 }).hits).to.have.length(2);
    const named = inject({ pod: 'shop/backend', containers: ['app', 'log'], pick: 'one' });
    const pods = new Set(named.calls.map(([, pod]) => pod));
    expect(pods.size, 'one pod').to.equal(1);
    const choices = ['a', 'b', 'c', 'd', 'e', 'f'].map((step) => {
      return inject({ container: 'shop/backend/app', pick: 'one' }, { ...ONCE, step }).hits[0];
    });
    expect(new Set(choices).size, 'drawn for each step').to.be.above(1);
  });
});

describe('kill, of nodes', () => {
  it('takes their power until the recovery', () => {
    const { calls, effects } = inject({ node: 'worker-2', how: 'power' });
    expect(calls).to.deep.equal([['powerOff', 'worker-2']]);
    expect(effects).to.deep.equal(['no-power worker-2']);
  });

  it('boots anew, or shuts down in order', () => {
    expect(inject({ node: 'node/worker-2', how: 'reboot' })).to.deep.include({
      calls: [
        ['powerOff', 'worker-2'],
        ['powerOn', 'worker-2'],
      ],
      effects: [],
    });
    expect(inject({ node: 'worker-2', how: 'shutdown' }).calls).to.deep.equal([
      ['shutdown', 'worker-2'],
    ]);
  });

  it('selects them by zone or all together', () => {
    expect(inject({ nodes: { zone: 'b' } }).hits).to.deep.equal(['node worker-2']);
    expect(inject({ nodes: 'all' }).hits).to.deep.equal(['node worker-1', 'node worker-2']);
    expect(inject({ node: 'worker-9' }).hits).to.deep.equal([]);
  });
});

describe('kill, checked', () => {
  it('refuses ways that do not fit the target', () => {
    expect(problems({ pod: 'a', how: 'power' })).to.deep.equal(['/how']);
    expect(problems({ node: 'a', how: 'oom' })).to.deep.equal(['/how']);
    expect(problems({ container: 'a/b/c', how: 'delete' })).to.deep.equal(['/how']);
    expect(problems({ node: 'a', exitCode: 1 })).to.deep.equal(['/exitCode']);
    expect(problems({ pod: 'a', how: 'exit', exitCode: 1 })).to.deep.equal([]);
  });
});

describe('kill, of components', () => {
  const target = { component: 'kube-proxy', node: 'worker-1' };

  it('lets the process die and be started again, by whoever starts it', () => {
    const { calls, hits, effects } = inject(target);
    expect(
      calls.map(([handle, it, options]) => [handle, (it as { actor: string }).actor, options]),
    ).to.deep.equal([['killComponent', 'kube-proxy@worker-1', { restart: true }]]);
    expect([hits, effects]).to.deep.equal([['component kube-proxy@worker-1'], []]);
  });

  it('keeps it down while the fault lasts', () => {
    const cluster = shop();
    const { effects } = inject(target, UNTIL_RECOVERY, cluster);
    expect(effects).to.deep.equal(['down kube-proxy@worker-1']);
    kill.undo(cluster, effects[0]!);
    expect(cluster.calls.map(([handle]) => handle)).to.deep.equal([
      'killComponent',
      'startComponent',
    ]);
  });

  it('means the pods behind kube-dns by coredns', () => {
    expect(() => inject({ component: 'coredns' })).not.to.throw();
    expect(inject({ component: 'coredns' }).calls.map(([handle]) => handle)).not.to.include(
      'killComponent',
    );
  });

  it('means those of some nodes, or some of them, where it says so', () => {
    const cluster = shop();
    cluster.addPod('kube-system/dns-a', '10.244.1.9', 'worker-1', 'Deployment kube-system/coredns');
    cluster.addPod('kube-system/dns-b', '10.244.2.9', 'worker-2', 'Deployment kube-system/coredns');
    cluster.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      spec: { selector: { app: 'coredns' } },
    });
    const hits = (more: object) => inject({ component: 'coredns', ...more }, ONCE, cluster).hits;
    expect(hits({})).to.have.length(2);
    expect(hits({ node: 'worker-2' })).to.deep.equal(['pod kube-system/coredns#2']);
    expect(hits({ pick: 'oldest' })).to.deep.equal(['pod kube-system/coredns#1']);
    expect(hits({ nodes: 'all', pick: 1 })).to.have.length(1);
    expect(hits({ node: 'worker-3' })).to.deep.equal([]);
  });

  it('knows neither a way nor an exit code for them', () => {
    expect(problems({ ...target, how: 'oom' })).to.deep.equal(['/how']);
    expect(problems({ ...target, exitCode: 1 })).to.deep.equal(['/exitCode']);
    expect(problems({ ...target, nodes: 'all' })).to.deep.equal(['/nodes']);
    expect(problems({ component: 'coredns', how: 'delete' })).to.deep.equal([]);
  });
});
