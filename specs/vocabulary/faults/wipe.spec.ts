// Goal: `wipe` removes what it names and nothing else, and what is not there is nothing hit.

import { expect } from 'chai';

import wipe from '../../../src/vocabulary/faults/wipe';
import { FakeCluster } from '../../runner/fake-cluster';

const CONTEXT = { step: 'gone', recovers: false };

type Args = Parameters<typeof wipe.inject>[1];

function pathsOf(args: Args): readonly string[] {
  return wipe.check!(args).map(({ path }) => path);
}

function wiped(args: Args, cluster = new FakeCluster()) {
  const injection = wipe.inject(cluster, args, CONTEXT);
  return { ...injection, calls: cluster.calls };
}

describe('wipe', () => {
  it('flushes rules, deletes routes and forgets connections of nodes, for good', () => {
    const rules = wiped({ node: 'worker-1', what: 'rules' });
    expect([rules.hits, rules.effects]).to.deep.equal([['node worker-1'], []]);
    const routes = wiped({ node: 'worker-1', what: 'routes', match: { to: '10.244.2.0/24' } });
    expect(routes.calls).to.deep.equal([['deleteRoutes', 'worker-1', '10.244.2.0/24']]);
    const all = wiped({ nodes: 'all', what: 'conntrack' });
    expect(all.calls).to.deep.equal([
      ['forgetConnections', 'worker-1', {}],
      ['forgetConnections', 'worker-2', {}],
    ]);
  });

  it('finds connections by protocol, address and port', () => {
    const match = { protocol: 'udp', address: '10.96.0.10', port: 53 } as const;
    const { calls } = wiped({ node: 'worker-1', what: 'conntrack', match });
    expect(calls[0]?.[2]).to.deep.equal({ ...match, protocol: 'UDP' });
  });

  it('finds the connections to a Service by all that clients dial', () => {
    const cluster = new FakeCluster();
    cluster.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        clusterIPs: ['10.96.0.30'],
        externalIPs: ['203.0.113.9'],
        ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }],
      },
    });
    const match = { service: 'shop/web' };
    const { calls } = wiped({ node: 'worker-1', what: 'conntrack', match }, cluster);
    expect(calls[0]?.[2]).to.deep.equal({
      fronts: [
        { protocol: 'TCP', address: '10.96.0.30', port: 80 },
        { protocol: 'TCP', address: '203.0.113.9', port: 80 },
        { protocol: 'TCP', port: 30_080 },
      ],
    });
  });

  it('alters or deletes the objects that match, past the API server', () => {
    const cluster = new FakeCluster();
    cluster.addPod('shop/a', '10.244.1.2');
    cluster.addPod('shop/b', '10.244.1.3');
    const match = { kind: 'Pod', namespace: 'shop', labels: { app: 'b' } };
    expect(wiped({ what: 'object', match }, cluster).hits).to.deep.equal(['Pod/shop/b']);
    const patch = { metadata: { labels: { app: 'c' } } };
    wiped({ what: 'object', match: { kind: 'Pod', name: 'a' }, with: patch }, cluster);
    expect(cluster.calls).to.deep.equal([
      ['tamper', 'Pod', 'shop/b', undefined],
      ['tamper', 'Pod', 'shop/a', patch],
    ]);
  });

  it('flushes the rules of one back end of iptables alone', () => {
    const match = { iptablesBackend: 'legacy' } as const;
    const { calls } = wiped({ node: 'worker-1', what: 'rules', match });
    expect(calls).to.deep.equal([['flushRules', 'worker-1', 'legacy']]);
    expect(pathsOf({ node: 'worker-1', what: 'conntrack', match })).to.deep.equal([
      '/match/iptablesBackend',
    ]);
  });

  it('hits nothing where nothing matches', () => {
    const match = { kind: 'Pod', name: 'nobody' };
    expect(() => wiped({ what: 'object', match })).to.throw(
      'it hit nothing: there is no object with kind Pod, name nobody now',
    );
  });

  it('says at load time what makes no sense, with its place', () => {
    expect(pathsOf({ node: 'worker-1', what: 'ipset' })).to.deep.equal(['/what']);
    expect(pathsOf({ what: 'rules' })).to.deep.equal(['']);
    expect(pathsOf({ node: 'worker-1', nodes: 'all', what: 'rules' })).to.deep.equal(['/nodes']);
    expect(pathsOf({ what: 'object' })).to.deep.equal(['']);
    expect(pathsOf({ what: 'cache' })).to.deep.equal(['']);
    expect(pathsOf({ component: 'coredns', what: 'cache' })).to.deep.equal([]);
    const match = { port: 53 };
    expect(pathsOf({ node: 'worker-1', what: 'routes', match })).to.deep.equal(['/match/port']);
    expect(pathsOf({ node: 'worker-1', what: 'rules', with: { spec: {} } })).to.deep.equal([
      '/with',
    ]);
  });
});
