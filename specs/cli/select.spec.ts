// Goal: a command line chooses exactly what it names, and says so where that is nothing.

import { expect } from 'chai';
import { select } from '../../src/cli/select';
import type { Wanted } from '../../src/cli/select';
import { parseTags } from '../../src/cli/tags';
import type { Plan } from '../../src/language/plan';
import { outcome, planOf, range, result } from '../reporters/fixtures';

const titles = ['a reaches b', 'b reaches c'];

function plan(fields: { file?: string; tags?: string[]; row?: Record<string, string> }): Plan {
  const file = fields.file ?? 'shop.yaml';
  const outcomes = titles.map((title, index) =>
    outcome({ title, range: { ...range(file, 30 + 10 * index), endLine: 32 + 10 * index } }),
  );
  return planOf(result({ file, range: range(file, 1, 1), outcomes, ...fields }));
}

function choose(plans: readonly Plan[], wanted: Partial<Wanted>) {
  const all = { lines: new Map(), rows: [], ...wanted };
  return select(plans, all, () => titles);
}

const shop = plan({});
const rows = ['iptables', 'ipvs'].map((mode) => plan({ row: { 'cluster.proxy': mode } }));

describe('the selection of expectations', () => {
  it('is everything where nothing is asked for', () => {
    expect(choose([shop], {}).selected).to.deep.equal([{ plan: shop }]);
  });

  it('takes the expectation in whose lines the line falls', () => {
    const lines = new Map([['shop.yaml', [41]]]);
    expect([...choose([shop], { lines }).selected[0]!.outcomes!]).to.deep.equal([1]);
  });

  it('takes the whole scenario at the line of its title', () => {
    const lines = new Map([['shop.yaml', [1]]]);
    expect(choose([shop], { lines }).selected).to.deep.equal([{ plan: shop }]);
  });

  it('names the lines that there are where a line holds none', () => {
    const { selected, problems } = choose([shop], { lines: new Map([['shop.yaml', [35]]]) });
    expect(selected).to.deep.equal([]);
    expect(problems).to.deep.equal([
      'no expectation stands at shop.yaml:35; there are some at lines 30, 40',
    ]);
  });

  it('matches a pattern against scenario and title together', () => {
    expect([...choose([shop], { grep: /shop.* b reaches/u }).selected[0]!.outcomes!]).to.deep.equal(
      [1],
    );
    expect(choose([shop], { grep: /nothing/u }).selected).to.deep.equal([]);
  });

  it('goes by tags', () => {
    const slow = plan({ tags: ['slow'] });
    const { selected } = choose([shop, slow], { tags: parseTags('not slow') });
    expect(selected.map((each) => each.plan)).to.deep.equal([shop]);
  });

  it('takes one row of a matrix', () => {
    const { selected } = choose(rows, { rows: [['cluster.proxy', 'ipvs']] });
    expect(selected.map((each) => each.plan)).to.deep.equal([rows[1]]);
  });

  it('refuses a row that no matrix has', () => {
    expect(() => choose(rows, { rows: [['cluster.proxy', 'ebpf']] })).to.throw(
      '--row cluster.proxy=ebpf: no row has this value of iptables, ipvs',
    );
    expect(() => choose(rows, { rows: [['cluster.prxy', 'ipvs']] })).to.throw(
      'did you mean cluster.proxy?',
    );
    expect(() => choose([shop], { rows: [['a', 'b']] })).to.throw('no scenario here has a matrix');
  });
});
