// Goal: pods go where they fit, evenly and always the same way; what fits nowhere says why and is
// tried again when something changes. Rules: pkg/scheduler/framework/plugins (filters).

import { expect } from 'chai';

import type { Node } from '../../../src/apiserver/kinds/node';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { KubeObject } from '../../../src/values/kube-object';
import { seconds } from '../../../src/values/time';
import { ControlPlane, deploymentOf } from '../control-plane';

function podOf(name: string, spec: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: { containers: [{ name: 'main', image: 'registry.example/app:1' }], ...spec },
  };
}

function nodeOf(plane: ControlPlane, name: string): string | undefined {
  return plane.get<Pod>('Pod', `shop/${name}`)!.spec.nodeName;
}

function whyPending(plane: ControlPlane, name: string): string | undefined {
  const { status } = plane.get<Pod>('Pod', `shop/${name}`)!;
  return status!.conditions!.find(({ type }) => type === 'PodScheduled')!.message;
}

function plane(options: ConstructorParameters<typeof ControlPlane>[0] = {}): ControlPlane {
  const subject = new ControlPlane(options);
  subject.run();
  return subject;
}

describe('the scheduler', () => {
  it('spreads the pods of one owner, then all pods, then goes by order', () => {
    const subject = plane();
    for (const name of ['a', 'b', 'c', 'd']) {
      subject.create(podOf(name));
      subject.run();
    }
    const placed = ['a', 'b', 'c', 'd'].map((name) => nodeOf(subject, name));
    expect(placed).to.deep.equal(['worker-1', 'worker-2', 'worker-3', 'worker-1']);
    subject.create(deploymentOf('web', 3));
    subject.run();
    const nodes = subject
      .list<Pod>('Pod')
      .slice(4)
      .map(({ spec }) => spec.nodeName);
    expect(nodes.sort()).to.deep.equal(['worker-1', 'worker-2', 'worker-3']);
  });

  // pkg/scheduler/apis/config/v1/defaults.go: ClientConnection QPS 50, Burst 100.
  it('sends 100 requests in a row and then 50 a second', () => {
    const subject = plane({ kubelet: false });
    const start = subject.kernel.now;
    for (let number = 1; number <= 250; number++) subject.create(podOf(`p-${number}`));
    subject.run(seconds(60));
    const bound = subject.kernel.journal
      .all()
      .filter(({ detail }) => detail === 'patch by scheduler');
    expect(bound).to.have.length(250);
    const last = (Math.max(...bound.map(({ at }) => at)) - start) / 1e6;
    expect(last).to.be.within(3, 3.2);
  });

  it('binds 20 ms after the pod is there', () => {
    // timing.md §6 C12: schedule 0.02 s (seen 5 ms after its write, chosen in 5 ms, written in 10).
    const subject = plane({ kubelet: false });
    subject.create(podOf('a'));
    const start = subject.kernel.now;
    subject.run();
    const bound = subject.kernel.journal
      .all()
      .find(({ detail }) => detail === 'patch by scheduler')!;
    expect(bound.at - start).to.equal(20_000);
  });

  it('counts what it is binding: 30 pods at once are ten on each node', () => {
    const subject = plane();
    for (let index = 0; index < 30; index++) subject.create(podOf(`p${index}`));
    subject.run();
    const nodes = subject.list<Pod>('Pod').map(({ spec }) => spec.nodeName);
    for (const name of ['worker-1', 'worker-2', 'worker-3']) {
      expect(nodes.filter((it) => it === name)).to.have.length(10);
    }
  });

  it('obeys selectors, required affinity and taints', () => {
    const subject = plane();
    subject.patch('Node', 'worker-2', { metadata: { labels: { disk: 'ssd' } } });
    subject.patch('Node', 'worker-3', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } });
    subject.run();
    subject.create(podOf('selected', { nodeSelector: { disk: 'ssd' } }));
    const matchExpressions = [{ key: 'disk', operator: 'DoesNotExist' }];
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
    };
    subject.create(podOf('drawn', { affinity: { nodeAffinity } }));
    subject.create(podOf('tolerant', { tolerations: [{ key: 'gpu', operator: 'Exists' }] }));
    subject.run();
    expect(nodeOf(subject, 'selected')).to.equal('worker-2');
    expect(nodeOf(subject, 'drawn')).to.equal('worker-1');
    expect(nodeOf(subject, 'tolerant')).to.equal('worker-3');
  });

  it('says why a pod fits nowhere, and places it when there is room', () => {
    const subject = plane({ nodes: 2, maxPods: 1 });
    for (const name of ['a', 'b', 'c']) subject.create(podOf(name));
    subject.run();
    expect(nodeOf(subject, 'c')).to.equal(undefined);
    expect(whyPending(subject, 'c')).to.equal('0/2 nodes are available: 2 Too many pods.');
    subject.delete('Pod', 'shop/a');
    subject.run(seconds(20));
    expect(nodeOf(subject, 'c')).to.equal('worker-1');
  });

  it('names each reason with its count', () => {
    const subject = plane();
    subject.patch('Node', 'worker-1', { spec: { unschedulable: true } });
    subject.patch('Node', 'worker-2', {
      spec: { taints: [{ key: 'gpu', value: 'a', effect: 'NoSchedule' }] },
    });
    subject.run();
    subject.create(podOf('a', { nodeSelector: { disk: 'ssd' } }));
    subject.run();
    expect(whyPending(subject, 'a')).to.equal(
      "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node " +
        'affinity/selector.',
    );
    subject.patch('Node', 'worker-3', { metadata: { labels: { disk: 'ssd' } } });
    subject.run();
    expect(nodeOf(subject, 'a')).to.equal('worker-3');
  });

  it('does not put two pods with one host port on a node', () => {
    const subject = plane({ nodes: 2 });
    const containers = [{ name: 'main', image: 'm', ports: [{ containerPort: 80, hostPort: 80 }] }];
    for (const name of ['a', 'b', 'c']) subject.create(podOf(name, { containers }));
    subject.run();
    expect([nodeOf(subject, 'a'), nodeOf(subject, 'b')]).to.deep.equal(['worker-1', 'worker-2']);
    expect(whyPending(subject, 'c')).to.contain("didn't have free ports");
  });

  it('finds the pods counted of a node that comes after them', () => {
    const subject = plane();
    const node = subject.get<Node>('Node', 'worker-1')!;
    for (const name of ['a', 'b']) subject.create(podOf(name, { nodeName: 'worker-4' }));
    subject.run();
    const { metadata: _metadata, ...rest } = node;
    subject.create({ ...rest, metadata: { name: 'worker-4', labels: node.metadata.labels! } });
    subject.run();
    for (const name of ['c', 'd', 'e', 'f']) {
      subject.create(podOf(name));
      subject.run();
    }
    const placed = ['c', 'd', 'e', 'f'].map((name) => nodeOf(subject, name));
    expect(placed).to.deep.equal(['worker-1', 'worker-2', 'worker-3', 'worker-1']);
  });

  it('leaves pods alone that have a node, or another scheduler', () => {
    const subject = plane();
    subject.create(podOf('static', { nodeName: 'worker-3' }));
    subject.create(podOf('other', { schedulerName: 'mine' }));
    subject.run();
    expect(nodeOf(subject, 'static')).to.equal('worker-3');
    expect(nodeOf(subject, 'other')).to.equal(undefined);
  });
});

