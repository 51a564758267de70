// Goal: nodes that run short of something, and nodes that shut down, go with a fork: what is under
// way ends there as it would have ended in the origin, and what is taken back there stays here.

import { expect } from 'chai';
import type { Pod } from '../../src/apiserver/kinds/pod';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster, loadScenarios } from '../../src/index';
import { bytes } from '../../src/values/bytes';
import { seconds, START, later } from '../../src/values/time';

function clusterOf(scenario: string): Cluster {
  const { plans } = loadScenarios([scenario]);
  const cluster = createCluster(plans[0]!.cluster, { seed: 1 });
  runTo(cluster, 10);
  return cluster;
}

function runTo({ kernel }: Cluster, until: number): void {
  kernel.runUntil(later(START, seconds(until)));
}

/** Pods that a kubelet has ended, by their nodes and phases. */
function ended({ api }: Cluster): readonly string[] {
  const pods = [...api.store.list('Pod')] as Pod[];
  return pods
    .filter(({ status }) => status?.conditions?.some(({ type }) => type === 'DisruptionTarget'))
    .map(({ spec, status }) => `${spec.nodeName} ${status?.phase}`);
}

describe('a node without memory, in a fork', () => {
  const scenario = 'scenarios/faults/node-out-of-memory.yaml';

  it('has its pod evicted there too, and not where the fault is taken back', () => {
    const origin = clusterOf(scenario);
    origin.handles.exhaust('worker-3', 'memory', 'leak', { left: bytes('20Mi') });
    const [same, relieved] = [origin.fork(), origin.fork()];
    relieved.handles.relieve('worker-3', 'memory', 'leak');
    for (const cluster of [origin, same, relieved]) runTo(cluster, 60);
    expect(ended(origin)).to.deep.equal(['worker-3 Succeeded']);
    expect(ended(same)).to.deep.equal(ended(origin));
    expect(ended(relieved)).to.deep.equal([]);
  });
});

describe('a shortage that has its grace period, in a fork', () => {
  const scenario = 'scenarios/faults/soft-eviction.yaml';

  it('has lasted there for as long as in the origin', () => {
    const origin = clusterOf(scenario);
    origin.handles.exhaust('worker-1', 'memory', 'leak', { left: bytes('300Mi') });
    runTo(origin, 60);
    const fork = origin.fork();
    const killedAt = ({ kernel }: Cluster): readonly number[] =>
      kernel.journal.all().flatMap(({ action, at }) => (action === 'killed' ? [at] : []));
    for (const cluster of [fork, origin]) runTo(cluster, 180);
    expect(killedAt(origin)).to.have.length(2);
    expect(killedAt(fork)).to.deep.equal(killedAt(origin));
  });
});

describe('a node that shuts down gracefully, in a fork', () => {
  const scenario = 'scenarios/lifecycle/graceful-node-shutdown.yaml';

  it('goes off when it would have gone off in the origin', () => {
    const origin = clusterOf(scenario);
    origin.handles.shutdown('worker-3');
    runTo(origin, 15);
    const fork = origin.fork();
    const powered = ({ machines }: Cluster): boolean => machines.get('worker-3')!.powered;
    for (const cluster of [origin, fork]) {
      runTo(cluster, 24.9);
      expect(powered(cluster)).to.equal(true);
      runTo(cluster, 25.1);
      expect(powered(cluster)).to.equal(false);
    }
    expect(ended(fork)).to.deep.equal(ended(origin));
  });
});
