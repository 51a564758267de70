// Goal: the chain of causes is data: from the step to the event that made the verdict, each link
// with its wait and the timer that this was; also for what passed, where that is asked for.

import { expect } from 'chai';
import { createCluster } from '../../src/cluster/create-cluster';
import { loadPlans } from '../../src/mocha/load-plans';
import type { ChainLink } from '../../src/runner/cause-chain';
import { dominantOf } from '../../src/runner/cause-chain';
import { run } from '../../src/runner/run';
import type { RunResult } from '../../src/runner/result';
import { seconds } from '../../src/values/time';
import { t } from './plans';

const FILE = 'scenarios/timing/outage.yaml';

function resultOf(explain: 'failures' | 'everything'): RunResult {
  const plan = loadPlans([FILE]).plans.find(({ row }) => row['cluster.timing'] === 'default')!;
  return run(plan, { seed: 1, createCluster, explain });
}

function gapOf({ outcomes }: RunResult): readonly ChainLink[] {
  return outcomes.find(({ title }) => title.startsWith('the gap lasts'))!.chain;
}

describe('the chain of causes', () => {
  const chain = gapOf(resultOf('everything'));

  it('leads from the step to the event that ended the gap', () => {
    expect(chain[0]).to.include({ at: t(10), actor: 'fault', subject: 'step/crash', took: 0 });
    expect(chain.at(-1)).to.include({ action: 'applied', subject: 'rules' });
    expect(chain.at(-1)!.actor).to.equal('kube-proxy@worker-2');
  });

  it('names the wait of each link, and they add up', () => {
    const sum = chain.reduce((whole, { took }) => whole + took, 0);
    expect(sum).to.equal(chain.at(-1)!.at - t(10));
    for (const { took, timer } of chain) if (took > 0) expect(timer?.name).to.match(/\./);
  });

  it('knows the timer that dominated, with its value and its source', () => {
    const longest = dominantOf(chain)!;
    expect(longest.actor).to.equal('kubelet@worker-3');
    expect(longest.timer).to.include({
      name: 'kubelet.plegRelistPeriod',
      least: seconds(1),
      most: seconds(1),
    });
    expect(longest.timer!.source).to.match(/pkg\/kubelet/);
  });

  it('is told of what passed only where everything is to be explained', () => {
    expect(gapOf(resultOf('failures'))).to.deep.equal([]);
  });
});
