// Goal: what one fork has found out spares others the work, and no run comes out otherwise for it.
// Method: forks of one settled cluster live one after the other, under several seeds; every journal
// and all that each claim was over time, with every trace, is what it is in forks that are told
// nothing. The last specs make forks believe too much, and see the difference.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import { FamilyAnswers } from '../../src/kernel/family-answers';
import { loadScenarios } from '../../src/language/index';
import type { Plan } from '../../src/language/index';
import { ProcessesOfPod, RulesOfHost } from '../../src/network/node-readings';
import { Execution } from '../../src/runner/execution';
import { seconds } from '../../src/values/time';
import { lexicon } from '../../src/vocabulary/lexicon';
import { FRONTEND, planOf, serviceOf } from '../../bench/scenario';
import { replace } from '../mutants/replace';
import { pathsBelow } from '../tidy/tree';

/** Seeds of the forks, in the order in which they live. */
const SEEDS = [2, 3, 4, 2] as const;

/** One crash after the other; all that was there comes back. */
const CRASHES = [1, 2, 3, 1].map(
  (pod, index) => `  - {at: ${20 + index * 25}s, kill: {pod: "backend#${pod}"}}`,
);

/** All at once, and then what forks do not tell each other of. */
const WORSE = [
  ...[1, 2, 3].map((pod) => `  - {at: 125s, kill: {pod: "backend#${pod}"}}`),
  '  - {at: 190s, do: {scale: deployment/backend, replicas: 4}}',
  '  - {at: 200s, do: {delete: "pod/default/backend#2"}}',
  '  - {at: 205s, cut: {from: frontend, to: deployment/backend, mode: reject}, for: 20s}',
  '  - {at: 215s, kill: {node: worker-2, how: power}, for: 20s}',
];

function crashes(settings: string, steps: readonly string[] = [...CRASHES, ...WORSE]): Plan {
  return planOf(`
scenario: crashes
cluster: {nodes: 3, ${settings}}
end: 4m
timeline:
${steps.join('\n')}
expect:
  - {never: {reach: {from: frontend, to: backend:80, outcome: reset}}}
  - {never: {reach: {from: node/worker-1, to: service/backend:80, outcome: reset}}}
  - {at: 30s, reach: {from: frontend, to: deployment/backend:8080, some: true}}
  - {at: 230s, reach: {from: frontend, to: backend:80, opened: 180s, some: true}}
---
${FRONTEND}
---
${serviceOf('backend', 3)}
`);
}

/** A run, word for word. */
function livedThrough(plan: Plan, cluster: Cluster): string[] {
  const execution = new Execution(plan, cluster);
  execution.run();
  const claims = execution.watches.flatMap(({ expectation, history, broken }) => [
    `${expectation.operator} ${expectation.claim} ${broken ?? ''}`,
    ...history.samples.map((sample) => JSON.stringify(sample)),
  ]);
  return [...cluster.kernel.journal.all().map((entry) => JSON.stringify(entry)), ...claims];
}

/** Every run of forks of one origin, one after the other. */
function family(plan: Plan, seeds: readonly number[] = SEEDS): string[][] {
  const origin = createCluster(plan.cluster, { seed: 1 });
  return seeds.map((seed) => livedThrough(plan, origin.fork({ seed })));
}

/** The same where nobody is told anything. */
function strangers(plan: Plan, seeds: readonly number[] = SEEDS): string[][] {
  const undo = replace<() => undefined>(FamilyAnswers.prototype, 'known', () => () => undefined);
  try {
    return seeds.map((seed) => family(plan, [seed])[0]!);
  } finally {
    undo();
  }
}

/** Lines in which runs of a family are not those of forks that were alone. */
function differences(plan: Plan, seeds?: readonly number[]): string[] {
  const alone = strangers(plan, seeds);
  return family(plan, seeds).flatMap((run, index) => {
    const lines = Array.from({ length: Math.max(run.length, alone[index]!.length) }, (_, at) => at);
    return lines.flatMap((at) =>
      run[at] === alone[index]![at]
        ? []
        : [`${plan.file} ${run[at]} instead of ${alone[index]![at]}`],
    );
  });
}

