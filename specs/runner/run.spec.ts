// Goal: a plan is carried out to the letter: instants, windows, repetitions, recoveries that end
// only their own effect, settling, and a second run that explains and must be equal.

import { expect } from 'chai';
import { titlesOf } from '../../src/runner/judge';
import { NondeterminismError, run } from '../../src/runner/run';
import type { PlannedStep } from '../../src/language/plan';
import { shop, walk } from './fake-cluster';
import type { FakeCluster, FakeOptions } from './fake-cluster';
import { after, plan, REACH, runScript, s, step, t } from './plans';

const KILL = { kind: 'fault', name: 'kill' } as const;

function kill(id: string, args: unknown, more: Partial<PlannedStep> = {}): PlannedStep {
  return step(id, { verb: KILL, args, ...more });
}

/** Runs a timeline and returns every call of a handle with its second. */
function callsOf(timeline: readonly PlannedStep[], options: FakeOptions = {}) {
  const clusters: FakeCluster[] = [];
  const timed: (readonly unknown[])[] = [];
  run(plan([{ at: t(1) }], timeline), {
    seed: options.seed ?? 1,
    trace: false,
    createCluster() {
      const cluster = shop(options);
      const push = cluster.calls.push.bind(cluster.calls);
      cluster.calls.push = (...calls) => {
        timed.push(...calls.map((call) => [cluster.kernel.now / 1_000_000, ...call]));
        return push(...calls);
      };
      clusters.push(cluster);
      return cluster;
    },
  });
  return timed;
}

const undone = (crash: PlannedStep) =>
  callsOf([crash])
    .filter(([, handle]) => handle === 'allowRestart')
    .map(([second]) => second);

describe('the timeline', () => {
  it('fires at its instants, after other steps, and repeatedly', () => {
    const next = step('next', {
      when: { after: after('crash'), plus: s(5) },
      repeat: { every: s(2), times: 3 },
    });
    const third = { step: 'next', edge: 'start', repetition: 3 } as const;
    const last = step('last', { when: { after: third, plus: s(0) } });
    const seconds = callsOf([last, next, step('crash')]).map(([second]) => second);
    expect(seconds).to.deep.equal([10, 15, 17, 19, 19]);
  });

  it('draws an instant of a window from the seed, the same for the same seed', () => {
    const window = step('crash', { when: { from: t(30), to: t(45) } });
    const drawn = [1, 2, 1].map((seed) => callsOf([window], { seed })[0]![0] as number);
    expect(drawn[0]).to.equal(drawn[2]);
    expect(drawn[0]).to.not.equal(drawn[1]);
    for (const second of drawn) expect(second).to.be.within(30, 45);
  });

  it('ends a fault after `for`, at `until`, or by its own `restart`', () => {
    const target = { pod: 'shop/backend#2' };
    expect(undone(kill('crash', target, { recovery: { for: s(20) } }))).to.deep.equal([30]);
    expect(undone(kill('crash', target, { recovery: { until: t(50) } }))).to.deep.equal([50]);
    expect(undone(kill('crash', { ...target, restart: '7s' }))).to.deep.equal([17]);
    expect(undone(kill('crash', { ...target, restart: 'never' }))).to.deep.equal([]);
  });

  it('ends an effect that two faults share with the last of them', () => {
    const off = kill('off', { node: 'worker-2' }, { recovery: { for: s(50) } });
    const again = kill(
      'again',
      { node: 'worker-2' },
      { when: { at: t(20) }, recovery: { for: s(100) } },
    );
    const calls = callsOf([off, again]).map(
      ([second, handle]) => `${String(second)} ${String(handle)}`,
    );
    expect(calls).to.deep.equal(['10 powerOff', '20 powerOff', '120 powerOn']);
  });

  it('hits what comes to match while the fault lasts, unless its members are frozen', () => {
    const script: FakeOptions['script'] = [
      [
        15,
        (it) => it.addPod('shop/backend-d', '10.244.2.9', 'worker-2', 'Deployment shop/backend'),
      ],
      [
        40,
        (it) => it.addPod('shop/backend-e', '10.244.2.10', 'worker-2', 'Deployment shop/backend'),
      ],
    ];
    const target = { pods: { namespace: 'shop', labels: { app: 'backend' } } };
    const hit = (args: object) =>
      callsOf([kill('crash', { pod: args }, { recovery: { for: s(20) } })], { script })
        .filter(([, handle]) => handle === 'crashPod')
        .map(([second, , pod]) => `${String(second)} ${String(pod)}`);
    const first = ['10 shop/backend-a', '10 shop/backend-b', '10 shop/backend-c'];
    expect(hit(target)).to.deep.equal([...first, '15 shop/backend-d']);
    expect(hit({ ...target, members: 'frozen' })).to.deep.equal(first);
  });

  it('makes a step that hits nothing an error, and names it', () => {
    const ghosts = kill('crash', { pods: { labels: { app: 'ghost' } } });
    const outcome = runScript(plan([{ at: t(1) }], [ghosts])).outcomes[1]!;
    expect(outcome).to.include({ status: 'error', code: 'vacuous' });
    const why = 'no pods with app=ghost to be hit';
    expect(outcome.actual).to.equal(`step "crash": it hit nothing: ${why}`);
    expect(outcome.range.line).to.equal(20);
  });

  it('makes a step that never happens an error', () => {
    const forever = kill('crash', { pod: 'shop/backend#1' });
    const end = { step: 'crash', edge: 'end', repetition: 1 } as const;
    const next = step('next', { when: { after: end, plus: s(1) } });
    const outcome = runScript(plan([{ at: t(1) }], [forever, next])).outcomes[1]!;
    expect(outcome).to.include({ status: 'error', code: 'never-evaluated' });
    const cut = runScript(plan([{ at: t(1) }], [step('late')], { end: t(5) })).outcomes[1]!;
    expect(cut).to.include({ status: 'error', code: 'never-evaluated' });
  });
});

