// A tenth of the limits of Kubernetes: 500 nodes, 15,000 pods, 1,000 Services of 15 endpoints. What
// it costs to settle them, and to lose one node until every kube-proxy has heard of it, against
// reading their manifests once.
// source: community sig-scalability/configs-and-limits/thresholds.md (5,000 nodes, 150,000 pods)

import { createCluster } from '../src/cluster/create-cluster';
import type { Cluster } from '../src/cluster/cluster';
import { later, seconds } from '../src/values/time';
import { compare } from './measure';
import type { Measurement } from './measure';
import { planOf, serviceOf } from './scenario';

const NODES = 500;
const SERVICES = 1_000;
const ENDPOINTS = 15;
const SIZE = `${NODES} nodes, ${SERVICES} Services × ${ENDPOINTS} pods`;

/**
 * A cluster at the limits is settled ten times as long as one of a tenth, and all but its beginning
 * by compiled code: so many clusters live before any counts.
 */
const COMPILED = 6;

/** From the fault to the end of the last sync: 50 s of grace, then watches and kube-proxies. */
const LOSS = seconds(60);

const READ = ['Node', 'Pod', 'Service', 'Deployment'] as const;

export function limitMeasurements(): Measurement[] {
  const plan = planOf(`
scenario: a tenth of the limits
cluster: {nodes: ${NODES}, nodeCIDR: 172.16.0.0/16, podCIDR: 10.0.0.0/10, serviceCIDR: 10.96.0.0/12}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
${manifests()}`);
  const settle = (): Cluster => createCluster(plan.cluster, { seed: 1 });
  const cluster = settle();
  const text = textOf(cluster);
  const common = { yardstick: 'JSON.parse of its manifests', base: () => read(text), goal: 3 };
  const nodes = plan.cluster.nodes.map(({ name }) => name);
  return [
    compare({
      ...common,
      name: `settling: ${SIZE}`,
      unit: 'clusters',
      subject: () => Number(settle().machines.size > 0),
      rounds: 5,
      warmUp: COMPILED,
    }),
    compare({
      ...common,
      name: `node loss to the last sync: ${SIZE}`,
      unit: 'losses',
      subject: () => lose(cluster, nodes.pop()!),
      rounds: 3,
    }),
  ];
}

function lose(cluster: Cluster, node: string): number {
  const { kernel, handles } = cluster;
  handles.powerOff(node);
  kernel.runUntil(later(kernel.now, LOSS));
  return 1;
}

function read(text: string): number {
  return Number((JSON.parse(text) as readonly unknown[]).length > 0);
}

/** Objects as somebody would write them down: without what the cluster says of them. */
function textOf({ api }: Cluster): string {
  const objects = READ.flatMap((kind) => [...api.store.list(kind)]);
  return JSON.stringify(objects.map(({ status: _status, ...written }) => written));
}

function manifests(): string {
  const names = Array.from({ length: SERVICES }, (_, index) => `app-${index}`);
  return names.map((name) => `---\n${serviceOf(name, ENDPOINTS)}\n`).join('');
}
