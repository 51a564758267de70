// Goal: a pod that is made from a mould has the name, the identity and the metadata that it would
// have had by itself, also where its name is taken, or was once. Method: two admissions of one seed
// beside each other, each with a store of its own.

import { expect } from 'chai';

import { KindAdmission } from '../../src/apiserver/admission';
import type { Pod } from '../../src/apiserver/kinds/pod';
import type { PodMould } from '../../src/apiserver/pod-mould';
import { Store } from '../../src/apiserver/store';
import { TakenNames } from '../../src/apiserver/taken-names';
import { RestingPodMaker } from '../../src/cluster/settled/pod-maker';
import { Kernel } from '../../src/kernel/kernel';
import { Stream } from '../../src/kernel/random';
import { Timing } from '../../src/timing';
import type { ClusterSpec } from '../../src/values/cluster-spec';
import { ip } from '../../src/values/ip';
import { deepFreeze, keyOf, splitKey } from '../../src/values/kube-object';
import type { ObjectMeta } from '../../src/values/kube-object';
import { PodHost } from '../../src/values/pod-host';

const OWNER = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'web',
  uid: 'u',
  controller: true,
};
const SPEC = deepFreeze({ containers: [{ name: 'main', image: 'example/web' }] });
const ADDRESS = ip('10.0.0.2');
const STATUS = { phase: 'Running', conditions: [], startTime: 0, containerStatuses: [] } as const;
const NETWORKS = { ipFamilies: ['IPv4'], serviceCIDRs: ['10.96.0.0/24'] };

class World {
  readonly store = new Store();
  readonly kernel = new Kernel(1);
  readonly admission: KindAdmission;
  /** Keys of all pods there have been. */
  private readonly names: string[] = [];

  constructor() {
    const { kernel } = this;
    const timing = new Timing({ kubernetes: '1.36', profile: 'default' } as never, kernel.random);
    const spec = NETWORKS as unknown as ClusterSpec;
    this.admission = new KindAdmission({ kernel, timing, spec });
  }

  /** Stores the next pod as any other object; returns it. */
  create(given: Pod): Pod {
    const named = this.admission.named(given, this.store);
    const admitted = this.admission.admit(named, undefined, this.store);
    if (typeof admitted === 'string') throw new Error(admitted);
    this.names.push(keyOf(admitted));
    return this.store.put(admitted, this.kernel.now, 0).object as Pod;
  }

  /** The metadata of the next pod out of the mould, as that of one that is made late or at once. */
  cast(given: Pod): ObjectMeta {
    const mould = this.mould(given)!;
    mould.next();
    const { key, end, now: at, isNew } = mould;
    const revision = this.store.nextRevision;
    if (!isNew) return { ...mould.admitted(), resourceVersion: String(revision) };
    const host = new PodHost('a', [ADDRESS]);
    const own = { revision, end, key: undefined, host, place: [ADDRESS] };
    const late = new RestingPodMaker(mould, { status: STATUS, at, cause: 0 }).late(own);
    expect(late.key).to.equal(key);
    return late.object.metadata;
  }

  /** Stores a pod under the key. */
  stored(key: string): void {
    const metadata = splitKey(key);
    this.store.put({ ...podOf(), metadata }, this.kernel.now, 0);
  }

  mould(given: Pod): PodMould | undefined {
    const taken = new TakenNames();
    for (const key of this.names) taken.add(key);
    return this.admission.mould(given, this.store, taken);
  }
}

function podOf(more: Partial<ObjectMeta> = {}): Pod {
  const metadata = {
    name: '',
    generateName: 'web-',
    namespace: 'shop',
    labels: { app: 'web' },
    ...more,
    ownerReferences: [OWNER],
  };
  for (const part of Object.values(metadata)) deepFreeze(part);
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: SPEC };
}

describe('a pod out of a mould', () => {
  for (const [what, more] of Object.entries({
    nothing: {},
    annotations: { annotations: { a: 'b' } },
    'a long prefix': { generateName: `${'a'.repeat(70)}-` },
  })) {
    it(`is named and identified as any other, with ${what}`, () => {
      const [one, other] = [new World(), new World()];
      const given = podOf(more);
      for (const world of [one, other]) world.create(given);
      const { metadata } = one.create(given);
      const cast = other.cast(given);
      expect(JSON.stringify(cast)).to.equal(JSON.stringify(metadata));
      expect(Object.isFrozen(cast)).to.equal(true);
    });
  }

  it('takes no name that somebody has, and is a second one under a name that somebody had', () => {
    const given = podOf();
    const [first, second] = namesOf(given);
    for (const isGone of [false, true]) {
      const [one, other] = [new World(), new World()];
      for (const world of [one, other]) {
        world.create(given);
        const taken = world.create(podOf({ name: second!, generateName: undefined as never }));
        if (isGone) world.store.remove('Pod', keyOf(taken), world.kernel.now, 0);
      }
      const { metadata } = one.create(given);
      expect(metadata.name === second, first).to.equal(isGone);
      expect(JSON.stringify(other.cast(given))).to.equal(JSON.stringify(metadata));
    }
  });

  it('has another name than those before it, also where the same is drawn again', () => {
    const world = new World();
    world.create(podOf());
    const mould = world.mould(podOf())!;
    const { below } = Stream.prototype;
    const keys: string[] = [];
    let draws = 0;
    // Each name is drawn twice.
    Stream.prototype.below = () => Math.floor(draws++ / 10) % 27;
    try {
      for (let count = 0; count < 20; count++) {
        mould.next();
        world.stored(mould.key);
        keys.push(mould.key);
        expect(mould.isNew).to.equal(true);
      }
    } finally {
      Stream.prototype.below = below;
    }
    expect(new Set(keys).size).to.equal(20);
    // The last draw has yet to be made again.
    expect(draws).to.equal(39 * 5);
  });

  it('is none where it is the first of its template, or says more of itself than others', () => {
    const world = new World();
    expect(world.mould(podOf())).to.equal(undefined);
    world.create(podOf());
    expect(world.mould(podOf())).not.to.equal(undefined);
    for (const more of [
      { finalizers: ['a/b'] },
      { name: 'web' },
      { labels: { app: 'no label value!' } },
      { generateName: 'Web-' },
    ]) {
      expect(world.mould(podOf(more)), JSON.stringify(more)).to.equal(undefined);
    }
    const open = { ...podOf(), metadata: { ...podOf().metadata, labels: { app: 'web' } } };
    expect(world.mould(open)).to.equal(undefined);
  });
});

/** The names that the first pods of a world get. */
function namesOf(given: Pod): string[] {
  const world = new World();
  return [world.create(given), world.create(given)].map(({ metadata }) => metadata.name);
}