describe('the ranges of pod addresses', () => {
  it('are given in the order of the nodes, and not again until the cursor comes round', () => {
    // dns-ipam.md §17.1: next-fit; tutorials.md T6: sequential /24.
    const subject = plane();
    const range = (name: string) =>
      (subject.get('Node', name)!.spec as { podCIDR?: string }).podCIDR;
    expect(['worker-1', 'worker-2', 'worker-3'].map(range)).to.deep.equal([
      '10.244.1.0/24',
      '10.244.2.0/24',
      '10.244.3.0/24',
    ]);
    const node = subject.get('Node', 'worker-2')!;
    subject.delete('Node', 'worker-2');
    subject.run();
    const { podCIDR: _range, podCIDRs: _ranges, ...spec } = node.spec as Record<string, unknown>;
    subject.create({ ...node, spec });
    subject.run();
    expect(range('worker-2')).to.equal('10.244.4.0/24');
  });

  it('that a node brings with it are kept, and not given to another one', () => {
    const subject = new ControlPlane({ nodes: 0 });
    const node = (name: string, spec: object) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      spec,
    });
    subject.create(node('a', { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] }));
    subject.create(node('b', {}));
    subject.run();
    expect(subject.get('Node', 'b')!.spec).to.deep.include({ podCIDR: '10.244.2.0/24' });
  });

  it('are one of each family', () => {
    const subject = plane({ nodes: 1, families: ['IPv4', 'IPv6'] });
    expect(subject.get('Node', 'worker-1')!.spec).to.deep.include({
      podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'],
    });
  });

  it('run out, and come back with a node that goes', () => {
    // Two blocks of /24, the first of them for the control plane.
    const subject = plane({ nodes: 2, podCIDR: '10.244.0.0/23' });
    const rangeOf = (name: string) => subject.get<Node>('Node', name)?.spec?.podCIDR;
    expect([rangeOf('worker-1'), rangeOf('worker-2')]).to.deep.equal(['10.244.1.0/24', undefined]);
    const failures = subject.kernel.journal.all().filter(({ action }) => action === 'failed');
    expect(failures[0]!.detail).to.contain('CIDRNotAvailable');
    const [event, ...more] = subject.list('Event');
    expect(more, 'one event, however often it tries').to.deep.equal([]);
    expect(event).to.deep.include({
      reason: 'CIDRNotAvailable',
      message: 'Node worker-2 status is now: CIDRNotAvailable',
    });
    subject.delete('Node', 'worker-1');
    subject.run(seconds(300));
    expect(rangeOf('worker-2')).to.equal('10.244.1.0/24');
  });

  it('are known again to a controller with an empty memory', () => {
    const subject = plane({ nodes: 2 });
    const controller = subject.controllers.find(({ name }) => name === 'node-ipam')!;
    controller.stop();
    controller.start();
    subject.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-3' } });
    subject.run();
    expect(subject.get<Node>('Node', 'worker-3')!.spec!.podCIDR).to.equal('10.244.3.0/24');
  });
});
