// Goal: `always` notices every state that lasts for any time at all, and is no verdict over
// nothing.

import { expect } from 'chai';
import { drop, heal, walk } from '../../runner/fake-cluster';
import type { Change } from '../../runner/fake-cluster';
import { outcomeOf, step, t } from '../../runner/plans';

const ALWAYS = { operator: 'always' } as const;

describe('always', () => {
  it('passes where the claim is true from the start to the settled end', () => {
    const outcome = outcomeOf(ALWAYS);
    expect(outcome.status).to.equal('passed');
    expect(outcome.title).to.equal('shop/frontend always reaches backend:80');
  });

  it('fails over an outage of one microsecond', () => {
    const outcome = outcomeOf(ALWAYS, [drop(3), heal(3.000001)]);
    expect(outcome).to.include({ status: 'failed', actual: 'timeout at t=3s', at: t(3) });
  });

  it('goes on while the cluster settles', () => {
    expect(outcomeOf(ALWAYS, [drop(400)]).status).to.equal('failed');
  });

  it('looks only into its bounds, both ends included', () => {
    const during = { from: t(5), to: t(8) };
    const outcome = outcomeOf({ ...ALWAYS, during }, [drop(1), heal(4), drop(9)]);
    expect(outcome.status).to.equal('passed');
    expect(outcome.title).to.equal('shop/frontend always reaches backend:80 from 5s to 8s');
    expect(outcomeOf({ ...ALWAYS, during }, [drop(8)]).status).to.equal('failed');
    expect(outcomeOf({ ...ALWAYS, during }, [drop(4), heal(5)]).status).to.equal('passed');
  });

  it('leaves out instants at which no source ran, and is an error where none ever did', () => {
    const stop: Change = [5, (it) => it.stopPod('shop/frontend-a')];
    const pods = { from: { pods: { labels: { app: 'frontend' } } }, to: 'backend:80' };
    expect(outcomeOf({ ...ALWAYS, args: pods }, [stop]).status).to.equal('passed');
    const ghosts = { from: { pods: { labels: { app: 'ghost' } } }, to: 'backend:80' };
    expect(outcomeOf({ ...ALWAYS, args: ghosts })).to.include({ status: 'error', code: 'vacuous' });
  });

  it('fails where the one source that it names stops', () => {
    const stop: Change = [5, (it) => it.stopPod('shop/frontend-a')];
    const outcome = outcomeOf(ALWAYS, [stop], [step('crash')]);
    expect(outcome.actual).to.equal('no process of shop/frontend runs at t=5s');
  });

  it('is an error over answers that are not modelled', () => {
    const unknown: Change = [2, (it) => void (it.walks = () => [walk('not-modelled')])];
    expect(outcomeOf(ALWAYS, [unknown])).to.include({ status: 'error', code: 'not-modelled' });
    expect(outcomeOf(ALWAYS, [unknown, drop(3)]).status).to.equal('failed');
  });
});
