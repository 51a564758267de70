// Goal: `resolve` judges every way that a lookup can go, by code, answers, queries, time and
// server.

import { expect } from 'chai';
import resolve from '../../../src/vocabulary/claims/resolve';
import { titleOf } from '../../../src/vocabulary/define';
import { ratio } from '../../../src/values/ratio';
import { milliseconds } from '../../../src/values/time';
import { lookup, shop, walk } from '../../runner/fake-cluster';
import type { FakeCluster } from '../../runner/fake-cluster';

const ARGS = { from: 'shop/frontend', name: 'backend' };

function observe(lookups: FakeCluster['lookups'], args: object = {}, context: object = {}) {
  const cluster = shop();
  cluster.lookups = lookups;
  return resolve.observe(cluster, { ...ARGS, ...args }, { explain: true, ...context });
}

describe('resolve', () => {
  it('asks for an answer where nothing else is said', () => {
    expect(observe(() => [lookup(['10.96.0.20'])])).to.include({
      holds: true,
      actual: '10.96.0.20',
    });
    expect(observe(() => [lookup([])])).to.include({ holds: false, actual: 'NXDOMAIN' });
    const empty = lookup([], { rcode: 'NOERROR' });
    expect(observe(() => [empty])).to.include({ holds: false, actual: 'no address' });
  });

  it('compares answers as sets of canonical addresses', () => {
    const both = [lookup(['10.0.0.1', 'fd00::1'])];
    expect(observe(() => both, { answers: ['fd00:0::1', '10.0.0.1'] }).holds).to.equal(true);
    expect(observe(() => both, { answers: ['10.0.0.1'] }).holds).to.equal(false);
    expect(observe(() => [lookup([], { rcode: 'NOERROR' })], { answers: [] }).holds).to.equal(true);
  });

  it('compares code, time to live, server and queries', () => {
    const one = [lookup(['10.0.0.1'], { queries: ['a A', 'b A'] })];
    expect(observe(() => one, { ttl: 5, server: '10.96.0.10', queries: 2 }).holds).to.equal(true);
    expect(observe(() => one, { queries: ['a A', 'b A'] }).holds).to.equal(true);
    expect(observe(() => one, { queries: ['b A', 'a A'] }).holds).to.equal(false);
    expect(observe(() => one, { ttl: 30 }).actual).to.equal('10.0.0.1, ttl 5s');
    expect(observe(() => one, { server: '10.96.0.11' }).holds).to.equal(false);
    expect(observe(() => [lookup([])], { rcode: 'NXDOMAIN' }).holds).to.equal(true);
    expect(observe(() => [lookup([], { rcode: 'none' })], { rcode: 'none' }).holds).to.equal(true);
  });

  it('adds up how likely it is, from each source', () => {
    const found = lookup(['10.0.0.1'], { probability: ratio(16, 25) });
    const lost = lookup([], { rcode: 'none', probability: ratio(9, 25) });
    const odds = (atLeast: string, more: object = {}) =>
      observe(() => [found, lost], { odds: { atLeast, atMost: '1' }, ...more });
    expect(odds('16/25').holds).to.equal(true);
    expect(odds('17/25')).to.include({ holds: false, actual: 'with a probability of 16/25' });
    expect(odds('9/25', { rcode: 'none' }).holds).to.equal(true);
  });

  it('bounds the time that it takes, both ends included', () => {
    const slow = [lookup(['10.0.0.1'], { took: milliseconds(5_000) })];
    expect(observe(() => slow, { took: { atLeast: '5s', atMost: '5s' } }).holds).to.equal(true);
    const late = observe(() => slow, { took: { atMost: '4999ms' } });
    expect(late).to.include({ holds: false, actual: '10.0.0.1, took 5s' });
    expect(observe(() => slow, { took: { atLeast: '5001ms' } }).holds).to.equal(false);
  });

  it('asks for every way that the lookup can go; `some` for one', () => {
    const ways = [
      lookup([], { rcode: 'none', probability: ratio(1, 2), reason: 'the server is gone' }),
      lookup(['10.0.0.1'], { probability: ratio(1, 2) }),
    ];
    const observation = observe(() => ways);
    expect(observation).to.include({
      holds: false,
      possible: true,
      actual: 'no answer',
      among: 'in 1 of 2 possible courses',
    });
    expect(observation.why).to.deep.equal(['the server is gone']);
    expect(observe(() => ways, { some: true }).holds).to.equal(true);
    expect(observe(() => ways, {}, { denied: true }).actual).to.equal('10.0.0.1');
  });

  it('knows no answer where a query is not modelled', () => {
    const unknown = lookup([], { traces: [walk('not-modelled')], reason: 'hostNetwork' });
    expect(observe(() => [unknown])).to.include({
      holds: undefined,
      possible: undefined,
      notModelled: 'hostNetwork',
    });
  });

  it('knows no answer where the resolver is not modelled, though nothing was asked', () => {
    const unknown = lookup([], { notModelled: true, rcode: 'none', reason: 'musl 1.2.3' });
    const asked = { holds: undefined, possible: undefined, notModelled: 'musl 1.2.3' };
    expect(observe(() => [unknown])).to.include(asked);
    expect(observe(() => [unknown], {}, { denied: true })).to.include(asked);
  });

  it('says what is resolved, and denies it', () => {
    const answers = { ...ARGS, answers: ['10.96.0.20'] };
    expect(titleOf(resolve, answers)).to.equal('shop/frontend resolves backend to 10.96.0.20');
    expect(titleOf(resolve, { ...ARGS, rcode: 'NXDOMAIN' }, true)).to.equal(
      'shop/frontend gets no NXDOMAIN for backend',
    );
  });
});
