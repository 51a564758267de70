// Goal: every node that fits has one daemon, and keeps it through what only wards off newcomers.
// Rules: pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod, podsShouldBeOnNode),
// update.go rollingUpdate.

import { expect } from 'chai';

import type { DaemonSet } from '../../../src/apiserver/kinds/daemonset';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { KubeObject } from '../../../src/values/kube-object';
import { seconds } from '../../../src/values/time';
import { ControlPlane } from '../control-plane';

describe('a DaemonSet', () => {
  function daemonSetOf(spec: object = {}): KubeObject {
    return {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent', namespace: 'shop' },
      spec: {
        selector: { matchLabels: { app: 'agent' } },
        template: {
          metadata: { labels: { app: 'agent' } },
          spec: { containers: [{ name: 'main', image: 'v1' }], ...spec },
        },
      },
    };
  }

  function running(spec: object = {}): ControlPlane {
    const subject = new ControlPlane();
    expect(subject.create(daemonSetOf(spec)), subject.refusal).to.equal('ok');
    subject.run();
    return subject;
  }

  function nodes(subject: ControlPlane): (string | undefined)[] {
    return subject
      .list<Pod>('Pod')
      .map(({ spec }) => spec.nodeName)
      .sort();
  }

  it('has one pod on each node', () => {
    expect(nodes(running())).to.deep.equal(['worker-1', 'worker-2', 'worker-3']);
  });

  it('runs on a cordoned node too', () => {
    const subject = new ControlPlane();
    subject.patch('Node', 'worker-2', { spec: { unschedulable: true } });
    subject.run();
    subject.create(daemonSetOf());
    subject.run();
    expect(nodes(subject)).to.deep.equal(['worker-1', 'worker-2', 'worker-3']);
  });

  it('runs only where its selector and its tolerations let it', () => {
    const subject = running({ nodeSelector: { disk: 'ssd' } });
    expect(nodes(subject)).to.deep.equal([]);
    subject.patch('Node', 'worker-1', { metadata: { labels: { disk: 'ssd' } } });
    subject.patch('Node', 'worker-2', {
      metadata: { labels: { disk: 'ssd' } },
      spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] },
    });
    subject.run();
    expect(nodes(subject)).to.deep.equal(['worker-1']);
  });

  it('replaces its pods one node after the other', () => {
    const subject = running();
    let least = 3;
    subject.api.observeCommits(() => {
      const alive = subject
        .list<Pod>('Pod')
        .filter((it) => it.metadata.deletionTimestamp === undefined);
      least = Math.min(least, alive.filter((it) => it.status?.podIP !== undefined).length);
    });
    const containers = [{ name: 'main', image: 'v2' }];
    subject.patch('DaemonSet', 'shop/agent', { spec: { template: { spec: { containers } } } });
    subject.run(seconds(30));
    const images = subject.list<Pod>('Pod').map(({ spec }) => spec.containers[0]!.image);
    expect(images).to.deep.equal(['v2', 'v2', 'v2']);
    expect(least).to.equal(2);
  });

  function taint(subject: ControlPlane, node: string, effect: string): void {
    subject.patch('Node', node, { spec: { taints: [{ key: 'gpu', effect }] } });
    subject.run();
  }

  it('stays where a taint wards off newcomers, and comes to no such node', () => {
    const subject = running();
    taint(subject, 'worker-1', 'NoSchedule');
    expect(nodes(subject)).to.deep.equal(['worker-1', 'worker-2', 'worker-3']);
    const { status } = subject.get<DaemonSet>('DaemonSet', 'shop/agent')!;
    expect(status).to.include({ desiredNumberScheduled: 2 });
    const gone = subject.list<Pod>('Pod').find(({ spec }) => spec.nodeName === 'worker-1')!;
    subject.delete('Pod', `shop/${gone.metadata.name}`, 0);
    subject.run();
    expect(nodes(subject)).to.deep.equal(['worker-2', 'worker-3']);
  });

  it('goes where a taint drives it out, and not where a taint only puts off', () => {
    const subject = running();
    taint(subject, 'worker-1', 'NoExecute');
    taint(subject, 'worker-2', 'PreferNoSchedule');
    expect(nodes(subject)).to.deep.equal(['worker-2', 'worker-3']);
  });

  it('on the network of the host puts up with a node that has no network yet', () => {
    const key = 'node.kubernetes.io/network-unavailable';
    const start = (hostNetwork: boolean): ControlPlane => {
      const subject = new ControlPlane();
      subject.patch('Node', 'worker-1', { spec: { taints: [{ key, effect: 'NoSchedule' }] } });
      subject.create(daemonSetOf({ hostNetwork }));
      subject.run();
      return subject;
    };
    expect(nodes(start(false))).to.deep.equal(['worker-2', 'worker-3']);
    expect(nodes(start(true))).to.deep.equal(['worker-1', 'worker-2', 'worker-3']);
  });

  it('is replaced ever later where it fails, and at once where it succeeds', () => {
    const subject = running();
    const deleted: number[] = [];
    let phase = 'Failed';
    const fail = (): void => {
      const onFirst = subject.list<Pod>('Pod').find(({ spec }) => spec.nodeName === 'worker-1');
      const isLive = onFirst?.metadata.deletionTimestamp === undefined;
      if (onFirst === undefined || !isLive || onFirst.status?.phase === phase) return;
      subject.patch('Pod', `shop/${onFirst.metadata.name}`, { status: { phase } });
    };
    subject.api.observeCommits(({ object, key }) => {
      if (object === undefined && key.startsWith('shop/agent')) deleted.push(subject.kernel.now);
    });
    for (let step = 0; step < 400; step++) {
      fail();
      subject.run(seconds(0.05));
    }
    const gaps = deleted.slice(1).map((at, index) => Math.round((at - deleted[index]!) / 1e6));
    expect(gaps).to.deep.equal([1, 2, 4, 8]);
    phase = 'Succeeded';
    fail();
    subject.run(seconds(1));
    expect(deleted.length).to.equal(6);
  });

  it('is replaced where it has ended', () => {
    const subject = running();
    const [first] = subject.list<Pod>('Pod');
    const { name, uid } = first!.metadata;
    subject.patch('Pod', `shop/${name}`, { status: { phase: 'Failed' } });
    subject.run();
    expect(nodes(subject)).to.deep.equal(['worker-1', 'worker-2', 'worker-3']);
    expect(subject.list('Pod').map(({ metadata }) => metadata.uid)).to.not.include(uid);
  });

  it('that is one too many on a node goes; the older one stays', () => {
    const subject = running();
    const [first] = subject.list<Pod>('Pod');
    const { labels, ownerReferences, namespace } = first!.metadata;
    const metadata = { name: 'twin', namespace: namespace!, labels, ownerReferences };
    subject.create({ ...first!, metadata, status: {} } as KubeObject);
    subject.run();
    const left = subject.list('Pod').map(({ metadata: { name } }) => name);
    expect(left).to.include(first!.metadata.name).and.to.not.include('twin');
  });

  it('is left to be deleted by others where its owner is told to', () => {
    const subject = running();
    const updateStrategy = { type: 'OnDelete' };
    const containers = [{ name: 'main', image: 'v2' }];
    subject.patch('DaemonSet', 'shop/agent', {
      spec: { updateStrategy, template: { spec: { containers } } },
    });
    subject.run();
    const images = () => subject.list<Pod>('Pod').map(({ spec }) => spec.containers[0]!.image);
    expect(images()).to.deep.equal(['v1', 'v1', 'v1']);
    subject.delete('Pod', `shop/${subject.list('Pod')[0]!.metadata.name}`, 0);
    subject.run();
    expect(images().sort()).to.deep.equal(['v1', 'v1', 'v2']);
  });

  it('is found again by a controller with an empty memory', () => {
    const subject = running();
    const controller = subject.controllers.find(({ name }) => name === 'daemonset')!;
    controller.stop();
    controller.start();
    subject.run();
    expect(nodes(subject)).to.deep.equal(['worker-1', 'worker-2', 'worker-3']);
  });

  it('is replaced at once by a controller that knows nothing of earlier failures', () => {
    const subject = running();
    const controller = subject.controllers.find(({ name }) => name === 'daemonset')!;
    const onFirst = () => subject.list<Pod>('Pod').find((it) => it.spec.nodeName === 'worker-1')!;
    const fail = (): void => {
      const { name } = onFirst().metadata;
      subject.patch('Pod', `shop/${name}`, { status: { phase: 'Failed' } });
      subject.run(seconds(0.5));
    };
    fail();
    fail();
    expect(onFirst().status?.phase, 'it waits').to.equal('Failed');
    controller.stop();
    controller.start();
    subject.run(seconds(0.2));
    expect(onFirst().status?.phase).to.not.equal('Failed');
  });

  it('goes with its owner', () => {
    const subject = running();
    subject.delete('DaemonSet', 'shop/agent');
    subject.run();
    expect(subject.list('Pod')).to.deep.equal([]);
  });
});
