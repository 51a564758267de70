// Goal: faults that make a cluster late are taken back each by itself, hit the components that they
// name and nobody else, and say so where there is nothing to hit.

import { expect } from 'chai';

import { buildCluster } from '../../../src/chai/plugin';
import type { Drill } from '../../../src/chai/plugin';
import { createCluster } from '../../../src/cluster/create-cluster';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import { SHOP } from '../../chai/shop';
import { planText } from '../../runner/plan-text';

const SCENARIO = `
scenario: late
cluster: {nodes: 2}
manifests: [scenarios/manifests/shop.yaml]
expect:
  - {at: 1s, reach: {from: shop/frontend, to: backend:80}}
`;

function drillOf(cluster: object = {}): Drill {
  return buildCluster({ nodes: 2, manifests: [SHOP], ...cluster }).runUntil('1s');
}

/** The entries of the journal of one actor, as `seconds action subject`. */
function journalOf(drill: Drill, actor: string, action: string): readonly string[] {
  return drill.cluster.kernel.journal
    .all()
    .filter((it) => it.actor === actor && it.action === action && it.at > 0)
    .map(({ at, subject }) => `${at / 1_000_000} ${subject}`);
}

function label(drill: Drill, n: number): void {
  const spec = {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 100 * n } },
  };
  const patch = { metadata: { labels: { n: String(n) } }, spec };
  drill.cluster.handles.patch('Service', 'shop/backend', patch);
}

