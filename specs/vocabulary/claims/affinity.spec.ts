// Goal: `affinity` holds a new connection against the backend that the same client met before,
// for each backend that it can have met.

import { expect } from 'chai';
import affinity from '../../../src/vocabulary/claims/affinity';
import { titleOf } from '../../../src/vocabulary/define';
import { backends, shop, walk } from '../../runner/fake-cluster';
import type { FakeCluster } from '../../runner/fake-cluster';

const ARGS = { from: 'shop/frontend', to: '10.96.0.20:80', visited: '5s' };

function observe(cluster: FakeCluster, args: object = {}, prepared?: unknown) {
  const before = prepared ?? affinity.prepare!(cluster, { ...ARGS, ...args });
  return affinity.observe(cluster, { ...ARGS, ...args }, { explain: true, prepared: before });
}

function visited(cluster: FakeCluster): unknown {
  cluster.walks = () => backends('answered', 'answered', 'answered');
  return affinity.prepare!(cluster, ARGS);
}

describe('affinity', () => {
  it('looks at the instant of the visit at all ways that are answered', () => {
    const cluster = shop();
    expect(affinity.preparedAt!(ARGS)).to.equal(5_000_000);
    expect(visited(cluster)).to.have.length(3);
    cluster.walks = () => backends('answered', 'dropped', 'dropped');
    expect(affinity.prepare!(cluster, ARGS)).to.have.length(1);
  });

  it('sends the new connection as of a client that was there', () => {
    const cluster = shop();
    const prepared = visited(cluster) as readonly { visit: object }[];
    observe(cluster, {}, prepared);
    expect(cluster.sentWith).to.deep.equal({ since: prepared.at(-1)!.visit });
  });

  it('holds where each client meets its own backend again', () => {
    const cluster = shop();
    const one = backends('answered', 'answered', 'answered')[0]!;
    cluster.walks = () => [one];
    expect(observe(cluster).holds).to.equal(true);
    expect(observe(cluster, { kept: false }).holds).to.equal(false);
  });

  it('fails where a client may meet another one, which `kept: false` asks for', () => {
    const cluster = shop();
    const prepared = visited(cluster);
    expect(observe(cluster, {}, prepared).holds).to.equal(false);
    expect(observe(cluster, { kept: false }, prepared).holds).to.equal(true);
    expect(observe(cluster, {}, prepared).among).to.match(/^for 6 of 9 possible/);
  });

  it('does not count a connection that fails as one to another backend', () => {
    const cluster = shop();
    const prepared = visited(cluster);
    cluster.walks = () => [walk('no-endpoints')];
    expect(observe(cluster, {}, prepared)).to.include({ holds: false, actual: 'refused' });
    expect(observe(cluster, { kept: false }, prepared).holds).to.equal(false);
  });

  it('fails where nobody answered at the visit', () => {
    const cluster = shop();
    cluster.walks = () => [walk('dropped')];
    expect(observe(cluster)).to.include({
      holds: false,
      actual: 'no connection was answered at 5s',
    });
  });

  it('speaks in whole sentences', () => {
    const said = (more: object) => titleOf(affinity, { ...ARGS, ...more });
    expect(said({})).to.equal(
      'shop/frontend meets the backend of 10.96.0.20:80 that it met at 5s again',
    );
    expect(said({ kept: false })).to.equal(
      'shop/frontend may meet another backend than that of 10.96.0.20:80 that it met at 5s',
    );
  });
});
