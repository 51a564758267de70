// Goal: what the death of a component costs (timing.md C8 and C10; the leases of §2.2). The
// instants of seed 1 are pinned; every one of the seeds 1..200 stays inside the bounds; and the
// seeds differ, so that no clock has been left out.

import { expect } from 'chai';

import { createCluster, loadScenarios } from '../../src/index';
import type { Outcome } from '../../src/index';
import { run } from '../../src/runner/run';

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

interface Case {
  readonly file: string;
  /** Which row of the matrix, by its position. */
  readonly row?: number;
  /** When the clock starts, in seconds. */
  readonly since: number;
  readonly title: string;
  /** Seconds after `since` for seed 1. */
  readonly pinned: number;
  /** What the seeds must reach at least, so that the draws are real. */
  readonly spread: number;
}

const CASES: readonly Case[] = [
  {
    file: 'kube-proxy-dead-stale-endpoint',
    since: 60,
    title: 'the node has caught up',
    pinned: 1.253375,
    spread: 0.8,
  },
  {
    file: 'apiserver-down-dataplane-alive',
    since: 130,
    title: 'a new one takes over',
    pinned: 17.742581,
    spread: 3,
  },
  {
    file: 'apiserver-member-15s',
    since: 30,
    title: 'the kubernetes Service forgets it',
    pinned: 6.429761,
    spread: 10,
  },
  {
    file: 'kcm-leader-15s',
    since: 10,
    title: 'another host leads',
    pinned: 17.821172,
    spread: 2.5,
  },
  {
    file: 'kcm-leader-15s',
    row: 1,
    since: 10,
    title: 'a new process on the same host leads',
    pinned: 20.430082,
    spread: 3,
  },
  {
    file: 'kube-proxy-restart-before-sync-udp-conntrack',
    row: 1,
    since: 90,
    title: 'its first sync removes what is stale',
    pinned: 37.782874,
    spread: 20,
  },
];

function outcomesOf({ file, row = 0 }: Case, seed: number): readonly Outcome[] {
  const { plans } = loadScenarios([`scenarios/faults/${file}.yaml`]);
  return run(plans[row]!, { seed, createCluster, trace: false }).outcomes;
}

function secondsOf({ since, title }: Case, outcomes: readonly Outcome[]): number {
  return outcomes.find((it) => it.title.startsWith(title))!.at! / 1_000_000 - since;
}

describe('the death of a component', function () {
  this.timeout(60_000);

  for (const one of CASES) {
    const { file, row = 0, title, pinned, spread } = one;
    it(`${file}, row ${row + 1}: ${title}, inside its bounds for every seed`, () => {
      const found = SEEDS.map((seed) => {
        const outcomes = outcomesOf(one, seed);
        const failed = outcomes.filter(({ status }) => status !== 'passed');
        const lines = failed.map((it) => `${it.title}: ${it.actual}`);
        expect(lines, `seed ${seed}`).to.deep.equal([]);
        return secondsOf(one, outcomes);
      });
      expect(found[0]).to.be.closeTo(pinned, 1e-6);
      expect(Math.max(...found) - Math.min(...found)).to.be.at.least(spread);
    });
  }
});
