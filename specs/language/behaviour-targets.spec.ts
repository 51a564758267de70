// Goal: a behaviour is known by the full name of what it is of, however a scenario writes it, and
// a pattern of images is that of the run.

import { expect } from 'chai';
import type { BehaviourSpec } from '../../src/values/cluster-spec';
import { loadText } from '../runner/plan-text';

const MANIFESTS =
  '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n' +
  '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n' +
  '  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n' +
  '    spec: {containers: [{name: main, image: "registry.example/shop/web:1"}]}\n' +
  '---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n' +
  '  serviceName: db\n  selector: {matchLabels: {app: db}}\n  template:\n' +
  '    metadata: {labels: {app: db}}\n' +
  '    spec: {containers: [{name: main, image: "registry.example/db:1"}]}\n';

function load(target: string, behaviour: string, step = '{at: 1s, kill: {pod: shop/web}}') {
  const text =
    `scenario: one\nbehaviour: {${target}: ${behaviour}}\ntimeline: [${step}]\n` +
    `expect: [{at: 5s, reach: {from: shop/web, to: "db:80"}}]\n${MANIFESTS}`;
  const { plans, diagnostics } = loadText(text, 'one.yaml');
  return { behaviours: plans[0]?.cluster.behaviours, diagnostics };
}

function targets(written: string): readonly string[] | undefined {
  return load(`"${written}"`, '{startup: 1s}').behaviours?.map((it: BehaviourSpec) => it.target);
}

describe('the target of a behaviour', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['deployment/shop/web', 'deployment/shop/web'],
    ['shop/web', 'deployment/shop/web'],
    ['Deployment/shop/web', 'deployment/shop/web'],
    ['deploy/shop/web', 'deployment/shop/web'],
    ['deployments/shop/web/main', 'deployment/shop/web/main'],
    ['shop/web/main', 'deployment/shop/web/main'],
    ['db', 'statefulset/default/db'],
    ['sts/db', 'statefulset/default/db'],
    ['db-0', 'pod/default/db-0'],
    ['coredns', 'deployment/kube-system/coredns'],
    ['image/shop/web', 'image/shop/web'],
  ];
  for (const [written, full] of cases) {
    it(`${written} is ${full}`, () => {
      expect(targets(written)).to.deep.equal([full]);
    });
  }

  it('may have a load where it is a workload, by any of its names', () => {
    const codes = (target: string) =>
      load(target, '{load: 500m}').diagnostics.map(({ code }) => code);
    expect(codes('shop/web')).to.deep.equal([]);
    expect(codes('sts/db')).to.deep.equal([]);
    expect(codes('db-0')).to.deep.equal(['KD1606']);
    expect(codes('shop/web/main')).to.deep.equal(['KD1606']);
    expect(codes('image/web')).to.deep.equal(['KD1606']);
  });

  it('may be an image that comes with a step', () => {
    const told = (step: string) =>
      load('"image/web:2"', '{startup: 1s}', step).diagnostics.map(({ message }) => message);
    const image = 'registry.example/shop/web:2';
    expect(told('{at: 1s, kill: {pod: shop/web}}')).to.deep.equal([
      'no container has an image like "web:2"',
    ]);
    const patch = (more: string) => `{at: 1s, do: {patch: deployment/shop/web, ${more}}}`;
    const steps = [
      `{at: 1s, do: {rollout: deployment/shop/web, set: {image: {main: "${image}"}}}}`,
      patch(`with: {spec: {template: {spec: {containers: [{name: main, image: "${image}"}]}}}}`),
      patch(
        'type: json, with: [{op: replace, path: /spec/template/spec/containers/0/image, ' +
          `value: "${image}"}]`,
      ),
    ];
    for (const step of steps) expect(told(step), step).to.deep.equal([]);
  });
});
