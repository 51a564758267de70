// Goal: pods that one request asks for are what they would be had each been asked for by itself,
// and those who made them know as much of them afterwards. Method: clusters of every kind of
// workload twice, in one of which nothing is made in series; all objects, all that machines hold
// and all lines of the journal are compared, also after something has happened.

import { expect } from 'chai';

import { KindAdmission } from '../../../src/apiserver/admission';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { LatePod } from '../../../src/apiserver/late-pod';
import type { Store } from '../../../src/apiserver/store';
import type { Cluster } from '../../../src/cluster/cluster';
import { RestingPodMaker } from '../../../src/cluster/settled/pod-maker';
import type { Controller } from '../../../src/controllers/index';
import { SettledAdmission } from '../../../src/cluster/settled/settled-admission';
import { copiesOf } from '../../../src/kernel/copy-recipe';
import type { Network } from '../../../src/network/index';
import type { Kubelets } from '../../../src/node/kubelet/kubelet';
import { Arrivals } from '../../../src/node/kubelet/arrivals';
import type { KubeletState } from '../../../src/node/kubelet/kubelet-state';
import { PodUpdates } from '../../../src/node/kubelet/pod-updates';
import { ip } from '../../../src/values/ip';
import { keyOf } from '../../../src/values/kube-object';
import type { KubeObject } from '../../../src/values/kube-object';
import type { Instant } from '../../../src/values/time';
import { settledWith, workloadOf } from './settled-with';

