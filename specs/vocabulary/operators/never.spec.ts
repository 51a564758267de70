// Goal: `never` asks whether any path of any source could ever do it, and refuses to pass for the
// wrong reason.

import { expect } from 'chai';
import { backends, drop, heal, lookup, walk } from '../../runner/fake-cluster';
import type { Change } from '../../runner/fake-cluster';
import { outcomeOf, REACH } from '../../runner/plans';

const NEVER = { operator: 'never' } as const;

describe('never', () => {
  it('passes where no path of any source succeeds', () => {
    const outcome = outcomeOf(NEVER, [drop(0)]);
    expect(outcome.status).to.equal('passed');
    expect(outcome.title).to.equal('shop/frontend never reaches backend:80');
    expect(outcome.expected).to.equal('never ok, on any possible path');
  });

  it('fails where one path of three succeeds, and tells which', () => {
    const outcome = outcomeOf(NEVER, [
      [0, (it) => void (it.walks = () => backends('dropped', 'answered', 'dropped'))],
    ]);
    expect(outcome.status).to.equal('failed');
    expect(outcome.actual).to.equal('ok for 1 of 3 possible backends at t=0s');
    expect(outcome.traces.map(({ disposition }) => disposition)).to.deep.equal(['answered']);
  });

  it('fails over one instant', () => {
    expect(outcomeOf(NEVER, [drop(0), heal(7), drop(7.000001)]).status).to.equal('failed');
  });

  it('asks for each backend by itself: "is never sent to the dead one"', () => {
    const args = { ...REACH, backends: ['shop/backend#2'] };
    const alive: Change = [
      0,
      (it) => void (it.walks = () => [walk('answered', { by: ['shop/backend-a', '10.244.1.5'] })]),
    ];
    expect(outcomeOf({ ...NEVER, args }, [alive]).status).to.equal('passed');
    expect(
      outcomeOf({ ...NEVER, args: { ...REACH, backends: ['shop/backend#1'] } }, [alive]).status,
    ).to.equal('failed');
  });

  it('is an error where the name never resolved: it would be green for a slip of the pen', () => {
    const ghost: Change = [0, (it) => void (it.lookups = () => [lookup([])])];
    const outcome = outcomeOf(NEVER, [ghost]);
    expect(outcome).to.include({ status: 'error', code: 'vacuous' });
    expect(outcome.actual).to.match(/backend is NXDOMAIN/);
  });

  it('passes where the name resolved at least once', () => {
    const ghost: Change = [5, (it) => void (it.lookups = () => [lookup([])])];
    expect(outcomeOf(NEVER, [drop(0), ghost]).status).to.equal('passed');
  });

  it('is an error where no source ever ran', () => {
    const args = { from: { pods: { labels: { app: 'ghost' } } }, to: 'backend:80' };
    expect(outcomeOf({ ...NEVER, args })).to.include({ status: 'error', code: 'vacuous' });
  });

  it('is an error over answers that are not modelled', () => {
    const unknown: Change = [0, (it) => void (it.walks = () => [walk('not-modelled')])];
    expect(outcomeOf(NEVER, [unknown])).to.include({ status: 'error', code: 'not-modelled' });
  });
});
