// Goal: the pods of a StatefulSet come and go in order, keep their names, and are never there
// twice. Rules: timing.md §6 C6 (not replaced before the old pod's object is gone); services T18.

import { expect } from 'chai';

import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { KubeObject } from '../../../src/values/kube-object';
import { milliseconds, seconds } from '../../../src/values/time';
import { ControlPlane } from '../control-plane';

function statefulSetOf(replicas: number, spec: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'shop' },
    spec: {
      replicas,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'main', image: 'v1' }] },
      },
      ...spec,
    },
  };
}

function plane(replicas: number, spec: object = {}): ControlPlane {
  const subject = new ControlPlane();
  expect(subject.create(statefulSetOf(replicas, spec)), subject.refusal).to.equal('ok');
  subject.run();
  return subject;
}

function names(subject: ControlPlane): string[] {
  return subject.list('Pod').map(({ metadata }) => metadata.name);
}

describe('a StatefulSet', () => {
  it('names its pods by number and makes each wait for the one before', () => {
    const subject = plane(3);
    expect(names(subject)).to.deep.equal(['db-0', 'db-1', 'db-2']);
    const [first, second] = subject.list<Pod>('Pod');
    const readyAt = first!.status!.conditions!.find(
      ({ type }) => type === 'Ready',
    )!.lastTransitionTime!;
    expect(second!.metadata.creationTimestamp).to.be.greaterThan(readyAt);
    expect(first!.spec).to.include({ hostname: 'db-0', subdomain: 'db' });
  });

  it('makes them all at once where that is allowed', () => {
    const subject = plane(3, { podManagementPolicy: 'Parallel' });
    const times = subject.list('Pod').map(({ metadata }) => metadata.creationTimestamp);
    expect(new Set(times).size).to.equal(1);
  });

  it('does not go on while one is not ready', () => {
    const subject = new ControlPlane({ kubelet: false });
    subject.create(statefulSetOf(3));
    subject.run();
    expect(names(subject)).to.deep.equal(['db-0']);
  });

  it('scales down from the highest number', () => {
    const subject = plane(3);
    const gone: string[] = [];
    subject.api.observeCommits(({ key, object }) => {
      if (object === undefined) gone.push(key);
    });
    subject.patch('StatefulSet', 'shop/db', { spec: { replicas: 1 } });
    subject.run();
    expect(gone).to.deep.equal(['shop/db-2', 'shop/db-1']);
  });

  it('does not replace a pod whose object is still there', () => {
    const subject = plane(2);
    const node = subject.get<Pod>('Pod', 'shop/db-1')!.spec.nodeName!;
    subject.heartbeats.stop(node, subject.kernel.now);
    subject.delete('Pod', 'shop/db-1');
    subject.run(milliseconds(500));
    const { uid } = subject.get('Pod', 'shop/db-1')!.metadata;
    expect(names(subject)).to.deep.equal(['db-0', 'db-1']);
    subject.delete('Pod', 'shop/db-1', 0);
    subject.run();
    expect(subject.get('Pod', 'shop/db-1')!.metadata.uid).to.not.equal(uid);
  });

  it('rolls from the highest number down, and not below its partition', () => {
    const subject = plane(3, { updateStrategy: { rollingUpdate: { partition: 1 } } });
    const containers = [{ name: 'main', image: 'v2' }];
    subject.patch('StatefulSet', 'shop/db', { spec: { template: { spec: { containers } } } });
    subject.run(seconds(30));
    const images = () =>
      subject.list<Pod>('Pod').map((it) => `${it.metadata.name} ${it.spec.containers[0]!.image}`);
    expect(images().sort()).to.deep.equal(['db-0 v1', 'db-1 v2', 'db-2 v2']);
    // A pod below the partition comes back as it was.
    subject.delete('Pod', 'shop/db-0', 0);
    subject.run();
    expect(images().sort()).to.deep.equal(['db-0 v1', 'db-1 v2', 'db-2 v2']);
  });

  it('counts from its first number, and moves up and down with it', () => {
    const subject = plane(2, { ordinals: { start: 5 } });
    expect(names(subject)).to.deep.equal(['db-5', 'db-6']);
    subject.patch('StatefulSet', 'shop/db', { spec: { ordinals: { start: 6 } } });
    subject.run();
    expect(names(subject).sort()).to.deep.equal(['db-6', 'db-7']);
  });

  it('removes all that is too much at once where no order is asked for', () => {
    const subject = plane(3, { podManagementPolicy: 'Parallel' });
    subject.patch('StatefulSet', 'shop/db', { spec: { replicas: 0 } });
    const gone: number[] = [];
    subject.api.observeCommits(({ object }) => {
      if (object?.metadata.deletionTimestamp !== undefined) gone.push(subject.kernel.now);
    });
    subject.run();
    expect(names(subject)).to.deep.equal([]);
    expect([gone.length, new Set(gone).size]).to.deep.equal([3, 1]);
  });

  it('makes room for another pod of a name whose pod has ended', () => {
    const subject = plane(2);
    const { uid } = subject.get('Pod', 'shop/db-0')!.metadata;
    subject.patch('Pod', 'shop/db-0', { status: { phase: 'Failed' } });
    subject.run();
    expect(subject.get('Pod', 'shop/db-0')!.metadata.uid).to.not.equal(uid);
    expect(names(subject).sort()).to.deep.equal(['db-0', 'db-1']);
  });

  it('leaves its pods to be deleted by others where it is told to', () => {
    const subject = plane(1, { updateStrategy: { type: 'OnDelete' } });
    const containers = [{ name: 'main', image: 'v2' }];
    subject.patch('StatefulSet', 'shop/db', { spec: { template: { spec: { containers } } } });
    subject.run();
    const image = () => subject.get<Pod>('Pod', 'shop/db-0')!.spec.containers[0]!.image;
    expect(image()).to.equal('v1');
    subject.delete('Pod', 'shop/db-0', 0);
    subject.run();
    expect(image()).to.equal('v2');
  });

  it('goes on only when a pod has been ready for long enough', () => {
    const subject = plane(2, { minReadySeconds: 20 });
    expect(names(subject)).to.deep.equal(['db-0']);
    subject.run(seconds(20));
    expect(names(subject)).to.deep.equal(['db-0', 'db-1']);
  });

  it('starts anew with an empty memory and finds its pods', () => {
    const subject = plane(2);
    const controller = subject.controllers.find(({ name }) => name === 'statefulset')!;
    controller.stop();
    subject.patch('StatefulSet', 'shop/db', { spec: { replicas: 3 } });
    subject.run();
    expect(names(subject)).to.deep.equal(['db-0', 'db-1']);
    controller.start();
    subject.run();
    expect(names(subject)).to.deep.equal(['db-0', 'db-1', 'db-2']);
  });
});
