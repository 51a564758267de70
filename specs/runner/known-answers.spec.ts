// Goal: a claim is not looked at again while nothing that it was read from has moved, and nobody
// can tell. Method: run the whole library and scenarios of chance twice, as they are and with a
// look at every instant that was worth one; what each claim was over time must be equal, word for
// word. The last specs take the notes of single readings away, and see the difference.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Informer } from '../../src/apiserver/informer';
import { KindStore } from '../../src/apiserver/store';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import { Random } from '../../src/kernel/random';
import { loadScenarios } from '../../src/language/index';
import type { Plan } from '../../src/language/index';
import { ProcessesOfPod, RulesOfHost } from '../../src/network/node-readings';
import { Execution } from '../../src/runner/execution';
import { Watch } from '../../src/runner/observe';
import { lexicon } from '../../src/vocabulary/lexicon';
import { UpstreamHealth } from '../../src/workloads/coredns/upstream-health';
import { FRONTEND, planOf, serviceOf } from '../../bench/scenario';
import { replace } from '../mutants/replace';
import type { Undo } from '../mutants/replace';
import { pathsBelow } from '../tidy/tree';

const LIBRARY = pathsBelow('scenarios').filter(
  (path) => path.endsWith('.yaml') && /^scenario:/m.test(readFileSync(path, 'utf8')),
);

type Look = (this: Watch, cluster: Cluster, explain?: boolean) => unknown;

/** Makes every look a real one. */
function lookAlways(): Undo {
  return replace<Look>(Watch.prototype, 'observeUnlessKnown', () => {
    const { observe } = Watch.prototype as unknown as { readonly observe: Look };
    return function (cluster) {
      return observe.call(this, cluster, false);
    };
  });
}

/** What every claim of a plan was over time, a line for each change. */
function historiesOf(plan: Plan): string[] {
  const execution = new Execution(plan, createCluster(plan.cluster, { seed: 1 }));
  execution.run();
  return execution.watches.flatMap(({ expectation, history, broken }) => {
    const { claim, operator } = expectation;
    const name = `${plan.file} ${operator} ${claim} ${JSON.stringify(expectation.args)}`;
    const lines = history.samples.map(({ at, observation }) => {
      const { traces: _, ...told } = observation;
      return `${name} t=${at} ${JSON.stringify(told)}`;
    });
    return [`${name} until ${history.seen} ${broken ?? ''}`, ...lines];
  });
}

/** Lines of the histories that are not the same with a look at every instant. */
function differences(plan: Plan): string[] {
  const own = historiesOf(plan);
  const undo = lookAlways();
  try {
    const exact = historiesOf(plan);
    return [
      ...own.filter((line) => !exact.includes(line)),
      ...exact.filter((line) => !own.includes(line)),
    ];
  } finally {
    undo();
  }
}

function plansIn(files: readonly string[]): readonly Plan[] {
  const { plans, diagnostics } = loadScenarios(files, lexicon);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ message }) => message)).to.deep.equal([]);
  return plans;
}

const NAMES = ['a', 'b', 'c'] as const;
const STEPS = [
  (name: string) => `kill: {pod: "${name}#1"}`,
  (name: string, count: number) => `do: {scale: deployment/${name}, replicas: ${count % 5}}`,
  (_: string, count: number) => `kill: {node: worker-${(count % 4) + 1}, how: power}, for: 1m`,
  (_: string, count: number) => `cut: {from: node/worker-${(count % 4) + 1}}, for: 30s`,
  (name: string) => `cut: {from: frontend, to: deployment/${name}, mode: reject}, for: 20s`,
  (_: string, count: number) => `kill: {component: kube-proxy, node: worker-${(count % 4) + 1}}`,
  (name: string) => `do: {delete: service/default/${name}}`,
];

