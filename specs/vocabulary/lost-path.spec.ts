// Goal: a query that finds nothing is told how far it leads, and what there is instead.

import { expect } from 'chai';
import { whyNothing } from '../../src/vocabulary/lost-path';
import { runPlan } from '../../src/chai/model';
import { loadText } from '../runner/plan-text';

const NODE = { kind: 'Node', metadata: { name: 'a', labels: {} }, spec: { taints: ['x'] } };
const STATE = { now: 5, objects: { nodes: [NODE, NODE], pods: [] } };

describe('a query that finds nothing', () => {
  const cases: readonly (readonly [path: string, why: string])[] = [
    [
      "$.objects.nodes[?(@.metadata.name == 'a')].conditions",
      "$.objects.nodes[?(@.metadata.name == 'a')] finds 2 values, without .conditions: it has " +
        'kind, metadata, spec',
    ],
    [
      "$.objects.nodes[?(@.metadata.name == 'b')].kind",
      "$.objects.nodes is there, but nothing in it passes [?(@.metadata.name == 'b')]",
    ],
    ['$.objects.pods[*].kind', '$.objects.pods is empty'],
    ['$.objects.nodes.kind', '$.objects.nodes is there, a list without .kind'],
    ['$.now.seconds', '$.now is there, but as 5: there is no .seconds in it'],
    ['$.objects.nodes[0].metadata.labels.app', '$.objects.nodes[0].metadata.labels is empty'],
    ['$.nothing', '$ is there, without .nothing: it has now, objects'],
  ];
  for (const [path, why] of cases) {
    it(`is explained: ${path}`, () => expect(whyNothing(STATE, path)).to.equal(why));
  }

  it('says so where an `inspect` fails, and nowhere else', () => {
    const claim = (query: string, wanted: string) =>
      `  - {at: 1s, inspect: {query: "${query}", ${wanted}}}\n`;
    const text =
      'scenario: one\ncluster: {nodes: 1}\nexpect:\n' +
      claim('$.objects.nodes[*].conditions', 'count: 1') +
      claim('$.objects.nodes[*].conditions', 'absent: true') +
      claim('$.objects.nodes[*].metadata.name', 'equals: b');
    const { outcomes } = runPlan(loadText(text, 'one.yaml').plans[0]!, 1);
    const whys = outcomes.map(({ why }) => why ?? []);
    expect(whys[0]?.join(' ')).to.match(/^\$\.objects\.nodes\[\*\] is there, without \.conditions/);
    expect(whys[1]).to.deep.equal([]);
    expect(whys[2]?.join(' ') ?? '').not.to.contain('is there');
  });
});
