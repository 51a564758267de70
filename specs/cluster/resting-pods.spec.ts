// Goal: that pods rest until something happens to them is nobody's business: whatever happens, a
// cluster goes on as if each of its pods had its records from the beginning.
// Method: every disturbance twice, in a cluster whose pods may rest and in one whose pods may not;
// all lines of the journal and all state that can be asked for are compared. And counts of records.

import { expect } from 'chai';

import type { Pod } from '../../src/apiserver/kinds/pod';
import { createCluster } from '../../src/cluster/create-cluster';
import type { Cluster } from '../../src/cluster/cluster';
import type { Kubelets } from '../../src/node/kubelet/kubelet';
import type { KubeletState } from '../../src/node/kubelet/kubelet-state';
import { SettledPods } from '../../src/node/kubelet/settled-pods';
import { ip } from '../../src/values/ip';
import { ratio } from '../../src/values/ratio';
import type { Instant } from '../../src/values/time';
import { planText } from '../runner/plan-text';

const ASKS = '{tcpSocket: {port: 80}, periodSeconds: 7}';

const TEXT = `
scenario: pods at rest
cluster: {nodes: 3}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec: {containers: [{name: main, image: example/client}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
${deployment('web', 5, '{name: main, image: example/web, ports: [{containerPort: 8080}]}')}
${deployment('pair', 4, '{name: a, image: example/a, ports: [{containerPort: 1}]}, {name: b, image: example/b:1}')}
${deployment('idle', 2, '{name: main, image: busybox, command: [sleep, infinity]}')}
${deployment('probed', 3, `{name: main, image: example/p, readinessProbe: ${ASKS}, livenessProbe: ${ASKS}}`)}
${deployment('late', 2, `{name: main, image: example/l, startupProbe: ${ASKS}}`)}
`;

function deployment(name: string, replicas: number, containers: string): string {
  return `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [${containers}]}`;
}

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'late', namespace: 'default' },
  spec: { selector: { app: 'pair' }, ports: [{ port: 81, targetPort: 8081 }] },
};

/** Three pods, and the node of the first two. */
interface Places {
  readonly web: string;
  readonly probed: string;
  readonly pair: string;
  readonly node: string;
}

/** What can happen to pods, their nodes, their objects and the network. */
const DISTURBANCES: Readonly<Record<string, (cluster: Cluster, places: Places) => void>> = {
  nothing: () => {},
  'a crash': ({ handles }, { web }) => handles.crashPod(web, { exitCode: 1, restart: true }),
  'a crash of one container': ({ handles }, { pair }) =>
    handles.crashContainer(pair, 'b', { exitCode: 2, restart: false }),
  'a crash of one with probes': ({ handles }, { probed }) =>
    handles.crashPod(probed, { exitCode: 1, restart: true }),
  'probes that fail': ({ handles, kernel }, { probed, web }) => {
    handles.failPod(probed, 'test', { probes: ['readiness', 'liveness'] });
    handles.failPod(web, 'test', { unready: true });
    kernel.runUntil(100_000_000 as Instant);
    handles.mendPod(probed, 'test');
    handles.mendPod(web, 'test');
  },
  'a stop of processes': ({ handles, kernel }, { probed, pair }) => {
    handles.pausePod(probed, undefined, 'test');
    handles.pausePod(pair, 'a', 'test');
    kernel.runUntil(60_000_000 as Instant);
    handles.crashPod(pair, { exitCode: 1, restart: true });
    handles.resumePod(probed, undefined, 'test');
  },
  'a stop of a node': ({ handles, kernel }, { node }) => {
    handles.pauseNode(node, 'test');
    kernel.runUntil(60_000_000 as Instant);
    handles.resumeNode(node, 'test');
  },
  'a line that loses packets': ({ handles, kernel }, { probed }) => {
    handles.degrade('test', [{ ...lineOf(probed), loss: ratio(1, 2) }]);
    kernel.runUntil(120_000_000 as Instant);
    handles.degrade('test', []);
  },
  'a cut': ({ handles, kernel }, { probed }) => {
    handles.cut('test', [{ ...lineOf(probed), mode: 'drop', established: 'break' }]);
    kernel.runUntil(120_000_000 as Instant);
    handles.cut('test', []);
  },
  'a deletion': ({ handles }, { web }) => handles.delete('Pod', web),
  'a new template': ({ handles }) =>
    handles.patch('Deployment', 'default/web', {
      spec: { template: { metadata: { labels: { app: 'web', v: '2' } } } },
    }),
  'a new label': ({ handles }, { web }) =>
    handles.patch('Pod', web, { metadata: { labels: { app: 'other' } } }),
  'a Service for pods whose ports are assumed': ({ handles }) => handles.apply([SERVICE]),
  'a loss of power': ({ handles, kernel }, { node }) => {
    handles.powerOff(node);
    kernel.runUntil(90_000_000 as Instant);
    handles.powerOn(node);
  },
  'a shutdown': ({ handles }, { node }) => handles.shutdown(node),
  'a drain': ({ handles }, { node }) =>
    handles.drain(node, { force: true, ignoreDaemonSets: true, deleteEmptyDirData: true }),
  'a kubelet that dies': ({ handles, components }, { node }) => {
    const kubelet = components.find((it) => it.name === 'kubelet' && it.node === node)!;
    handles.killComponent(kubelet, { restart: true });
  },
  'a kubelet that is stopped': ({ handles, components, kernel }, { web, node }) => {
    const kubelet = components.find((it) => it.name === 'kubelet' && it.node === node)!;
    handles.pauseComponent(kubelet, 'test');
    handles.crashPod(web, { exitCode: 1, restart: true });
    kernel.runUntil(30_000_000 as Instant);
    handles.resumeComponent(kubelet, 'test');
  },
};

