// Goal: a pod of a cluster that starts settled is there in one step, as a kubelet would have it after
// a while; where its start takes time, can fail or concerns others, it lives through it.
// source: pkg/kubelet/kubelet.go SyncPod, HandlePodAdditions (pods that are not admitted)

import { expect } from 'chai';
import type { Pod, PodStatus } from '../../../src/apiserver/kinds/pod';
import { seconds } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';
import type { WorldOptions } from './kubelet-world';

/** A pod as the scheduler has bound it to worker-1 just now. */
function podOf(spec: Partial<Pod['spec']> = {}, name = 'web'): Pod {
  const metadata = { name, namespace: 'shop', uid: `uid of ${name}` };
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: 0 };
  const status = { phase: 'Pending', conditions: [scheduled] } as unknown as PodStatus;
  const whole = { nodeName: 'worker-1', containers: [WEB], ...spec };
  return Object.freeze({ apiVersion: 'v1', kind: 'Pod', metadata, spec: whole, status });
}

function isAtOnce(world: KubeletWorld, pod = podOf()): boolean {
  return world.kubelets.take(pod)?.phase === 'Running';
}

function worldOf(options: WorldOptions = {}): KubeletWorld {
  const world = new KubeletWorld(options);
  world.until(0);
  return world;
}

describe('a pod of a settled cluster', () => {
  it('runs in one step, with its sandbox and its address', () => {
    const world = worldOf();
    const status = world.kubelets.take(podOf())!;
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
    expect(isAtOnce(worldOf(), podOf({ hostNetwork: true }))).to.equal(false);
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
