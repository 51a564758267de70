// Goal: a lookup is followed to its end where a cache on each node asks servers of which one is
// dead: every question is answered, answered late or failed, along four names of a search list.

import { expect } from 'chai';
import type { Cluster } from '../../../src/cluster/cluster';
import { createCluster } from '../../../src/cluster/create-cluster';
import { add, equalRatio, CERTAIN } from '../../../src/values/ratio';
import { later, seconds } from '../../../src/values/time';
import { planText } from '../../runner/plan-text';

const TEXT = `
scenario: a cache on each node, and one of two servers dead
cluster: {nodes: [{name: a}, {name: b}, {name: c}], dns: {nodelocal: true, replicas: 2}}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: a, containers: [{name: main, image: example/client}]}
`;

function withDeadServer(): Cluster {
  const cluster = createCluster(planText(TEXT, 'many-ways.yaml').cluster, { seed: 1 });
  const server = [...cluster.api.store.list('Pod')].find(({ metadata, spec }) => {
    const { nodeName } = spec as { readonly nodeName: string };
    return metadata.name.startsWith('coredns-') && nodeName !== 'a';
  });
  cluster.handles.powerOff((server!.spec as { readonly nodeName: string }).nodeName);
  cluster.kernel.runUntil(later(cluster.kernel.now, seconds(5)));
  return cluster;
}

describe('a lookup by way of a cache of which an upstream is dead', () => {
  it('has as many ways as there are ends, and their probabilities add up', () => {
    const ways = withDeadServer().resolve({ pod: 'default/client' }, 'no-such-name');
    expect(ways.filter(({ notModelled }) => notModelled)).to.deep.equal([]);
    expect(ways).to.have.length.within(2, 500);
    const sum = ways.map(({ probability }) => probability).reduce(add);
    expect(equalRatio(sum, CERTAIN), JSON.stringify(sum)).to.equal(true);
  });

  const NAME = 'kubernetes.default.svc.cluster.local.';
  const ask = (cluster: Cluster, real: boolean) =>
    cluster.resolve({ pod: 'default/client' }, NAME, { real, types: ['A'] });

  it('goes the same ways where it is really made, and teaches the cache what can be known', () => {
    const cluster = withDeadServer();
    const asking = ask(cluster, false);
    expect(asking.map(({ rcode, took }) => [rcode, took / 1e6])).to.deep.equal([
      ['SERVFAIL', 8],
      ['NOERROR', 6],
      ['NOERROR', 4],
      ['NOERROR', 2],
      ['NOERROR', 0],
    ]);
    expect(ask(cluster, true)).to.deep.equal(asking);
    expect(ask(cluster, false).map(({ rcode, took }) => [rcode, took])).to.deep.equal([
      ['NOERROR', 0],
    ]);
  });
});
