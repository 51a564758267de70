// Goal: a step that waits for an event happens at the very instant of the event, where it is to be
// seen; what refers to such a step follows; an event that never comes is an error with its reason.

import { expect } from 'chai';

import { createCluster } from '../../src/index';
import { run } from '../../src/runner/run';
import type { RunResult } from '../../src/runner/result';
import { Execution } from '../../src/runner/execution';
import { formatInstant } from '../../src/values/time';
import { errorsIn, planText } from './plan-text';

const SHOP = 'scenarios/manifests/shop.yaml';
const EXPECT = 'expect:\n  - {at: 0s, reach: {from: shop/frontend, to: backend:80}}\n';

function planOf(timeline: string, rest = EXPECT) {
  const head = `scenario: s\ncluster: {nodes: 2}\nmanifests: [${SHOP}]\n`;
  return planText(`${head}timeline:\n${timeline}\n${rest}`, 'triggers.yaml');
}

function resultOf(timeline: string, rest?: string): RunResult {
  return run(planOf(timeline, rest), { seed: 1, createCluster, trace: false });
}

/** When each firing took place, as the journal has it. */
function firingsOf(timeline: string, rest?: string): string[] {
  const plan = planOf(timeline, rest);
  const execution = new Execution(plan, createCluster(plan.cluster, { seed: 1 }));
  execution.run();
  return execution.cluster.kernel.journal
    .all()
    .filter(({ action, subject }) => action === 'started' && subject.startsWith('step/'))
    .map(({ at, subject }) => `${subject.slice(5)} ${formatInstant(at)}`);
}

function problemOf({ outcomes }: RunResult): string {
  const { actual, status } = outcomes.find(({ claim }) => claim === 'timeline')!;
  return `${status}: ${actual}`;
}

const DELETE = '  - {at: 10s, do: {delete: "shop/backend#1"}}';
const TERMINATING = "{query: '$.endpoints[?(@.conditions.terminating == true)]'}";
const SLICE = `object: 'EndpointSlice/shop/backend-*', becomes: ${TERMINATING}`;

describe('a step that waits for an event', () => {
  it('happens when the API server stores it: 40 ms after the request', () => {
    expect(
      firingsOf(`${DELETE}\n  - {when: {${SLICE}}, kill: {pod: shop/frontend}}`),
    ).to.deep.equal(['step-1 t=10s', 'step-2 t=10.03s']);
  });

  it('happens when the component sees it: 5 ms later', () => {
    const when = `when: {${SLICE}, seenBy: {component: kube-proxy, node: worker-1}}`;
    expect(firingsOf(`${DELETE}\n  - {${when}, kill: {pod: shop/frontend}}`)).to.deep.equal([
      'step-1 t=10s',
      'step-2 t=10.035s',
    ]);
  });

  it('takes plus, repetitions and recoveries, and others refer to it', () => {
    const waiting = `  - {id: w, when: {${SLICE}}, plus: 1s, every: 2s, times: 2, kill: {pod: shop/frontend}, for: 1s}`;
    const after = '  - {after: w#2.end, plus: 1s, kill: {pod: shop/backend#2}}';
    expect(firingsOf(`${DELETE}\n${waiting}\n${after}`)).to.deep.equal([
      'step-1 t=10s',
      'w t=11.03s',
      'w#2 t=13.03s',
      'step-3 t=15.03s',
    ]);
  });

  it('counts: the second pod that is marked for deletion', () => {
    const second = '  - {at: 20s, do: {delete: "shop/backend#2"}}';
    const marked = "{object: 'pod/shop/backend-*', becomes: {query: $.metadata.deletionTimestamp}";
    const waiting = `  - {when: ${marked}, nth: 2}, kill: {pod: shop/frontend}}`;
    expect(firingsOf(`${DELETE}\n${second}\n${waiting}`).at(-1)).to.equal('step-3 t=20.01s');
  });

  it('is there for expectations: their time begins with it', () => {
    const waiting = `  - {id: w, when: {${SLICE}}, kill: {pod: shop/backend#2}}`;
    const rest = 'expect:\n  - {after: w, by: 5s, converge: {service: shop/backend, nodes: all}}\n';
    const [outcome] = resultOf(`${DELETE}\n${waiting}`, rest).outcomes;
    expect(outcome).to.include({ status: 'passed' });
    expect(outcome!.at).to.be.greaterThan(10_030_000);
  });

  it('gives the same journal again', () => {
    const timeline = `${DELETE}\n  - {when: {${SLICE}}, kill: {pod: shop/frontend}}`;
    expect(resultOf(timeline).digest).to.equal(resultOf(timeline).digest);
  });
});

describe('an event that never comes', () => {
  const never = (when: string): string =>
    problemOf(
      resultOf(
        `  - {id: w, when: ${when}, kill: {pod: shop/frontend}}`,
        'expect:\n  - {after: w, by: 1s, reach: {from: shop/frontend, to: backend:80}}\n',
      ),
    );

  it('is an error that says what did not come', () => {
    expect(
      never('{object: deployment/shop/backend, becomes: {query: $.spec.replicas, equals: 9}}'),
    ).to.equal(
      'error: step "w" never happened: it never became so that deployment/shop/backend has ' +
        'the value 9 at $.spec.replicas',
    );
  });

  it('says where it was so from the start', () => {
    expect(never('{rollout: deployment/shop/backend, is: complete}')).to.match(
      /the rollout of deployment\/shop\/backend is complete, but was so from the start$/,
    );
  });

  it('says how often it came, where it was to come more often', () => {
    const marked = "{object: 'pod/shop/backend-*', becomes: {query: $.metadata.deletionTimestamp}";
    const timeline = `${DELETE}\n  - {when: ${marked}, nth: 2}, kill: {pod: shop/frontend}}`;
    expect(problemOf(resultOf(timeline))).to.match(/only once, not 2 times$/);
  });

  it('says who watches, where the component does not', () => {
    const seenBy = 'seenBy: {component: scheduler}';
    expect(never(`{${SLICE}, ${seenBy}}`)).to.contain(
      'scheduler does not watch any EndpointSlice; those that do are ',
    );
  });
});

describe('a step says once when it happens', () => {
  const errorsOf = (step: string): string[] => {
    const text = `scenario: s\ncluster: {nodes: 2}\nmanifests: [${SHOP}]\n`;
    return errorsIn(`${text}timeline:\n  - ${step}\n${EXPECT}`, 'triggers.yaml');
  };

  it('by one of at, after and when', () => {
    const step = `{at: 1s, when: {${SLICE}}, kill: {pod: shop/frontend}}`;
    expect(errorsOf(step)).to.deep.equal(['this step has both `at` and `when`']);
  });

  it('of an object in a namespace that is there', () => {
    const step = `{when: {object: 'pod/shp/a-*', becomes: {query: $.spec}}, kill: {pod: shop/frontend}}`;
    expect(errorsOf(step)).to.deep.equal(['there is no namespace "shp"']);
  });

  it('by a query that is one', () => {
    const step =
      '{when: {object: node/worker-1, becomes: {query: "$.["}}, kill: {pod: shop/frontend}}';
    expect(errorsOf(step)[0]).to.match(/, at character \d of "\$\.\["$/);
  });
});
