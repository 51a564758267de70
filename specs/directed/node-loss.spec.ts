// Goal: the loss of a node takes what four clocks make of it (reference timing.md §6, C6). The
// instants of seed 1 are pinned; every one of the seeds 1..200 stays inside the bounds; and the
// seeds differ as much as the clocks do, so that none of them has been left out.

import { expect } from 'chai';

import { createCluster, loadScenarios } from '../../src/index';
import type { Outcome, Plan } from '../../src/index';
import { run } from '../../src/runner/run';

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);
/** Runs differ by seed only, so each is made once. */
const outcomes = new Map<string, readonly Outcome[]>();
const { plans } = loadScenarios(['scenarios/lifecycle/node-loss.yaml']);

function rowOf(kubernetes: string): Plan {
  return plans.find(({ row }) => row['cluster.kubernetes'] === kubernetes)!;
}

function outcomesOf(kubernetes: string, seed: number): readonly Outcome[] {
  const key = `${kubernetes} ${seed}`;
  const known = outcomes.get(key);
  if (known !== undefined) return known;
  const found = run(rowOf(kubernetes), { seed, createCluster, trace: false }).outcomes;
  outcomes.set(key, found);
  return found;
}

/** Seconds from the loss until the expectation with this title came true. */
function secondsUntil(title: string, kubernetes: string, seed: number): number {
  const found = outcomesOf(kubernetes, seed).find((it) => it.title.startsWith(title));
  return found!.at! / 1_000_000 - 10;
}

describe('a node loses power (C6)', function () {
  this.timeout(60_000);

  for (const [kubernetes, unknown, moved, replaced] of [
    ['1.31', 37.036966, 37.091966, 339.830024],
    ['1.36', 47.036966, 47.091966, 349.081164],
  ] as const) {
    it(`is noticed, routed around and replaced at pinned instants in ${kubernetes}`, () => {
      const until = (title: string) => secondsUntil(title, kubernetes, 1);
      expect(until('the node is Unknown')).to.be.closeTo(unknown, 1e-6);
      expect(until('shop/frontend reaches')).to.be.closeTo(moved, 1e-6);
      expect(until('three backends')).to.be.closeTo(replaced, 1e-6);
    });

    it(`stays inside its bounds for every seed in ${kubernetes}`, () => {
      for (const seed of SEEDS) {
        const failed = outcomesOf(kubernetes, seed).filter(({ status }) => status !== 'passed');
        const lines = failed.map(({ title, actual }) => `${title}: ${actual}`);
        expect(lines, `seed ${seed}`).to.deep.equal([]);
      }
    });
  }

  it('is noticed up to ten seconds earlier than the grace ends, and up to five later', () => {
    const all = SEEDS.map((seed) => secondsUntil('the node is Unknown', '1.36', seed));
    expect(Math.min(...all)).to.be.within(39.6, 43);
    expect(Math.max(...all)).to.be.within(52, 55.1);
  });

  it('takes ten seconds less before 1.32', () => {
    for (const seed of SEEDS.slice(0, 10)) {
      const [before, now] = ['1.31', '1.36'].map((it) => secondsUntil('the node', it, seed));
      expect(now! - before!).to.be.closeTo(10, 1e-6);
    }
  });
});
