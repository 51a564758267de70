// Goal: what stale views, slow work and wrong clocks cost (faults.md §4.1). The instants of seed 1
// are pinned; every one of the seeds 1..30 stays inside the bounds of its scenario.

import { expect } from 'chai';

import { createCluster, loadScenarios } from '../../src/index';
import type { Outcome } from '../../src/index';
import { run } from '../../src/runner/run';

const SEEDS = Array.from({ length: 30 }, (_, index) => index + 1);

interface Case {
  readonly file: string;
  readonly title: string;
  /** The instant of seed 1, in seconds. */
  readonly pinned: number;
  /** By how many seconds the seeds differ at least; 0 where nothing is drawn. */
  readonly spread: number;
}

const CASES: readonly Case[] = [
  { file: 'stale-kube-proxy', title: 'the late node has caught up', pinned: 25.065, spread: 0 },
  { file: 'stale-kube-proxy', title: 'what was held up comes', pinned: 40.035, spread: 0 },
  { file: 'missed-deletion', title: 'a list tells', pinned: 60.912018, spread: 0.6 },
  { file: 'stale-slices-retry', title: 'the second is out', pinned: 21.395, spread: 0 },
  { file: 'rewound-kube-proxy', title: 'until it has heard', pinned: 21.319935, spread: 0.6 },
  { file: 'relist-storm', title: 'everybody has caught up', pinned: 11.441533, spread: 0.3 },
  { file: 'slow-proxy-sync', title: 'the slow node', pinned: 22.065, spread: 0 },
  { file: 'slow-proxy-sync', title: 'what comes during a sync', pinned: 45.095, spread: 0 },
  { file: 'slow-node-fails-probes', title: 'three probes', pinned: 23.933203, spread: 3 },
  { file: 'slow-node-fails-probes', title: 'one probe', pinned: 71.398203, spread: 3 },
  { file: 'stale-policy-agent', title: 'what was held up', pinned: 60.085364, spread: 0.1 },
  { file: 'skewed-node-stays-ready', title: 'the pod of the other', pinned: 51.928838, spread: 1 },
];

function outcomesOf(file: string, seed: number): readonly Outcome[] {
  const { plans } = loadScenarios([`scenarios/faults/${file}.yaml`]);
  return run(plans[0]!, { seed, createCluster, trace: false }).outcomes;
}

describe('lateness', function () {
  this.timeout(60_000);

  for (const file of new Set(CASES.map((it) => it.file))) {
    it(`of ${file} stays inside its bounds for every seed`, () => {
      const all = SEEDS.map((seed) => {
        const outcomes = outcomesOf(file, seed);
        const failed = outcomes.filter(({ status }) => status !== 'passed');
        const lines = failed.map((it) => `${it.title}: ${it.actual}`);
        expect(lines, `seed ${seed}`).to.deep.equal([]);
        return outcomes;
      });
      for (const { title, pinned, spread } of CASES.filter((it) => it.file === file)) {
        const found = all.map(
          (outcomes) => outcomes.find((it) => it.title.startsWith(title))!.at! / 1_000_000,
        );
        expect(found[0], title).to.be.closeTo(pinned, 1e-6);
        expect(Math.max(...found) - Math.min(...found), title).to.be.at.least(spread);
      }
    });
  }
});
