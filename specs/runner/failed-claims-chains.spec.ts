// Goal: whatever claim fails by what happened in the run, and under whatever operator, its outcome
// carries the chain from the step to the verdict. What was so from the start has none, and says so.

import { expect } from 'chai';
import { runPlan } from '../../src/chai/model';
import { dominantOf } from '../../src/runner/cause-chain';
import type { Explaining } from '../../src/runner/judge';
import type { Outcome } from '../../src/runner/result';
import { LANGUAGE } from '../../src/vocabulary/index';
import { planText } from './plan-text';
import { t } from './plans';

/** Two backends go at 10 s; the Service goes at 30 s; a node is lost at 60 s. */
const GIVEN = [
  'scenario: s',
  'cluster: {nodes: 3}',
  'manifests: [scenarios/manifests/shop.yaml]',
  'timeline:',
  '  - {at: 10s, id: scale, do: {scale: deployment/shop/backend, replicas: 1}}',
  '  - {at: 30s, id: gone, do: {delete: service/shop/backend}}',
  '  - {at: 60s, id: loss, kill: {node: worker-3}}',
  'end: 150s',
  'expect:',
];

/** Each fails, by the step of that name. */
const FAILING: readonly (readonly [step: string, claim: string])[] = [
  ['scale', 'at: 20s, affinity: {from: shop/frontend, to: backend:80, visited: 19s, kept: false}'],
  ['scale', 'at: 10050ms, converge: {service: shop/backend}'],
  ['scale', `at: 20s, inspect: {query: "${podsNamed('backend')}", count: 3}`],
  ['scale', 'during: 10s..20s, outage: {from: shop/frontend, to: backend:80, gap: 0s}'],
  ['gone', 'at: 40s, path: {from: shop/frontend, to: "10.96.0.20:80", avoids: [eth0]}'],
  ['gone', 'at: 40s, reach: {from: shop/frontend, to: "10.96.0.20:80"}'],
  ['gone', 'at: 40s, resolve: {from: shop/frontend, name: backend, answers: [10.96.0.20]}'],
  [
    'scale',
    'at: 20s, share: {from: shop/frontend, to: backend:80, of: {"shop/backend#1": 1/2, "shop/backend#2": 1/2}}',
  ],
  ['gone', 'at: 40s, table: {rows: {shop/frontend: {"10.96.0.20:80": yes}}}'],
  ['gone', 'at: 40s, translate: {from: shop/frontend, to: "10.96.0.20:80", dnat: 10.244.1.3:8080}'],
];

function podsNamed(app: string): string {
  return `$.objects.pods[?(@.metadata.labels.app == '${app}')]`;
}

/** An id that nobody refers to is an error. */
const REFERRING = ['scale', 'gone', 'loss'].map(
  (step) => `after: ${step}, by: 0s, inspect: {query: "$.objects.nodes[*]", count: 3}`,
);

function outcomesOf(
  expectations: readonly string[],
  explaining: Explaining = 'failures',
): readonly Outcome[] {
  const lines = [...expectations, ...REFERRING].map((it) => `  - {${it}}`);
  const plan = planText([...GIVEN, ...lines].join('\n'), 'claims.yaml');
  return runPlan(plan, 1, explaining).outcomes.slice(0, expectations.length);
}

/** What its last link, its first link and its waits are. */
function flawsOf({ status, claim, at, chain }: Outcome, step: string): readonly string[] {
  const first = chain[0];
  const flaws: string[] = [];
  if (status !== 'failed') flaws.push(`it is ${status}`);
  if (first === undefined) return [...flaws, `${claim}: no chain`];
  if (first.subject !== `step/${step}`) flaws.push(`it begins with ${first.subject}`);
  if (first.at > at!) flaws.push('it begins after the verdict');
  if (chain.some(({ took, timer }) => took > 0 && timer === undefined)) flaws.push('a bare wait');
  return flaws.map((flaw) => `${claim}: ${flaw}`);
}

