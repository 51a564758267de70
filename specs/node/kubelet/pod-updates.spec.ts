// Goal: what a kubelet does about a pod follows from what it hears of it, and from what it has done
// already: pods that are over or marked when it first sees them, others of the same name, deletions
// that overtake each other.
// source: pkg/kubelet/kubelet.go HandlePodAdditions, HandlePodUpdates, HandlePodRemoves;
// pkg/kubelet/pod_workers.go UpdatePod, calculateEffectiveGracePeriod

import { expect } from 'chai';
import { ZERO } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';
import type { WorldOptions } from './kubelet-world';

const IGNORES = [{ target: 'pod/shop/web', onTerm: { do: 'ignore', for: ZERO } as const }];
const ONCE = { ...WEB, command: ['sleep', '1'] };

/** The pod is stored while no kubelet runs on its node, as `whole` says; then the kubelet starts. */
function foundBy(whole: (world: KubeletWorld) => void): KubeletWorld {
  const world = new KubeletWorld();
  world.kubelets.processes.kill('worker-1');
  world.until(1);
  world.add('web', { containers: [WEB] });
  whole(world);
  world.until(5);
  world.kubelets.processes.start('worker-1');
  world.until(100);
  return world;
}

function write(world: KubeletWorld, patch: Record<string, unknown>): void {
  const pod = { kind: 'Pod', key: 'shop/web', actor: 'spec' } as const;
  expect(world.api.commitNow({ verb: 'patch', ...pod, patch })).to.equal('ok');
}

/** A pod that ignores SIGTERM, on worker-1 alone unless said otherwise, up for ten seconds. */
function stubborn(options: WorldOptions = {}): KubeletWorld {
  const world = new KubeletWorld({ behaviours: IGNORES, ...options });
  world.run({ containers: [WEB] }, 10);
  return world;
}

describe('a pod that a kubelet sees for the first time', () => {
  it('is not started where it is over', () => {
    const world = foundBy((it) => write(it, { status: { phase: 'Failed' } }));
    expect(world.when('started').slice(1), 'the kubelet alone has started').to.deep.equal([]);
    expect(world.pod!.status!.phase).to.equal('Failed');
  });

  it('is not started where it is to be deleted, and its object goes', () => {
    const world = foundBy((it) => it.delete());
    expect(world.when('started').slice(1)).to.deep.equal([]);
    expect(world.entries('killed').map(({ detail }) => detail)).to.deep.equal([
      'deleted while it was not running',
    ]);
    expect(world.pod).to.equal(undefined);
  });

  it('goes without being ended where it is over and to be deleted', () => {
    const world = foundBy((it) => {
      it.delete();
      it.until(2);
      write(it, { status: { phase: 'Failed' } });
    });
    expect(world.pod).to.equal(undefined);
    expect(world.when('killed')).to.deep.equal([]);
  });
});

describe('a pod that has ended', () => {
  it('is removed once its kubelet hears again, and that its deletion was asked for', () => {
    const world = new KubeletWorld();
    world.run({ containers: [ONCE], restartPolicy: 'Never' }, 0.5);
    world.api.sever('kubelet@worker-1', 'spec');
    world.until(2);
    world.delete();
    world.until(5);
    expect(world.pod, 'the API server knows of no end').to.not.equal(undefined);
    world.api.mend('kubelet@worker-1', 'spec');
    world.until(200);
    expect(world.pod).to.equal(undefined);
    expect(world.entries('killed', 'deleted')).to.deep.equal([]);
  });

  it('leaves nothing in its kubelet when its object goes', () => {
    const world = new KubeletWorld();
    world.run({ containers: [ONCE], restartPolicy: 'Never' }, 5);
    const { state } = world.kubelets['ground'];
    expect(state.workers.size).to.equal(1);
    world.delete(0);
    world.until(6);
    expect([state.workers.size, state.byPod.size, state.containers.size]).to.deep.equal([0, 0, 0]);
  });
});

describe('a pod that is ending', () => {
  it('keeps the grace that it was given first when its object goes', () => {
    const world = stubborn();
    world.delete();
    world.until(15);
    world.delete(0);
    world.until(100);
    expect(world.when('exited')).to.deep.equal([40]);
  });

  it('keeps the time that it was given from its first deletion on, whatever is written of it', () => {
    const world = stubborn({ profile: 'default' });
    world.delete();
    world.until(20);
    const [killed] = world.when('killed');
    write(world, { metadata: { labels: { seen: 'yes' } } });
    world.until(100);
    // The mark of the API server is older than what the kubelet counts from.
    expect(world.when('exited')[0]! - killed!).to.be.closeTo(30, 1e-6);
  });
});

describe('another pod of the same name', () => {
  it('is started, and the first one ended, where its kubelet has missed the change', () => {
    const world = stubborn();
    world.api.sever('kubelet@worker-1', 'spec');
    world.delete(0);
    world.until(11);
    world.add('web', { containers: [WEB] });
    const { uid } = world.pod!.metadata;
    world.until(12);
    world.api.mend('kubelet@worker-1', 'spec');
    world.until(200);
    expect(world.entries('killed').map(({ detail }) => detail)).to.deep.equal([
      'its object was removed',
    ]);
    expect(world.pod!.metadata.uid).to.equal(uid);
    expect(world.isReady).to.equal(true);
    expect(world.pod!.status!.podIP).to.equal('10.244.1.3');
  });

  it('runs on, on another node, when the kubelet of the first one hears of its end', () => {
    const world = stubborn({ nodes: 2 });
    world.api.sever('kubelet@worker-1', 'spec');
    world.delete(0);
    world.until(11);
    world.add('web', { containers: [WEB], nodeName: 'worker-2' });
    world.until(12);
    world.api.mend('kubelet@worker-1', 'spec');
    world.until(200);
    const killed = world.entries('killed').filter(({ actor }) => actor === 'kubelet@worker-2');
    expect(killed).to.deep.equal([]);
    expect(world.isReady).to.equal(true);
  });
});

describe('a status that somebody else has overwritten', () => {
  it('is repaired by the kubelet at its next sync', () => {
    const world = new KubeletWorld();
    world.run({ containers: [WEB] }, 10);
    const conditions = world.pod!.status!.conditions!.map((it) => ({ ...it, status: 'False' }));
    write(world, { status: { ...world.pod!.status, conditions } });
    expect(world.isReady).to.equal(false);
    world.until(30);
    expect(world.isReady).to.equal(true);
  });
});
