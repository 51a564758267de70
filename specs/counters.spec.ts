// What work costs, in counts that are the same on every machine: how many events happen, how often
// a controller looks, how many rules a packet meets. A ratio that grows here is a loop in a loop,
// long before a clock could tell.

import { expect } from 'chai';
import { planOf, serviceOf } from '../bench/scenario';
import type { Cluster } from '../src/cluster/cluster';
import { createCluster } from '../src/cluster/create-cluster';
import { DesiredEndpoints } from '../src/controllers/endpointslices/desired-endpoints';
import { Copier } from '../src/kernel/copy-state';
import { EventQueue } from '../src/kernel/event-queue';
import { ChainIndex } from '../src/node/netfilter/chain-index';
import { ip } from '../src/values/ip';
import { seconds, START } from '../src/values/time';
import type { Instant } from '../src/values/time';

/** Twice the size may cost twice the work, and a little for what does not come out even. */
const TWICE = 2.05;
/**
 * Of a Deployment: four turns of who watches it or its set, three looks of its controller with two
 * writes and two answers, one look of the set's with a write and an answer. Of a Service: 8.
 */
const EVENTS_OF_A_DEPLOYMENT = 14 + 8;
const MINUTE = seconds(60) as number as Instant;
const HOUR = seconds(3_600) as number as Instant;

describe('counters', () => {
  describe('a cluster that settles', () => {
    it('costs at most twice the events for twice the replicas', () => {
      const [few, many] = [100, 200].map((replicas) => {
        return eventsOf(() => void settled({ nodes: 3, services: 1, replicas }));
      });
      expect(many! / few!).to.be.at.most(TWICE);
    });

    it('costs at most twice the events for twice the nodes and Services', () => {
      const [few, many] = [20, 40].map((size) => {
        return eventsOf(() => void settled({ nodes: size, services: size, replicas: 3 }));
      });
      expect(many! / few!).to.be.at.most(TWICE);
    });

    it('costs a Deployment without pods, its set and its Service a known number of events', () => {
      const [few, many] = [20, 40].map((services) => {
        return eventsOf(() => void settled({ nodes: 3, services, replicas: 0 }));
      });
      expect((many! - few!) / 20).to.be.at.most(EVENTS_OF_A_DEPLOYMENT);
    });

    it('tells the watchers of its pods together: an event for many of them, not many for each', () => {
      const [few, many] = [100, 200].map((replicas) => {
        return eventsOf(() => void settled({ nodes: 3, services: 1, replicas }));
      });
      expect(many! - few!).to.be.below(100);
    });

    it('has its Services looked at once for all replicas that become ready together', () => {
      const [few, many] = [50, 200].map((replicas) => {
        return looksOf(() => void settled({ nodes: 3, services: 1, replicas }));
      });
      expect(few).to.be.above(0);
      expect(many).to.equal(few);
    });
  });

  describe('a settled cluster', () => {
    it('costs no more events in an idle hour than in an idle minute', () => {
      const [minute, hour] = [MINUTE, HOUR].map((end) => {
        const cluster = settled({ nodes: 5, services: 5, replicas: 3 });
        return eventsOf(() => cluster.kernel.runUntil(end));
      });
      expect(hour).to.equal(minute);
    });

    it('costs at most twice the events of a crash where there are twice the nodes', () => {
      const [few, many] = [20, 40].map((nodes) => {
        const cluster = settled({ nodes, services: 1, replicas: 3 });
        return eventsOf(() => {
          const [pod] = cluster.podsOf('Deployment', 'default/app-0');
          cluster.handles.crashPod(pod!, { exitCode: 1, restart: true });
          cluster.kernel.runUntil(MINUTE);
        });
      });
      expect(few).to.be.above(20);
      expect(many! / few!).to.be.at.most(TWICE);
    });
  });

  describe('a cluster that is forked again and again', () => {
    it('has its forks made by a recipe from the third on, also where somebody holds its parts', () => {
      const cluster = settled({ nodes: 3, services: 1, replicas: 3 });
      expect(cluster.kernel.now).to.equal(START);
      expect([1, 2, 3, 4].map(() => walksOf(() => void cluster.fork()))).to.deep.equal([
        1, 1, 0, 0,
      ]);
    });
  });

  describe('a packet to a Service', () => {
    it('meets as many rules among 200 Services as among 20', () => {
      const [few, many] = [20, 200].map((services) => {
        return rulesMet(settled({ nodes: 1, services, replicas: 1 }));
      });
      expect(few).to.be.above(0);
      expect(many).to.equal(few);
    });
  });
});

function settled(size: { nodes: number; services: number; replicas: number }): Cluster {
  const names = Array.from({ length: size.services }, (_, index) => `app-${index}`);
  const plan = planOf(`
scenario: so many of everything
cluster:
  podCIDR: 10.0.0.0/10
  nodeCIDR: 172.16.0.0/16
  nodes: [${nodesOf(size.nodes).join(', ')}]
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
${names.map((name) => `---\n${serviceOf(name, size.replicas)}\n`).join('')}`);
  return createCluster(plan.cluster, { seed: 1 });
}

/** Nodes on which any number of pods fits. */
function nodesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    return `{name: worker-${index + 1}, capacity: {pods: 1000}}`;
  });
}

/** How many events happen while `work` is done. */
function eventsOf(work: () => void): number {
  const counted = EventQueue.prototype.advance;
  let events = 0;
  EventQueue.prototype.advance = function advance(this: EventQueue) {
    events++;
    return counted.call(this);
  };
  try {
    work();
  } finally {
    EventQueue.prototype.advance = counted;
  }
  return events;
}

/** How often somebody finds out which endpoints a Service should have while `work` is done. */
function looksOf(work: () => void): number {
  const counted = DesiredEndpoints.prototype.of;
  let looks = 0;
  DesiredEndpoints.prototype.of = function of(this: DesiredEndpoints, ...about) {
    looks++;
    return counted.apply(this, about);
  };
  try {
    work();
  } finally {
    DesiredEndpoints.prototype.of = counted;
  }
  return looks;
}

/** How often all of a model is walked through to carry it over while `work` is done. */
function walksOf(work: () => void): number {
  const counted = Copier.prototype.carry;
  let walks = 0;
  Copier.prototype.carry = function carry(this: Copier) {
    walks++;
    counted.call(this);
  };
  try {
    work();
  } finally {
    Copier.prototype.carry = counted;
  }
  return walks;
}

/** How many rules a packet from a node to the first Service is held against. */
function rulesMet(cluster: Cluster): number {
  const { clusterIP } = cluster.api.store.get('Service', 'default/app-0')!.spec as {
    readonly clusterIP: string;
  };
  const counted = ChainIndex.prototype.candidates;
  let rules = 0;
  ChainIndex.prototype.candidates = function candidates(this: ChainIndex, tuple) {
    const found = counted.call(this, tuple);
    rules += found.length;
    return found;
  };
  try {
    const traces = cluster.send(
      { node: 'worker-1' },
      { address: ip(clusterIP), port: 80, protocol: 'TCP' },
    );
    expect(traces.map(({ disposition }) => disposition)).to.deep.equal(['answered']);
  } finally {
    ChainIndex.prototype.candidates = counted;
  }
  return rules;
}
