// Goal: `degrade` says of a line what its words say, exactly; what would have no effect is an error.

import { expect } from 'chai';

import degrade from '../../../src/vocabulary/faults/degrade';
import { formatRatio } from '../../../src/values/ratio';
import { shop } from '../../runner/fake-cluster';

const CONTEXT = { step: 'loss', recovers: true };

function ruleOf(args: object) {
  const cluster = shop();
  const injection = degrade.inject(cluster, { from: 'shop/frontend', ...args }, CONTEXT);
  return { ...injection, cluster, rule: cluster.handles.degradationsOf('loss')[0]! };
}

const told = (args: object) =>
  degrade.check!({ from: 'shop/frontend', ...args }).map(({ path, severity }) => {
    return `${severity} ${path}`;
  });

describe('degrade', () => {
  it('reads shares as the fractions that they are, and spans as microseconds', () => {
    const { rule } = ruleOf({ loss: '12.5%', corrupt: '0.1%', delay: '100ms', jitter: '10ms' });
    expect([rule.loss, rule.corrupt].map((it) => formatRatio(it!))).to.deep.equal([
      '1/8',
      '1/1000',
    ]);
    expect(rule).to.include({ delay: 100_000, jitter: 10_000, direction: 'both', token: 'loss' });
    const far = ruleOf({ mtu: 1_400, direction: 'to', distribution: 'normal', loss: '100%' }).rule;
    expect(far).to.include({ mtu: 1_400, direction: 'to', distribution: 'normal' });
    expect(formatRatio(far.loss!)).to.equal('1');
  });

  it('is taken back by its own token', () => {
    const { cluster, effects, hits } = ruleOf({ loss: '30%' });
    expect([effects, hits]).to.deep.equal([['degrade loss'], ['pod shop/frontend#1']]);
    degrade.undo(cluster, 'degrade loss');
    expect(cluster.handles.degradationsOf('loss')).to.deep.equal([]);
  });

  it('follows what comes to match', () => {
    const { cluster } = ruleOf({ to: 'shop/backend', loss: '30%' });
    cluster.addPod('shop/backend-d', '10.244.1.99', 'worker-1', 'Deployment shop/backend');
    const args = { from: 'shop/frontend', to: 'shop/backend', loss: '30%' };
    const { hits } = degrade.extend!(cluster, args, CONTEXT, new Set(['degrade loss']));
    expect(hits).to.include('pod shop/backend#4');
  });

  it('has to say what is bad', () => {
    expect(told({ direction: 'to' })).to.deep.equal(['error ']);
    expect(told({ jitter: '10ms' })).to.deep.equal(['error /jitter']);
    expect(told({ mtu: 1_400 })).to.deep.equal([]);
  });

  it('reads rates in powers of 1,000, and who comes twice or first', () => {
    const { rule } = ruleOf({ rate: '64kbit', delay: '1ms', duplicate: '40%', reorder: '5%' });
    expect(rule.rate).to.equal(64_000);
    expect([rule.duplicate, rule.reorder].map((it) => formatRatio(it!))).to.deep.equal([
      '2/5',
      '1/20',
    ]);
    const rates = ['9600bit', '1mbit', '10gbit'].map((rate) => ruleOf({ rate }).rule.rate);
    expect(rates).to.deep.equal([9_600, 1_000_000, 10_000_000_000]);
  });

  it('reads a queue in bytes, and what others send in bits', () => {
    const { rule } = ruleOf({ rate: '1mbit', limit: 20_000, buffer: 10_000, load: '5mbit' });
    expect(rule).to.include({ limit: 20_000, buffer: 10_000, load: 5_000_000 });
    expect(told({ rate: '1mbit', limit: 20_000 })).to.deep.equal([]);
  });

  it('has a queue where there is a rate, and a bucket and a load where there is a queue', () => {
    expect(told({ limit: 20_000, delay: '1s' })).to.deep.equal(['error /limit']);
    expect(told({ rate: '1mbit', load: '2mbit' })).to.deep.equal(['error /load']);
    expect(told({ rate: '1mbit', buffer: 10_000 })).to.deep.equal(['error /buffer']);
  });

  it('refuses what could not be seen', () => {
    expect(told({ rate: '1mbit', duplicate: '1%', delay: '1ms', reorder: '1%' })).to.deep.equal([]);
    expect(told({ loss: '1%', correlation: '25%' })).to.deep.equal(['error /correlation']);
    expect(told({ reorder: '25%' })).to.deep.equal(['error /reorder']);
    const proxy = { component: 'kube-proxy', node: 'worker-1' };
    const api = { component: 'apiserver' };
    expect(told({ from: proxy, to: api, rate: '1mbit' })).to.deep.equal(['error /rate']);
    expect(told({ from: 'node/worker-1', to: api, rate: '1mbit' })).to.deep.equal([]);
  });
});
