// Goal: with `recover: shuffled` the repetitions of a fault end at the instants at which they would
// end anyway, but in an order that is drawn: FoundationDB's swizzle (faults.md §4.5).

import { expect } from 'chai';
import { Random } from '../../src/kernel/random';
import { createCluster } from '../../src/cluster/create-cluster';
import { loadPlans } from '../../src/mocha/load-plans';
import { Execution, layOut } from '../../src/runner/execution';
import type { PlannedStep } from '../../src/language/plan';
import type { Cluster } from '../../src/cluster/cluster';
import { s, step, t } from './plans';

const SWIZZLE = step('swizzle', {
  verb: { kind: 'fault', name: 'cut' },
  args: {},
  repeat: { every: s(5), times: 4 },
  recovery: { for: s(30) },
  shuffled: true,
});

/** The seconds at which the repetitions recover, in the order of their beginning. */
function recoveries(fault: PlannedStep, seed = 1): readonly number[] {
  const random = new Random(seed);
  const { firings } = layOut([fault], { kernel: { random } } as unknown as Cluster);
  expect(firings.map(({ at }) => at)).to.deep.equal([t(10), t(15), t(20), t(25)]);
  return firings.map(({ recovers }) => recovers! / 1_000_000);
}

describe('repetitions that recover in another order', () => {
  const IN_ORDER = [40, 45, 50, 55];

  it('end at the same instants, each once', () => {
    expect(recoveries({ ...SWIZZLE, shuffled: false })).to.deep.equal(IN_ORDER);
    for (let seed = 1; seed <= 20; seed++) {
      expect(recoveries(SWIZZLE, seed).toSorted((a, b) => a - b)).to.deep.equal(IN_ORDER);
    }
  });

  it('end in an order that is drawn from the seed and the name of the step', () => {
    expect(recoveries(SWIZZLE, 1)).to.deep.equal(recoveries(SWIZZLE, 1));
    const orders = Array.from({ length: 200 }, (_, seed) => recoveries(SWIZZLE, seed).join(' '));
    expect(new Set(orders).size, 'of 24 orders').to.equal(24);
    const renamed = recoveries({ ...SWIZZLE, id: 'clog' });
    expect(renamed).to.not.deep.equal(recoveries(SWIZZLE));
  });

  it('end no later than by their own parameters', () => {
    const own = { verb: { kind: 'fault', name: 'kill' }, args: { restart: '7s' } } as const;
    expect(recoveries({ ...SWIZZLE, ...own })).to.deep.equal([17, 22, 27, 32]);
  });

  it('say in the journal which of them it was', () => {
    const [plan] = loadPlans(['scenarios/faults/swizzled-nodes.yaml']).plans;
    const execution = new Execution(plan!, createCluster(plan!.cluster, { seed: 1 }));
    execution.run();
    const entries = execution.cluster.kernel.journal.all();
    const ended = entries.filter(
      ({ actor, action }) => actor === 'fault' && action === 'recovered',
    );
    expect(ended.map(({ at, subject }) => `${at / 1_000_000} ${subject}`)).to.deep.equal([
      '25 step/step-1#3',
      '27 step/step-1#4',
      '29 step/step-1',
      '31 step/step-1#2',
    ]);
  });
});