/** Six steps at instants of chance, and claims about all that they may change. */
function scenarioOfChance(seed: number): Plan {
  const stream = new Random(seed).stream('scenario');
  const steps = Array.from({ length: 6 }, () => {
    const step = STEPS[stream.below(STEPS.length)]!;
    const name = NAMES[stream.below(NAMES.length)]!;
    return `  - {at: ${stream.below(120_000)}ms, ${step(name, stream.below(100))}}`;
  });
  const claims = NAMES.flatMap((name) => [
    `  - {never: {reach: {from: frontend, to: ${name}:80, outcome: reset}}}`,
    `  - {never: {reach: {from: frontend, to: deployment/${name}:8080, outcome: reset}}}`,
    `  - {never: {resolve: {from: frontend, name: ${name}}}}`,
    `  - {at: 10s, reach: {from: frontend, to: ${name}:80}}`,
    `  - {at: 60s, reach: {from: frontend, to: ${name}:80, opened: 20s, some: true}}`,
  ]);
  return planOf(`
scenario: chance ${seed}
cluster: {nodes: 4}
end: 3m
timeline:
${steps.join('\n')}
expect:
${claims.join('\n')}
---
${FRONTEND}
---
${NAMES.map((name) => serviceOf(name, 3)).join('\n---\n')}
`);
}

describe('known answers', function () {
  this.timeout(300_000);

  it('are those of a look at every instant, all over the library', () => {
    const plans = plansIn(LIBRARY);
    expect(plans).to.have.length.of.at.least(100);
    expect(plans.flatMap(differences)).to.deep.equal([]);
  });

  it('are those of a look at every instant in scenarios of chance', () => {
    const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
    expect(seeds.flatMap((seed) => differences(scenarioOfChance(seed)))).to.deep.equal([]);
  });

  it('spare most looks', () => {
    const count = { looks: 0, real: 0 };
    const undo = [
      replace<Look>(Watch.prototype, 'observeUnlessKnown', (original) => {
        return function (cluster) {
          count.looks++;
          return original.call(this, cluster);
        };
      }),
      replace<Look>(Watch.prototype, 'observe', (original) => {
        return function (...args) {
          count.real++;
          return original.apply(this, args);
        };
      }),
    ];
    historiesOf(scenarioOfChance(1));
    undo.reverse().forEach((it) => it());
    expect(count.real).to.be.greaterThan(0);
    expect(count.real / count.looks).to.be.lessThan(0.7);
  });

  it('are found once for expectations that ask the same', () => {
    const looksAt = (copies: number): number => {
      const plan = scenarioOfChance(2);
      const alike = plan.expectations.filter(({ args }) => !('opened' in (args as object)));
      const expectations = Array.from({ length: copies }, () => alike).flat();
      let real = 0;
      const undo = replace<Look>(Watch.prototype, 'observe', (original) => {
        return function (...args) {
          real++;
          return original.apply(this, args);
        };
      });
      historiesOf({ ...plan, expectations });
      undo();
      return real;
    };
    expect(looksAt(3)).to.equal(looksAt(1)).and.to.be.greaterThan(0);
  });

  describe('would be wrong', () => {
    const unnoted: readonly (readonly [string, object, string])[] = [
      ['of what stands in the store', KindStore.prototype, 'timing/convergence'],
      ['of what a watch has delivered', Informer.prototype, 'dns/follows-services'],
      ['of a dead upstream', UpstreamHealth.prototype, 'dns/dead-upstream'],
      ['of nodes and network', clusterPrototype(), 'timing/pod-death'],
      ['of chains that a packet has passed', RulesOfHost.prototype, 'timing/pod-death'],
      ['of processes that it has met', ProcessesOfPod.prototype, 'timing/pod-death'],
    ];
    for (const [what, prototype, name] of unnoted) {
      it(`without the note ${what}`, () => {
        const plans = plansIn([`scenarios/${name}.yaml`]);
        // Who tells how all of it stands is not asked for its parts.
        const told = 'whole' in prototype ? 'whole' : 'standing';
        const undo = replace<() => unknown>(prototype, told, () => () => 'as ever');
        const found = plans.flatMap(differences);
        undo();
        expect(found).not.to.deep.equal([]);
      });
    }
  });
});

function clusterPrototype(): object {
  const { cluster } = scenarioOfChance(1);
  return Object.getPrototypeOf(createCluster(cluster, { seed: 1 })) as object;
}
