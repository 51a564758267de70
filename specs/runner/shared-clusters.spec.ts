// Goal: scenarios that begin with the same cluster settle it once, and nobody can tell: each run
// is, line by line, the one that it would have been alone. Method: count what is built.

import { expect } from 'chai';
import { createCluster } from '../../src/cluster/create-cluster';
import type { Plan } from '../../src/language/plan';
import { sharingClusters } from '../../src/runner/shared-clusters';
import { run } from '../../src/runner/run';
import type { CreateCluster } from '../../src/runner/run';
import { SHOP } from '../cli/inline';
import { planText } from './plan-text';

/** The name is as long as that of any other, so that the manifests stand at the same places. */
function planOf(expectation: string, cluster = '{nodes: 2}', step = ''): Plan {
  const timeline = `timeline: [${step}]`;
  const text = `scenario: one of several\ncluster: ${cluster}\n${timeline}\nexpect: [${expectation}]`;
  return planText(
    `${text}
---${SHOP}`,
    'shared.yaml',
  );
}

const REACHED = '{at: 30s, reach: {from: node/worker-1, to: "service/default/web:80"}}';
const REFUSED = '{at: 30s, reach: {from: node/worker-1, to: "web:80", outcome: refused}}';
const SCALED = '{at: 1s, do: {scale: deployment/default/web, replicas: 0}}';

function counted(): { readonly built: number[]; readonly create: CreateCluster } {
  const built: number[] = [];
  const create: CreateCluster = (spec, options) => {
    built.push(options.seed);
    return createCluster(spec, options);
  };
  return { built, create };
}

/** The digests of the runs, one after the other. */
function digestsOf(plans: readonly Plan[], create: CreateCluster, seed = 1): string[] {
  return plans.map((plan) => run(plan, { seed, createCluster: create }).digest);
}

describe('clusters that several scenarios begin with', () => {
  const plans = [planOf(REACHED), planOf(REFUSED, '{nodes: 2}', SCALED), planOf(REACHED)];

  it('settle once, and every run is what it would be alone', () => {
    const { built, create } = counted();
    const shared = digestsOf(plans, sharingClusters(plans, create));
    expect(shared).to.deep.equal(digestsOf(plans, createCluster));
    expect(shared[1], 'the fault of the second run').not.to.equal(shared[0]);
    expect(shared[2], 'after a run with a fault').to.equal(shared[0]);
    expect(built).to.deep.equal([1]);
  });

  it('settle once for a run that fails and is repeated to be explained', () => {
    const failing = [planOf(REFUSED), planOf(REACHED)];
    const { built, create } = counted();
    const [result] = failing.map((plan) =>
      run(plan, { seed: 1, createCluster: sharingClusters(failing, create) }),
    );
    expect(result!.outcomes.map(({ status }) => status)).to.include('failed');
    expect(built).to.deep.equal([1, 1]);
  });

  it('are built by themselves where anything differs, or nobody else has them', () => {
    const others = [
      planOf(REACHED),
      planOf(REACHED, '{nodes: 2, kubernetes: "1.35"}'),
      planOf(REACHED, '{nodes: 3}'),
      planOf(REACHED, '{proxy: ipvs}'),
    ];
    const { built, create } = counted();
    const shared = sharingClusters(others, create);
    expect(digestsOf(others, shared)).to.deep.equal(digestsOf(others, createCluster));
    expect(built).to.have.length(4);
  });

  it('settle once for each seed', () => {
    const { built, create } = counted();
    const shared = sharingClusters(plans, create);
    for (const seed of [1, 2]) {
      expect(digestsOf(plans, shared, seed)).to.deep.equal(digestsOf(plans, createCluster, seed));
    }
    expect(built).to.deep.equal([1, 2]);
  });

  it('give way where there are too many to keep', () => {
    const { built, create } = counted();
    const shared = sharingClusters(plans, create);
    for (const seed of [1, 2, 3, 4, 5, 5, 2, 1]) shared(plans[0]!.cluster, { seed, trace: false });
    expect(built).to.deep.equal([1, 2, 3, 4, 5, 1]);
  });
});
