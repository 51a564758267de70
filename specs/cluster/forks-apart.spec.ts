// Goal: the many forks of one cluster are each what the cluster is, and neither it nor they see
// anything of what becomes of another. Method: all that stands in a cluster, as a text; clusters of
// every kind of proxy and of several members, at rest and while faults have their effect; each is
// forked so often that the last forks are made by a recipe.

import { expect } from 'chai';
import { load } from '../../src/chai/load';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import type { Plan } from '../../src/language/plan';
import { CNI_PLUGINS } from '../../src/node/cni/index';
import { Execution } from '../../src/runner/execution';
import { later, seconds, START } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { printOf, writableIn } from './state-print';

const SCENARIOS = [
  'scenarios/services/rolling-update.yaml',
  'scenarios/policy/admin-tiers.yaml',
  'scenarios/services/maglev.yaml',
  'scenarios/services/metallb-local.yaml',
  'scenarios/faults/metallb-split-brain.yaml',
  'scenarios/faults/kcm-leader-15s.yaml',
  'scenarios/faults/node-partition-heal-at-60s.yaml',
];

function planOf(file: string): Plan {
  return load([file]).plans[0]!;
}

/** At zero, and when the first step has had its effect for a second. */
function instantsOf(plan: Plan): Instant[] {
  const { timeline } = new Execution(plan, createCluster(plan.cluster, { seed: 1 }));
  const [first = START] = timeline.edges;
  return [START, later(first, seconds(1))];
}

/** The cluster of the plan as it stands at `until`. */
function at(plan: Plan, until: Instant): Execution {
  const execution = new Execution(plan, createCluster(plan.cluster, { seed: 1 }));
  execution.run(until);
  return execution;
}

function live(cluster: Cluster): void {
  const { kernel, handles, components } = cluster;
  for (const one of components) handles.killComponent(one, { restart: true });
  kernel.runUntil(later(kernel.now, seconds(30)));
}

/** Everything by which a cluster can be changed from outside. */
const CHANGES: Readonly<Record<string, (cluster: Cluster) => void>> = {
  'its clock goes on': ({ kernel }) => kernel.runUntil(later(kernel.now, seconds(1))),
  'a request to its API': ({ api, spec }) => {
    const key = spec.nodes[0]!.name;
    api.commitNow({ verb: 'delete', kind: 'Node', key, actor: 'kubectl' });
  },
  'a fault': ({ handles, spec }) => handles.powerOff(spec.nodes[0]!.name),
  'its delays': ({ timing }) => timing.switchTo('instant'),
  'one of its machines': ({ machines }) => {
    for (const machine of machines.values()) machine.portsTakenBy.add('a spec');
  },
  'a connection is opened': (cluster) => void connect(cluster),
  'a packet of it': (cluster) => {
    for (const connection of connect(cluster)) cluster.proceed(connection);
  },
  'a lookup that is really made': (cluster) => {
    cluster.resolve({ pod: 'shop/frontend' }, 'hasty', { real: true });
  },
};

function connect(cluster: Cluster): ReturnType<Cluster['open']> {
  const { spec } = cluster;
  const to = { address: spec.controlPlane, port: 6_443, protocol: 'TCP' } as const;
  return cluster.open({ node: spec.nodes[0]!.name }, to);
}

/** What both can write into, but for the constants of the program, which every cluster knows. */
function sharedBy(one: object, other: object, known: ReadonlySet<object>): object[] {
  const own = writableIn(one);
  return [...writableIn(other)].filter((it) => own.has(it) && !known.has(it));
}

describe('many forks of one cluster', function () {
  this.timeout(120_000);

  for (const file of SCENARIOS) {
    it(`are what it is, and share nothing that changes (${file})`, () => {
      const plan = planOf(file);
      for (const instant of instantsOf(plan)) {
        const origin = at(plan, instant);
        const { cluster } = origin;
        const print = printOf(cluster);
        const forks = [1, 2, 3, 4].map(() => origin.fork().cluster);
        const known = writableIn(createCluster(plan.cluster, { seed: 2 }));
        for (const fork of forks) expect(printOf(fork)).to.deep.equal(print);
        expect(forks.flatMap((fork) => sharedBy(cluster, fork, known))).to.deep.equal([]);
        expect(sharedBy(forks[2]!, forks[3]!, known)).to.deep.equal([]);
      }
    });

    it(`see nothing of each other (${file})`, () => {
      const plan = planOf(file);
      const [, instant = START] = instantsOf(plan);
      const origin = at(plan, instant);
      const print = printOf(origin.cluster);
      const [, , third, fourth] = [1, 2, 3, 4].map(() => origin.fork().cluster);
      live(third!);
      expect(printOf(fourth!)).to.deep.equal(print);
      expect(printOf(origin.fork().cluster)).to.deep.equal(print);
      live(origin.cluster);
      const lived = printOf(origin.cluster);
      expect(lived).not.to.deep.equal(print);
      expect(printOf(origin.fork().cluster)).to.deep.equal(lived);
      expect(printOf(fourth!)).to.deep.equal(print);
    });
  }

  for (const name of CNI_PLUGINS.keys()) {
    it(`have the pod network of their origin: ${name}`, () => {
      const { cluster: spec } = planOf(SCENARIOS[0]!);
      const cni = { name, options: {} };
      const cluster = createCluster({ ...spec, cni }, { seed: 1 });
      for (const fork of [cluster.fork(), cluster.fork(), cluster.fork()]) {
        expect(printOf(fork)).to.deep.equal(printOf(cluster));
      }
    });
  }

  for (const [by, change] of Object.entries(CHANGES)) {
    it(`are what it is after a change: ${by}`, () => {
      const { cluster: spec } = planOf(SCENARIOS[0]!);
      const cluster = createCluster(spec, { seed: 1 });
      for (const fork of [1, 2, 3].map(() => cluster.fork())) {
        expect(printOf(fork)).to.deep.equal(printOf(cluster));
      }
      const print = printOf(cluster.fork());
      change(cluster);
      expect(printOf(cluster)).not.to.deep.equal(print);
      expect(printOf(cluster.fork())).to.deep.equal(printOf(cluster));
    });
  }

  it('are what it is after a change by what somebody has held all the time', () => {
    const { cluster: spec } = planOf(SCENARIOS[0]!);
    const cluster = createCluster(spec, { seed: 1 });
    const { handles } = cluster;
    for (const fork of [1, 2, 3].map(() => cluster.fork())) expect(fork).not.to.equal(cluster);
    handles.powerOff(spec.nodes[0]!.name);
    expect(printOf(cluster.fork())).to.deep.equal(printOf(cluster));
  });

  it('are of the instant at which they are made, however often it was forked before', () => {
    const plan = planOf(SCENARIOS[0]!);
    const cluster = createCluster(plan.cluster, { seed: 1 });
    for (let n = 1; n <= 3; n++) {
      for (const fork of [cluster.fork(), cluster.fork(), cluster.fork()]) {
        expect(printOf(fork)).to.deep.equal(printOf(cluster));
      }
      // A draw alone, which nobody notices.
      cluster.kernel.random.stream('a spec').below(n);
    }
  });
});
