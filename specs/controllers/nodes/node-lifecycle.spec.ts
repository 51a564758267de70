// Goal: the loss of a node is noticed, its pods leave service and are evicted at the instants that
// upstream's timers make. Rules: timing.md §2.3, §6 C6.

import { expect } from 'chai';

import type { Node } from '../../../src/apiserver/kinds/node';
import { isPodReady } from '../../../src/apiserver/kinds/pod';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { EndpointSlice } from '../../../src/apiserver/kinds/endpointslice';
import { seconds } from '../../../src/values/time';
import type { Duration, Instant } from '../../../src/values/time';
import { ControlPlane, deploymentOf, disruptionOf, podOn, serviceOf } from '../control-plane';

type Options = ConstructorParameters<typeof ControlPlane>[0];

/** The plane one hour after everything has settled, with three pods behind a Service. */
function settled(options: Options = {}): ControlPlane {
  const plane = new ControlPlane(options);
  plane.create(deploymentOf('web', 3));
  plane.create(serviceOf('web'));
  plane.run(seconds(3_600));
  expect(plane.kernel.idle).to.equal(true);
  return plane;
}

/** Cuts the power of a node; its last renewal was `age` before. */
function powerOff(plane: ControlPlane, node: string, age: Duration): Instant {
  const { now } = plane.kernel;
  plane.heartbeats.stop(node, (now - age) as Instant);
  return now;
}

function readyOf(plane: ControlPlane, node: string): string {
  return plane.get<Node>('Node', node)!.status!.conditions![0]!.status;
}

