// Goal: a ReplicaSet counts the pods that are its own, takes in those that nobody owns and lets go
// of those that it no longer selects. Rules: pkg/controller/controller_ref_manager.go ClaimPods.

import { expect } from 'chai';

import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { ReplicaSet } from '../../../src/apiserver/kinds/replicaset';
import type { KubeObject } from '../../../src/values/kube-object';
import { seconds } from '../../../src/values/time';
import { ControlPlane } from '../control-plane';

const SPEC = { containers: [{ name: 'main', image: 'registry.example/app:1' }] };

function podOf(name: string, labels: Record<string, string> = { app: 'web' }): KubeObject {
  const metadata = { name, namespace: 'shop', labels };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: SPEC };
}

function setOf(replicas: number, spec: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: SPEC },
      ...spec,
    },
  };
}

function plane(...objects: KubeObject[]): ControlPlane {
  const subject = new ControlPlane();
  for (const object of objects) expect(subject.create(object), subject.refusal).to.equal('ok');
  subject.run();
  return subject;
}

function ownersOf(subject: ControlPlane): Record<string, string | undefined> {
  const pods = subject.list<Pod>('Pod');
  return Object.fromEntries(
    pods.map(({ metadata }) => [metadata.name, metadata.ownerReferences?.[0]?.name]),
  );
}

function statusOf(subject: ControlPlane) {
  return subject.get<ReplicaSet>('ReplicaSet', 'shop/web')!.status;
}

describe('a ReplicaSet', () => {
  it('takes in the pods that it selects and nobody owns, and no others', () => {
    const boss = { apiVersion: 'example.com/v1', kind: 'Boss', name: 'boss', uid: '1' };
    const owned = podOf('owned');
    const metadata = { ...owned.metadata, ownerReferences: [{ ...boss, controller: true }] };
    const other = podOf('other', { app: 'db' });
    const subject = plane(podOf('one'), podOf('two'), { ...owned, metadata }, other, setOf(2));
    expect(ownersOf(subject)).to.deep.equal({
      one: 'web',
      two: 'web',
      owned: 'boss',
      other: undefined,
    });
  });

  it('takes them in as they came, in whatever order they lost their owners', () => {
    const subject = plane(podOf('one'), podOf('two'), setOf(2));
    subject.delete('ReplicaSet', 'shop/web', 0);
    // Both are there still: nothing has collected them yet.
    for (const name of ['two', 'one']) {
      subject.patch('Pod', `shop/${name}`, { metadata: { ownerReferences: null } });
    }
    const from = subject.kernel.journal.length;
    expect(subject.create(setOf(2)), subject.refusal).to.equal('ok');
    subject.run();
    const entries = subject.kernel.journal.all().slice(from);
    const taken = entries.filter((it) => it.actor === 'apiserver' && it.subject.startsWith('Pod/'));
    expect(taken.map((it) => it.subject)).to.deep.equal(['Pod/shop/one', 'Pod/shop/two']);
  });

  it('lets go of a pod that it no longer selects, and makes another', () => {
    const subject = plane(podOf('one'), setOf(1));
    subject.patch('Pod', 'shop/one', { metadata: { labels: { app: 'db' } } });
    subject.run();
    const owners = ownersOf(subject);
    expect(owners['one']).to.equal(undefined);
    expect(Object.values(owners)).to.have.members([undefined, 'web']);
  });

  it('counts pods that are there, ready, and ready for long enough', () => {
    const subject = plane(setOf(3, { minReadySeconds: 20 }));
    expect(statusOf(subject)).to.include({ replicas: 3, readyReplicas: 3, availableReplicas: 0 });
    subject.run(seconds(30));
    expect(statusOf(subject)).to.include({ availableReplicas: 3 });
    const [pod] = subject.list<Pod>('Pod');
    const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: 0 }];
    subject.patch('Pod', `shop/${pod!.metadata.name}`, { status: { conditions } });
    subject.run();
    expect(statusOf(subject)).to.include({ replicas: 3, readyReplicas: 2, availableReplicas: 2 });
  });

  it('writes no status that says what the one before did', () => {
    const subject = plane(setOf(1));
    const { resourceVersion } = subject.get('ReplicaSet', 'shop/web')!.metadata;
    const [pod] = subject.list<Pod>('Pod');
    subject.patch('Pod', `shop/${pod!.metadata.name}`, {
      metadata: { annotations: { note: 'nothing that is counted' } },
    });
    subject.run();
    expect(subject.get('ReplicaSet', 'shop/web')!.metadata).to.include({ resourceVersion });
  });
});

/** One of several sets of a Deployment, its pods on `nodeName` where one is given. */
function setNamed(name: string, replicas: number, nodeName?: string): KubeObject {
  const labels = { app: name };
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'a-deployment' };
  const spec = nodeName === undefined ? SPEC : { ...SPEC, nodeName };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'shop', ownerReferences: [{ ...owner, controller: true }] },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

describe('a ReplicaSet that has a pod too many', () => {
  // source: pkg/controller/replicaset/replica_set.go getIndirectlyRelatedPods
  it('counts those of the same Deployment, and removes one that is doubled up on its node', () => {
    const subject = new ControlPlane({ nodes: 2 });
    const make = (set: KubeObject): void => {
      expect(subject.create(set), subject.refusal).to.equal('ok');
      subject.run();
    };
    const scale = (replicas: number): void => {
      subject.patch('ReplicaSet', 'shop/web', { spec: { replicas } });
      subject.run(seconds(60));
    };
    const nodes = (): (string | undefined)[] => {
      const pods = subject
        .list<Pod>('Pod')
        .filter(({ metadata }) => metadata.labels!['app'] === 'web');
      return pods.map(({ spec }) => spec.nodeName);
    };
    make(setNamed('web', 2));
    const [first, second] = nodes();
    expect(first).not.to.equal(second);
    // Else the newer one would go.
    make(setNamed('other', 1, first));
    scale(1);
    expect(nodes()).to.deep.equal([second]);
    // The same with a set that came after the first such question, and without one that has gone.
    subject.delete('ReplicaSet', 'shop/other');
    subject.run(seconds(60));
    scale(2);
    expect(nodes()).to.deep.equal([second, first]);
    make(setNamed('third', 1, second));
    scale(1);
    expect(nodes()).to.deep.equal([first]);
  });
});
