// Goal: the hint for a name that names nothing can be pasted in its place: it has the form in which
// the name was written, and says kind and namespace where these are what was wrong.

import { expect } from 'chai';
import { loadText } from '../runner/plan-text';

const workload = (kind: string, namespace: string, name: string): string =>
  [
    '---',
    'apiVersion: apps/v1',
    `kind: ${kind}`,
    `metadata: {name: ${name}, namespace: ${namespace}}`,
    'spec:',
    ...(kind === 'StatefulSet' ? ['  serviceName: db'] : []),
    `  selector: {matchLabels: {app: ${name}}}`,
    '  template:',
    `    metadata: {labels: {app: ${name}}}`,
    `    spec: {containers: [{name: main, image: "registry.example/${name}:1"}]}`,
    '',
  ].join('\n');

const MANIFESTS =
  '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n' +
  '---\napiVersion: v1\nkind: Service\nmetadata: {name: backend}\n' +
  'spec: {ports: [{port: 80}]}\n' +
  workload('Deployment', 'default', 'web') +
  workload('Deployment', 'shop', 'cart') +
  workload('StatefulSet', 'shop', 'db');

function hintsFor(parts: string): readonly (string | undefined)[] {
  const text = `scenario: one\n${parts}\n${MANIFESTS}`;
  return loadText(text, 'one.yaml').diagnostics.map(({ hint }) => hint);
}

const CLAIM = 'expect: [{at: 5s, reach: {from: default/web, to: "backend:80"}}]';

describe('the hint for a behaviour of something that is not there', () => {
  const cases: readonly (readonly [written: string, meant: string])[] = [
    ['deployment/wbe', 'deployment/web'],
    ['deploy/wbe', 'deploy/web'],
    ['wbe', 'web'],
    ['default/wbe', 'default/web'],
    ['deployment/default/wbe', 'deployment/default/web'],
    ['deployment/shop/crat', 'deployment/shop/cart'],
    // What is misspelt is the kind, or it stands in another namespace.
    ['pod/web', 'deployment/web'],
    ['deployment/shop/db', 'statefulset/shop/db'],
    ['deployment/cart', 'deployment/shop/cart'],
    ['cart', 'shop/cart'],
    ['shop/web', 'default/web'],
    // What follows the name stays.
    ['shop/crat/main', 'shop/cart/main'],
  ];
  for (const [written, meant] of cases) {
    it(`${written}: ${meant}`, () => {
      const hints = hintsFor(`behaviour: {${written}: {startup: 1s}}\n${CLAIM}`);
      expect(hints).to.deep.equal([`did you mean "${meant}"?`]);
    });
  }
});

describe('the hint for the subject of a claim that is not there', () => {
  for (const [to, meant] of [
    ['service/bakcend', 'service/backend'],
    ['svc/default/bakcend', 'svc/default/backend'],
    ['pod/shop/cart', 'deployment/shop/cart'],
  ] as const) {
    it(`${to}: ${meant}`, () => {
      const claim = `expect: [{at: 5s, reach: {from: default/web, to: "${to}:80"}}]`;
      expect(hintsFor(claim)).to.deep.equal([`did you mean "${meant}"?`]);
    });
  }

  it('keeps the number of a pod', () => {
    const claim = 'expect: [{at: 5s, reach: {from: "shop/crat#1", to: "backend:80"}}]';
    expect(hintsFor(claim)).to.deep.equal(['did you mean "shop/cart#1"?']);
  });

  it('is short for a Service that was written short', () => {
    const claim = 'expect: [{at: 5s, converge: {service: bakcend}}]';
    expect(hintsFor(claim)).to.deep.equal(['did you mean "backend"?']);
  });
});
