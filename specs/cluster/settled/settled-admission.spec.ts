// Goal: pods that come while a cluster settles are stored bound and running where somebody makes
// them so at once; nobody overtakes a pod that the scheduler has yet to look at
// (pkg/scheduler/schedule_one.go takes pods from its queue in their order), and what is refused or
// comes later is left as it is. Method: admission and scheduler are played.

import { expect } from 'chai';

import type { Pod, PodStatus } from '../../../src/apiserver/kinds/pod';
import { splitEnd } from '../../../src/apiserver/identity';
import type { Store } from '../../../src/apiserver/store';
import type { TakenNames } from '../../../src/apiserver/taken-names';
import { SettledAdmission } from '../../../src/cluster/settled/settled-admission';
import type { OrdinaryAdmission } from '../../../src/cluster/settled/settled-admission';
import { splitKey } from '../../../src/values/kube-object';
import type { KubeObject } from '../../../src/values/kube-object';

const STORE = {} as Store;
const RUNS = { phase: 'Running' } as PodStatus;

function podOf(name: string, nodeName = ''): Pod {
  const node = nodeName === '' ? {} : { nodeName };
  const metadata = { name, namespace: 'shop' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], ...node } };
}

/** The same pod as the scheduler has looked at it, in vain. */
function unschedulable(pod: Pod): Pod {
  const scheduled = { type: 'PodScheduled', status: 'False' };
  return { ...pod, status: { conditions: [scheduled] } as unknown as PodStatus };
}

class World {
  /** What the admission says of everything, and what nobody may place or run. */
  refusal: string | undefined;
  readonly homeless = new Set<string>();
  readonly slow = new Set<string>();
  readonly asked: string[] = [];
  /** What is said to who draws names. */
  taken: TakenNames | undefined;
  readonly admission: SettledAdmission;

  constructor() {
    const inner = {
      admit: (object: KubeObject) => this.refusal ?? object,
      mould: (_object: KubeObject, _store: Store, taken: TakenNames) => {
        this.taken = taken;
        return undefined;
      },
    };
    this.admission = new SettledAdmission(inner as unknown as OrdinaryAdmission, {
      placed: (pod) => {
        const { name } = pod.metadata;
        this.asked.push(`place ${name}`);
        const place = { nodeName: 'worker-1', number: 0, status: {} };
        return this.homeless.has(name) ? undefined : place;
      },
      named: () => {},
      running: ({ key }) => {
        const { name } = splitKey(key);
        this.asked.push(`run ${name}`);
        return this.slow.has(name) ? undefined : RUNS;
      },
    });
  }

  settling(): this {
    this.admission.begin();
    return this;
  }

  /** `worker-1 Running`: where the pod is stored, and as what. */
  admit(pod: Pod, previous?: Pod): string {
    const stored = this.admission.admit(pod, previous, STORE);
    if (typeof stored === 'string') return stored;
    const { spec, status } = stored as Pod;
    return `${spec.nodeName ?? 'nowhere'} ${status?.phase ?? ''}`.trim();
  }
}