const PROBE = 'readinessProbe: {tcpSocket: {port: 8080}}';
const WEB = workloadOf('Deployment', 'replicas: 15', PROBE);

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: deployment}, ports: [{port: 80}]}`;

/** Pods of which each node can have one: they want a port of the host. */
const PORTS = workloadOf('ReplicaSet', 'replicas: 5', 'ports: [{containerPort: 8081}]').replace(
  'spec: {containers',
  'spec: {hostNetwork: true, containers',
);

const INIT =
  'spec: {initContainers: [{name: init, image: busybox, command: [sleep, "1"]}], containers';
const STARTING = 'pods that live through their starts';

/** One with five addresses for pods. */
const FEW_ADDRESSES = '[{name: worker-1, podCIDR: 10.244.1.0/29}]';

/** Manifests, what else the cluster says, and its nodes. */
const CLUSTERS: Readonly<
  Record<string, readonly [manifests: string, more?: string, nodes?: string]>
> = {
  'pods of one template': [WEB],
  'pods of several kinds of workloads': [
    [WEB, workloadOf('StatefulSet', 'replicas: 3', PROBE), workloadOf('DaemonSet', '', PROBE)].join(
      '\n---\n',
    ),
  ],
  'pods of one template among others that live through their starts': [
    [WEB, workloadOf('ReplicaSet', 'replicas: 7', PROBE).replace('spec: {containers', INIT)].join(
      '\n---\n',
    ),
  ],
  // The first of a template without probes does not come by itself either.
  'pods of several templates without probes': [
    ['web', 'api', 'shop']
      .map((name, index) => WEB.replace('15', `${index + 2}`).replaceAll('deployment', name))
      .join('\n---\n')
      .replaceAll(`, ${PROBE}`, ''),
  ],
  'pods in two families': [WEB, ', ipFamilies: [IPv4, IPv6]'],
  'pods that a plug-in gives links of their own': [WEB, ', cni: calico'],
  'pods of kindnet': [WEB, ', cni: kindnet'],
  'pods of the bridge plug-in, in two families': [WEB, ', cni: bridge, ipFamilies: [IPv4, IPv6]'],
  'pods for which there are not enough addresses': [WEB, '', FEW_ADDRESSES],
  'pods with annotations': [
    WEB.replace(
      'labels: {app: deployment}}\n    spec',
      'annotations: {a: b}, labels: {app: deployment}}\n    spec',
    ),
  ],
  'pods that do not all fit': [WEB.replace('replicas: 15', 'replicas: 230')],
  'pods that fit nowhere': [
    WEB.replace('spec: {containers', 'spec: {nodeSelector: {a: b}, containers'),
  ],
  'pods that are given to a node': [
    WEB.replace('spec: {containers', 'spec: {nodeName: worker-2, containers'),
  ],
  'pods on the network of their host': [
    WEB.replace('spec: {containers', 'spec: {hostNetwork: true, containers'),
  ],
  'pods behind some that fit nowhere': [`${PORTS}\n---\n${WEB}`],
  'pods with gates': [
    WEB.replace('spec: {containers', 'spec: {readinessGates: [{conditionType: a/b}], containers'),
  ],
  [STARTING]: [WEB.replace('spec: {containers', INIT)],
  'pods whose watch takes time': [WEB, ', timing: {apiserver.watch: 1ms}'],
};

describe('pods that are asked for together', () => {
  for (const [name, [manifests, more, nodes]] of Object.entries(CLUSTERS)) {
    it(`are as if each had come by itself: ${name}`, () => {
      const make = (): Cluster => settledWith(manifests, more, nodes);
      const [together, apart] = [make(), oneByOne(make)];
      expect(stateOf(together)).to.deep.equal(stateOf(apart));
      for (const cluster of [together, apart]) live(cluster);
      expect(stateOf(together)).to.deep.equal(stateOf(apart));
    });
  }

  it('are looked at before, with the template of all of them', () => {
    let asked = 0;
    const { prototype } = KindAdmission;
    const { admit } = prototype;
    prototype.admit = function (this: KindAdmission, ...given) {
      if (given[0].kind === 'Pod' && given[0].metadata.namespace === 'default') asked++;
      return admit.apply(this, given);
    };
    try {
      settledWith(WEB);
    } finally {
      prototype.admit = admit;
    }
    expect(asked).to.equal(0);
  });

  it('are put together when somebody reads them, and nobody does while a cluster settles', () => {
    let made = 0;
    const { prototype } = RestingPodMaker;
    const { make } = prototype;
    prototype.make = function (this: RestingPodMaker, pod) {
      made++;
      return make.call(this, pod);
    };
    try {
      const { api } = settledWith(`${WEB}\n---\n${SERVICE}`);
      expect(made).to.equal(0);
      for (let times = 0; times < 2; times++) expect(ownPods(api.store).length).to.equal(15);
      // The first of a template with probes comes by itself.
      expect(made).to.equal(14);
    } finally {
      prototype.make = make;
    }
  });

  it('say of themselves what their objects say', () => {
    const { api } = settledWith(WEB, ', ipFamilies: [IPv4, IPv6]');
    const versions = lateIn(api.store);
    expect(versions.length).to.equal(14);
    for (const late of versions) {
      const { key, uid, scope, addresses, pattern, at } = late;
      const { metadata, spec, status } = late.object;
      expect(keyOf(late.object)).to.equal(key);
      expect([metadata.uid, metadata.creationTimestamp]).to.deep.equal([uid, at]);
      expect(spec.nodeName).to.equal(scope);
      expect(status!.podIPs!.map(({ ip }) => ip)).to.deep.equal(addresses);
      expect(metadata.labels).to.equal(pattern.metadata.labels);
      expect(metadata.ownerReferences).to.equal(pattern.metadata.ownerReferences);
      expect(spec.containers).to.equal(pattern.spec.containers);
      expect(status!.conditions).to.equal(pattern.status!.conditions);
    }
    expect(new Set(versions.map(({ uid }) => uid)).size).to.equal(14);
  });

  it('are the same objects for all forks, whoever reads them first, and however late', () => {
    const origin = settledWith(WEB);
    // The third is made by what was found out about the first two.
    const [first, , third] = [origin.fork(), origin.fork(), origin.fork()];
    const revision = origin.api.store.revision;
    live(origin);
    const read = ownPods(third.api.store);
    expect(read.length).to.equal(15);
    expect(ownPods(origin.api.store, revision)).to.have.ordered.members(read);
    live(first);
    for (const pod of read) {
      const key = keyOf(pod);
      expect(first.api.store.get('Pod', key, revision)).to.equal(pod);
      expect(origin.api.store.version('Pod', key, revision)!.object).to.equal(pod);
    }
    const node = (read[0] as Pod).spec.nodeName!;
    const there = read.filter((pod) => (pod as Pod).spec.nodeName === node);
    const listed = [...origin.api.store.listScope('Pod', node, revision)];
    expect(listed).to.include.members(there);
  });

  it('are entered on their nodes when somebody looks, and not before', () => {
    const cluster = settledWith(WEB);
    const state = kubeletsOf(cluster);
    expect(state.arrivals.isEmpty).to.equal(false);
    expect(state.byPod.size).to.be.greaterThan(15);
    expect(state.arrivals.isEmpty).to.equal(true);
    const other = settledWith(WEB);
    const { key } = lateIn(other.api.store)[3]!;
    other.send({ pod: key }, { address: ip('10.0.0.1'), port: 80, protocol: 'TCP' });
    expect(arrivalsOf(other).isEmpty).to.equal(true);
  });

  it('wait on though pods come that do not rest, and all stand in the order of their coming', () => {
    const { prototype } = Arrivals;
    const { enter } = prototype;
    let asked = 0;
    prototype.enter = function (this: Arrivals) {
      if (!this.isEmpty) asked++;
      enter.call(this);
    };
    try {
      const { agents, byPod } = kubeletsOf(
        settledWith(workloadOf('Deployment', 'replicas: 15', '')),
      );
      expect(asked).to.equal(0);
      const stages = [...byPod.values()].map(({ stage }) => stage);
      expect(asked).to.equal(1);
      // The servers of DNS never rest: one of them has come between two that do.
      const server = stages.lastIndexOf('running');
      expect(server).to.be.within(stages.indexOf('resting') + 1, stages.lastIndexOf('resting') - 1);
      for (const some of [byPod, ...[...agents.values()].map(({ workers }) => workers)]) {
        const ids = [...some.values()].map(({ id }) => id);
        expect(ids).to.deep.equal(ids.toSorted((a, b) => a - b));
      }
    } finally {
      prototype.enter = enter;
    }
  });

  it('are started anew by a kubelet that lists them after a reboot', () => {
    const cluster = settledWith(WEB);
    const workers = () => kubeletsOf(cluster).agents.get('worker-1')!.workers.size;
    const before = workers();
    cluster.handles.powerOff('worker-1');
    cluster.handles.powerOn('worker-1');
    cluster.kernel.runUntil((cluster.kernel.now + 90e9) as Instant);
    expect(workers()).to.equal(before);
  });

  it('are nothing to a plug-in that has been given other ranges since', () => {
    const cluster = settledWith(WEB);
    const { network } = cluster as unknown as { readonly network: Network };
    network.assignPodCIDRs('worker-1', ['10.250.1.0/24']);
    network.attachPod('worker-1', 'default/new');
    expect(kubeletsOf(cluster).byPod.size).to.be.greaterThan(15);
    expect([...network['cni'].allocations('worker-1').keys()]).to.deep.equal(['default/new']);
  });

  it('are all entered before a fork copies anything, which would move while it is copied', () => {
    const cluster = settledWith(WEB);
    expect(arrivalsOf(cluster).isEmpty).to.equal(false);
    const copies = copiesOf(cluster);
    const { carry } = copies;
    const found: boolean[] = [];
    copies.carry = (...given) => {
      found.push(arrivalsOf(cluster).isEmpty);
      carry.apply(copies, given);
    };
    cluster.fork();
    expect(found).to.deep.equal([true]);
  });

  it('are known to the kubelets of their nodes, which are told of none', () => {
    const told: string[] = [];
    const { prototype } = PodUpdates;
    const { podChanged } = prototype;
    prototype.podChanged = function (this: PodUpdates, agent, change) {
      if (change.late !== undefined) told.push(change.key);
      podChanged.call(this, agent, change);
    };
    try {
      const cluster = settledWith(WEB, '', 3);
      const { store } = cluster.api;
      for (const { node, informer } of kubeletsOf(cluster).agents.values()) {
        expect(informer.revision, node).to.equal(store.logOf('Pod', node).latest ?? 0);
      }
      expect(told).to.deep.equal([]);
    } finally {
      prototype.podChanged = podChanged;
    }
  });

  it('are heard of by the scheduler, all of them, and it waits for news of none', () => {
    const make = (): Cluster => {
      return settledWith([WEB, workloadOf('StatefulSet', 'replicas: 3', PROBE)].join('\n---\n'));
    };
    const [together, apart] = [make(), oneByOne(make)].map((cluster) => {
      const { scheduler } = cluster as unknown as { readonly scheduler: Controller };
      return scheduler['logic'] as unknown as {
        readonly unheard: readonly string[];
        readonly assigned: ReadonlyMap<string, string>;
      };
    });
    expect(together!.unheard).to.deep.equal([]);
    expect([...together!.assigned]).to.have.deep.members([...apart!.assigned]);
  });

  it('leave to each kubelet what is still on its way to it when the scenario begins', () => {
    const late = WEB.replaceAll('app: deployment', 'app: late').replace(
      'name: deployment',
      'name: late',
    );
    const more = ', timing: {apiserver.watch: 250s}';
    const make = (): Cluster => settledWith(`${CLUSTERS[STARTING]![0]}\n---\n${late}`, more);
    const [together, apart] = [make(), oneByOne(make)];
    expect(lateIn(together.api.store).length).to.be.greaterThan(0);
    for (const { kernel } of [together, apart]) kernel.runUntil(900_000_000 as Instant);
    expect(stateOf(together)).to.deep.equal(stateOf(apart));
  });

  it('are frozen, with all that they are made of', () => {
    const cluster = settledWith(WEB);
    const pods = [...cluster.api.store.list('Pod')];
    expect(pods.length).to.be.greaterThan(15);
    expect(pods.every(isFrozenThrough)).to.equal(true);
  });
});

function ownPods(store: Store, revision?: number): KubeObject[] {
  return [...store.list('Pod', revision)].filter(
    ({ metadata }) => metadata.namespace === 'default',
  );
}

/** The pods that were made in series. */
function lateIn(store: Store): LatePod[] {
  return store.changes('Pod', 0).flatMap(({ late }) => late ?? []);
}

/** A cluster in which every pod is admitted, placed and run by itself. */
function oneByOne(make: () => Cluster): Cluster {
  const { prototype } = SettledAdmission;
  const { series } = prototype;
  prototype.series = () => undefined;
  try {
    return make();
  } finally {
    prototype.series = series;
  }
}

/** More pods of the same template, one that goes, one that crashes, a node without power. */
function live({ handles, kernel, api }: Cluster): void {
  kernel.runUntil(1_000_000 as Instant);
  const [pod] = [...api.store.list('Pod')].filter(
    ({ metadata }) => metadata.namespace === 'default',
  );
  const { name } = pod!.metadata;
  handles.crashPod(`default/${name}`, { exitCode: 1, restart: true });
  handles.patch('Deployment', 'default/deployment', { spec: { replicas: 21 } });
  kernel.runUntil(30_000_000 as Instant);
  handles.delete('Pod', `default/${name}`);
  handles.powerOff('worker-1');
  kernel.runUntil(60_000_000 as Instant);
  handles.powerOn('worker-1');
  kernel.runUntil(120_000_000 as Instant);
}

function kubeletsOf(cluster: Cluster): KubeletState {
  return (cluster as unknown as { readonly kubelets: Kubelets }).kubelets['ground'].state;
}

function arrivalsOf(cluster: Cluster): KubeletState['arrivals'] {
  return kubeletsOf(cluster).arrivals;
}

/** Who has which addresses on each node, as the plug-in knows it. */
function addressesOf(cluster: Cluster): unknown {
  const { network } = cluster as unknown as { readonly network: Network };
  return cluster.spec.nodes.map(({ name }) => {
    const given = [...network['cni'].allocations(name)];
    return given.map(([pod, addresses]) => [pod, addresses.join()]).sort();
  });
}

function stateOf(cluster: Cluster): Record<string, unknown> {
  const { api, kernel } = cluster;
  // First of all: who asks the plug-in may be the first who asks for any of these pods.
  const addresses = addressesOf(cluster);
  const state = kubeletsOf(cluster);
  const versions = api.store.changes('Pod', 0);
  return {
    addresses,
    snapshot: JSON.stringify(cluster.snapshot()),
    objects: JSON.stringify(versions.map(({ object }) => object)),
    versions: versions.map(({ revision, at, key, cause, scope }) => [
      revision,
      at,
      key,
      cause,
      scope,
    ]),
    ordinals: cluster.podsOf('Deployment', 'default/deployment'),
    lines: kernel.journal.all().map((entry) => JSON.stringify(entry)),
    pods: [...state.byPod].map(([key, { id, stage, uid }]) => [key, id, stage, uid]),
    views: [...state.agents.values()].map(({ informer }) => informer.revision),
    workers: [...state.agents.values()].map(({ workers }) => [...workers.keys()]),
    sandboxes: [...state.agents.values()].map(({ machine }) => [...machine.sandboxes.keys()]),
  };
}

function isFrozenThrough(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozenThrough);
}
