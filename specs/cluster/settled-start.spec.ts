// Goal: a settled start is what a cold boot comes to, and it costs as much as there are objects.
// Method: the same manifests both ways, compared object by object without what tells the way there
// (instants, numbers of versions, in which order addresses were handed out); and exact counters of
// one cluster, of one twice as large and of one four times as large.

import { expect } from 'chai';

import type { EndpointSlice } from '../../src/apiserver/kinds/endpointslice';
import type { Pod } from '../../src/apiserver/kinds/pod';
import { createCluster } from '../../src/cluster/create-cluster';
import type { Cluster } from '../../src/cluster/cluster';
import { nameOf } from '../../src/values/kube-object';
import type { KubeObject } from '../../src/values/kube-object';
import { compareText, sortedBy } from '../../src/values/order';
import type { Instant } from '../../src/values/time';
import { planText } from '../runner/plan-text';

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

  it('writes a pod three times: created, bound, ready', () => {
    const { api } = clusterOf(2, 2, 'settled');
    const pods = [...api.store.list('Pod')].filter(
      ({ metadata }) => metadata.namespace === 'default',
    );
    expect(pods).to.have.length(2 * REPLICAS);
    const versions = api.store.changes('Pod', 0);
    for (const pod of pods) {
      const own = versions.filter(({ key }) => key === `default/${pod.metadata.name}`);
      expect(own).to.have.length(3);
    }
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
});