const runs = (failing: boolean) => {
  const traced: boolean[] = [];
  run(plan([{ at: t(1), args: { ...REACH, outcome: failing ? 'refused' : 'ok' } }]), {
    seed: 1,
    createCluster(_, { trace }) {
      traced.push(trace);
      return shop();
    },
  });
  return traced;
};

describe('a run', () => {
  it('ends with the last instant that the file names, recoveries and deadlines included', () => {
    const crash = kill('crash', { pod: 'shop/backend#1' }, { recovery: { for: s(20) } });
    expect(runScript(plan([{ at: t(1) }], [crash])).end).to.equal(t(30));
    const by = { operator: 'after', after: after('crash'), by: s(60), hold: s(5) } as const;
    expect(runScript(plan([by], [crash])).end).to.equal(t(75));
    expect(runScript(plan([{ at: t(1) }], [], { end: t(99) })).end).to.equal(t(99));
  });

  it('settles: goes on until only periodic work is left', () => {
    const result = runScript(plan([{ at: t(1) }]), [[300, () => {}]]);
    expect(result.end).to.equal(t(300));
    expect(result.outcomes.at(-1)).to.include({ title: 'the cluster settles', status: 'passed' });
  });

  it('fails with a list of what is at work after ten minutes', () => {
    const result = runScript(plan([{ at: t(1) }]), [], { restless: true });
    const outcome = result.outcomes.at(-1)!;
    expect(outcome).to.include({ status: 'failed', code: 'not-settled' });
    expect(outcome.actual).to.equal('1 events are still due');
    expect(outcome.why[0]).to.match(
      /^fake\.tick clock is due at t=\d+m\d*s? ?\(kubelet\.syncFrequency\)$/,
    );
  });

  it('has as many outcomes as titles, in the same order', () => {
    const written = plan([{ at: t(1) }, { operator: 'never', title: 'no way' }]);
    const titles = runScript(written).outcomes.map(({ title }) => title);
    expect(titles).to.deep.equal([...titlesOf(written)]);
    expect(titles).to.deep.equal([
      'shop/frontend reaches backend:80 at 1s',
      'no way',
      'every step of the timeline takes effect',
      'the cluster settles',
    ]);
  });

  it('gives the command that repeats it, with row and quoted path', () => {
    const row = { 'cluster.proxy': 'iptables', 'cluster.cni': '{"mode":"bgp"}' };
    const written = plan([{ at: t(1) }], [], { row, file: "my scenarios/it's.yaml" });
    const outcome = runScript(written).outcomes[0]!;
    expect(outcome.repeat).to.equal(
      `npx kubedrill run 'my scenarios/it'\\''s.yaml:31' --seed 1 --row cluster.proxy=iptables ` +
        `--row 'cluster.cni={"mode":"bgp"}'`,
    );
  });

  it('lets no failing expectation hide another', () => {
    const broken = { at: t(1), claim: 'inspect', args: { query: 'nonsense', count: 1 } };
    const { outcomes } = runScript(plan([broken, { at: t(1) }]));
    expect(outcomes[0]).to.include({ status: 'error', code: 'never-evaluated' });
    expect(outcomes[0]!.why).to.deep.equal(['a path starts with $, at character 1 of "nonsense"']);
    expect(outcomes[1]!.status).to.equal('passed');
  });

  it('is explained by a second run only where something failed', () => {
    expect(runs(false)).to.deep.equal([false]);
    expect(runs(true)).to.deep.equal([false, true]);
  });

  it('notices that two runs under one seed part', () => {
    let built = 0;
    const createCluster = () => {
      const second = ++built;
      return shop({ script: [[second, (it) => void (it.walks = () => [walk('dropped')])]] });
    };
    expect(() => run(plan([{ at: t(5) }]), { seed: 1, createCluster })).to.throw(
      NondeterminismError,
      /part at event \d+: "t=1s fake changed/,
    );
  });

  it('gives the same digest for the same seed', () => {
    const window = step('crash', { when: { from: t(30), to: t(45) } });
    const digests = [1, 1, 2].map((seed) => {
      return run(plan([{ at: t(1) }], [window]), { seed, createCluster: () => shop({ seed }) })
        .digest;
    });
    expect(digests[0]).to.equal(digests[1]);
    expect(digests[0]).to.not.equal(digests[2]);
  });
});

