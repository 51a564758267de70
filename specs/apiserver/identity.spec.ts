// Goal: the identity of an object depends on its name, on how many objects had the name before it,
// and on the seed; so it is the same whatever else is created, and each of them has its own.
// Method: against a stream of the same name that is kept, as all other streams are.

import { expect } from 'chai';
import { uuid } from '../../src/apiserver/identity';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/cluster/create-cluster';
import { Random } from '../../src/kernel/random';
import type { KubeObject } from '../../src/values/kube-object';
import { planText } from '../runner/plan-text';

const PLAN = planText(
  `scenario: nothing happens
cluster: {nodes: 1}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]`,
  'identity.yaml',
);
const STREAM = 'apiserver/uid/ConfigMap/default/settings';
const KEY = { kind: 'ConfigMap', key: 'default/settings', actor: 'spec' } as const;

/** What the kept stream of a seed says, one after the other. */
function identitiesOf(seed: number, count: number): string[] {
  const stream = new Random(seed).stream(STREAM);
  return Array.from({ length: count }, () => uuid(stream));
}

/** Creates the object, takes note of its identity and deletes it again. */
function comeAndGo({ api }: Cluster): string | undefined {
  const metadata = { name: 'settings', namespace: 'default' };
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  expect(api.commitNow({ verb: 'create', object, ...KEY })).to.equal('ok');
  const { uid } = api.store.get(KEY.kind, KEY.key)!.metadata;
  expect(api.commitNow({ verb: 'delete', ...KEY })).to.equal('ok');
  return uid;
}

function newCluster(): Cluster {
  return createCluster(PLAN.cluster, { seed: 1 });
}

describe('an identity', () => {
  it('is another one for each object of a name', () => {
    const cluster = newCluster();
    const found = [comeAndGo(cluster), comeAndGo(cluster), comeAndGo(cluster)];
    expect(new Set(found).size).to.equal(3);
    expect(found).to.deep.equal(identitiesOf(1, 3));
  });

  it('does not move when an object is changed', () => {
    const cluster = newCluster();
    comeAndGo(cluster);
    const metadata = { name: 'settings', namespace: 'default' };
    const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    cluster.api.commitNow({ verb: 'create', object, ...KEY });
    cluster.api.commitNow({ verb: 'patch', patch: { data: { a: 'b' } }, ...KEY });
    cluster.api.commitNow({ verb: 'delete', ...KEY });
    expect(comeAndGo(cluster)).to.equal(identitiesOf(1, 3)[2]);
  });

  it('goes on in a fork where it stood, and begins anew there under another seed', () => {
    const cluster = newCluster();
    comeAndGo(cluster);
    const like = cluster.fork();
    const unlike = cluster.fork({ seed: 2 });
    const [, second, third] = identitiesOf(1, 3);
    expect([comeAndGo(like), comeAndGo(like)]).to.deep.equal([second, third]);
    expect([comeAndGo(unlike), comeAndGo(unlike)]).to.deep.equal(identitiesOf(2, 2));
    const next = unlike.fork();
    expect(comeAndGo(next)).to.equal(identitiesOf(2, 3)[2]);
    expect(comeAndGo(cluster)).to.equal(second);
  });
});
