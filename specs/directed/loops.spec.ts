// Goal: a loop that looks every so often keeps its rhythm. Its phase is drawn once, so the looks
// that matter are whole periods apart, however often somebody waits for the next one
// (pkg/kubelet/kubelet.go Run: JitterUntil(syncNodeStatus, …, 0.04), Until(updateRuntimeUp, 5s)).

import { expect } from 'chai';

import type { Cluster } from '../../src/cluster/cluster';
import { createCluster, loadScenarios } from '../../src/index';
import type { Instant } from '../../src/values/time';

const SECOND = 1_000_000;
const SEEDS = [1, 2, 3, 4, 5];

function world(scenario: string, seed: number): Cluster {
  return createCluster(loadScenarios([`scenarios/${scenario}.yaml`]).plans[0]!.cluster, { seed });
}

function runTo({ kernel }: Cluster, seconds: number): void {
  kernel.runUntil((seconds * SECOND) as Instant);
}

function instants({ kernel }: Cluster, actor: string, action: string): number[] {
  const own = kernel.journal.all().filter((it) => it.actor === actor && it.action === action);
  return own.map(({ at }) => at).filter((at) => at > 0);
}

/** Reports of a kubelet that is told every 47 s to say something else of its node. */
function reports(seed: number, actor = 'kubelet@worker-1'): number[] {
  const made = world('faults/node-notready-but-lease-ok', seed);
  for (let turn = 0; turn < 8; turn++) {
    runTo(made, 3 + 47 * turn);
    if (turn % 2 === 0) made.handles.failNode('worker-1', 'unready', 'it');
    else made.handles.mendNode('worker-1', 'unready', 'it');
  }
  runTo(made, 400);
  return instants(made, actor, 'reported');
}

/** Whether some period within the span has all the instants on one grid. */
function isOneLoop(at: readonly number[], least: number, most: number): boolean {
  const [first, ...others] = at;
  const last = at.at(-1)! - first!;
  for (let ticks = Math.ceil(last / most); ticks <= Math.floor(last / least); ticks++) {
    const period = last / ticks;
    const errors = others.map((it) => {
      const count = (it - first!) / period;
      return Math.abs(count - Math.round(count)) * period;
    });
    if (Math.max(...errors) <= 2) return true;
  }
  return false;
}

describe('a loop keeps its phase', () => {
  it('of a kubelet that says how its node is: every 10 to 10.4 s', () => {
    for (const seed of SEEDS) {
      const at = reports(seed);
      expect(at, `seed ${seed}`).to.have.lengthOf(8);
      expect(isOneLoop(at, 10 * SECOND, 10.4 * SECOND), `seed ${seed}: ${at.join()}`).to.equal(
        true,
      );
    }
  });

  it('and has one of its own in each kubelet and under each seed', () => {
    expect(new Set(SEEDS.map((seed) => reports(seed)[0])).size).to.equal(SEEDS.length);
  });

  it('of the agent that looks for lost routes', () => {
    const made = world('faults/routes-wiped', 1);
    const period = made.timing.delay('kindnet.reconcile').least;
    for (let turn = 0; turn < 5; turn++) {
      runTo(made, 100 + 37 * turn);
      made.handles.deleteRoutes('worker-1', undefined);
    }
    runTo(made, 400);
    const at = instants(made, 'kindnet@worker-1', 'restored');
    expect(at).to.have.lengthOf(5);
    expect(new Set(at.map((it) => it % period)).size).to.equal(1);
  });

  it('of a kube-proxy that looks for its canary', () => {
    const made = world('faults/rules-flushed', 1);
    const looks: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      runTo(made, 100 + 97 * turn);
      made.handles.flushRules('worker-1');
    }
    runTo(made, 700);
    looks.push(...instants(made, 'kube-proxy@worker-1', 'missed'));
    expect(looks).to.have.lengthOf(5);
    expect(new Set(looks.map((it) => it % (30 * SECOND))).size).to.equal(1);
  });
});
