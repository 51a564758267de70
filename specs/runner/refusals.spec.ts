// Goal: what the API server refuses is told as an error of the scenario, with place and reason; a
// step that must fail is held to that.

import { expect } from 'chai';

import { createCluster } from '../../src/index';
import { run } from '../../src/runner/run';
import type { Outcome } from '../../src/runner/result';
import { planText } from './plan-text';

const HEAD = 'scenario: s\ncluster: {nodes: 1}\nmanifests: [scenarios/manifests/shop.yaml]\n';
const EXPECT = 'expect:\n  - {at: 0s, reach: {from: shop/frontend, to: backend:80}}\n';

function outcomesOf(body: string): readonly Outcome[] {
  const plan = planText(`${HEAD}${body}`, 'refusals.yaml');
  return run(plan, { seed: 1, createCluster, trace: false }).outcomes;
}

function stepsOf(step: string): Outcome {
  const outcomes = outcomesOf(`timeline:\n  - ${step}\n${EXPECT}`);
  return outcomes.find(({ claim }) => claim === 'timeline')!;
}

function nodePort(name: string): string {
  const spec = 'spec: {type: NodePort, selector: {app: a}, ports: [{port: 80, nodePort: 30080}]}';
  return `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\n${spec}\n`;
}

describe('a refused manifest', () => {
  it('is an error at its place', () => {
    const outcomes = outcomesOf(`${EXPECT}${nodePort('one')}${nodePort('two')}`);
    const { status, code, actual, range } = outcomes.at(-1)!;
    expect([status, code]).to.deep.equal(['error', 'refused']);
    expect(actual).to.match(/^Service\/shop\/two is refused: .*30080 is already allocated/);
    expect(actual).to.contain(`refusals.yaml:${range.line}:`);
    expect(range.line).to.be.greaterThan(10);
  });
});

describe('a refused step', () => {
  it('is an error with the reason of the API server', () => {
    const { status, code, actual, range } = stepsOf(
      '{at: 1s, do: {patch: deployment/shop/backend, with: {spec: {replicas: -1}}}}',
    );
    expect([status, code, range.line]).to.deep.equal(['error', 'refused', 5]);
    expect(actual).to.contain('spec.replicas: -1 is no number of replicas');
  });

  it('is an error where labels are none', () => {
    const { actual } = stepsOf('{at: 1s, do: {label: node/worker-1, set: {"a b": c}}}');
    expect(actual).to.contain('"a b" is no label name');
  });

  it('is what `fails` demands', () => {
    const change = 'patch: deployment/shop/backend, with: {spec: {replicas: -1}}';
    expect(stepsOf(`{at: 1s, do: {${change}, fails: no number of replicas}}`).status).to.equal(
      'passed',
    );
    expect(stepsOf(`{at: 1s, do: {${change}, fails: something else}}`).status).to.equal('error');
    const fine = 'scale: deployment/shop/backend, replicas: 1, fails: whatever';
    expect(stepsOf(`{at: 1s, do: {${fine}}}`).actual).to.contain('did not fail');
  });

  it('is an error of kubectl, where a drain finds pods that nobody replaces', () => {
    const pod =
      '---\napiVersion: v1\nkind: Pod\nmetadata: {name: bare, namespace: shop}\n' +
      'spec: {containers: [{name: a, image: a}]}\n';
    const step = 'timeline:\n  - {at: 1s, do: {drain: worker-1}}\n';
    const outcomes = outcomesOf(`${step}${EXPECT}${pod}`);
    const { actual } = outcomes.find(({ claim }) => claim === 'timeline')!;
    expect(actual).to.contain(
      'cannot delete Pods that declare no controller (use --force to override): shop/bare',
    );
  });
});

describe('a pick of more than there are', () => {
  const TIMELINE = [
    '{at: 1s, do: {scale: deployment/shop/backend, replicas: 5}}',
    '{at: 60s, kill: {pods: {namespace: shop, labels: {app: backend}}, pick: 7}}',
    '{at: 90s, kill: {pods: {namespace: shop, labels: {app: backend}}, pick: 5}}',
    '{at: 200s, cut: {from: {component: kubelet, pick: 2}, to: {component: apiserver}}, for: 1s}',
  ];

  it('takes all where the run alone knows how many there are, and warns', () => {
    const body = `timeline:\n${TIMELINE.map((it) => `  - ${it}\n`).join('')}${EXPECT}`;
    const plan = planText(`${HEAD}${body}`, 'picks.yaml');
    const { notes } = run(plan, { seed: 1, createCluster, trace: false });
    const said = notes.map(({ severity, message, range }) => [severity, range.line, message]);
    expect(said).to.deep.equal([
      [
        'warning',
        6,
        '`pick: 7` takes all 5 of pods with app=backend in shop: there are no more now',
      ],
      ['warning', 8, '`pick: 2` takes all 1 of kubelet: there are no more now'],
    ]);
  });
});
