// Goal: every pod of a workload has a number, in the order of creation and for ever, and is called
// by the topmost workload above it as that was when the pod was made. Method: versions by hand.

import { expect } from 'chai';

import { Store } from '../../../src/apiserver/store';
import type { Version } from '../../../src/apiserver/store';
import { PodOrdinals } from '../../../src/cluster/commands/pod-ordinals';
import type { KubeObject, OwnerReference } from '../../../src/values/kube-object';
import { START } from '../../../src/values/time';

function ownedBy(kind: string, name: string): readonly OwnerReference[] {
  return [{ apiVersion: 'apps/v1', kind, name, uid: `uid of ${name}`, controller: true }];
}

function objectOf(
  kind: string,
  name: string,
  ownerReferences?: readonly OwnerReference[],
): KubeObject {
  const owners = ownerReferences && { ownerReferences };
  return { apiVersion: 'v1', kind, metadata: { name, namespace: 'shop', ...owners } };
}

/** What is stored beside pods, and the numbers of the pods. */
function world() {
  const stored = new Map<string, KubeObject>();
  const store = { get: (kind: string, key: string) => stored.get(`${kind}/${key}`) };
  const ordinals = new PodOrdinals(store as unknown as Store);
  return {
    ordinals,
    put: (object: KubeObject) =>
      void stored.set(`${object.kind}/shop/${object.metadata.name}`, object),
    create: (name: string, owners?: readonly OwnerReference[]): string => {
      const key = `shop/${name}`;
      const object = objectOf('Pod', name, owners);
      ordinals.observe({ key, object, previous: undefined } as unknown as Version, 'Pod');
      return ordinals.nameOf(key);
    },
  };
}

const BY_SET = ownedBy('ReplicaSet', 'web-1');

describe('the number of a pod', () => {
  it('counts the pods of the topmost workload, and of each one below', () => {
    const { ordinals, put, create } = world();
    put(objectOf('ReplicaSet', 'web-1', ownedBy('Deployment', 'web')));
    put(objectOf('ReplicaSet', 'web-2', ownedBy('Deployment', 'web')));
    put(objectOf('Deployment', 'web'));
    expect(create('a', BY_SET)).to.equal('shop/web#1');
    expect(create('b', ownedBy('ReplicaSet', 'web-2'))).to.equal('shop/web#2');
    expect(create('c', BY_SET)).to.equal('shop/web#3');
    expect(ordinals.podsOf('ReplicaSet', 'shop/web-1')).to.deep.equal(['shop/a', 'shop/c']);
    expect(ordinals.podsOf('Deployment', 'shop/web')).to.have.length(3);
    expect(ordinals.nameOf('shop/a')).to.equal('shop/web#1');
    expect(ordinals.standing('Deployment/shop/web')).to.equal(3);
  });

  it('is none where nobody owns the pod', () => {
    const { ordinals, create } = world();
    expect(create('alone')).to.equal('shop/alone');
    expect(ordinals.standing('shop/alone')).to.equal(undefined);
    expect(ordinals.podsOf('Pod', 'shop/alone')).to.deep.equal([]);
  });

  it('goes by the owners of an owner at the time, which may change', () => {
    const { put, create, ordinals } = world();
    put(objectOf('Deployment', 'web'));
    put(objectOf('ReplicaSet', 'web-1', ownedBy('Deployment', 'web')));
    expect(create('a', BY_SET)).to.equal('shop/web#1');
    put(objectOf('ReplicaSet', 'web-1'));
    expect(create('b', BY_SET)).to.equal('shop/web-1#2');
    put(objectOf('ReplicaSet', 'web-1', ownedBy('Deployment', 'web')));
    expect(create('c', BY_SET)).to.equal('shop/web#2');
    expect(ordinals.nameOf('shop/b')).to.equal('shop/web-1#2');
  });

  it('is what it was when the pod came, however late somebody asks', () => {
    const store = new Store();
    const ordinals = new PodOrdinals(store);
    const put = (object: KubeObject) => store.put(object, START, 0);
    put(objectOf('ReplicaSet', 'web-1', ownedBy('Deployment', 'web')));
    ordinals.observe(put(objectOf('Pod', 'a', BY_SET)), 'Pod');
    put(objectOf('ReplicaSet', 'web-1'));
    ordinals.observe(put(objectOf('Pod', 'b', BY_SET)), 'Pod');
    store.remove('ReplicaSet', 'shop/web-1', START, 0);
    ordinals.observe(put(objectOf('Pod', 'c', BY_SET)), 'Pod');
    put(objectOf('ReplicaSet', 'web-1', ownedBy('Deployment', 'other')));
    expect(ordinals.whole()).to.equal(3);
    const names = ['a', 'b', 'c'].map((name) => ordinals.nameOf(`shop/${name}`));
    expect(names).to.deep.equal(['shop/web#1', 'shop/web-1#2', 'shop/web-1#3']);
    expect(ordinals.podsOf('ReplicaSet', 'shop/web-1')).to.have.length(3);
  });

  it('is another one for the next pod of the same name', () => {
    const { create, ordinals } = world();
    const bySet = ownedBy('StatefulSet', 'db');
    expect(create('db-0', bySet)).to.equal('shop/db#1');
    expect(create('db-1', bySet)).to.equal('shop/db#2');
    expect(create('db-0', bySet)).to.equal('shop/db#3');
    expect(ordinals.nameOf('shop/db-1')).to.equal('shop/db#2');
  });

  it('is given once: later versions of a pod, and its end, count for nothing', () => {
    const { create, ordinals } = world();
    create('db-0', ownedBy('StatefulSet', 'db'));
    const object = objectOf('Pod', 'db-0', ownedBy('StatefulSet', 'db'));
    const previous = { object };
    ordinals.observe({ key: 'shop/db-0', object, previous } as unknown as Version, 'Pod');
    ordinals.observe(
      { key: 'shop/db-0', object: undefined, previous } as unknown as Version,
      'Pod',
    );
    expect(ordinals.podsOf('StatefulSet', 'shop/db')).to.deep.equal(['shop/db-0']);
    expect(ordinals.nameOf('shop/db-0')).to.equal('shop/db#1');
  });
});