describe('a pod at rest', () => {
  for (const [name, disturb] of Object.entries(DISTURBANCES)) {
    it(`is like any other, after ${name}`, () => {
      const [resting, awake] = [clusterOf(true), clusterOf(false)];
      expect(stateOf(awake).byPod.size).to.equal(stateOf(resting).byPod.size);
      for (const cluster of [resting, awake]) live(cluster, disturb);
      expect(linesOf(resting)).to.deep.equal(linesOf(awake));
      expect(JSON.stringify(resting.snapshot())).to.equal(JSON.stringify(awake.snapshot()));
    });

    it(`is like any other in a fork, after ${name}`, () => {
      const origin = clusterOf(true);
      // The third is made by what was found out about the first two.
      const [first, , third] = [origin.fork(), origin.fork(), origin.fork()];
      live(first, disturb);
      live(third, disturb);
      live(origin, disturb);
      expect(linesOf(first)).to.deep.equal(linesOf(origin));
      expect(linesOf(third)).to.deep.equal(linesOf(origin));
    });
  }

  it('has no records of its own', () => {
    const { workers, containers } = stateOf(clusterOf(true));
    // CoreDNS, and what has a startup probe.
    expect(workers.size).to.equal(4);
    expect(containers.size).to.equal(4);
    expect(stateOf(clusterOf(false)).workers.size).to.equal(4 + 1 + 5 + 4 + 2 + 3);
  });

  it('wakes alone', () => {
    const cluster = clusterOf(true);
    const { workers } = stateOf(cluster);
    const before = workers.size;
    cluster.handles.crashPod(podsOf(cluster).web, { exitCode: 1, restart: true });
    expect(workers.size).to.equal(before + 1);
  });

  it('closes its ports when it is told to', () => {
    const cluster = clusterOf(true);
    const { web } = podsOf(cluster);
    const { status } = cluster.api.store.get('Pod', web) as Pod;
    const to = { address: ip(status!.podIP!), port: 8080, protocol: 'TCP' } as const;
    const dispositions = () =>
      cluster.send({ pod: 'default/client' }, to).map(({ disposition }) => disposition);
    expect(dispositions()).to.deep.equal(['answered']);
    cluster.handles.failPod(web, 'test', { refuses: [8080] });
    expect(dispositions()).to.deep.equal(['refused-by-listener']);
    cluster.handles.mendPod(web, 'test');
    expect(dispositions()).to.deep.equal(['answered']);
  });

  it('sleeps through packets, and whoever asks what serves', () => {
    const cluster = clusterOf(true);
    const { workers } = stateOf(cluster);
    const before = workers.size;
    const address = ip(cluster.announced('default/web').endpoints[0]!.split(':')[0]!);
    const to = { address, port: 8080, protocol: 'TCP' } as const;
    const [trace] = cluster.send({ pod: 'default/client' }, to);
    expect(trace?.disposition).to.equal('answered');
    expect(cluster.serving('default/web')).to.have.length(5);
    cluster.kernel.runUntil(60_000_000 as Instant);
    expect(workers.size).to.equal(before);
  });
});

function live(cluster: Cluster, disturb: (typeof DISTURBANCES)[string]): void {
  cluster.kernel.runUntil(5_000_000 as Instant);
  disturb(cluster, podsOf(cluster));
  cluster.kernel.runUntil(400_000_000 as Instant);
}

function podsOf(cluster: Cluster): Places {
  const { store } = cluster.api;
  const nodeOf = (pod: string): string =>
    (store.get('Pod', pod)!.spec as { readonly nodeName: string }).nodeName;
  const podsOfWorkload = (name: string) => cluster.podsOf('Deployment', `default/${name}`);
  const web = podsOfWorkload('web')[1]!;
  const node = nodeOf(web);
  const probed = podsOfWorkload('probed').find((it) => nodeOf(it) === node)!;
  return { web, probed, pair: podsOfWorkload('pair')[2]!, node };
}

/** The line to a pod, also from its own host. */
function lineOf(pod: string) {
  const to = { is: 'pods', pods: new Set([pod]) } as const;
  return { token: 'test', from: { is: 'anyone' }, to, direction: 'both' } as const;
}

/** A settled cluster, whose pods may rest or not. */
function clusterOf(mayRest: boolean): Cluster {
  const { cluster } = planText(TEXT, 'rest.yaml');
  const { prototype } = SettledPods;
  const [templateBy, templateFrom] = [prototype['templateBy'], prototype['templateFrom']];
  if (!mayRest) prototype['templateBy'] = prototype['templateFrom'] = () => undefined;
  try {
    return createCluster(cluster, { seed: 1 });
  } finally {
    prototype['templateBy'] = templateBy;
    prototype['templateFrom'] = templateFrom;
  }
}

function stateOf(cluster: Cluster): KubeletState {
  const { kubelets } = cluster as unknown as { readonly kubelets: Kubelets };
  return kubelets['ground'].state;
}

function linesOf({ kernel }: Cluster): string[] {
  const { journal } = kernel;
  return Array.from({ length: journal.length }, (_, index) => JSON.stringify(journal.entry(index)));
}
