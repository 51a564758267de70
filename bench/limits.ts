// The limits of Kubernetes, and a tenth of them: 5,000 nodes, 150,000 pods, 10,000 Services of 15
// endpoints. What it costs to settle such a cluster, and to lose one node until every kube-proxy
// has heard of it, against reading its manifests once.
// source: community sig-scalability/configs-and-limits/thresholds.md (5,000 nodes, 150,000 pods)

import { createCluster } from '../src/cluster/create-cluster';
import type { Cluster } from '../src/cluster/cluster';
import type { ClusterSpec } from '../src/values/cluster-spec';
import { later, seconds } from '../src/values/time';
import { compare } from './measure';
import type { Measurement } from './measure';
import { planOf, serviceOf } from './scenario';

interface Size {
  readonly nodes: number;
  readonly services: number;
}

const LIMITS: Size = { nodes: 5_000, services: 10_000 };
const TENTH: Size = { nodes: 500, services: 1_000 };
const ENDPOINTS = 15;

/**
 * A cluster at the limits is settled ten times as long as one of a tenth, and all but its beginning
 * by compiled code: so many small clusters live before any counts.
 */
const COMPILED = 6;

/** From the fault to the end of the last sync: 50 s of grace, then watches and kube-proxies. */
const LOSS = seconds(60);

const READ = ['Node', 'Pod', 'Service', 'Deployment'] as const;

export function limitMeasurements(): Measurement[] {
  return [
    settling(TENTH, { rounds: 5, warmUp: COMPILED }),
    losing(TENTH, { rounds: 3 }),
    settling(LIMITS, { rounds: 3 }),
  ];
}

function settling(size: Size, rounds: { rounds: number; warmUp?: number }): Measurement {
  const spec = specOf(size);
  const text = textOf(settled(spec));
  return compare({
    ...rounds,
    ...against(text),
    name: `settling: ${named(size)}`,
    unit: 'clusters',
    subject: () => Number(settled(spec).machines.size > 0),
  });
}

function losing(size: Size, rounds: { rounds: number }): Measurement {
  const cluster = settled(specOf(size));
  const text = textOf(cluster);
  const nodes = [...cluster.machines.keys()];
  return compare({
    ...rounds,
    ...against(text),
    name: `node loss to the last sync: ${named(size)}`,
    unit: 'losses',
    subject: () => lose(cluster, nodes.pop()!),
  });
}

function against(text: string): { yardstick: string; base: () => number; goal: number } {
  return { yardstick: 'JSON.parse of its manifests', base: () => read(text), goal: 3 };
}

function named({ nodes, services }: Size): string {
  const count = (value: number): string => value.toLocaleString('en-US');
  return `${count(nodes)} nodes, ${count(services)} Services × ${ENDPOINTS} pods`;
}

function settled(spec: ClusterSpec): Cluster {
  return createCluster(spec, { seed: 1 });
}

function specOf(size: Size): ClusterSpec {
  return planOf(`
scenario: a large cluster
cluster:
  nodes: ${size.nodes}
  nodeCIDR: 172.16.0.0/16
  podCIDR: 10.0.0.0/10
  serviceCIDR: 10.96.0.0/12
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
${manifests(size)}`).cluster;
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

function manifests({ services }: Size): string {
  const names = Array.from({ length: services }, (_, index) => `app-${index}`);
  return names.map((name) => `---\n${serviceOf(name, ENDPOINTS)}\n`).join('');
}