describe('the explanation of a failure', () => {
  it('follows the causes from the fault to the act that came too late', () => {
    const refused = walk('refused-by-listener', {
      reason: 'nothing listens on 8080',
      more: { blames: ['kube-proxy@worker-1'] },
    });
    const createCluster = () => {
      const cluster = shop();
      const { kernel } = cluster;
      kernel.because(-1);
      const proxy = kernel.declare('spec.proxy', () => {
        kernel.note('kube-proxy@worker-1', 'synced', 'Service/shop/backend');
        cluster.walks = () => [walk('answered')];
        cluster.generation++;
      });
      const slice = kernel.declare('spec.slice', () => {
        kernel.note('apiserver', 'stored', 'EndpointSlice/shop/backend-x7k');
        kernel.schedule(t(12.6), 3, proxy, 0, 0, 'kube-proxy.minSyncPeriod');
      });
      const crash = kernel.declare('spec.crash', () => {
        kernel.note('kubelet@worker-2', 'observed', 'Pod/shop/backend-b', 'exited 137');
        cluster.walks = () => [refused];
        cluster.generation++;
        kernel.schedule(t(11.7), 1, slice);
      });
      kernel.schedule(t(10), 3, crash);
      return cluster;
    };
    const by = { operator: 'after', after: after('crash'), by: s(2) } as const;
    const outcome = run(plan([by]), { seed: 1, createCluster }).outcomes[0]!;
    expect(outcome.why).to.deep.equal([
      'nothing listens on 8080',
      'kubelet@worker-2 observed Pod/shop/backend-b (exited 137) at t=10s, then apiserver stored ' +
        'EndpointSlice/shop/backend-x7k at t=11.7s, but kube-proxy@worker-1 synced ' +
        'Service/shop/backend at t=12.6s only (kube-proxy.minSyncPeriod, 1s)',
    ]);
    expect(outcome.chain.map(({ actor }) => actor)).to.deep.equal([
      'kubelet@worker-2',
      'apiserver',
      'kube-proxy@worker-1',
    ]);
    expect(outcome.traces[0]!.sender).to.equal('shop/frontend#1');
  });
});
