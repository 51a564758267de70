// Goal: `sometimes` asks for one possible path at one instant.

import { expect } from 'chai';
import { backends, drop, walk } from '../../runner/fake-cluster';
import type { Change } from '../../runner/fake-cluster';
import { outcomeOf } from '../../runner/plans';

const SOMETIMES = { operator: 'sometimes' } as const;

describe('sometimes', () => {
  it('passes where one path of three makes the claim true at one instant', () => {
    const one: Change = [
      5,
      (it) => void (it.walks = () => backends('dropped', 'answered', 'dropped')),
    ];
    const outcome = outcomeOf(SOMETIMES, [drop(0), one]);
    expect(outcome).to.include({ status: 'passed', actual: 'possible at t=5s' });
    expect(outcome.title).to.equal('shop/frontend sometimes reaches backend:80');
  });

  it('fails where it never is', () => {
    const expected = 'ok on some possible path, at some instant';
    expect(outcomeOf(SOMETIMES, [drop(0)])).to.include({ status: 'failed', expected });
    const args = { from: 'shop/frontend', to: 'backend:80', some: true };
    expect(outcomeOf({ ...SOMETIMES, args }, [drop(0)])).to.include({ expected });
  });

  it('is an error over nothing and over what is not modelled', () => {
    const args = { from: { pods: { labels: { app: 'ghost' } } }, to: 'backend:80' };
    expect(outcomeOf({ ...SOMETIMES, args }).code).to.equal('vacuous');
    const unknown: Change = [0, (it) => void (it.walks = () => [walk('not-modelled')])];
    expect(outcomeOf(SOMETIMES, [unknown]).code).to.equal('not-modelled');
  });
});
