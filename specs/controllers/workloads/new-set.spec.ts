// Goal: the set that a Deployment makes is the same whether another cluster has made it before or
// not, and what differs between two askings differs in it. Method: Deployments asked for twice, and
// copies of them that nobody has asked for.

import { expect } from 'chai';

import { FoundRight } from '../../../src/apiserver/found-right';
import type { Deployment } from '../../../src/apiserver/kinds/deployment';
import { setFor } from '../../../src/controllers/workloads/new-set';
import { deepFreeze, keyOf } from '../../../src/values/kube-object';
import { deploymentOf } from '../control-plane';

function owner(uid: string, change: (object: Deployment) => object = (it) => it): Deployment {
  const given = deploymentOf('web', 2) as Deployment;
  const changed = change(given) as Deployment;
  return deepFreeze({ ...changed, metadata: { ...changed.metadata, uid } });
}

/** The same for another cluster: it shares the spec. */
function elsewhere(given: Deployment, uid: string): Deployment {
  return deepFreeze({ ...given, metadata: { ...given.metadata, uid } });
}

describe('the set that a Deployment makes', () => {
  it('shares all but its owner with that of another cluster', () => {
    const one = owner('one');
    const first = setFor(one, 2, 1).set;
    const second = setFor(elsewhere(one, 'two'), 2, 1).set;
    expect(second.spec).to.equal(first.spec);
    expect(second.metadata.labels).to.equal(first.metadata.labels);
    expect(second.metadata.annotations).to.equal(first.metadata.annotations);
    expect(first.metadata.ownerReferences![0]!.uid).to.equal('one');
    expect(second.metadata.ownerReferences![0]!.uid).to.equal('two');
  });

  it('is the one that is asked for, whatever was asked for before', () => {
    const one = owner('one');
    const renamed = deepFreeze({ ...one, metadata: { ...one.metadata, name: 'other' } });
    const moved = deepFreeze({ ...one, metadata: { ...one.metadata, namespace: 'bank' } });
    const askings: [Deployment, number, number][] = [
      [one, 2, 1],
      [one, 1, 1],
      [one, 2, 2],
      [one, 2, 3],
      [renamed, 2, 1],
      [moved, 2, 1],
      [one, 2, 1],
    ];
    const seen = new Set<string>();
    for (const [given, replicas, revision] of askings) {
      const { set, key } = setFor(given, replicas, revision);
      const fresh = setFor(structuredClone(given), replicas, revision);
      expect(JSON.stringify(set)).to.equal(JSON.stringify(fresh.set));
      expect(key).to.equal(keyOf(set));
      seen.add(JSON.stringify(set));
    }
    expect(seen.size).to.equal(askings.length - 1);
  });

  it('is looked at where more may be wrong with it than was with its owner', () => {
    const long = owner('one', (it) => ({
      ...it,
      metadata: { ...it.metadata, name: 'a'.repeat(250) },
    }));
    const strange = owner('one', ({ spec, ...it }) => ({
      ...it,
      spec: { ...spec, selector: { ...spec.selector, matchExpressions: [] } },
    }));
    const isRight = (given: Deployment): boolean => setFor(given, 2, 1).set instanceof FoundRight;
    expect([owner('one'), long, strange].map(isRight)).to.deep.equal([true, false, false]);
  });
});
