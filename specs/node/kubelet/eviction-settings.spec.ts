// Goal: a kubelet goes by its own thresholds: hard and soft ones, with the grace of the shortage and
// of the pods, what it takes to be enough, and what there is no threshold of.
// source: pkg/kubelet/eviction/eviction_manager.go synchronize; helpers.go thresholdsMet,
// thresholdsMetGracePeriod, rankPIDPressure; eviction_manager_test.go (the same cases)

import { expect } from 'chai';
import { bytes } from '../../../src/values/bytes';
import { DEFAULT_KUBELET, DEFAULT_THRESHOLDS } from '../../../src/values/kubelet-settings';
import type { EvictionThreshold, KubeletSettings } from '../../../src/values/kubelet-settings';
import { seconds, ZERO } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';
import { evicted, exhaust, world } from './pressed-world';

function settings(
  threshold: Partial<EvictionThreshold>,
  others: Partial<KubeletSettings> = {},
): KubeletSettings {
  const least = { amount: bytes('100Mi') };
  const whole = { signal: 'memory.available', least, grace: ZERO, ...threshold } as const;
  return { ...DEFAULT_KUBELET, thresholds: [whole], ...others };
}

function conditionOf(made: KubeletWorld, type: string): string | undefined {
  const node = made.api.store.get('Node', 'worker-1')!;
  const { conditions = [] } = node.status as {
    conditions?: { readonly type: string; readonly status: string }[];
  };
  return conditions.find((it) => it.type === type)?.status;
}

describe('a soft eviction threshold', () => {
  const soft = settings({ grace: seconds(30) }, { maxPodGrace: seconds(20) });

  it('is told of at once, and waits for its grace period, as the looks see it', () => {
    const made = world({ web: ['300Mi'] }, { kubelet: soft });
    exhaust(made, '20Mi');
    made.until(39.9);
    expect(conditionOf(made, 'MemoryPressure')).to.equal('True');
    // The looks at 10, 20 and 30 s see it; at the one at 40 s thirty seconds are over.
    expect(made.when('killed', 'Evicted')).to.deep.equal([]);
    made.until(41);
    expect(evicted(made)).to.deep.equal(['web']);
  });

  it('counts the grace period anew where enough was available in between', () => {
    const made = world({ web: ['300Mi'] }, { kubelet: soft });
    exhaust(made, '20Mi');
    made.until(25);
    made.kubelets.faults.relieve('worker-1', 'step');
    made.until(35);
    // Where looking takes no time, what runs short is seen at once.
    exhaust(made, '20Mi');
    made.until(64.9);
    expect(evicted(made)).to.deep.equal([]);
    made.until(65.1);
    expect(evicted(made)).to.deep.equal(['web']);
  });

  it('is forgotten with the process of the kubelet', () => {
    const made = world({ web: ['300Mi'] }, { kubelet: soft });
    exhaust(made, '20Mi');
    made.until(25);
    made.kubelets.processes.kill('worker-1');
    made.until(26);
    made.kubelets.processes.start('worker-1');
    made.until(55.9);
    expect(evicted(made)).to.deep.equal([]);
    made.until(70);
    expect(evicted(made)).to.deep.equal(['web']);
  });

  it('lets pods end as they ask for, up to the maximum of the kubelet', () => {
    const ends = (asked: number, most: number): number => {
      const behaviours = [
        {
          target: 'pod/shop/web',
          uses: { memory: bytes('300Mi') },
          onTerm: { do: 'ignore', for: ZERO } as const,
        },
      ];
      const kubelet = settings({ grace: seconds(1) }, { maxPodGrace: seconds(most) });
      const made = new KubeletWorld({ behaviours, kubelet });
      made.add('web', { containers: [WEB], terminationGracePeriodSeconds: asked });
      made.until(10);
      exhaust(made, '20Mi');
      made.until(70);
      const [killed] = made.when('killed', 'Evicted');
      const [exited] = made.when('exited');
      return Math.round(exited! - killed!);
    };
    expect(ends(30, 20)).to.equal(20);
    expect(ends(8, 20)).to.equal(8);
    // Never less than a second, of which a container gets two.
    expect(ends(30, 0)).to.equal(2);
  });
});

describe('a minimum to reclaim', () => {
  const pods = { a: ['100Mi'], b: ['90Mi'], c: ['80Mi'] } as const;
  const run = (kubelet: KubeletSettings): readonly string[] => {
    const made = world(pods, { kubelet });
    exhaust(made, '20Mi');
    made.until(60);
    return evicted(made);
  };

  it('makes evictions go on beyond the threshold', () => {
    expect(run(settings({}))).to.deep.equal(['a']);
    expect(run(settings({ reclaim: { amount: bytes('100Mi') } }))).to.deep.equal(['a', 'b']);
    expect(run(settings({ reclaim: { amount: bytes('500Mi') } }))).to.deep.equal(['a', 'b', 'c']);
  });

  it('makes none begin', () => {
    const made = world(pods, { kubelet: settings({ reclaim: { amount: bytes('500Mi') } }) });
    exhaust(made, '100Mi');
    made.until(60);
    expect(evicted(made)).to.deep.equal([]);
    expect(conditionOf(made, 'MemoryPressure')).to.not.equal('True');
  });
});

