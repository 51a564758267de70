// Goal: a pod of a cluster that starts settled is there in one step, as a kubelet would have it after
// a while; where its start takes time, can fail or concerns others, it lives through it.
// source: pkg/kubelet/kubelet.go SyncPod, HandlePodAdditions (pods that are not admitted)

import { expect } from 'chai';
import { conditionOf } from '../../../src/apiserver/kinds/pod';
import type { Pod, PodStatus } from '../../../src/apiserver/kinds/pod';
import { comerOf } from '../../../src/node/kubelet/settled-pods';
import type { Labels } from '../../../src/values/labels';
import { seconds } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';
import type { WorldOptions } from './kubelet-world';

/** A pod as the scheduler has bound it to worker-1 just now. */
function podOf(spec: Partial<Pod['spec']> = {}, name = 'web', owner = 'ReplicaSet'): Pod {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: owner, name: 'web', uid: 'uid' }];
  const metadata = { name, namespace: 'shop', uid: `uid of ${name}`, ownerReferences };
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: 0 };
  const status = { phase: 'Pending', conditions: [scheduled] } as unknown as PodStatus;
  const whole = { nodeName: 'worker-1', containers: [WEB], ...spec };
  return Object.freeze({ apiVersion: 'v1', kind: 'Pod', metadata, spec: whole, status });
}

/** Pods that share all that those of one template do. */
function podsOfTemplate(labels: Labels = {}): (name: string) => Pod {
  const containers = Object.freeze([Object.freeze({ ...WEB })]) as Pod['spec']['containers'];
  const { ownerReferences = [] } = podOf().metadata;
  Object.freeze(labels);
  return (name) => {
    const pod = podOf({ containers }, name);
    return { ...pod, metadata: { ...pod.metadata, labels, ownerReferences } };
  };
}

function isAtOnce(world: KubeletWorld, pod = podOf()): boolean {
  return world.kubelets.take(comerOf(pod)) !== undefined;
}

function worldOf(options: WorldOptions = {}): KubeletWorld {
  const world = new KubeletWorld(options);
  world.until(0);
  return world;
}

