// The flows of the lab as data: who calls what. A row of the table stands for each client with
// each address of each Service that it names.

import type { Cluster } from '../../src/cluster/cluster';
import { ip } from '../../src/values/ip';
import type { Destination, Origin } from '../../src/values/origin';
import type { LabProtocol } from './agent-protocol';
import { NAMESPACE } from './service-manifests';
import type { LabService } from './services';

/** One question to the model and to the kernel. */
export interface Flow {
  /** `p1 → cluster-lr by node port of n2, TCP`. */
  readonly title: string;
  readonly from: Origin;
  readonly to: Destination & { readonly protocol: LabProtocol };
}

/** The kinds of addresses under which a Service can be called. */
type Way = 'cluster IP' | 'external IP' | 'VIP' | `node port of ${string}` | 'undefined port';

interface Row {
  /** Services whose names match. */
  readonly services: RegExp;
  readonly clients: readonly string[];
  readonly ways: readonly Way[];
  readonly protocols: readonly LabProtocol[];
}

const BOTH = ['TCP', 'UDP'] as const;
const PODS = ['p1', 'p2'] as const;
const NODES = ['n1', 'n2'] as const;
const NODE_PORTS = ['node port of n1', 'node port of n2'] as const;

/** Every situation of endpoints, as services.ts names them; the sticky ones have their own place. */
const PLAIN = /^(cluster|local|host|dead|half)-/;

const ROWS: readonly Row[] = [
  // Clients that are not on the bridge of the endpoint that is gone, and then those that are.
  {
    services: /^gone-r$/,
    clients: ['p1', 'n1', 'n2'],
    ways: ['cluster IP', 'VIP'],
    protocols: BOTH,
  },
  {
    services: /^gone-l$/,
    clients: ['p2', 'n1', 'n2'],
    ways: ['cluster IP', 'VIP'],
    protocols: BOTH,
  },
  { services: /^gone-/, clients: ['outside'], ways: [...NODE_PORTS], protocols: BOTH },
  {
    services: /^lately-gone-l$/,
    clients: ['p1'],
    ways: ['cluster IP', 'node port of n1'],
    protocols: BOTH,
  },
  { services: /^lately-gone-r$/, clients: ['p2'], ways: ['cluster IP', 'VIP'], protocols: BOTH },
  { services: PLAIN, clients: [...PODS, ...NODES], ways: ['cluster IP'], protocols: ['TCP'] },
  { services: PLAIN, clients: ['p1', 'n1', 'outside'], ways: [...NODE_PORTS], protocols: ['TCP'] },
  { services: PLAIN, clients: ['p2'], ways: ['node port of n1', 'VIP'], protocols: ['TCP'] },
  { services: PLAIN, clients: ['p1', 'n2'], ways: ['external IP'], protocols: ['TCP'] },
  { services: PLAIN, clients: ['p1', 'n1'], ways: ['VIP'], protocols: ['TCP'] },
  // The same over UDP, where the situations differ.
  {
    services: /^(cluster|local|host|dead)-(l|r|lr|lt|n|none)$/,
    clients: ['p1', 'n1', 'outside'],
    ways: ['cluster IP', 'node port of n1', 'VIP'],
    protocols: ['UDP'],
  },
  // Hairpin: an endpoint calls its own Service.
  {
    services: /^(cluster|local)-(l|lr|llrr)$/,
    clients: ['a1', 'b1'],
    ways: ['cluster IP', 'VIP', ...NODE_PORTS],
    protocols: BOTH,
  },
  {
    services: /^host-/,
    clients: ['h1', 'h2'],
    ways: ['cluster IP', ...NODE_PORTS],
    protocols: BOTH,
  },
  {
    services: /^cluster-(l|none)$/,
    clients: [...PODS, ...NODES],
    ways: ['undefined port'],
    protocols: BOTH,
  },
  {
    services: /^ranges/,
    clients: [...PODS, ...NODES],
    ways: ['VIP', 'node port of n1'],
    protocols: ['TCP'],
  },
];

