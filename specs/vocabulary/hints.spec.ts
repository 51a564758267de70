// Goal: a name of a pod or workload that is nearly right gets a hint, at run time as well.

import { expect } from 'chai';
import reach from '../../src/vocabulary/claims/reach';
import { hintFor } from '../../src/vocabulary/targets';
import { shop } from '../runner/fake-cluster';
import { outcomeOf, runScript, plan, step } from '../runner/plans';

describe('a misspelt pod', () => {
  it('is told the nearest name there is', () => {
    expect(hintFor(shop(), 'shop/frontent')).to.equal('; did you mean "shop/frontend"?');
    expect(hintFor(shop(), 'shop/elsewhere')).to.equal('');
    expect(hintFor(shop(), 'shop/frontend')).to.equal('');
  });

  it('is told so as the source of a claim', () => {
    const args = { from: 'shop/frontent', to: 'backend:80' };
    const observation = reach.observe(shop(), args, { explain: false });
    expect(observation.actual).to.equal(
      'nothing matches shop/frontent; did you mean "shop/frontend"?',
    );
    expect(outcomeOf({ args })).to.include({ status: 'error', code: 'vacuous' });
  });

  it('is told so as the target of a fault', () => {
    const kill = step('crash', {
      verb: { kind: 'fault', name: 'kill' },
      args: { pod: 'shop/frontent' },
    });
    const { outcomes } = runScript(plan([{}], [kill]));
    expect(outcomes[1]!.actual).to.equal(
      'step "crash": it hit nothing; did you mean "shop/frontend"?',
    );
  });
});
