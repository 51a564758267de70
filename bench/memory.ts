// What a settled cluster keeps in memory. Each size runs in a process of its own with an exposed
// garbage collector, so that only what is really held is counted.

import { execFileSync } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { createCluster } from '../src/cluster/create-cluster';
import { planOf, serviceOf } from './scenario';

const SIZES = [100, 1_000, 5_000] as const;

const QUIET: StdioOptions = ['ignore', 'pipe', 'ignore'];

/** For each node one pod; for every ten pods one Service. */
const PODS_PER_SERVICE = 10;

export interface MemoryMeasurement {
  readonly nodes: number;
  readonly pods: number;
  readonly services: number;
  readonly megabytes: number;
  readonly kilobytesPerNode: number;
  readonly kilobytesPerPod: number;
  readonly kilobytesPerService: number;
  readonly secondsToSettle: number;
}

/** One size after the other. Sizes whose process fails are left out and named on stderr. */
export function memoryMeasurements(): MemoryMeasurement[] {
  return SIZES.flatMap((nodes) => {
    const args = ['--expose-gc', '--max-old-space-size=4096', __filename, String(nodes)];
    try {
      return [JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: QUIET }))];
    } catch {
      console.error(`memory: ${nodes} nodes do not fit into 4 GB`);
      return [];
    }
  });
}

/** Three clusters tell the shares apart: nodes alone, with pods, with Services. */
function measure(nodes: number): MemoryMeasurement {
  const services = nodes / PODS_PER_SERVICE;
  const empty = held(nodes, '');
  const pods = held(nodes, deploymentsOf(services));
  const all = held(nodes, servicesOf(services));
  return {
    nodes,
    pods: nodes,
    services,
    megabytes: all.bytes / 2 ** 20,
    kilobytesPerNode: empty.bytes / nodes / 1024,
    kilobytesPerPod: (pods.bytes - empty.bytes) / nodes / 1024,
    kilobytesPerService: (all.bytes - pods.bytes) / services / 1024,
    secondsToSettle: all.seconds,
  };
}

function held(nodes: number, manifests: string): { bytes: number; seconds: number } {
  const plan = planOf(`
scenario: as large as it gets
cluster: {nodes: ${nodes}, nodeCIDR: 172.16.0.0/16, podCIDR: 10.0.0.0/10, serviceCIDR: 10.96.0.0/12}
expect: [{at: 0s, inspect: {query: $.now, count: 1}}]
${manifests}`);
  const before = heap();
  const begun = process.hrtime.bigint();
  const cluster = createCluster(plan.cluster, { seed: 1 });
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const bytes = heap() - before;
  // The cluster must be alive until here.
  if (cluster.machines.size < nodes) throw new Error('nodes are missing');
  return { bytes, seconds };
}

function heap(): number {
  for (let pass = 0; pass < 3; pass++) globalThis.gc!();
  return process.memoryUsage().heapUsed;
}

function deploymentsOf(count: number): string {
  return servicesOf(count).replace(/---\napiVersion: v1\nkind: Service\n.*\n.*(\n|$)/g, '');
}

function servicesOf(count: number): string {
  const names = Array.from({ length: count }, (_, index) => `app-${index}`);
  return names.map((name) => `---\n${serviceOf(name, PODS_PER_SERVICE)}\n`).join('');
}

if (require.main === module) console.log(JSON.stringify(measure(Number(process.argv[2]))));
