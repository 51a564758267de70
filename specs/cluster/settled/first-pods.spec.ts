// Goal: how the pods of a template stand is read from the first of them as if a kubelet had run it.
// Method: clusters of every kind of pod twice, in one of which each first pod is run; all objects,
// all records of the kubelets, also of those who are woken, and all lines are compared, at first and
// after something has happened. And counts of who is run all the same.

import { expect } from 'chai';

import { KindAdmission } from '../../../src/apiserver/admission';
import { PodAdmission } from '../../../src/apiserver/pod-admission';
import type { Cluster } from '../../../src/cluster/cluster';
import type { Kubelets } from '../../../src/node/kubelet/kubelet';
import type { ContainerRecord } from '../../../src/node/kubelet/kubelet-state';
import { PodLifecycle } from '../../../src/node/kubelet/pod-lifecycle';
import { workersOn } from '../../../src/node/kubelet/resting-pods';
import type { RestingTemplate } from '../../../src/node/kubelet/resting-pods';
import { SettledPods } from '../../../src/node/kubelet/settled-pods';
import type { Instant } from '../../../src/values/time';
import { podNamed, settledWith } from './settled-with';

const TCP = 'tcpSocket: {port: 8080}';

/** A workload of one kind, with these containers. `more`: of the spec of its pods. */
function workloadWith(containers: string, more = '', kind = 'Deployment', name = 'web'): string {
  const replicas = kind === 'DaemonSet' ? '' : 'replicas: 3, ';
  return `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec: {${replicas}selector: {matchLabels: {app: ${name}}},
  template: {metadata: {labels: {app: ${name}}}, spec: {${more}containers: [${containers}]}}}`;
}

const WEB = '{name: main, image: example/web, ports: [{containerPort: 8080}]}';

