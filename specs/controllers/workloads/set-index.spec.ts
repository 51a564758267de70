// Goal: the sets of a Deployment are those whose reference says so, in the order of their coming,
// and a change of one concerns the Deployments that had it or have it now. Method: sets come, change
// hands, get another status and go by chance, beside the index of any owned object.

import { expect } from 'chai';

import type { ReplicaSet } from '../../../src/apiserver/kinds/replicaset';
import { OwnerIndex, ownerKeys } from '../../../src/controllers/owner';
import { SetIndex } from '../../../src/controllers/workloads/set-index';
import { Random } from '../../../src/kernel/random';
import type { OwnerReference } from '../../../src/values/kube-object';

const STEPS = 2_000;
const OWNER = 'Deployment';

type References = readonly OwnerReference[] | undefined;

function reference(kind: string, name: string, uid = `${kind}-${name}`): References {
  return [{ apiVersion: 'apps/v1', kind, name, uid, controller: true }];
}

const REFERENCES: readonly References[] = [
  undefined,
  reference(OWNER, 'a'),
  reference(OWNER, 'a'),
  // One that has taken the name of another one.
  reference(OWNER, 'a', 'Deployment-new'),
  reference(OWNER, 'b'),
  reference('Rollout', 'a'),
];
const UIDS = ['Deployment-a', 'Deployment-new', 'Deployment-b', 'Rollout-a'];

function setOf(namespace: string, name: string, references: References): ReplicaSet {
  const owned = references === undefined ? {} : { ownerReferences: references };
  const spec = { template: { spec: { containers: [] } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace, ...owned },
    spec,
  };
}

describe('the sets of a Deployment', () => {
  it('are those whose reference says so, as they came, whatever happens to them', () => {
    const draw = new Random(5).stream('sets');
    const subject = new SetIndex();
    const known = new OwnerIndex(OWNER);
    const objects = new Map<string, ReplicaSet>();
    let most = 0;
    for (let step = 0; step < STEPS; step++) {
      const namespace = 'shop';
      const name = String(draw.below(12));
      const key = `${namespace}/${name}`;
      const before = objects.get(key);
      const isStatus = before !== undefined && draw.below(3) > 0;
      const references = REFERENCES[draw.below(REFERENCES.length)];
      const after = isStatus
        ? { ...before, status: { replicas: step } }
        : draw.below(3) === 0
          ? undefined
          : setOf(namespace, name, references);
      if (before === undefined && after === undefined) continue;
      const change = { key, before, after, cause: step };
      known.update(change);
      expect(subject.update(change)).to.deep.equal(ownerKeys(change, OWNER));
      for (const uid of UIDS) {
        const sets = subject.of(uid)?.sets ?? [];
        expect(sets, `${uid} at ${step}`).to.deep.equal([...known.ownedBy(uid)]);
        most = Math.max(most, sets.length);
      }
      if (after === undefined) objects.delete(key);
      else objects.set(key, after);
    }
    expect(most).to.be.above(4);
  });

  it('are none when all is forgotten', () => {
    const subject = new SetIndex();
    const after = setOf('shop', 'a', REFERENCES[1]);
    subject.update({ key: 'shop/a', before: undefined, after, cause: 0 });
    subject.clear();
    expect(subject.of('Deployment-a')).to.equal(undefined);
  });
});
