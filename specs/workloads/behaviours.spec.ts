// What containers do is read once for all pods of a template, and anew whenever anything that it
// was read from is another one.

import { expect } from 'chai';
import type { Pod } from '../../src/apiserver/kinds/pod';
import { deepFreeze } from '../../src/values/kube-object';
import type { Labels } from '../../src/values/labels';
import { Behaviours } from '../../src/workloads/index';
import type { Behaviour } from '../../src/workloads/index';
import { KubeletWorld } from '../node/kubelet/kubelet-world';

const CONTAINER = { name: 'main', image: 'example/web', ports: [{ containerPort: 8080 }] };
const CONTAINERS = deepFreeze([CONTAINER]);
const LABELS = deepFreeze({ app: 'web' });

function podOf(name: string, labels = LABELS, containers = CONTAINERS): Pod {
  const metadata = { name, namespace: 'shop', labels };
  return deepFreeze({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } });
}

function createService(
  world: KubeletWorld,
  targetPort: number,
  selector: Labels = { app: 'web' },
): void {
  const spec = { selector, ports: [{ port: 80, targetPort, protocol: 'TCP' }] };
  const metadata = { name: `web-${targetPort}`, namespace: 'shop' };
  world.createNow('Service', { metadata, spec });
  world.until(1);
}

/** A run of its own. */
function newRun(): { readonly world: KubeletWorld; readonly behaviours: Behaviours } {
  const world = new KubeletWorld();
  return { world, behaviours: new Behaviours(world.kernel, world.api, world.timing, []) };
}

describe('the behaviours of a run', () => {
  const read = (behaviours: Behaviours, pod: Pod): Behaviour =>
    behaviours.of(pod, pod.spec.containers[0]!);
  const portsOf = ({ listen }: Behaviour): number[] => listen.map(({ port }) => port);

  const { world, behaviours } = newRun();

  it('are the same for all pods of a template', () => {
    const behaviour = read(behaviours, podOf('web-a'));
    expect(portsOf(behaviour)).to.deep.equal([8080]);
    expect(read(behaviours, podOf('web-b'))).to.equal(behaviour);
  });

  it('are one for all containers that do the same, whatever image is not known', () => {
    const of = (image: string, containerPort: number): Behaviour => {
      const container = { name: 'main', image, ports: [{ containerPort }] };
      const pod = podOf('web', LABELS, deepFreeze([container]));
      return behaviours.read(pod, pod.spec.containers[0]!);
    };
    const first = of('example/one', 8080);
    expect(of('example/two', 8080)).to.equal(first);
    expect(portsOf(of('example/two', 8081))).to.deep.equal([8081]);
    expect(of('example/alpine:3.17', 8081).libc).to.equal('musl-1.2.3');
    expect(of('nginx', 8081).assumed).to.equal(false);
    expect(of('example/one', 8080)).to.deep.equal(first);
  });

  it('follow the Services that come', () => {
    createService(world, 9090);
    expect(portsOf(read(behaviours, podOf('web-a')))).to.deep.equal([8080, 9090]);
  });

  it('are read anew for a pod with other labels, in another namespace or beside others', () => {
    const { metadata } = podOf('web-c');
    const namespace = { ...metadata, namespace: 'stage' };
    // The first container of an image that nobody knows has the port that nobody declares.
    const first = { name: 'first', image: 'example/first' };
    const others = [
      podOf('web-c', deepFreeze({ app: 'other' })),
      { ...podOf('web-c'), metadata: namespace },
      podOf('web-c', LABELS, deepFreeze([first, CONTAINERS[0]!] as never)),
    ];
    for (const other of others) {
      expect(portsOf(read(behaviours, podOf('web-a')))).to.deep.equal([8080, 9090]);
      expect(portsOf(behaviours.of(other, CONTAINERS[0]!))).to.deep.equal([8080]);
    }
  });

  it('are read for each pod where a scenario declares any', () => {
    const listen = [{ port: 7070, protocol: 'TCP' as const }];
    const declared = [{ target: 'pod/shop/web-a', listen }];
    const own = new Behaviours(world.kernel, world.api, world.timing, declared);
    createService(world, 9191);
    expect(portsOf(read(own, podOf('web-b')))).to.not.include(7070);
    expect(portsOf(read(own, podOf('web-a')))).to.deep.equal([7070]);
  });

  it('are drawn at each start where a part of them is drawn', () => {
    const containers = deepFreeze([{ name: 'coredns', image: 'registry.k8s.io/coredns:1.12.0' }]);
    const pod = podOf('coredns', LABELS, containers as never);
    const behaviour = read(behaviours, pod);
    expect(behaviour.onTerm.do).to.equal('drain');
    expect(read(behaviours, pod)).to.not.equal(behaviour);
  });

  it('follow Services that select by any of the labels, by all that they say', () => {
    const { world, behaviours } = newRun();
    const pod = podOf('web-a', deepFreeze({ app: 'web', tier: 'front', zone: 'web' }) as never);
    createService(world, 7001, { tier: 'front' });
    createService(world, 7002, { app: 'web', tier: 'back' });
    createService(world, 7003, { zone: 'front' });
    createService(world, 7004, { zone: 'web' });
    createService(world, 7005, {});
    expect(portsOf(read(behaviours, pod))).to.deep.equal([7001, 7004, 8080]);
  });

  it('change for the pods that a new Service selects, but for those that are gone', () => {
    const { world, behaviours } = newRun();
    const told: string[] = [];
    behaviours.observe((pod) => told.push(pod));
    const others = deepFreeze({ app: 'other', zone: 'web' }) as never;
    const pods = [podOf('b'), podOf('a'), podOf('c'), podOf('d', others)];
    for (const pod of pods) behaviours.started(pod, CONTAINERS[0]!, read(behaviours, pod));
    behaviours.forget(pods[2]!);
    createService(world, 9090);
    expect(told).to.deep.equal(['shop/a', 'shop/b']);
    const later = podOf('e');
    behaviours.watch({ key: 'shop/e', pattern: later });
    createService(world, 9191, { zone: 'web' });
    createService(world, 9292);
    expect(told.slice(2)).to.deep.equal(['shop/d', 'shop/a', 'shop/b', 'shop/e']);
    const known = podOf('f', LABELS, deepFreeze([{ name: 'main', image: 'nginx' }]) as never);
    behaviours.started(known, known.spec.containers[0]!, read(behaviours, known));
    told.length = 0;
    createService(world, 9393);
    expect(told).to.deep.equal(['shop/a', 'shop/b', 'shop/e']);
  });
});