/** A Service that sends to a port of which the pods say nothing. */
const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8088}]}`;

/** Another one, which sends to another port. */
const NARROW = SERVICE.replace('name: web', 'name: narrow').replace('8088', '8089');

/** Manifests, and what else the cluster says. */
const CLUSTERS: Readonly<
  Record<string, readonly [manifests: string, more?: string, behaviour?: string]>
> = {
  'a port that is declared': [workloadWith(WEB)],
  'a port that a Service sends to': [`${SERVICE}\n---\n${workloadWith(WEB)}`],
  'ports that some Services send to, who select it by one of its labels, or by more': [
    [
      SERVICE,
      NARROW.replace('app: web', 'app: web, tier: web'),
      workloadWith(WEB).replace('labels: {app: web}', 'labels: {app: web, tier: web}'),
      workloadWith(WEB, '', 'Deployment', 'other'),
    ].join('\n---\n'),
  ],
  'no port': [workloadWith('{name: main, image: example/web}')],
  'an image that is known': [workloadWith('{name: main, image: "nginx:1.25"}')],
  'an image that listens where its arguments say': [
    workloadWith('{name: main, image: redis, args: ["--port", "7000"]}'),
  ],
  'a command that waits': [
    workloadWith('{name: main, image: busybox, command: [sleep, infinity]}'),
  ],
  'a command that ends': [workloadWith('{name: main, image: busybox, command: [sleep, "5"]}')],
  'a shell that ends at once': [workloadWith('{name: main, image: busybox}')],
  'two containers': [workloadWith(`${WEB}, {name: side, image: "example/side:1"}`)],
  'two containers that want one port': [workloadWith(`${WEB}, ${WEB.replace('main', 'side')}`)],
  'an init container': [
    workloadWith(WEB, 'initContainers: [{name: init, image: busybox, command: ["true"]}], '),
  ],
  'a readiness probe': [workloadWith(WEB.replace('}]', `}], readinessProbe: {${TCP}}`))],
  'a liveness probe': [workloadWith(WEB.replace('}]', `}], livenessProbe: {${TCP}}`))],
  'a startup probe': [workloadWith(WEB.replace('}]', `}], startupProbe: {${TCP}}`))],
  'a probe that fails': [
    workloadWith(WEB.replace('}]', '}], readinessProbe: {exec: {command: [a]}}')),
    '',
    '{deployment/default/web: {exec: {a: 1}}}',
  ],
  'a process that listens late': [
    workloadWith(WEB),
    '',
    '{deployment/default/web: {startup: 2s, listen: [8080]}}',
  ],
  'the network of its host': [workloadWith(WEB, 'hostNetwork: true, ')],
  'a gate': [workloadWith(WEB, 'readinessGates: [{conditionType: a/b}], ')],
  'a volume with the settings of a server': [
    workloadWith('{name: main, image: nginx}', 'volumes: [{name: v, configMap: {name: c}}], '),
  ],
  'tolerations of its own': [
    workloadWith(WEB, 'tolerations: [{operator: Exists, effect: NoExecute}], '),
  ],
  'delays that are left to the API server': [
    workloadWith(WEB.replace('}]', `}], readinessProbe: {${TCP}}`)),
    ', timing: {kubelet.probe: 3s, spec.terminationGracePeriodSeconds: 4s}',
  ],
  'a patience of its own with nodes': [
    workloadWith(WEB),
    ', timing: {apiserver.defaultNotReadyToleration: 7s}',
  ],
  'two families': [workloadWith(WEB), ', ipFamilies: [IPv4, IPv6]'],
  'a start that takes time': [workloadWith(WEB), ', timing: {kubelet.containerStart: 1s}'],
  'pods one after the other': [workloadWith(WEB, '', 'StatefulSet')],
  'a pod on each node': [workloadWith(WEB, '', 'DaemonSet')],
  'pods without a Deployment': [workloadWith(WEB, '', 'ReplicaSet')],
  'pods without an owner': [`${podNamed('a')}---\n${podNamed('b', '{name: main, image: nginx}')}`],
};

describe('the first pod of a template', () => {
  for (const [name, [manifests, more, behaviour]] of Object.entries(CLUSTERS)) {
    it(`is read as if it had been run: ${name}`, () => {
      const make = (): Cluster => settledWith(manifests, more, 2, behaviour);
      const [read, run, looked] = [make(), without('templateFrom', make), lookedAt(make)];
      expect(read.api.store.revision).to.equal(run.api.store.revision);
      expect(stateOf(read)).to.deep.equal(stateOf(run));
      expect(stateOf(read)).to.deep.equal(stateOf(looked));
      for (const cluster of [read, run]) live(cluster);
      expect(stateOf(read)).to.deep.equal(stateOf(run));
      for (const cluster of [read, run]) wakeAll(cluster);
      expect(stateOf(read)).to.deep.equal(stateOf(run));
    });
  }

  it('is run where only that tells how it stands', () => {
    const system = runs('a command that waits');
    expect(system).to.equal(runs('a port that is declared'));
    expect(system).to.equal(runs('two containers'));
    expect(runs('a readiness probe')).to.equal(system + 1);
    expect(runs('a gate')).to.equal(system + 3);
  });

  it('needs no look at what was found right with its template', () => {
    expect(looks('a port that is declared')).to.equal(0);
    expect(looks('tolerations of its own')).to.equal(0);
    // What is left to the API server is filled in with the first.
    expect(looks('delays that are left to the API server')).to.equal(1);
  });
});

/** How many pods are run as the cluster settles. */
function runs(name: string): number {
  return counting(PodLifecycle.prototype, 'runAtOnce', () => true, name);
}

/** How many pods of the default namespace are admitted one by one. */
function looks(name: string): number {
  const isOne = ({ kind, metadata }: Parameters<KindAdmission['admit']>[0]): boolean =>
    kind === 'Pod' && metadata.namespace === 'default';
  return counting(KindAdmission.prototype, 'admit', isOne, name);
}

function counting<Part extends object, Name extends keyof Part>(
  prototype: Part,
  name: Name,
  counts: (given: never) => boolean,
  cluster: string,
): number {
  let count = 0;
  const original = prototype[name] as (this: unknown, ...given: unknown[]) => unknown;
  const counted = function (this: unknown, ...given: unknown[]): unknown {
    if (counts(given[0] as never)) count++;
    return original.apply(this, given);
  };
  Object.assign(prototype, { [name]: counted });
  try {
    const [manifests, more] = CLUSTERS[cluster]!;
    settledWith(manifests, more);
  } finally {
    Object.assign(prototype, { [name]: original });
  }
  return count;
}

/** A cluster in which the first pod of each template is run. */
function without(name: 'templateFrom', make: () => Cluster): Cluster {
  const { prototype } = SettledPods;
  const original = prototype[name];
  prototype[name] = () => undefined;
  try {
    return make();
  } finally {
    prototype[name] = original;
  }
}

/** A cluster in which the first pod of each template is admitted as any other object. */
function lookedAt(make: () => Cluster): Cluster {
  const { prototype } = PodAdmission;
  const { ofTemplate } = prototype;
  prototype.ofTemplate = () => undefined;
  try {
    return make();
  } finally {
    prototype.ofTemplate = ofTemplate;
  }
}

/** A pod that crashes, one that goes, another Service, more pods, a node that loses its power. */
function live({ handles, kernel, api }: Cluster): void {
  kernel.runUntil(1_000_000 as Instant);
  const [pod, next] = [...api.store.list('Pod')]
    .map(({ metadata }) => metadata)
    .filter(({ namespace }) => namespace === 'default');
  handles.crashPod(`default/${pod!.name}`, { exitCode: 1, restart: true });
  if (next !== undefined) handles.delete('Pod', `default/${next.name}`);
  handles.apply([
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'late', namespace: 'default' },
      spec: { selector: { app: 'web' }, ports: [{ port: 81, targetPort: 8081 }] },
    },
  ]);
  kernel.runUntil(30_000_000 as Instant);
  handles.powerOff('worker-1');
  kernel.runUntil(60_000_000 as Instant);
  handles.powerOn('worker-1');
  kernel.runUntil(120_000_000 as Instant);
}

function wakeAll(cluster: Cluster): void {
  const state = stateIn(cluster);
  for (const agent of state.agents.values()) workersOn(state, agent);
}

function stateIn(cluster: Cluster): Kubelets['ground']['state'] {
  return (cluster as unknown as { readonly kubelets: Kubelets }).kubelets['ground'].state;
}

function stateOf(cluster: Cluster): Record<string, unknown> {
  const { api, kernel } = cluster;
  const state = stateIn(cluster);
  const { byPod, agents } = state;
  return {
    snapshot: JSON.stringify(cluster.snapshot()),
    objects: api.store.changes('Pod', 0).map(({ object }) => JSON.stringify(object)),
    lines: kernel.journal.all().map((entry) => JSON.stringify(entry)),
    assumptions: cluster.assumptions(),
    nextId: state.nextId,
    pods: [...byPod].map(([key, it]) => [key, it.id, it.uid, it.stage, it.sent]),
    resting: [...byPod.values()].map((it) => it.stage === 'resting' && saidBy(it.template)),
    records: [...byPod.values()].map((it) => it.stage !== 'resting' && it.containers.map(recordOf)),
    processes: [...byPod.values()].map(({ sandbox }) => sandbox && [...sandbox.processes.values()]),
    workers: [...agents.values()].map(({ workers }) => [...workers.keys()]),
  };
}

/** All that a template says, in whatever form it is kept. */
function saidBy(template: RestingTemplate): Readonly<Record<keyof RestingTemplate, unknown>> {
  const { labels, namespace, owners, volumes, since, processes, behaviours, turn } = template;
  const { probes, isAssumed, phase, conditions, startTime, containerStatuses } = template;
  const own = { labels, namespace, owners, volumes, since, processes, behaviours, turn };
  return { ...own, probes, isAssumed, phase, conditions, startTime, containerStatuses };
}

function recordOf({ worker, probes, ...rest }: ContainerRecord): unknown {
  return { ...rest, of: worker.key, probes: probes.map((it) => ({ ...it, luck: undefined })) };
}
