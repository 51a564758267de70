// Goal: `rollout` patches the containers of a template, by a strategic merge patch.

import { expect } from 'chai';
import rollout from '../../../src/vocabulary/actions/rollout';
import { shop } from '../../runner/fake-cluster';
import { withDeployment } from './with-object';

function containersAfter(set: object): unknown {
  const cluster = withDeployment();
  rollout.perform(cluster, { rollout: 'deployment/shop/web', set });
  const [, kind, key, patch, type] = cluster.calls[0]!;
  expect([kind, key, type]).to.deep.equal(['Deployment', 'shop/web', 'strategic']);
  const { spec } = patch as { spec: { template: { spec: { containers: unknown } } } };
  return spec.template.spec.containers;
}

describe('rollout', () => {
  it('sets the image of every container, or of one by name', () => {
    expect(containersAfter({ image: 'b:2' })).to.deep.equal([{ name: 'main', image: 'b:2' }]);
    expect(containersAfter({ image: { main: 'b:3' } })).to.deep.equal([
      { name: 'main', image: 'b:3' },
    ]);
  });

  it('sets and removes variables', () => {
    expect(containersAfter({ env: { A: '1', B: null } })).to.deep.equal([
      {
        name: 'main',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', $patch: 'delete' },
        ],
      },
    ]);
  });

  it('knows no other container', () => {
    expect(() => containersAfter({ image: { ghost: 'b:2' } })).to.throw(
      'unable to find container named "ghost"',
    );
  });

  it('is for kinds with rollouts', () => {
    const args = { rollout: 'service/shop/backend', set: { image: 'b:2' } };
    expect(() => rollout.perform(shop(), args)).to.throw('a Service has no rollout');
  });
});
