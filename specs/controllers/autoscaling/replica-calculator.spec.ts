// Goal: pods that start, that are not heard of or that go do not mislead an autoscaler, and samples
// are what metrics-server would have. Rules: replica_calculator.go (groupPods and the second
// calculation), metrics-server pkg/storage/pod.go, horizontal.go (getReplicasChangePerPeriod).

import { expect } from 'chai';

import type { MetricTarget } from '../../../src/apiserver/kinds/horizontalpodautoscaler';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import { loadAt, samplePods } from '../../../src/controllers/autoscaling/metrics-server';
import type { PodMetric } from '../../../src/controllers/autoscaling/metrics-server';
import { proposeReplicas } from '../../../src/controllers/autoscaling/replica-calculator';
import { ScalingHistory } from '../../../src/controllers/autoscaling/scaling-rules';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';

const at = (instant: number) => seconds(instant) as number as Instant;
const NOW = 1_000;

interface PodGiven {
  readonly phase?: 'Pending' | 'Running' | 'Failed';
  readonly started?: number;
  readonly ready?: boolean;
  readonly since?: number;
  readonly going?: boolean;
}

function podOf(name: string, given: PodGiven = {}): Pod {
  const { phase = 'Running', started = 0, ready = true, since = started, going } = given;
  const status = ready ? ('True' as const) : ('False' as const);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', ...(going && { deletionTimestamp: at(NOW) }) },
    spec: { containers: [{ name: 'main', resources: { requests: { cpu: '100m' } } }] },
    status: {
      phase,
      startTime: at(started),
      conditions: [{ type: 'Ready', status, lastTransitionTime: at(since) }],
    },
  };
}

const HALF: MetricTarget = { type: 'Utilization', averageUtilization: 50 };

/** Proposed replicas; `used` by pod in thousandths, sampled at `NOW` over 15 s. */
function proposed(
  pods: readonly Pod[],
  used: Readonly<Record<string, number>>,
  target: MetricTarget = HALF,
): number | string {
  const metric = (millicores: number): PodMetric => ({
    millicores,
    at: at(NOW),
    window: seconds(15),
  });
  const proposal = proposeReplicas({
    pods,
    metrics: new Map(Object.entries(used).map(([name, value]) => [name, metric(value)])),
    target,
    replicas: pods.length,
    now: at(NOW),
    initializationPeriod: seconds(300),
    readinessDelay: seconds(30),
  });
  return typeof proposal === 'string' ? proposal : proposal.replicas;
}

describe('the replicas that CPU asks for', () => {
  const a = podOf('a');

  for (const [what, other, used, replicas] of [
    ['counts what a pod that is long ready uses', {}, { a: 100, b: 100 }, 4],
    ['stays within the tolerance of a tenth', {}, { a: 55, b: 55 }, 2],
    ['takes a starting pod for idle on the way up', { phase: 'Pending' }, { a: 200 }, 4],
    ['does not count a starting pod on the way down', { phase: 'Pending' }, { a: 10 }, 1],
    ['takes an unheard pod for idle on the way up', {}, { a: 200 }, 4],
    ['takes an unheard pod for busy on the way down', {}, { a: 10 }, 2],
    ['ignores a pod that is being deleted', { going: true }, { a: 100, b: 100 }, 2],
    ['ignores a pod that has failed', { phase: 'Failed' }, { a: 100, b: 100 }, 2],
    [
      'waits a window after a young pod got ready',
      { started: 900, since: 990 },
      { a: 200, b: 99 },
      4,
    ],
    ['believes a young pod after that', { started: 900, since: 980 }, { a: 200, b: 100 }, 6],
    [
      'believes an old pod that was ready once',
      { ready: false, since: 500 },
      { a: 100, b: 100 },
      4,
    ],
    ['not one that never was', { ready: false, since: 20 }, { a: 100, b: 100 }, 2],
  ] as const) {
    it(what, () => {
      expect(proposed([a, podOf('b', other)], used)).to.equal(replicas);
    });
  }

  it('does not turn round because of pods that it does not know', () => {
    // 60 of 50 % asks for more; with the idle one it would be 30 %, which asks for less.
    expect(proposed([a, podOf('b')], { a: 60 })).to.equal(2);
  });

  it('needs samples', () => {
    expect(proposed([a], {})).to.equal('no metrics returned from resource metrics API');
    expect(proposed([podOf('b', { phase: 'Pending' })], { b: 10 })).to.match(/might be unready/);
  });

  it('can be so many thousandths for each pod', () => {
    const target: MetricTarget = { type: 'AverageValue', averageValue: '20m' };
    expect(proposed([a, podOf('b')], { a: 50, b: 50 }, target)).to.equal(5);
  });
});

