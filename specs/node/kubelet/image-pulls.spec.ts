// Goal: a pull that fails is tried again after 10, 20, 40 s and so on up to 300 s, counted for each
// image of a pod, and a success does not take the count back (client-go/util/flowcontrol/
// backoff.go; pkg/kubelet/images/image_manager.go pullImage).

import { expect } from 'chai';

import { KubeletWorld } from './kubelet-world';

/** Of this policy even an image that is there is asked for. */
const ALWAYS = { image: 'example/web', imagePullPolicy: 'Always' } as const;
const FRESH = { name: 'web', ...ALWAYS };

/** Looks at a pod that waits for its image come every 10 s here, without jitter. */
function world(): KubeletWorld {
  return new KubeletWorld({ profile: 'best' });
}

function breakImages(it: KubeletWorld): void {
  it.kubelets.faults.fail('worker-1', 'images', 'fault');
}

function mendImages(it: KubeletWorld): void {
  it.kubelets.faults.mend('worker-1', 'images', 'fault');
}

/** Whole seconds of the pulls that failed, from the first one on. */
function pullsOf(it: KubeletWorld, detail = 'ErrImagePull'): number[] {
  const instants = it.when('failed', detail);
  return instants.map((at) => Math.round(at - instants[0]!));
}

describe('an image that cannot be pulled', () => {
  it('is tried again after 10 s, doubling to 300 s', () => {
    const it = world();
    breakImages(it);
    it.run({ containers: [FRESH] }, 1_300);
    expect(pullsOf(it)).to.deep.equal([0, 10, 30, 70, 150, 310, 610, 910, 1_210]);
  });

  it('is tried once for all containers of the pod that need it', () => {
    const it = world();
    breakImages(it);
    it.run({ containers: [FRESH, { name: 'twin', ...ALWAYS }] }, 25);
    expect(it.entries('failed', 'ErrImagePull')).to.have.lengthOf(2);
    const states = it.pod?.status?.containerStatuses?.map(({ state }) => state?.waiting?.reason);
    expect(states).to.include('ImagePullBackOff');
  });

  it('is a matter of its own for each image, and for each pod', () => {
    const it = world();
    breakImages(it);
    it.add('other', { containers: [FRESH] });
    it.run({ containers: [FRESH, { ...FRESH, name: 'twin', image: 'example/twin' }] }, 5);
    expect(it.entries('failed', 'ErrImagePull')).to.have.lengthOf(3);
    expect(it.entries('failed', 'ImagePullBackOff')).to.deep.equal([]);
  });

  it('is counted on after a pull that succeeded, unless ten minutes have gone by', () => {
    for (const [pause, expected] of [
      // 80 s have gone by when the back-off of the crash loop lets it try, the next time but one.
      [100, [0, 10, 30, 0, 160]],
      [700, [0, 10, 30, 0, 10]],
    ] as const) {
      const it = world();
      breakImages(it);
      it.run({ containers: [FRESH] }, 35);
      mendImages(it);
      it.until(35 + pause);
      expect(it.isReady, 'the pull after 70 s succeeds').to.equal(true);
      const before = pullsOf(it);
      breakImages(it);
      it.crash();
      it.until(35 + pause + 180);
      const after = pullsOf(it).slice(before.length);
      const seen = [...before, ...after.slice(0, 2).map((at) => at - after[0]!)];
      expect(seen, `${pause} s`).to.deep.equal(expected);
    }
  });

  it('is no obstacle for a container that needs no pull', () => {
    const it = world();
    breakImages(it);
    it.run({ containers: [{ ...FRESH, imagePullPolicy: 'IfNotPresent' }] }, 5);
    mendImages(it);
    it.add('other', { containers: [FRESH] });
    it.until(15);
    // The other pod has brought the image while this one waited; its next look is at 10 s.
    expect(it.isReady).to.equal(true);
  });

  it('is forgotten by a kubelet that starts anew', () => {
    const it = world();
    breakImages(it);
    it.run({ containers: [FRESH] }, 75);
    const before = pullsOf(it);
    it.kubelets.processes.kill('worker-1');
    it.kubelets.processes.start('worker-1');
    it.until(100);
    const after = it.when('failed', 'ErrImagePull').slice(before.length);
    expect(after.map((at) => Math.round(at - after[0]!))).to.deep.equal([0, 10]);
  });
});
