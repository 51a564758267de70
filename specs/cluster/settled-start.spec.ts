// Goal: a settled start is what a cold boot comes to, and it costs as much as there are objects.
// Method: the same manifests both ways, compared object by object without what tells the way there
// (instants, numbers of versions, in which order addresses were handed out); and exact counters of
// one cluster, of one twice as large and of one four times as large.

import { expect } from 'chai';

import type { EndpointSlice } from '../../src/apiserver/kinds/endpointslice';
import { conditionOf } from '../../src/apiserver/kinds/pod';
import type { Pod } from '../../src/apiserver/kinds/pod';
import { createCluster } from '../../src/cluster/create-cluster';
import type { Cluster } from '../../src/cluster/cluster';
import { keyOf, nameOf } from '../../src/values/kube-object';
import type { KubeObject } from '../../src/values/kube-object';
import { compareText, sortedBy } from '../../src/values/order';
import type { Instant } from '../../src/values/time';
import { planText } from '../runner/plan-text';
import { podNamed, settledWith, workloadOf } from './settled/settled-with';

const REPLICAS = 3;
/** A cold boot of this size has come to rest long before. */
const LONG = 300_000_000 as Instant;

function workload(name: string): string {
  return `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${REPLICAS}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
        - {name: main, image: example/${name}, readinessProbe: {tcpSocket: {port: 8080}}}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{port: 80, targetPort: 8080}]}
`;
}

function clusterOf(nodes: number, services: number, start: 'settled' | 'cold'): Cluster {
  const names = Array.from({ length: services }, (_, index) => `app-${index}`);
  const text = `
scenario: the start
cluster: {nodes: ${nodes}, start: ${start}}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
${names.map(workload).join('')}`;
  return createCluster(planText(text, 'start.yaml').cluster, { seed: 1 });
}

function objectsOf({ api }: Cluster): KubeObject[] {
  return api.store.kindNames().flatMap((kind) => [...api.store.list(kind)]);
}

/** What tells when something came about, or how often it was written. */
const OF_THE_WAY: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'resourceVersion',
  'generation',
  'observedGeneration',
  'lastTransitionTime',
  'lastUpdateTime',
  'startTime',
  'startedAt',
  'finishedAt',
  'completionTime',
  'endpoints.kubernetes.io/last-change-trigger-time',
]);

/** Every object by its name, pods' addresses replaced by their pods, endpoints in their order. */
function imageOf(cluster: Cluster): ReadonlyMap<string, unknown> {
  const objects = objectsOf(cluster);
  const pods = objects.filter((object): object is Pod => object.kind === 'Pod');
  const named = new Map(pods.map((pod) => [pod.status!.podIP, `address of ${nameOf(pod)}`]));
  const told = (_field: string, value: unknown): unknown =>
    typeof value === 'string' ? (named.get(value) ?? value) : value;
  const image = objects.map((object): [string, unknown] => [
    nameOf(object),
    JSON.parse(JSON.stringify(inOrder(object), told), (field, value: unknown) =>
      OF_THE_WAY.has(field) ? undefined : value,
    ),
  ]);
  return new Map(image.sort(([a], [b]) => compareText(a, b)));
}

function inOrder(object: KubeObject): KubeObject {
  if (object.kind !== 'EndpointSlice') return object;
  const { endpoints } = object as EndpointSlice;
  return { ...object, endpoints: sortedBy(endpoints, (it) => it.targetRef?.name ?? '') };
}

function versionsOf(store: Cluster['api']['store'], pods: readonly KubeObject[]): number[] {
  const versions = store.changes('Pod', 0);
  return pods.map((pod) => versions.filter(({ key }) => key === keyOf(pod)).length);
}

function readyOf(pod: KubeObject): string | undefined {
  return conditionOf((pod as Pod).status?.conditions, 'Ready')?.status;
}

/** Two given pods, two of a StatefulSet, one of a DaemonSet, one of a Job, three of a ReplicaSet. */
const OTHER_WAYS = `apiVersion: v1
kind: Pod
metadata: {name: given}
spec:
  initContainers: [{name: first, image: example/init}]
  containers: [{name: main, image: example/web}]
---
apiVersion: v1
kind: Pod
metadata: {name: on-host}
spec: {hostNetwork: true, containers: [{name: main, image: example/web, ports: [{containerPort: 9100}]}]}
---
${workloadOf('StatefulSet', 'serviceName: row, replicas: 2', 'readinessProbe: {httpGet: {port: 80}}')}
---
${workloadOf('DaemonSet', '', 'startupProbe: {tcpSocket: {port: 80}}')}
---
${workloadOf('ReplicaSet', 'replicas: 3', 'livenessProbe: {exec: {command: [ls]}}')}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: main, image: busybox, command: [sh, -c, exit 0]}]}
`;

