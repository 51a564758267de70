// Goal: a name of a pod or workload that is nearly right gets a hint, at run time as well; and so
// does a selector that names one thing.

import { expect } from 'chai';
import reach from '../../src/vocabulary/claims/reach';
import { hintFor } from '../../src/vocabulary/targets';
import { shop } from '../runner/fake-cluster';
import { loadText } from '../runner/plan-text';
import { outcomeOf, runScript, plan, step } from '../runner/plans';

describe('a misspelt pod', () => {
  it('is told the nearest name there is', () => {
    expect(hintFor(shop(), 'shop/frontent')).to.equal('; did you mean "shop/frontend"?');
    expect(hintFor(shop(), 'deploy/shop/frontent')).to.equal(
      '; did you mean "deploy/shop/frontend"?',
    );
    expect(hintFor(shop(), 'frontend')).to.equal('; did you mean "shop/frontend"?');
    expect(hintFor(shop(), 'pod/shop/frontend')).to.equal(
      '; did you mean "deployment/shop/frontend"?',
    );
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
    const { diagnostics } = loadText(text, 'one.yaml');
    expect(diagnostics.map(({ code, hint }) => [code, hint])).to.deep.equal([
      ['KD1111', 'what is one thing is a reference: write node/worker-1'],
    ]);
  });
});

describe('what can be told when a scenario is read', () => {
  const MANIFEST =
    '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n' +
    '  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n' +
    '    spec: {containers: [{name: main, image: "registry.example/app:1"}]}\n';

  function told(list: string, entry: string): readonly (readonly [string, string?])[] {
    const text = `scenario: one\n${list}: [${entry}]\n${MANIFEST}`;
    const { diagnostics } = loadText(text, 'one.yaml');
    const errors = diagnostics.filter(({ code }) => code !== 'KD1307');
    return errors.map(({ message, hint }) => (hint === undefined ? [message] : [message, hint]));
  }

  const setImage = (container: string, at: string): string =>
    `{at: ${at}, do: {rollout: deployment/web, set: {image: {${container}: "app:2"}}}}`;

  it('a container that the template does not have is named with those that it has', () => {
    expect(told('timeline', setImage('app', '1s'))).to.deep.equal([
      ['Deployment default/web has no container "app"', 'it has main'],
    ]);
    expect(told('timeline', setImage('main', '1s'))).to.deep.equal([]);
  });

  it('a container may have come with an earlier step', () => {
    const earlier =
      '{at: 1s, do: {patch: deployment/web, with: {spec: {template: {spec: {containers: ' +
      '[{name: app, image: "app:1"}]}}}}}}';
    expect(told('timeline', `${earlier}, ${setImage('app', '2s')}`)).to.deep.equal([]);
  });

  it('a name with a space is no name, in a claim and in an action', () => {
    const hint = 'one lookup is of one name, without its type or its server';
    const message = '"web A" is no name of a host: it has a space';
    expect(told('expect', '{at: 1s, resolve: {from: web, name: "web A"}}')).to.deep.equal([
      [message, hint],
    ]);
    expect(told('timeline', '{at: 1s, do: {lookup: {from: web, name: "web A"}}}')).to.deep.equal([
      [message, hint],
    ]);
  });
});
