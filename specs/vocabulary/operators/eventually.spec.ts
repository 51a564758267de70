// Goal: `eventually` asks for one instant, by its deadline or by the settled end.

import { expect } from 'chai';
import { drop, heal, walk } from '../../runner/fake-cluster';
import type { Change } from '../../runner/fake-cluster';
import { outcomeOf, s, t } from '../../runner/plans';

const EVENTUALLY = { operator: 'eventually' } as const;

describe('eventually', () => {
  it('passes at the first instant at which the claim is true, though it may not stay so', () => {
    const outcome = outcomeOf(EVENTUALLY, [drop(0), heal(7), drop(8)]);
    expect(outcome).to.include({ status: 'passed', actual: 'ok at t=7s', at: t(7) });
    expect(outcome.title).to.equal('shop/frontend eventually reaches backend:80');
  });

  it('says so where it is true from the start', () => {
    expect(outcomeOf(EVENTUALLY).actual).to.equal('ok from the start');
  });

  it('has a deadline, which belongs to it', () => {
    expect(outcomeOf({ ...EVENTUALLY, by: s(7) }, [drop(0), heal(7)]).status).to.equal('passed');
    const late = outcomeOf({ ...EVENTUALLY, by: s(6) }, [drop(0), heal(7)]);
    expect(late.status).to.equal('failed');
    expect(late.expected).to.equal('ok by t=6s');
    expect(late.title).to.equal('shop/frontend eventually reaches backend:80 within 6s');
  });

  it('waits for the settling where it has none', () => {
    expect(outcomeOf(EVENTUALLY, [drop(0), heal(500)]).status).to.equal('passed');
    const outcome = outcomeOf(EVENTUALLY, [drop(0)]);
    expect(outcome.actual).to.equal('timeout until the end of the run');
  });

  it('is an error over nothing and over what is not modelled', () => {
    const args = { from: { pods: { labels: { app: 'ghost' } } }, to: 'backend:80' };
    expect(outcomeOf({ ...EVENTUALLY, args }).code).to.equal('vacuous');
    const unknown: Change = [0, (it) => void (it.walks = () => [walk('not-modelled')])];
    expect(outcomeOf(EVENTUALLY, [unknown]).code).to.equal('not-modelled');
  });
});
