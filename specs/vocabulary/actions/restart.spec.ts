// Goal: `restart` annotates the template of a workload, or has a component die and be started.

import { expect } from 'chai';
import restart from '../../../src/vocabulary/actions/restart';
import { shop } from '../../runner/fake-cluster';
import { withDeployment } from './with-object';

describe('restart', () => {
  it('annotates the template with the instant', () => {
    const cluster = withDeployment();
    restart.perform(cluster, { restart: 'deployment/shop/web' });
    const annotations = { 'kubectl.kubernetes.io/restartedAt': 't=0s' };
    expect(cluster.calls).to.deep.equal([
      ['patch', 'Deployment', 'shop/web', { spec: { template: { metadata: { annotations } } } }],
    ]);
  });

  it('refuses a Deployment that is paused', () => {
    const cluster = withDeployment({ paused: true });
    expect(() => restart.perform(cluster, { restart: 'deployment/shop/web' })).to.throw(
      "can't restart paused Deployment shop/web",
    );
  });

  it('is for kinds with rollouts', () => {
    expect(() => restart.perform(shop(), { restart: 'service/shop/backend' })).to.throw(
      'a Service has no rollout',
    );
  });
});