describe('a sample of metrics-server', () => {
  const load = [
    { at: at(0), millicores: 300 },
    { at: at(60), millicores: 900 },
  ];
  const sampled = (pods: readonly Pod[], now: number) =>
    [...samplePods(pods, load, seconds(15), at(now))].map(([name, { millicores, window }]) => [
      name,
      millicores,
      window,
    ]);

  it('shares the load of its instant out to the ready pods', () => {
    const pods = [podOf('a'), podOf('b'), podOf('c', { ready: false })];
    expect(sampled(pods, 59)).to.deep.equal([
      ['a', 150, seconds(15)],
      ['b', 150, seconds(15)],
      ['c', 0, seconds(15)],
    ]);
    expect(sampled(pods, 60)[0]![1]).to.equal(450);
  });

  it('has no pods that are younger than ten seconds, and a short window of young ones', () => {
    const pods = [podOf('a', { started: 50 }), podOf('b', { started: 51 })];
    expect(sampled(pods, 60)).to.deep.equal([['a', 450, seconds(10)]]);
  });

  it('has the load of zero before zero, and none before the first step', () => {
    expect(loadAt(load, at(-100))).to.equal(300);
    expect(loadAt(load.slice(1), at(59))).to.equal(0);
  });
});

describe('the rules of scaling', () => {
  const target = { kind: 'Deployment', name: 'web' };
  const bare = { scaleTargetRef: target, minReplicas: 1, maxReplicas: 100 };
  const judge = (
    history: ScalingHistory,
    desired: number,
    current: number,
    now: number,
    behavior?: object,
  ) => {
    const spec = behavior === undefined ? bare : { ...bare, behavior };
    const wish = { key: 'shop/web', spec, current, desired, stabilization: seconds(300) };
    return history.judge({ ...wish, now: at(now) });
  };

  it('without any let it double, or reach four', () => {
    const history = new ScalingHistory();
    expect(judge(history, 50, 1, 0)).to.include({ replicas: 4, limit: 'ScaleUpLimit' });
    expect(judge(history, 50, 30, 15)).to.include({ replicas: 50, isLimited: false });
    expect(judge(history, 500, 60, 30)).to.include({ replicas: 100, limit: 'TooManyReplicas' });
  });

  it('hold the highest recommendation of the window', () => {
    const history = new ScalingHistory();
    history.begin('shop/web', 8, at(0));
    expect(judge(history, 3, 8, 300)).to.include({ replicas: 8, able: 'ScaleDownStabilized' });
    expect(judge(history, 2, 8, 301)).to.include({ replicas: 3 });
  });

  it('count what was done within the period of a policy', () => {
    const policies = [{ type: 'Percent', value: 50, periodSeconds: 60 }];
    const behavior = { scaleUp: { stabilizationWindowSeconds: 0, policies } };
    const history = new ScalingHistory();
    expect(judge(history, 50, 10, 0, behavior).replicas).to.equal(15);
    history.scaled('shop/web', 5, at(0));
    expect(judge(history, 50, 15, 59, behavior).replicas).to.equal(15);
    expect(judge(history, 50, 15, 60, behavior).replicas).to.equal(23);
  });

  for (const [selectPolicy, replicas] of [
    ['Max', 20],
    ['Min', 13],
    ['Disabled', 10],
  ] as const) {
    it(`go by ${selectPolicy} of their policies`, () => {
      const policies = [
        { type: 'Pods', value: 3, periodSeconds: 15 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ];
      const scaleUp = { stabilizationWindowSeconds: 0, selectPolicy, policies };
      expect(judge(new ScalingHistory(), 50, 10, 0, { scaleUp }).replicas).to.equal(replicas);
    });
  }
});
