// Goal: what nobody owns, runs or lists any more goes: the pods of a node that is gone, what an owner
// has left behind, and all that is in a namespace that is deleted. Rules: timing.md §2.3.

import { expect } from 'chai';

import { isPodReady } from '../../src/apiserver/kinds/pod';
import type { Pod } from '../../src/apiserver/kinds/pod';
import { later, seconds } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { ControlPlane, deploymentOf, disruptionOf, podOn, serviceOf } from './control-plane';

describe('the pods of a deleted node', () => {
  it('are removed 40 to 60 s later', () => {
    // timing.md §2.3: pod GC loop 20 s, orphan quarantine 40 s.
    const plane = new ControlPlane();
    plane.create(deploymentOf('web', 3));
    plane.run(seconds(3_600));
    const start = plane.kernel.now;
    plane.heartbeats.stop('worker-1', (start - seconds(3)) as Instant);
    plane.delete('Node', 'worker-1');
    const [orphan] = plane.list<Pod>('Pod').filter(({ spec }) => spec.nodeName === 'worker-1');
    plane.run(seconds(39));
    expect(plane.get('Pod', `shop/${orphan!.metadata.name}`)).to.not.equal(undefined);
    const states: (string | undefined)[] = [];
    plane.api.observeCommits(({ object }) => {
      if (object?.kind !== 'Pod' || object.metadata.name !== orphan!.metadata.name) return;
      states.push((object as Pod).status?.phase, disruptionOf(object as Pod));
    });
    plane.kernel.runUntil(later(start, seconds(61)));
    expect(plane.get('Pod', `shop/${orphan!.metadata.name}`)).to.equal(undefined);
    expect(states.slice(0, 2)).to.deep.equal(['Failed', 'DeletionByPodGC']);
    expect(plane.list<Pod>('Pod').filter(isPodReady)).to.have.length(3);
  });

  it('are removed where they come when it is gone, and no others are looked at', () => {
    const plane = new ControlPlane();
    plane.delete('Node', 'worker-1');
    plane.run(seconds(60));
    plane.create(podOn('worker-1'));
    plane.create(podOn('worker-2'));
    plane.run(seconds(61));
    expect(plane.list<Pod>('Pod').map(({ spec }) => spec.nodeName)).to.deep.equal(['worker-2']);
    const entries = plane.kernel.journal.all();
    const looked = entries.filter(({ actor }) => actor === 'controller-manager/pod-gc');
    expect(looked.map(({ subject }) => subject)).to.not.include('Pod/shop/on-worker-2');
    expect(looked.map(({ subject }) => subject)).to.include('Pod/shop/on-worker-1');
  });
});

describe('what is created while its owner was going', () => {
  it('goes after it, and what has another owner stays', () => {
    const plane = new ControlPlane();
    for (const name of ['late', 'there']) plane.create(serviceOf(name));
    const owners = ['late', 'there'].map((name) => plane.get('Service', `shop/${name}`)!.metadata);
    plane.delete('Service', 'shop/late');
    plane.run();
    for (const { name, uid } of owners) {
      const owner = { apiVersion: 'v1', kind: 'Service', name, uid: uid!, controller: true };
      const { metadata, ...pod } = podOn('worker-1');
      plane.create({ ...pod, metadata: { ...metadata, name, ownerReferences: [owner] } });
    }
    plane.run();
    expect(plane.list('Pod').map(({ metadata }) => metadata.name)).to.deep.equal(['there']);
  });
});

describe('a deleted namespace', () => {
  it('goes when it is empty', () => {
    const plane = new ControlPlane();
    plane.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    plane.create(deploymentOf('web', 2));
    plane.create(serviceOf('web'));
    plane.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'shop' },
    });
    plane.run();
    plane.delete('Namespace', 'shop');
    expect(plane.get('Namespace', 'shop')!.status).to.deep.equal({ phase: 'Terminating' });
    plane.run(seconds(60));
    for (const kind of ['Namespace', 'Deployment', 'ReplicaSet', 'Pod', 'Service', 'ConfigMap']) {
      expect(plane.list(kind), kind).to.deep.equal([]);
    }
  });
});