describe('numbers of processes', () => {
  const uses = (pids: number) => ({ uses: { pids } });
  const behaviours = [
    { target: 'pod/shop/idle', ...uses(0) },
    { target: 'pod/shop/few', ...uses(10) },
    { target: 'pod/shop/many', ...uses(700) },
    { target: 'pod/shop/high', ...uses(900) },
  ];
  const kubelet = settings({ signal: 'pid.available', least: { amount: 1_024 } });

  function forked(own: { readonly kubelet?: KubeletSettings } = { kubelet }): KubeletWorld {
    const made = new KubeletWorld({ behaviours, ...own });
    made.createNow('PriorityClass', { metadata: { name: 'high' }, value: 9 });
    for (const name of ['few', 'many']) made.add(name, { containers: [WEB] });
    made.add('high', { containers: [WEB], priority: 9, priorityClassName: 'high' });
    made.until(10);
    made.kubelets.faults.exhaust('worker-1', 'pids', 'fork', 400);
    made.until(60);
    return made;
  }

  it('go by priority first, then by how many a pod has', () => {
    const made = forked();
    expect(evicted(made)).to.deep.equal(['many']);
    expect(conditionOf(made, 'PIDPressure')).to.equal('True');
    const disrupted = made
      .podOf('many')!
      .status!.conditions!.find(({ type }) => type === 'DisruptionTarget');
    expect(disrupted!.message).to.equal(
      'The node was low on resource: pids. Threshold quantity: 1024, available: 400. ',
    );
  });

  it('go by priority alone where a pod has none', () => {
    const made = new KubeletWorld({ behaviours, kubelet });
    made.createNow('PriorityClass', { metadata: { name: 'low' }, value: -1 });
    made.add('many', { containers: [WEB] });
    made.add('idle', { containers: [WEB], priority: -1, priorityClassName: 'low' });
    made.until(10);
    made.kubelets.faults.exhaust('worker-1', 'pids', 'fork', 400);
    made.until(60);
    expect(evicted(made)).to.deep.equal(['idle', 'many']);
  });

  // pkg/kubelet/eviction/defaults_linux.go DefaultEvictionHard has no pid.available.
  it('are not looked at by default', () => {
    expect(DEFAULT_THRESHOLDS.map(({ signal }) => signal)).to.not.include('pid.available');
    const made = forked({});
    expect(evicted(made)).to.deep.equal([]);
    expect(conditionOf(made, 'PIDPressure')).to.not.equal('True');
    expect(made.kubelets.faults.isWatched('worker-1', 'pids')).to.equal(false);
    expect(forked().kubelets.faults.isWatched('worker-1', 'memory')).to.equal(false);
  });
});

describe('the delays of one kubelet', () => {
  it('are how long it takes its pressure to be over', () => {
    const timers = { 'kubelet.evictionPressureTransitionPeriod': seconds(30) };
    const ways = [{ overrides: timers }, { kubelet: { ...DEFAULT_KUBELET, timers } }];
    for (const way of ways) {
      const made = world({}, way);
      exhaust(made, '20Mi');
      made.until(25);
      made.kubelets.faults.relieve('worker-1', 'step');
      // Seen last at 20 s; the look at 50 s finds it over, the next status says so.
      made.until(49);
      expect(conditionOf(made, 'MemoryPressure')).to.equal('True');
      made.until(61);
      expect(conditionOf(made, 'MemoryPressure')).to.equal('False');
    }
  });

  it('are how soon it says what has changed', () => {
    const timers = { 'kubelet.nodeStatusUpdateFrequency': seconds(2) };
    const kubelet = { ...DEFAULT_KUBELET, timers };
    const made = world({ web: ['300Mi'] }, { profile: 'default', kubelet });
    exhaust(made, '20Mi');
    made.until(60);
    const [told] = made.when('reported', 'MemoryPressure');
    const [seen] = made.when('killed', 'Evicted');
    expect(told! - seen!).to.be.within(0, 2);
  });

  it('are the most that a restart waits', () => {
    const timers = { 'kubelet.crashLoopBackOffMax': seconds(3) };
    const made = new KubeletWorld({ kubelet: { ...DEFAULT_KUBELET, timers } });
    const job = { name: 'job', image: 'example/job', command: ['sleep', '1'] };
    made.run({ containers: [job] }, 14);
    // Ends at 1, 2, 6, 10 and 14 s: the first restart is free.
    expect(made.when('restarted')).to.deep.equal([1, 5, 9, 13]);
  });
});
