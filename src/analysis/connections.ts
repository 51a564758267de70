// Who reaches what in a settled cluster: every workload and the outside against every port of
// every Service, as their clients would dial them.

import type { Cluster } from '../cluster/cluster';
import { outcomeOf } from '../values/disposition';
import { keyOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import { compareText, sortedBy } from '../values/order';
import { nameOfResponder } from '../vocabulary/responders';
import { walksOf } from '../vocabulary/walks';
import { isOwn, listOf } from './routes';

/** What becomes of a client's new connections. */
export interface Connection {
  /** `deployment/shop/frontend`, `external`. */
  readonly from: string;
  /** `backend.shop:80`, `node/worker-1:30080`. */
  readonly to: string;
  /** `ok`, `timeout`; several where paths differ: `ok or timeout`. */
  readonly outcome: string;
  /** The workloads that may answer, sorted. */
  readonly backends: readonly string[];
  /** Why, in one sentence, for the first path that is not answered; else of the first one. */
  readonly reason: string;
  /** Objects that decided: `NetworkPolicy/shop/db`. */
  readonly blames: readonly string[];
}

export const WORKLOADS = [
  'DaemonSet',
  'Deployment',
  'ReplicationController',
  'StatefulSet',
] as const;

interface ServiceSpec {
  readonly type?: string;
  readonly ports?: readonly {
    readonly port: number;
    readonly protocol?: string;
    readonly nodePort?: number;
  }[];
}

/** Every connection by `from → to`, sorted. Changes nothing. */
export function connectionsOf(cluster: Cluster): ReadonlyMap<string, Connection> {
  const found: Connection[] = [];
  const services = listOf(cluster, 'Service').filter(isOwn);
  for (const from of sourcesIn(cluster)) {
    for (const to of services.flatMap(namesOf)) found.push(connection(cluster, from, to));
  }
  for (const to of services.flatMap((service) => nodePortsOf(cluster, service))) {
    found.push(connection(cluster, 'external', to));
  }
  return new Map(
    sortedBy(found, ({ from, to }) => `${from} → ${to}`).map((it) => [`${it.from} → ${it.to}`, it]),
  );
}

function connection(cluster: Cluster, from: string, to: string): Connection {
  const { walks, missing } = walksOf(cluster, from, to);
  if (walks.length === 0) {
    const reason = missing ?? 'nothing was sent';
    return { from, to, outcome: 'none', backends: [], reason, blames: [] };
  }
  const traces = walks.map(({ trace }) => trace);
  const outcomes = traces.map(({ disposition }) => outcomeOf(disposition) ?? 'not modelled');
  const backends = traces.flatMap(({ responder, disposition }) =>
    responder !== undefined && disposition === 'answered'
      ? nameOfResponder(cluster, responder.name).replace(/#\d+$/, '')
      : [],
  );
  const telling = traces[outcomes.findIndex((outcome) => outcome !== 'ok')] ?? traces[0]!;
  return {
    from,
    to,
    outcome: [...new Set(outcomes)].sort(compareText).join(' or '),
    backends: [...new Set(backends)].sort(compareText),
    reason: telling.reason,
    blames: telling.blames,
  };
}

/** Workloads that have a pod, and pods of their own, by reference. */
function sourcesIn(cluster: Cluster): readonly string[] {
  const workloads = WORKLOADS.flatMap((kind) =>
    listOf(cluster, kind)
      .filter(isOwn)
      .filter((object) => cluster.podsOf(kind, keyOf(object)).length > 0)
      .map((object) => `${kind.toLowerCase()}/${keyOf(object)}`),
  );
  const pods = listOf(cluster, 'Pod')
    .filter(isOwn)
    .filter(({ metadata }) => metadata.ownerReferences === undefined)
    .map((object) => `pod/${keyOf(object)}`);
  return [...workloads, ...pods];
}

function namesOf({ metadata, spec }: KubeObject): readonly string[] {
  const { ports = [], type } = spec as ServiceSpec;
  if (type === 'ExternalName') return [];
  const host = `${metadata.name}.${metadata.namespace}`;
  return ports.map(({ port, protocol }) => `${host}:${port}${suffix(protocol)}`);
}

function nodePortsOf(cluster: Cluster, { spec }: KubeObject): readonly string[] {
  const { ports = [] } = spec as ServiceSpec;
  const [node] = cluster.spec.nodes;
  return ports.flatMap(({ nodePort, protocol }) =>
    nodePort === undefined ? [] : [`node/${node!.name}:${nodePort}${suffix(protocol)}`],
  );
}

function suffix(protocol = 'TCP'): string {
  return protocol === 'TCP' ? '' : `/${protocol.toLowerCase()}`;
}