/** How often forks were asked before a connection was opened, of which they tell nothing. */
function counted<T>(work: () => T): { readonly told: number; readonly asked: number } {
  const count = { told: 0, asked: 0 };
  type Known = FamilyAnswers['known'];
  const undo = replace<Known>(FamilyAnswers.prototype, 'known', (original) => {
    return function (this: FamilyAnswers, question, now, asking) {
      const found = original.call(this, question, now, asking);
      if (now >= seconds(180)) return found;
      count.asked++;
      if (found !== undefined) count.told++;
      return found;
    };
  });
  work();
  undo();
  return count;
}

describe('forks that tell each other what they found', function () {
  this.timeout(600_000);

  for (const proxy of ['iptables', 'ipvs', 'nftables']) {
    it(`live as they would alone: ${proxy}`, () => {
      expect(differences(crashes(`proxy: {mode: ${proxy}}`))).to.deep.equal([]);
    });
  }

  for (const cni of ['calico', 'cilium', 'weave', 'aws-vpc']) {
    it(`live as they would alone: ${cni}`, () => {
      expect(differences(crashes(`cni: {name: ${cni}}`))).to.deep.equal([]);
    });
  }

  it('live as they would alone in scenarios of the library', () => {
    const files = pathsBelow('scenarios').filter(
      (path) => path.endsWith('.yaml') && /^scenario:/m.test(readFileSync(path, 'utf8')),
    );
    const { plans } = loadScenarios(
      files.filter((_, index) => index % 5 === 0),
      lexicon,
    );
    expect(plans).to.have.length.of.at.least(30);
    expect(plans.flatMap((plan) => differences(plan, [1, 2]))).to.deep.equal([]);
  });

  it('find hardly anything out that another one knows', () => {
    const plan = crashes('proxy: {mode: iptables}', CRASHES);
    const origin = createCluster(plan.cluster, { seed: 1 });
    livedThrough(plan, origin.fork({ seed: 2 }));
    const { told, asked } = counted(() => livedThrough(plan, origin.fork({ seed: 2 })));
    expect(asked).to.be.greaterThan(10);
    expect(told / asked).to.be.greaterThan(0.5);
  });

  it('look a name up once for all', () => {
    const plan = crashes('proxy: {mode: iptables}', CRASHES);
    const origin = createCluster(plan.cluster, { seed: 1 });
    livedThrough(plan, origin.fork({ seed: 2 }));
    const unknown: string[] = [];
    const undo = replace<FamilyAnswers['known']>(FamilyAnswers.prototype, 'known', (original) => {
      return function (this: FamilyAnswers, question, now, asking) {
        const found = original.call(this, question, now, asking);
        if (found === undefined && now < seconds(180)) unknown.push(question);
        return found;
      };
    });
    livedThrough(plan, origin.fork({ seed: 2 }));
    undo();
    expect(unknown.filter((question) => question.startsWith('resolve'))).to.deep.equal([]);
  });

  describe('would be wrong', () => {
    const believed: readonly (readonly [string, object])[] = [
      ['in what nobody notes by itself', clusterPrototype()],
      ['in chains that another fork has passed', RulesOfHost.prototype],
      ['in processes that it has met', ProcessesOfPod.prototype],
    ];
    for (const [what, prototype] of believed) {
      it(`where one believes ${what}`, () => {
        const undo = replace<() => unknown>(prototype, 'common', () => () => 'as ever');
        const found = differences(crashes('proxy: {mode: iptables}'));
        undo();
        expect(found).not.to.deep.equal([]);
      });
    }
  });
});

function clusterPrototype(): object {
  const { cluster } = crashes('proxy: {mode: iptables}');
  return Object.getPrototypeOf(createCluster(cluster, { seed: 1 })) as object;
}
