// Goal: a name of a pod or workload that is nearly right gets a hint, at run time as well; and so
// does a selector that names one thing.

import { expect } from 'chai';
import { load } from '../../src/chai/load';
import { DISK } from '../../src/language/source';
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

describe('a side of a cut that is one thing', () => {
  it('is a reference, and the hint writes it', () => {
    const step = '{at: 1s, cut: {from: {node: worker-1}, to: {component: apiserver}}}';
    const text = `scenario: one\ncluster: {nodes: 1}\ntimeline: [${step}]\n`;
    const { diagnostics } = load(['one.yaml'], {
      read: (path) => (path.endsWith('one.yaml') ? { is: 'text', text } : DISK.read(path)),
      expand: (path) => (path === 'one.yaml' ? [path] : DISK.expand(path)),
    });
    expect(diagnostics.map(({ code, hint }) => [code, hint])).to.deep.equal([
      ['KD1111', 'what is one thing is a reference: write node/worker-1'],
    ]);
  });
});
