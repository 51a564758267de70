// Goal: whoever has asked a cluster for what stands on its nodes looks again once rules or processes
// there have moved, and nobody else has to. Method: answers that are read in each of the ways in
// which a cluster hands out what stands there, before and after a container has crashed.

import { expect } from 'chai';
import { planOf, serviceOf } from '../../bench/scenario';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import { answerOf, nextRound, stillHolds } from '../../src/kernel/readings';
import type { Answer } from '../../src/kernel/readings';

const WAYS: Readonly<Record<string, (cluster: Cluster) => unknown>> = {
  'its machines': ({ machines }) => machines.size,
  'what is programmed': (cluster) => cluster.programmed('worker-1', 'default/backend').length,
  'what serves': (cluster) => cluster.serving('default/backend').length,
  'all of it': (cluster) => cluster.snapshot()['nodes'],
};

/** Whether an answer holds before a container crashes, and after. */
function holdsAroundCrash(read: (cluster: Cluster) => unknown): boolean[] {
  const plan = planOf(`
scenario: a container crashes
cluster: {nodes: 2}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
---
${serviceOf('backend', 1)}
`);
  const cluster = createCluster(plan.cluster, { seed: 1 });
  const holds = (answer: Answer<unknown>): boolean => {
    nextRound();
    return stillHolds(answer);
  };
  const answer = answerOf(() => read(cluster));
  const before = holds(answer);
  const [pod] = cluster.podsOf('Deployment', 'default/backend');
  // The API hears of it later: what has moved is on the node alone.
  cluster.handles.crashPod(pod!, { exitCode: 1, restart: false });
  return [before, holds(answer)];
}

describe('what a cluster hands out', () => {
  for (const [what, read] of Object.entries(WAYS)) {
    it(`holds until something moves on a node: ${what}`, () => {
      expect(holdsAroundCrash(read)).to.deep.equal([true, false]);
    });
  }

  it('holds where nobody has looked at a node', () => {
    expect(holdsAroundCrash(({ spec }) => spec.nodes.length)).to.deep.equal([true, true]);
  });
});