describe('a claim that fails', () => {
  it('carries its chain, whatever its word is', () => {
    const outcomes = outcomesOf(FAILING.map(([, claim]) => claim));
    expect([...new Set(outcomes.map(({ claim }) => claim))].sort()).to.deep.equal(
      [...LANGUAGE.claims.keys()].sort(),
    );
    const flaws = outcomes.flatMap((outcome, index) => flawsOf(outcome, FAILING[index]![0]));
    expect(flaws).to.deep.equal([]);
  });

  it('carries it under every operator, and the timer that dominated', () => {
    const pods = `inspect: {query: "$.objects.nodes[?(@.spec.taints)]", absent: true}`;
    const outcomes = outcomesOf([
      `at: 140s, ${pods}`,
      `after: loss, by: 80s, ${pods}`,
      `always: {${pods}}`,
      `never: {${pods.replace('absent: true', 'count: 1')}}`,
      `eventually: {${pods}}, during: 120s..140s`,
      `sometimes: {${pods}}, during: 120s..140s`,
    ]);
    expect(outcomes.flatMap((outcome) => flawsOf(outcome, 'loss'))).to.deep.equal([]);
    for (const { chain } of outcomes) {
      const { timer } = dominantOf(chain)!;
      expect(timer?.name).to.equal('controller-manager.nodelifecycle.monitorGracePeriod');
      expect(chain.at(-1)).to.include({ actor: 'apiserver', subject: 'Node/worker-3' });
    }
  });

  it('says since when it has been so, and which wait was the longest', () => {
    const [failed] = outcomesOf([
      'at: 140s, inspect: {query: "$.objects.nodes[?(@.spec.taints)]", absent: true}',
    ]);
    const told = failed!.why.join('\n');
    expect(told).to.match(/^so since t=1m[\d.]+s: apiserver stored Node\/worker-3/m);
    expect(told).to.match(/of these [\d.]+s, [\d.]+s went by until .*monitorGracePeriod/);
  });

  it('has no chain where it was so from the start, and says that no step has changed it', () => {
    const [failed] = outcomesOf([`at: 140s, inspect: {query: "${podsNamed('no')}", count: 1}`]);
    expect(failed).to.include({ status: 'failed', at: t(140) });
    expect(failed!.chain).to.deep.equal([]);
    expect(failed!.why).to.deep.equal([
      `$.objects.pods is there, but nothing in it passes [?(@.metadata.labels.app == 'no')]`,
      'it was so from the start: no step has changed it',
    ]);
  });

  it('does not say so where it came true by time alone: a queue that fills', () => {
    const plan = planText(
      [
        'scenario: s',
        'cluster: {nodes: 2}',
        'manifests: [scenarios/manifests/shop.yaml]',
        'timeline:',
        '  - at: 10s',
        '    degrade: {from: shop/frontend, rate: 1mbit, limit: 20000, buffer: 10000, load: 4mbit}',
        'expect:',
        '  - {at: 20s, reach: {from: shop/frontend, to: backend:80, odds: {atLeast: 9/10}}}',
      ].join('\n'),
      'queue.yaml',
    );
    const [failed] = runPlan(plan, 1, 'failures').outcomes;
    expect(failed!.status).to.equal('failed');
    expect(failed!.chain).to.deep.equal([]);
    expect(failed!.why.at(-1)).to.match(
      /^so since t=10\.\d+s, and no line of the journal tells why$/,
    );
  });

  it('says nothing of steps before the first one', () => {
    const [failed] = outcomesOf([`at: 5s, inspect: {query: "${podsNamed('no')}", count: 1}`]);
    const lost = `$.objects.pods is there, but nothing in it passes [?(@.metadata.labels.app == 'no')]`;
    expect([failed!.chain, failed!.why]).to.deep.equal([[], [lost]]);
  });
});

describe('a claim that comes true', () => {
  const told = (expectation: string): Outcome => outcomesOf([expectation], 'everything')[0]!;

  it('carries its chain where it was true before the step that it is to follow', () => {
    const query = podsNamed('backend');
    const outcome = told(`after: gone, by: 0s, inspect: {query: "${query}", count: 1}`);
    expect(outcome.status).to.equal('passed');
    expect(outcome.chain[0]).to.include({ subject: 'step/scale' });
    expect(outcome.chain.at(-1)!.subject).to.match(/^Pod\/shop\/backend-/);
  });

  it('carries it under `eventually` and `sometimes`', () => {
    const claim = `inspect: {query: "${podsNamed('backend')}", count: 1}`;
    for (const expectation of [`eventually: {${claim}}`, `sometimes: {${claim}}`]) {
      const { status, chain } = told(expectation);
      expect(status).to.equal('passed');
      expect(chain[0], expectation).to.include({ subject: 'step/scale' });
    }
  });

  it('has none where it was true from the start', () => {
    const { status, chain } = told('eventually: {reach: {from: shop/frontend, to: backend:80}}');
    expect([status, chain]).to.deep.equal(['passed', []]);
  });
});
