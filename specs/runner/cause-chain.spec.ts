// Goal: the chain of causes is data: from the step to the event that made the verdict, each link
// with its wait and the timer that this was; also for what passed, where that is asked for.

import { expect } from 'chai';
import { runPlan } from '../../src/chai/model';
import { createCluster } from '../../src/cluster/create-cluster';
import { loadPlans } from '../../src/mocha/load-plans';
import type { ChainLink } from '../../src/runner/cause-chain';
import { dominantOf } from '../../src/runner/cause-chain';
import { run } from '../../src/runner/run';
import type { RunResult } from '../../src/runner/result';
import { seconds } from '../../src/values/time';
import { planText } from './plan-text';
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

describe('a sync of kube-proxy that several Services have waited for', () => {
  const text = [
    'scenario: s',
    'cluster: {nodes: 3}',
    'manifests: [scenarios/manifests/shop.yaml]',
    'timeline:',
    '  - {at: 10s, id: loss, kill: {node: worker-1}}',
    'expect:',
    '  - {after: loss, by: 100s, hold: 5s, converge: {service: shop/backend}}',
    '  - {after: loss, by: 100s, hold: 5s, reach: {from: shop/frontend, to: backend:80}}',
    '  - {after: loss, by: 100s, hold: 5s, converge: {service: kube-system/kube-dns}}',
  ].join('\n');

  it('is explained by the one that the claim is about', () => {
    const { outcomes } = runPlan(planText(text, 'loss.yaml'), 1, 'everything');
    const told = outcomes.slice(0, 3).map(({ status, chain }) => {
      const { subject } = chain.findLast(({ actor }) => actor === 'apiserver')!;
      return `${status} ${subject.replace(/-[a-z0-9]+$/, '')}`;
    });
    expect(told).to.deep.equal([
      'passed EndpointSlice/shop/backend',
      'passed EndpointSlice/shop/backend',
      'passed EndpointSlice/kube-system/kube-dns',
    ]);
  });
});

describe('a name', () => {
  const text = [
    'scenario: s',
    'cluster: {nodes: 3}',
    'manifests: [scenarios/manifests/shop.yaml]',
    'timeline:',
    '  - {at: 10s, id: gone, do: {delete: service/shop/backend}}',
    'expect:',
    '  - {after: gone, by: 1s, resolve: {from: shop/frontend, name: backend, rcode: NXDOMAIN}}',
    '  - eventually: {resolve: {from: shop/frontend, name: backend, rcode: NXDOMAIN}}',
  ].join('\n');
  const [after, eventually] = runPlan(planText(text, 'name.yaml'), 1, 'everything').outcomes;

  it('is another one when CoreDNS has seen the change, not when anything happens next', () => {
    // 10 ms for the write, 5 ms for the watch.
    expect(after).to.include({ status: 'passed', at: t(10.015) });
    expect(eventually).to.include({ status: 'passed', at: t(10.015) });
  });

  it('is explained by what CoreDNS has seen', () => {
    const said = after!.chain.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`);
    expect(said).to.have.length(3);
    expect(said[0]).to.equal('action started step/gone');
    expect(said[2]).to.match(/^coredns@coredns-\S+ observed Service\/shop\/backend$/);
  });

  it('is another one at that instant also where CoreDNS alone hears of the change', () => {
    // kube-proxy does not watch the slices of headless Services.
    const [plan] = loadPlans(['scenarios/dns/headless.yaml']).plans;
    const { outcomes } = runPlan(plan!, 1, 'everything');
    const { at, chain } = outcomes.find(({ title }) => title.endsWith('after "crash"'))!;
    expect(chain.at(-1)).to.include({ at, action: 'observed' });
    expect(chain.at(-1)!.actor).to.match(/^coredns@/);
  });
});