describe('a late cluster', () => {
  it('takes back one of two holds and keeps the other', () => {
    const drill = drillOf();
    drill.stale({ component: 'kube-proxy', node: 'worker-1', hold: '5s' }, { for: '10s' });
    drill.stale({ component: 'kube-proxy', node: 'worker-1', hold: '2s' }, { for: '60s' });
    drill.runUntil('5s');
    label(drill, 1);
    drill.runUntil('30s');
    label(drill, 2);
    drill.runUntil('80s');
    label(drill, 3);
    drill.runUntil('90s');
    const seen = journalOf(drill, 'kube-proxy@worker-1', 'observed').map(Number.parseFloat);
    // 5.01 s + 7 s, but the longer one ends at 11 s and leaves 2 s; 30.01 s + 2 s; none.
    expect(seen.map((it) => Math.round(it * 100) / 100)).to.deep.equal([11.01, 32.02, 80.02]);
    const other = journalOf(drill, 'kube-proxy@worker-2', 'observed').map(Number.parseFloat);
    expect(other.map((it) => Math.round(it * 100) / 100)).to.deep.equal([5.01, 30.02, 80.02]);
  });

  it('goes on alike in a fork', () => {
    const cluster = createCluster(planText(SCENARIO, 'late.yaml').cluster, { seed: 1 });
    const { handles } = cluster;
    const [one, two] = ['kube-proxy@worker-1', 'kube-proxy@worker-2'] as const;
    handles.holdWatches(one, 'a', seconds(5));
    handles.missChange(two, 'a', { kind: 'Service', keys: 'backend', nth: 2 });
    handles.slowDown(one, 'a', { add: seconds(1), factor: 7, only: ['sync'] });
    handles.skewClock('kubelet@worker-2', 'a', { offset: 0, drift: 100_000 });
    handles.patch('Service', 'shop/backend', { metadata: { labels: { n: '1' } } });
    cluster.kernel.runUntil(seconds(2) as number as Instant);
    const fork = cluster.fork();
    const rest = (it: typeof cluster) => {
      it.handles.patch('Service', 'shop/backend', { metadata: { labels: { n: '5' } } });
      it.kernel.runUntil(seconds(40) as number as Instant);
      return it.kernel.journal.all().map(({ at, actor, action }) => `${at} ${actor} ${action}`);
    };
    const [first, second] = [rest(cluster), rest(fork)];
    expect(first.join('\n')).to.contain('kube-proxy@worker-2 missed');
    expect(second).to.deep.equal(first);
  });

  it('has no view where nobody watches', () => {
    const drill = drillOf();
    expect(() => drill.stale({ component: 'etcd', hold: '5s' })).to.throw(/hit nothing|nothing/);
    const miss = { object: 'pod/shop/client' };
    expect(() => drill.stale({ component: 'kube-proxy', miss })).to.throw(/nothing/);
  });

  it('hears everything late through a slow watch cache, and no write waits for it', () => {
    const drill = drillOf();
    drill.stale({ component: 'apiserver', hold: '3s' });
    label(drill, 1);
    drill.runUntil('20s');
    for (const node of ['worker-1', 'worker-2']) {
      const [first] = journalOf(drill, `kube-proxy@${node}`, 'observed');
      expect(Number.parseFloat(first!)).to.be.within(4, 4.1);
    }
    expect(journalOf(drill, 'apiserver', 'stored')[0]).to.match(/^1\.01 /);
  });

  it('multiplies factors and adds sums', () => {
    const drill = drillOf();
    const proxy = { component: 'kube-proxy', node: 'worker-1' } as const;
    drill.slow({ ...proxy, factor: 3, only: ['watch'] });
    drill.slow({ ...proxy, factor: 2, add: '1s', only: ['watch'] });
    label(drill, 1);
    drill.runUntil('20s');
    const [first] = journalOf(drill, 'kube-proxy@worker-1', 'observed');
    // 1 s, 10 ms for the write, 6 × 5 ms and 1 s for the watch.
    expect(Number.parseFloat(first!)).to.equal(2.04);
  });

  it('renews the lease of a fast kubelet sooner', () => {
    const renewals = (drift?: string) => {
      const drill = drillOf();
      if (drift !== undefined) drill.skew({ node: 'worker-1', drift });
      drill.runUntil('1000s');
      drill.pause({ component: 'kubelet', node: 'worker-1' });
      drill.runUntil('1200s');
      const [gone] = journalOf(drill, 'controller-manager/node-lifecycle', 'reconciled');
      return Number.parseFloat(gone!) - 1_000;
    };
    // The control plane judges by what it sees: a drift of 10 % moves that by a tick at most.
    expect(renewals('10%')).to.be.within(40, 60);
    expect(renewals('-10%')).to.be.within(40, 60);
    expect(renewals()).to.be.within(40, 60);
  });

  it('brings up pods later where the kubelet is slow', () => {
    const readyAfter = (factor?: number) => {
      const drill = drillOf({ timing: { profile: 'worst' } });
      if (factor !== undefined) drill.slow({ component: 'kubelet', factor, only: ['sync'] });
      drill.kill({ pod: 'shop/backend#1', how: 'delete' });
      drill.runUntil('60s');
      const ready = journalOf(drill, 'controller-manager/endpointslice', 'reconciled');
      return Number.parseFloat(ready.at(-1)!);
    };
    // Volumes, sandbox, start and relist take 2.4 s at worst, all of which is the kubelet's work.
    expect(readyAfter(4) - readyAfter()).to.be.within(4, 9);
  });

  it('has a candidate with a fast clock take the lease sooner', () => {
    const hosts = ['cp-1', 'cp-2', 'cp-3'].map((name) => ({ name, role: 'control-plane' }));
    const takenAfter = (drift?: string) => {
      const drill = drillOf({ nodes: [...hosts, { name: 'worker-1' }] });
      for (const node of ['cp-2', 'cp-3']) {
        if (drift !== undefined) drill.skew({ component: 'controller-manager', node, drift });
      }
      drill.kill({ component: 'controller-manager', node: 'cp-1' }, { for: '60s' });
      drill.runUntil('60s');
      const entries = drill.cluster.kernel.journal.all();
      return entries.find(({ action }) => action === 'acquired')!.at / 1_000_000;
    };
    // 15 s by its own clock are 10 s, and what it waits between two looks is shorter as well.
    expect(takenAfter() - takenAfter('50%')).to.be.within(3, 9);
  });
});
