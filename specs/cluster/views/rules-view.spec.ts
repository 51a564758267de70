// Goal: the state shows the rules that stand in the kernels of the nodes, as iptables prints them,
// with the exact share of each rule that picks at random.

import { expect } from 'chai';

import { createCluster, loadScenarios } from '../../../src/index';
import type { RuleView } from '../../../src/cluster/views/rules-view';

const { plans } = loadScenarios(['scenarios/services/cluster-ip.yaml']);

function rulesOn(node: string): readonly RuleView[] {
  const cluster = createCluster(plans[0]!.cluster, { seed: 1 });
  const { nodes } = cluster.snapshot() as {
    nodes: Record<string, { proxy: { mode: string; running: boolean; rules: RuleView[] } }>;
  };
  expect(nodes[node]!.proxy).to.include({ mode: 'iptables', running: true });
  return nodes[node]!.proxy.rules;
}

describe('the rules of a node', () => {
  const rules = rulesOn('worker-1');
  const spreading = rules.filter(({ comment }) => comment?.startsWith('shop/backend:http ->'));

  it('say where they stand, where they lead, and what share they take', () => {
    expect(spreading.map(({ position, probability }) => [position, probability])).to.deep.equal([
      [2, '1/3'],
      [3, '1/2'],
      [4, undefined],
    ]);
    const chains = new Set(rules.map(({ chain }) => chain));
    for (const { to } of spreading) expect(chains).to.include(to);
  });

  it('print as iptables-save prints them', () => {
    const [{ chain, text, to }] = spreading as [RuleView];
    expect(text).to.equal(
      `-A ${chain} -m comment --comment "shop/backend:http -> 10.244.1.3:8080" ` +
        `-m statistic --mode random --probability 0.3333333333 -j ${to}`,
    );
    expect(`${chain},${to}`).to.match(/^KUBE-SVC-\w{16},KUBE-SEP-\w{16}$/);
  });

  it('count from one in each chain of each table', () => {
    const firsts = rules.filter(({ position }) => position === 1);
    const places = new Set(rules.map(({ family, table, chain }) => `${family} ${table} ${chain}`));
    expect(firsts).to.have.lengthOf(places.size);
  });
});