function taintsOf(plane: ControlPlane, node: string): string[] {
  const taints = plane.get<Node>('Node', node)!.spec!.taints ?? [];
  return taints
    .map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`)
    .sort();
}

/** When the controller found the node silent. */
function silentAt(plane: ControlPlane, node: string, since: Instant): number | undefined {
  const entry = plane.kernel.journal
    .all()
    .find(
      (it) =>
        it.subject === `Node/${node}` && it.detail.startsWith('Ready becomes') && it.at > since,
    );
  return entry === undefined ? undefined : (entry.at - since) / 1e6;
}

describe('a node that loses its power', () => {
  for (const [kubernetes, least, most] of [
    ['1.36', 39.6, 55.0],
    ['1.32', 39.6, 55.0],
    ['1.31', 29.6, 45.0],
  ] as const) {
    it(`is NotReady after ${least} to ${most} s in ${kubernetes}, for every seed and age`, () => {
      const times: number[] = [];
      for (let seed = 1; seed <= 40; seed++) {
        const plane = new ControlPlane({ seed, kubernetes, kubelet: false });
        plane.run(seconds(60));
        const age = Math.round((seed / 40) * 10_400_000) as Duration;
        const at = powerOff(plane, 'worker-1', age);
        plane.run(seconds(70));
        times.push(silentAt(plane, 'worker-1', at)!);
      }
      expect(Math.min(...times)).to.be.within(least, least + 3);
      expect(Math.max(...times)).to.be.within(most - 3, most);
    });
  }

  it('has its pods out of service in the same pass, and its taints soon after', () => {
    const plane = settled();
    const at = powerOff(plane, 'worker-1', seconds(3));
    plane.run(seconds(39));
    expect(readyOf(plane, 'worker-1')).to.equal('True');
    plane.run(seconds(17));
    expect(readyOf(plane, 'worker-1')).to.equal('Unknown');
    const ready = plane.list<Pod>('Pod').filter(isPodReady);
    expect(ready.map(({ spec }) => spec.nodeName).sort()).to.deep.equal(['worker-2', 'worker-3']);
    const slice = plane.list<EndpointSlice>('EndpointSlice')[0]!;
    expect(slice.endpoints.filter(({ conditions }) => conditions?.ready)).to.have.length(2);
    expect(taintsOf(plane, 'worker-1')).to.deep.equal([
      'unreachable:NoExecute',
      'unreachable:NoSchedule',
    ]);
    const marked = plane.kernel.journal
      .all()
      .filter((it) => it.detail === 'patch by controller-manager/node-lifecycle' && it.at > at);
    expect(new Set(marked.slice(0, 2).map((it) => it.at)).size).to.equal(1);
  });

  it('keeps its pods for 300 s more, then they are replaced but stay Terminating', () => {
    const plane = settled();
    const at = powerOff(plane, 'worker-1', seconds(3));
    plane.run(seconds(60));
    const silent = silentAt(plane, 'worker-1', at)!;
    plane.run(seconds(silent + 300 - 60));
    expect(plane.list('Pod')).to.have.length(3);
    plane.run(seconds(2));
    const pods = plane.list<Pod>('Pod');
    expect(pods).to.have.length(4);
    const going = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    expect(going.map(({ spec }) => spec.nodeName)).to.deep.equal(['worker-1']);
    expect(pods.map(disruptionOf).filter(Boolean)).to.deep.equal(['DeletionByTaintManager']);
    expect(pods.filter(isPodReady)).to.have.length(3);
  });

  it('and comes back in time keeps its pods', () => {
    const plane = settled();
    powerOff(plane, 'worker-1', seconds(3));
    plane.run(seconds(120));
    plane.heartbeats.start('worker-1');
    plane.patch('Node', 'worker-1', {
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    plane.run(seconds(10));
    expect(taintsOf(plane, 'worker-1')).to.deep.equal([]);
    plane.run(seconds(600));
    expect(plane.list('Pod')).to.have.length(3);
    expect(plane.kernel.idle).to.equal(true);
  });

  it('for less than the grace is not noticed at all', () => {
    const plane = settled();
    powerOff(plane, 'worker-1', seconds(3));
    plane.run(seconds(30));
    plane.heartbeats.start('worker-1');
    const before = plane.kernel.journal.length;
    plane.run(seconds(600));
    expect(readyOf(plane, 'worker-1')).to.equal('True');
    expect(plane.kernel.journal.length).to.equal(before);
  });

  it('costs no event while it renews its lease', () => {
    const plane = settled();
    expect(plane.kernel.nextAt).to.equal(undefined);
  });
});

describe('several nodes that lose their power', () => {
  it('are tainted one after the other, 10 s apart', () => {
    // timing.md §2.3: 0.1 node/s per zone, burst 1.
    const plane = settled({ nodes: 6 });
    for (const node of ['worker-1', 'worker-2']) powerOff(plane, node, seconds(3));
    plane.run(seconds(90));
    const taints = plane.kernel.journal
      .all()
      .filter(({ detail }) => detail.startsWith('taints: ') && detail.includes('NoExecute'));
    expect(taints).to.have.length(2);
    expect((taints[1]!.at - taints[0]!.at) / 1e6).to.be.closeTo(10, 0.1);
  });

  it('and are all there are, are not evicted from', () => {
    const plane = settled();
    for (const node of ['worker-1', 'worker-2', 'worker-3']) powerOff(plane, node, seconds(3));
    plane.run(seconds(900));
    for (const node of ['worker-1', 'worker-2', 'worker-3']) {
      expect(readyOf(plane, node)).to.equal('Unknown');
      expect(taintsOf(plane, node)).to.deep.equal(['unreachable:NoSchedule']);
    }
    expect(
      plane.list<Pod>('Pod').filter((it) => it.metadata.deletionTimestamp !== undefined),
    ).to.deep.equal([]);
  });

  it('and are most of a small zone, are not evicted from either', () => {
    // timing.md §2.3: more than 2 and at least 55 % silent, at most 50 nodes: the rate is 0.
    const plane = settled({ nodes: 5 });
    for (const node of ['worker-1', 'worker-2', 'worker-3']) powerOff(plane, node, seconds(3));
    plane.run(seconds(900));
    expect(taintsOf(plane, 'worker-1')).to.deep.equal(['unreachable:NoSchedule']);
  });
});

describe('a controller manager that starts while a node is silent', () => {
  it('grants the whole grace from its own first look', () => {
    const plane = settled();
    const controller = plane.controllers.find(({ name }) => name === 'node-lifecycle')!;
    controller.stop();
    powerOff(plane, 'worker-1', seconds(3));
    plane.run(seconds(300));
    expect(readyOf(plane, 'worker-1')).to.equal('True');
    const start = plane.kernel.now;
    controller.start();
    plane.run(seconds(70));
    expect(silentAt(plane, 'worker-1', start)).to.be.within(50, 55);
  });
});

describe('a pod on a tainted node', () => {
  it('goes at once where it does not tolerate the taint', () => {
    const plane = settled();
    const taints = [{ key: 'maintenance', effect: 'NoExecute' }];
    plane.patch('Node', 'worker-1', { spec: { taints } });
    plane.run(seconds(5));
    const nodes = plane.list<Pod>('Pod').map(({ spec }) => spec.nodeName);
    expect(nodes).to.have.length(3);
    expect(nodes).to.not.include('worker-1');
  });

  it('goes at once where it comes after the taint', () => {
    const plane = new ControlPlane();
    const taints = [{ key: 'maintenance', effect: 'NoExecute' }];
    plane.patch('Node', 'worker-1', { spec: { taints } });
    plane.run();
    plane.create(podOn('worker-1'));
    plane.create(podOn('worker-2'));
    plane.run();
    expect(plane.list<Pod>('Pod').map(({ spec }) => spec.nodeName)).to.deep.equal(['worker-2']);
  });

  it('goes when its own patience ends', () => {
    const plane = new ControlPlane();
    const template = (deploymentOf('web', 1) as { spec: { template: { spec: object } } }).spec
      .template;
    const tolerations = [
      { key: 'maintenance', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 },
    ];
    plane.create(
      deploymentOf('web', 1, {
        template: { ...template, spec: { ...template.spec, tolerations } },
      }),
    );
    plane.run(seconds(30));
    const [pod] = plane.list<Pod>('Pod');
    const taints = [{ key: 'maintenance', effect: 'NoExecute' }];
    plane.patch('Node', pod!.spec.nodeName!, { spec: { taints } });
    plane.run(seconds(59));
    expect(plane.get('Pod', `shop/${pod!.metadata.name}`)).to.not.equal(undefined);
    plane.run(seconds(2));
    expect(plane.get('Pod', `shop/${pod!.metadata.name}`)).to.equal(undefined);
  });
});

describe('a pod that tolerates a taint', () => {
  const TAINT = { key: 'maintenance', effect: 'NoExecute' };

  function tainted(toleration: object): { readonly plane: ControlPlane; readonly key: string } {
    const plane = new ControlPlane();
    const tolerations = [{ key: 'maintenance', operator: 'Exists', ...toleration }];
    const metadata = { name: 'patient', namespace: 'shop' };
    const spec = {
      containers: [{ name: 'main', image: 'registry.example/app:1' }],
      tolerations,
      nodeName: 'worker-1',
    };
    plane.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    plane.run();
    plane.patch('Node', 'worker-1', { spec: { taints: [TAINT] } });
    return { plane, key: 'shop/patient' };
  }

  it('for ever stays', () => {
    const { plane, key } = tainted({});
    plane.run(seconds(3_600));
    expect(plane.get('Pod', key)).to.not.equal(undefined);
  });

  it('for a while stays where the taint is gone in time, and its patience begins anew', () => {
    const { plane, key } = tainted({ effect: 'NoExecute', tolerationSeconds: 60 });
    plane.run(seconds(50));
    plane.patch('Node', 'worker-1', { spec: { taints: [] } });
    plane.run(seconds(60));
    plane.patch('Node', 'worker-1', { spec: { taints: [TAINT] } });
    plane.run(seconds(59));
    expect(plane.get('Pod', key)).to.not.equal(undefined);
    plane.run(seconds(2));
    expect(plane.get('Pod', key)).to.equal(undefined);
  });

  it('with no patience at all goes at once', () => {
    const { plane, key } = tainted({ effect: 'NoExecute', tolerationSeconds: -5 });
    plane.run(seconds(2));
    expect(plane.get('Pod', key)).to.equal(undefined);
  });

  it('leaves nothing behind for another pod of its name', () => {
    const { plane, key } = tainted({ effect: 'NoExecute', tolerationSeconds: 60 });
    plane.run(seconds(50));
    const { metadata, spec } = plane.get('Pod', key)!;
    plane.delete('Pod', key, 0);
    plane.run();
    const { name, namespace } = metadata;
    const again = { name, namespace: namespace! };
    plane.create({ apiVersion: 'v1', kind: 'Pod', metadata: again, spec });
    plane.run(seconds(59));
    expect(plane.get('Pod', key)).to.not.equal(undefined);
    plane.run(seconds(2));
    expect(plane.get('Pod', key)).to.equal(undefined);
  });
});

describe('a node whose kubelet says that it is under pressure', () => {
  const conditions = (type: string, status: string) => [
    { type: 'Ready', status: 'True' },
    { type, status },
  ];

  for (const [type, key] of [
    ['MemoryPressure', 'memory-pressure'],
    ['DiskPressure', 'disk-pressure'],
    ['PIDPressure', 'pid-pressure'],
  ] as const) {
    it(`is tainted at once, as long as it says ${type}`, () => {
      const plane = settled();
      plane.patch('Node', 'worker-1', { status: { conditions: conditions(type, 'True') } });
      plane.run(seconds(1));
      expect(taintsOf(plane, 'worker-1')).to.deep.equal([`${key}:NoSchedule`]);
      expect(plane.list<Pod>('Pod').every(isPodReady)).to.equal(true);
      plane.patch('Node', 'worker-1', { status: { conditions: conditions(type, 'False') } });
      plane.run(seconds(1));
      expect(taintsOf(plane, 'worker-1')).to.deep.equal([]);
    });
  }
});