describe('a pod of a settled cluster', () => {
  it('runs in one step, with its sandbox and its address', () => {
    const world = worldOf();
    const status = world.kubelets.take(comerOf(podOf()))!;
    expect([status.phase, status.podIP]).to.deep.equal(['Running', '10.244.1.2']);
    const sandbox = world.kubelets.sandboxOf('shop/web')!;
    expect(sandbox.listenerOn('TCP', 8080)?.state).to.equal('running');
  });

  it('lives through what a scenario has it wait for', () => {
    for (const wait of ['volumesReady', 'sandboxStart', 'containerStart']) {
      const world = worldOf({ overrides: { [`kubelet.${wait}`]: seconds(1) } });
      expect(isAtOnce(world), wait).to.equal(false);
      expect(world.kubelets.sandboxOf('shop/web'), wait).to.equal(undefined);
    }
  });

  it('is there once', () => {
    const world = worldOf();
    expect(isAtOnce(world)).to.equal(true);
    expect(isAtOnce(world)).to.equal(false);
    expect(world.kubelets.sandboxOf('shop/web')!.addresses).to.deep.equal(['10.244.1.2']);
  });

  it('comes to the node of its name, also where a scheduler begins anew to number them', () => {
    const world = worldOf({ nodes: 2 });
    const numbers = [0, 0, 1, 1, 0];
    const names = numbers.map((number, index) => {
      const name = `web-${index}`;
      const pod = podOf({ nodeName: `worker-${1 + (index % 2)}` }, name);
      world.kubelets.take({ ...comerOf(pod), number });
      return world.kubelets.sandboxOf(`shop/${name}`)!.node;
    });
    const alternating = ['worker-1', 'worker-2', 'worker-1', 'worker-2', 'worker-1'];
    expect(names).to.deep.equal(alternating);
  });

  it('has no sandbox where the network plug-in gives it no address', () => {
    const world = worldOf();
    world.network.attachPod = () => ({ ok: false, error: 'none left' }) as never;
    expect(isAtOnce(world)).to.equal(false);
    expect(world.kubelets.sandboxOf('shop/web')).to.equal(undefined);
  });

  it('waits for a kubelet that does not run', () => {
    const world = worldOf();
    world.kubelets.processes.kill('worker-1');
    expect(isAtOnce(world)).to.equal(false);
    expect(world.kubelets.sandboxOf('shop/web')).to.equal(undefined);
  });

  it('is not taken on where its kubelet would reject it', () => {
    const world = worldOf();
    world.kubelets.faults.fail('worker-1', 'MemoryPressure', 'spec');
    expect(isAtOnce(world)).to.equal(false);
    expect(world.kubelets.sandboxOf('shop/web')).to.equal(undefined);
    const critical = podOf({ priorityClassName: 'system-node-critical' }, 'dns');
    expect(isAtOnce(world, critical)).to.equal(true);
  });

  it('lives through its start on the network of its host, where others may have its port', () => {
    const world = worldOf();
    expect(isAtOnce(world, podOf({ hostNetwork: true }))).to.equal(false);
    world.until(1);
    expect(world.entries('started').map(({ detail }) => detail)).to.deep.equal(['container "web"']);
  });

  it('lives through its start where the pods of its workload come one after the other', () => {
    expect(isAtOnce(worldOf(), podOf({}, 'web-0', 'StatefulSet'))).to.equal(false);
  });

  it('lives through its start where a process ends by itself', () => {
    const once = { ...WEB, command: ['sleep', '1'] };
    expect(isAtOnce(worldOf(), podOf({ containers: [once] }))).to.equal(false);
  });

  it('lives through its start where nobody has scheduled it: not all is known of it yet', () => {
    const world = worldOf();
    const { status: _, ...given } = podOf();
    expect(isAtOnce(world, given)).to.equal(false);
    expect(world.kubelets.sandboxOf('shop/web')).to.not.equal(undefined);
  });

  it('tells that something of its node has changed, also where it is like one before it', () => {
    const world = worldOf();
    const touched: string[] = [];
    const touch = (node: string, what = 'all'): void => void touched.push(`${what} of ${node}`);
    const ground = Object.assign(world.kubelets['ground'], { touch });
    const like = podsOfTemplate();
    expect(isAtOnce(world, like('a'))).to.equal(true);
    expect(touched[0]).to.equal('all of worker-1');
    touched.length = 0;
    expect(isAtOnce(world, like('b'))).to.equal(true);
    expect(ground.state.byPod.get('shop/b')!.stage).to.equal('resting');
    expect(touched).to.deep.equal(['all of worker-1']);
  });

  it('listens where Services send to by then, also where it is like one before it', () => {
    const world = worldOf();
    const like = podsOfTemplate({ app: 'web' });
    const take = (name: string): boolean => {
      expect(isAtOnce(world, like(name))).to.equal(true);
      return world.kubelets.sandboxOf(`shop/${name}`)!.listenerOn('TCP', 9090) !== undefined;
    };
    expect(take('a')).to.equal(false);
    const spec = { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 9090 }] };
    world.createNow('Service', { metadata: { name: 'web', namespace: 'shop' }, spec });
    world.until(0);
    expect(take('b')).to.equal(true);
  });

  it('says what the clock of its own node shows', () => {
    const world = worldOf();
    const like = podsOfTemplate();
    const offset = seconds(5);
    const readyIn = ({ kubelets }: KubeletWorld, name: string): number | undefined => {
      const { conditions } = kubelets.take(comerOf(like(name)))!;
      return conditionOf(conditions, 'Ready')!.lastTransitionTime;
    };
    const skew = ({ timing, kernel }: KubeletWorld): void =>
      timing.clocks.set('kubelet@worker-1', 'spec', { offset, drift: 0 }, kernel.now);
    expect(readyIn(world, 'a')).to.equal(0);
    skew(world);
    expect(readyIn(world, 'b')).to.equal(offset);
    const other = worldOf();
    skew(other);
    expect(readyIn(other, 'a')).to.equal(offset);
  });

  it('lives through its start with containers that come before others', () => {
    const first = { name: 'first', image: 'example/init', command: ['sleep', '1'] };
    expect(isAtOnce(worldOf(), podOf({ initContainers: [first] }))).to.equal(false);
  });

  it('lives through its start where two containers want one port of one protocol', () => {
    const on = (name: string, protocol: 'TCP' | 'UDP', containerPort: number) => {
      return { name, image: `example/${name}`, ports: [{ containerPort, protocol }] };
    };
    const both = (one: ReturnType<typeof on>): boolean =>
      isAtOnce(worldOf(), podOf({ containers: [on('web', 'TCP', 8080), one] }));
    expect(both(on('other', 'TCP', 8080))).to.equal(false);
    expect(both(on('other', 'TCP', 8081))).to.equal(true);
    expect(both(on('other', 'UDP', 8080))).to.equal(true);
  });
});
