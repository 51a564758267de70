// Goal: `at` judges the settled instant, and nothing before or after it.

import { expect } from 'chai';
import { backends, walk } from '../../runner/fake-cluster';
import { outcomeOf, plan, runScript, t } from '../../runner/plans';

const AT_5S = { operator: 'at', at: t(5) } as const;

const cut = (second: number) =>
  outcomeOf(AT_5S, [[second, (it) => void (it.walks = () => [walk('dropped')])]]).actual;

describe('at', () => {
  it('holds where every possible path of every source makes the claim true', () => {
    const outcome = outcomeOf(AT_5S);
    expect(outcome).to.include({ status: 'passed', actual: 'ok', at: t(5) });
    expect(outcome.title).to.equal('shop/frontend reaches backend:80 at 5s');
  });

  it('sees what happens at the very instant, and nothing of a microsecond later', () => {
    expect(cut(5)).to.equal('timeout');
    expect(cut(5.000001)).to.equal('ok');
  });

  it('fails where one path of three does not', () => {
    const outcome = outcomeOf(AT_5S, [
      [1, (it) => void (it.walks = () => backends('answered', 'refused-by-listener', 'answered'))],
    ]);
    expect(outcome.status).to.equal('failed');
    expect(outcome.actual).to.equal('refused for 1 of 3 possible backends');
    expect(outcome.traces.map(({ disposition }) => disposition)).to.deep.equal([
      'refused-by-listener',
    ]);
    expect(outcome.why[0]).to.equal('refused-by-listener');
  });

  it('is an error over what is not modelled, unless another path fails for certain', () => {
    const unknown = walk('not-modelled', { reason: 'hostPort', share: [1, 2] });
    const error = outcomeOf(AT_5S, [[1, (it) => void (it.walks = () => [unknown])]]);
    expect(error).to.include({ status: 'error', code: 'not-modelled' });
    const both = [unknown, walk('dropped', { share: [1, 2] })];
    expect(outcomeOf(AT_5S, [[1, (it) => void (it.walks = () => both)]]).status).to.equal('failed');
  });

  it('is never evaluated after an end that the scenario sets', () => {
    const result = runScript(plan([{ operator: 'at', at: t(30) }], [], { end: t(20) }));
    expect(result.outcomes[0]).to.include({ status: 'error', code: 'never-evaluated' });
  });

  it('is an error where the selection has no member', () => {
    const args = { from: { pods: { labels: { app: 'ghost' } } }, to: 'backend:80' };
    const outcome = outcomeOf({ ...AT_5S, args });
    expect(outcome).to.include({ status: 'error', code: 'vacuous' });
  });
});