/** How often a container of the pod `web` was seen to start. */
function startsOf({ kernel }: Cluster): number {
  const lines = kernel.journal.all().filter(({ subject }) => subject === 'Pod/default/web');
  return lines.filter(({ action }) => action === 'started' || action === 'restarted').length;
}

interface Counters {
  readonly revisions: number;
  readonly lines: number;
}

function countersOf(scale: number): Counters {
  const { api, kernel } = clusterOf(2 * scale, 3 * scale, 'settled');
  return { revisions: api.store.revision, lines: kernel.journal.length };
}

describe('a settled start', () => {
  it('is what a cold boot of the same manifests comes to', () => {
    const [settled, cold] = [clusterOf(3, 3, 'settled'), clusterOf(3, 3, 'cold')];
    for (const cluster of [settled, cold]) cluster.kernel.runUntil(LONG);
    expect(cold.kernel.idle).to.equal(true);
    const image = imageOf(settled);
    const counts = ['Pod', 'EndpointSlice'].map((kind) => {
      return [...image.keys()].filter((name) => name.startsWith(`${kind}/default/app-`)).length;
    });
    expect(counts).to.deep.equal([3 * REPLICAS, 3]);
    expect(Object.fromEntries(image)).to.deep.equal(Object.fromEntries(imageOf(cold)));
  });

  it('is that also of pods that come in other ways, and of those that live through their start', () => {
    const [settled, cold] = (['settled', 'cold'] as const).map((start) => {
      const cluster = settledWith(OTHER_WAYS, `, start: ${start}`, 1);
      cluster.kernel.runUntil(LONG);
      return cluster;
    });
    expect(cold!.kernel.idle).to.equal(true);
    const image = imageOf(settled!);
    expect([...image.keys()].filter((name) => name.startsWith('Pod/default/'))).to.have.length(9);
    expect(Object.fromEntries(image)).to.deep.equal(Object.fromEntries(imageOf(cold!)));
  });

  it('stores a pod of a workload once: bound, running and ready', () => {
    const { api } = clusterOf(2, 2, 'settled');
    const pods = [...api.store.list('Pod')].filter(
      ({ metadata }) => metadata.namespace === 'default',
    );
    expect(pods).to.have.length(2 * REPLICAS);
    expect(versionsOf(api.store, pods)).to.deep.equal(pods.map(() => 1));
  });

  it('stores a slice once, with all of its endpoints', () => {
    const { store } = clusterOf(2, 2, 'settled').api;
    const slices = [...store.list('EndpointSlice')].filter(({ metadata }) =>
      metadata.name.startsWith('app-'),
    );
    expect(slices.map((it) => (it as EndpointSlice).endpoints.length)).to.deep.equal([3, 3]);
    expect(slices.map(({ metadata }) => metadata.generation)).to.deep.equal([1, 1]);
  });

  it('stores a pod that is given twice: as it is given, then bound and running', () => {
    const { api } = settledWith(podNamed('given'));
    const pod = api.store.get('Pod', 'default/given')!;
    expect(readyOf(pod)).to.equal('True');
    expect(versionsOf(api.store, [pod])).to.deep.equal([2]);
  });

  it('writes exactly twice as much for twice the nodes, Services and pods', () => {
    const [one, two, four] = [countersOf(1), countersOf(2), countersOf(4)];
    const grown = (less: Counters, more: Counters): Counters => ({
      revisions: more.revisions - less.revisions,
      lines: more.lines - less.lines,
    });
    const [first, second] = [grown(one, two), grown(two, four)];
    expect(second).to.deep.equal({ revisions: 2 * first.revisions, lines: 2 * first.lines });
  });

  it('gives the pods of a template the same containers and tolerations, not equal ones', () => {
    const { api } = clusterOf(2, 1, 'settled');
    const pods = [...api.store.list('Pod')].filter(
      ({ metadata }) => metadata.namespace === 'default',
    );
    const specs = pods.map(({ spec }) => spec as Pod['spec']);
    expect(specs[0]!.tolerations).to.have.length(2);
    expect(new Set(specs.map(({ containers }) => containers)).size).to.equal(1);
    expect(new Set(specs.map(({ tolerations }) => tolerations)).size).to.equal(1);
  });

  it('lets live through its start what takes time, or can fail', () => {
    const main = '{name: main, image: example/web}';
    const initialised = 'initContainers: [{name: first, image: example/init}], ';
    const shell = '{name: main, image: busybox, command: [sh, -c, exit 1]}';
    const slow = settledWith(podNamed('web', main, initialised));
    expect(readyOf(slow.api.store.get('Pod', 'default/web')!)).to.equal('True');
    expect(startsOf(slow)).to.equal(2);
    const ending = settledWith(podNamed('web', shell));
    expect(startsOf(ending)).to.be.greaterThan(1);
    const homeless = settledWith(podNamed('web', main, 'nodeSelector: {no: where}, '));
    const { status } = homeless.api.store.get('Pod', 'default/web') as Pod;
    expect(conditionOf(status!.conditions, 'PodScheduled')!.status).to.equal('False');
  });

  it('never stores as ready what has yet to fail', () => {
    const shell = '{name: main, image: busybox, command: [sh, -c, exit 1]}';
    const both = ['one', 'two'].map(
      (name) => `{name: ${name}, image: x/${name}, ports: [{containerPort: 80}]}`,
    );
    for (const container of [shell, both.join(', ')]) {
      const { store } = settledWith(podNamed('web', container)).api;
      const versions = store.changes('Pod', 0).filter(({ key }) => key === 'default/web');
      expect(versions.map(({ object }) => readyOf(object!))).to.not.include('True');
      expect(versions.length).to.be.greaterThan(1);
    }
  });

  it('stores several containers with probes once, and ready', () => {
    const probed = [80, 81].map(
      (port) => `{name: c${port}, image: x/web, readinessProbe: {tcpSocket: {port: ${port}}}}`,
    );
    const { store } = settledWith(podNamed('web', probed.join(', '))).api;
    const versions = store.changes('Pod', 0).filter(({ key }) => key === 'default/web');
    expect(versions.map(({ object }) => readyOf(object!))).to.deep.equal([undefined, 'True']);
  });

  it('takes the time that the scenario says, also before zero', () => {
    const { api } = settledWith(podNamed('web'), ', timing: {kubelet.containerStart: 3s}');
    const { status } = api.store.get('Pod', 'default/web') as Pod;
    expect(status!.containerStatuses![0]!.state!.running!.startedAt).to.equal(-597_000_000);
  });

  for (const timer of ['apiserver.write', 'apiserver.watch']) {
    it(`takes ${timer} as long as the scenario says, also before zero`, () => {
      const deployment = workload('web').replace('---\n', '');
      const { api } = settledWith(deployment, `, timing: {${timer}: 2s}`);
      const [made] = [...api.store.list('ReplicaSet')].filter(
        ({ metadata }) => metadata.namespace === 'default',
      );
      const since = api.store.get('Deployment', 'default/web')!.metadata.creationTimestamp!;
      expect(made!.metadata.creationTimestamp! - since).to.equal(2_000_000);
    });
  }

  it('waits for the tokens of a controller where the scenario says how long they take', () => {
    const many = workloadOf('ReplicaSet', 'replicas: 33', 'imagePullPolicy: Always');
    const slow = ', timing: {controller-manager.requestInterval: 1s}';
    const { api } = settledWith(many, slow);
    const own = [...api.store.list('Pod')].filter(({ metadata }) => metadata.labels?.['app']);
    const made = own.map(({ metadata }) => metadata.creationTimestamp!);
    expect(made).to.have.length(33);
    // Of the bucket's 30 tokens all are taken at once.
    expect(Math.max(...made) - Math.min(...made)).to.be.at.least(3_000_000);
  });

  it('knows what a pod that is given to a node is sent, though it is said later', () => {
    const service = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8443}]}`;
    const pod = podNamed('web', '{name: main, image: example/web}', 'nodeName: worker-1, ');
    const [assumption] = settledWith(`${pod}---\n${service}`).assumptions();
    expect(assumption).to.include('8443/TCP');
  });
});
