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

  it('brings kube-proxy back with another iptables, on its nodes', () => {
    const cluster = shop();
    const args = { restart: { component: 'kube-proxy' }, iptablesBackend: 'legacy' } as const;
    const nodes = ['worker-1', 'worker-2'];
    expect(restart.perform(cluster, args)).to.have.lengthOf(2);
    expect(cluster.calls.filter(([handle]) => handle === 'changeIptables')).to.deep.equal(
      nodes.map((node) => ['changeIptables', node, 'legacy']),
    );
    const names = cluster.calls.map(([handle]) => handle);
    expect(names.lastIndexOf('changeIptables')).to.be.lessThan(names.indexOf('killComponent'));
    const other = { restart: 'deployment/shop/web', iptablesBackend: 'nft' } as const;
    expect(restart.check!(args)).to.deep.equal([]);
    expect(restart.check!(other).map(({ path }) => path)).to.deep.equal(['/iptablesBackend']);
  });

  it('knows no iptables where kube-proxy does not write its Services by it', () => {
    const cluster = shop();
    Object.assign(cluster, { spec: { ...cluster.spec, proxy: { mode: 'nftables', options: {} } } });
    const args = { restart: { component: 'kube-proxy' }, iptablesBackend: 'legacy' } as const;
    expect(() => restart.perform(cluster, args)).to.throw('in mode nftables it is not modelled');
    expect(cluster.calls).to.deep.equal([]);
  });

  it('is for kinds with rollouts', () => {
    expect(() => restart.perform(shop(), { restart: 'service/shop/backend' })).to.throw(
      'a Service has no rollout',
    );
  });
});
