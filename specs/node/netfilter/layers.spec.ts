// Goal: what the kernel calls at a place is that of the rulesets which stand there now, however often
// it was asked before and for whichever others.

import { expect } from 'chai';

import { layersAt } from '../../../src/node/netfilter/layers';
import type { RuleLayer } from '../../../src/node/netfilter/layers';
import type { Ruleset, TableName } from '../../../src/node/netfilter/ruleset';

function rulesetOf(policy: 'ACCEPT' | 'DROP', table: TableName = 'filter'): Ruleset {
  const chain = { name: 'FORWARD', policy, rules: [] };
  return { tables: new Map([[table, { name: table, chains: new Map([[chain.name, chain]]) }]]) };
}

/** The policies of the calls in FORWARD of table filter. */
function policiesOf(...rulesets: readonly Ruleset[]): readonly string[] {
  return (layersAt(rulesets, 'filter', 'FORWARD') as RuleLayer[]).map(({ policy }) => policy);
}

describe('the calls of the kernel at a place', () => {
  const [open, shut, elsewhere] = [
    rulesetOf('ACCEPT'),
    rulesetOf('DROP'),
    rulesetOf('DROP', 'nat'),
  ];

  it('are those of all rulesets that stand there, whatever stood beside the first before', () => {
    expect(policiesOf(open)).to.deep.equal(['accept']);
    expect(policiesOf(open, shut)).to.deep.equal(['drop']);
    expect(policiesOf(open, elsewhere)).to.deep.equal(['accept']);
    expect(policiesOf(open)).to.deep.equal(['accept']);
    expect(policiesOf(shut, open)).to.deep.equal(['drop']);
  });

  it('are others at another place', () => {
    expect(layersAt([elsewhere], 'nat', 'FORWARD')).to.have.length(1);
    expect(layersAt([elsewhere], 'filter', 'FORWARD')).to.have.length(0);
    expect(layersAt([elsewhere], 'nat', 'INPUT')).to.have.length(0);
    expect(layersAt([], 'nat', 'FORWARD')).to.have.length(0);
  });
});