/** Flows that meet no Service: between pods, to and from nodes, and out of the cluster. */
const PLAIN_FLOWS: readonly (readonly [from: string, to: string, ...protocols: LabProtocol[]])[] = [
  ['p1', 'a1:8080', ...BOTH],
  ['p1', 'b1:8080', ...BOTH],
  ['p2', 'a1:5353', 'UDP'],
  ['a1', 'a1:8080', ...BOTH],
  ['p1', 'dead-a:8080', ...BOTH],
  ['p1', 'dead-b:8080', ...BOTH],
  ['p1', '10.244.1.200:8080', ...BOTH],
  ['p1', '10.244.2.200:8080', ...BOTH],
  ['n1', '10.244.1.200:8080', ...BOTH],
  ['n1', 'a1:8080', ...BOTH],
  ['n1', 'b1:8080', ...BOTH],
  ['n1', 'h1:9090', ...BOTH],
  ['n1', 'h2:9090', ...BOTH],
  ['n1', '127.0.0.1:9090', 'TCP'],
  ['p1', 'h1:9090', ...BOTH],
  ['p1', 'h2:9090', ...BOTH],
  ['p1', 'h2:9091', ...BOTH],
  ['outside', 'h1:9090', ...BOTH],
  ['outside', 'a1:8080', ...BOTH],
  ['p1', 'outside:9999', ...BOTH],
  ['p2', 'outside:9998', ...BOTH],
  ['p1', 'internet:443', 'TCP'],
  ['p1', 'internet:444', 'TCP'],
  ['n1', 'internet:443', 'TCP'],
  ['n1', 'outside:9999', ...BOTH],
  ['p1', '192.168.1.77:80', ...BOTH],
  ['n1', '192.168.1.77:80', ...BOTH],
  ['p1', '10.96.0.1:443', 'TCP'],
  ['n1', '10.96.0.1:443', 'TCP'],
  ['p1', '10.96.7.7:80', ...BOTH],
  ['n1', '10.96.7.7:80', ...BOTH],
  ['n1', '127.0.0.1:30103', 'TCP'],
  ['n1', '127.0.0.1:30101', 'TCP'],
  ['n2', '127.0.0.1:30101', 'TCP'],
];

export function flowsOf(cluster: Cluster, services: readonly LabService[]): Flow[] {
  const called = ROWS.flatMap((row) =>
    services
      .filter(({ name }) => row.services.test(name))
      .flatMap((it) => rowFlows(cluster, row, it)),
  );
  const plain = PLAIN_FLOWS.flatMap(([from, to, ...protocols]) =>
    protocols.map((protocol) => plainFlow(cluster, from, to, protocol)),
  );
  const all = [...called, ...plain];
  return [...new Map(all.map((flow) => [flow.title, flow])).values()];
}

function rowFlows(cluster: Cluster, row: Row, service: LabService): Flow[] {
  return row.clients.flatMap((client) =>
    row.ways.flatMap((way) =>
      row.protocols.map((it) => serviceFlow(cluster, client, service, way, it)),
    ),
  );
}

/** A client that calls one address of a Service. */
export function serviceFlow(
  cluster: Cluster,
  client: string,
  service: LabService,
  way: Way,
  protocol: LabProtocol,
): Flow {
  const title = `${client} → ${service.name} by ${way}, ${protocol}`;
  const [address, port] = addressBy(cluster, service, way, protocol);
  return { title, from: originOf(client), to: { address: ip(address), port, protocol } };
}

function addressBy(
  cluster: Cluster,
  { clusterIP, externalIP, vip, nodePort }: LabService,
  way: Way,
  protocol: LabProtocol,
): [string, number] {
  const port = protocol === 'TCP' ? 80 : 53;
  switch (way) {
    case 'cluster IP':
      return [clusterIP, port];
    case 'undefined port':
      return [clusterIP, port + 1];
    case 'external IP':
      return [externalIP, port];
    case 'VIP':
      return [vip, port];
    default:
      return [addressOf(cluster, way.replace('node port of ', '')), nodePort];
  }
}

function plainFlow(cluster: Cluster, client: string, to: string, protocol: LabProtocol): Flow {
  const [host, port] = to.split(':') as [string, string];
  return {
    title: `${client} → ${to}, ${protocol}`,
    from: originOf(client),
    to: { address: ip(addressOf(cluster, host)), port: Number(port), protocol },
  };
}

export function originOf(client: string): Origin {
  if (/^n\d$/.test(client)) return { node: client };
  if (client === 'outside') return { external: client };
  return { pod: `${NAMESPACE}/${client}` };
}

function addressOf(cluster: Cluster, name: string): string {
  const machine = cluster.machines.get(name);
  if (machine !== undefined) return machine.addresses[0]!;
  const external = cluster.spec.externals.find((it) => it.name === name);
  if (external !== undefined) return external.address;
  const pod = cluster.api.store.get('Pod', `${NAMESPACE}/${name}`);
  const { podIP } = (pod?.status ?? {}) as { podIP?: string };
  return podIP ?? name;
}