describe('a pod that comes while a cluster settles', () => {
  it('is bound and runs at once', () => {
    const world = new World().settling();
    expect(world.admit(podOf('a'))).to.equal('worker-1 Running');
    expect(world.asked).to.deep.equal(['place a', 'run a']);
  });

  it('is bound alone where it has yet to come up', () => {
    const world = new World().settling();
    world.slow.add('a');
    expect(world.admit(podOf('a'))).to.equal('worker-1');
  });

  it('runs at once where it is given to a node, whatever waits', () => {
    const world = new World();
    world.admit(podOf('a'));
    expect(world.admit(podOf('b', 'worker-2'))).to.equal('worker-2 Running');
    expect(world.asked).to.deep.equal(['run b']);
  });

  it('is refused as anywhere, and nobody is asked about it', () => {
    const world = new World().settling();
    world.refusal = 'exceeded quota';
    expect(world.admit(podOf('a'))).to.equal('exceeded quota');
    expect(world.admit(podOf('a', 'worker-1'), podOf('a'))).to.equal('exceeded quota');
    world.refusal = undefined;
    expect(world.asked).to.deep.equal([]);
    expect(world.admit(podOf('b')), 'nor is it waited for').to.equal('worker-1 Running');
  });

  it('has a name that nobody draws for another one, whenever and however it came', () => {
    const world = new World();
    world.admit(podOf('web-bcdfg'));
    world.settling();
    world.admit(podOf('web-bcdfh', 'worker-2'));
    world.admit(podOf('web-bcdfj'));
    expect(world.admission.series(podOf('any'), STORE, 'shop/any')).to.equal(undefined);
    const ends = ['g', 'h', 'j', 'k'].map((letter) => splitEnd(`shop/web-bcdf${letter}`)!.end);
    const taken = world.taken!.of('shop/web-');
    expect(ends.map((end) => taken.has(end))).to.deep.equal([true, true, true, false]);
  });

  it('is not bound while manifests are read: nobody knows yet what runs in it', () => {
    const world = new World();
    expect(world.admit(podOf('a'))).to.equal('nowhere');
    expect(world.asked).to.deep.equal([]);
  });

  it('is left as it is once the cluster has settled, and so is everything that is no pod', () => {
    const world = new World().settling();
    const service = { ...podOf('a', 'worker-1'), kind: 'Service' } as unknown as Pod;
    expect(world.admit(service)).to.equal('worker-1');
    world.admission.end();
    expect(world.admit(podOf('b'))).to.equal('nowhere');
    expect(world.admit(podOf('c', 'worker-1'), podOf('c'))).to.equal('worker-1');
    expect(world.asked).to.deep.equal([]);
  });
});

describe('a pod that the scheduler has yet to look at', () => {
  const waited = (): World => {
    const world = new World();
    world.admit(podOf('first'));
    return world.settling();
  };

  it('is overtaken by nobody', () => {
    const world = waited();
    expect(world.admit(podOf('second'))).to.equal('nowhere');
    expect(world.asked).to.deep.equal([]);
  });

  it('runs as soon as it is bound, and lets those after it be bound at once', () => {
    const world = waited();
    const scheduled = { type: 'PodScheduled', status: 'True' };
    const status = { conditions: [scheduled] } as unknown as PodStatus;
    const bound = { ...podOf('first', 'worker-1'), status };
    expect(world.admit(bound, podOf('first'))).to.equal('worker-1 Running');
    expect(world.admit(podOf('second'))).to.equal('worker-1 Running');
  });

  it('is stored as it is where it is bound, and has yet to come up', () => {
    const world = waited();
    world.slow.add('first');
    const bound = { ...unschedulable(podOf('first')), spec: podOf('first', 'worker-1').spec };
    expect(world.admission.admit(bound, podOf('first'), STORE)).to.equal(bound);
  });

  it('is waited for no longer once it is known to fit nowhere', () => {
    const world = waited();
    expect(world.admit(unschedulable(podOf('first')), podOf('first'))).to.equal('nowhere');
    expect(world.admit(podOf('second'))).to.equal('worker-1 Running');
  });

  it('is the one whose status needs a look: nobody else’s does, nor its own after the start', () => {
    const { admission } = waited();
    const bound = podOf('first', 'worker-1');
    const service = { ...podOf('web'), kind: 'Service' };
    const taken = () => [podOf('first'), bound, service].map((it) => admission.takesStatus(it));
    expect(taken()).to.deep.equal([false, true, true]);
    admission.end();
    expect(taken()).to.deep.equal([true, true, true]);
  });

  it('is waited for whatever else is written of it', () => {
    const world = waited();
    expect(world.admit(podOf('first'), podOf('first'))).to.equal('nowhere');
    expect(world.admit(podOf('second'))).to.equal('nowhere');
  });

  it('is also one that comes while the cluster settles, and finds no node', () => {
    const world = new World().settling();
    world.homeless.add('first');
    expect(world.admit(podOf('first'))).to.equal('nowhere');
    expect(world.admit(podOf('second'))).to.equal('nowhere');
  });

  it('is made to run once: a pod that has its node is its kubelet’s', () => {
    const world = new World().settling();
    const pod = podOf('first', 'worker-1');
    expect(world.admit(pod, pod)).to.equal('worker-1');
    expect(world.asked).to.deep.equal([]);
  });
});
