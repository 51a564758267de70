// What kube-proxy reads from EndpointSlices: the endpoints of each Service port, all slices
// together, each address once, in the order of their texts.
// source: pkg/proxy/endpointslicecache.go

import { equalJson } from '../../apiserver/json';
import { parseIp } from '../../values/ip';
import type { Family } from '../../values/ip';
import type { Protocol } from '../../values/flow';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { compareText, sortedBy } from '../../values/order';
import { compareEndpoints } from './categorize-endpoints';
import { servicePortKey } from './proxy-mode';
import type { Endpoint, ServicePortName } from './proxy-mode';

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Slices with this label belong to headless Services. source: cmd/kube-proxy/app/server.go */
const HEADLESS_LABEL = 'service.kubernetes.io/headless';

interface SliceEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  };
  readonly nodeName?: string;
  readonly hints?: {
    readonly forZones?: readonly { readonly name: string }[];
    readonly forNodes?: readonly { readonly name: string }[];
  };
}

interface SlicePort {
  readonly name?: string;
  readonly protocol?: Protocol;
  readonly port?: number | null;
}

interface Slice extends KubeObject {
  readonly addressType?: string;
  readonly ports?: readonly SlicePort[] | null;
  readonly endpoints?: readonly SliceEndpoint[] | null;
}

/** The key of the Service that a slice belongs to; undefined where kube-proxy looks past it. */
export function serviceOfSlice(slice: KubeObject): ObjectKey | undefined {
  const labels = slice.metadata.labels ?? {};
  const name = labels[SERVICE_NAME_LABEL];
  if (name === undefined || name === '' || labels[HEADLESS_LABEL] !== undefined) return undefined;
  return `${slice.metadata.namespace ?? ''}/${name}`;
}

/** Endpoints by the keys of the Service ports, in the order of these. */
export type EndpointsByPort = ReadonlyMap<string, readonly Endpoint[]>;

/** The endpoints of one Service by the keys of its ports. `slices` are all those of the Service. */
export function endpointsOfService(slices: Iterable<KubeObject>, family: Family): EndpointsByPort {
  const readings: EndpointsByPort[] = [];
  for (const slice of sortedBy(slices, (it) => it.metadata.name)) {
    const reading = endpointsOfSlice(slice, family);
    if (reading.size > 0) readings.push(reading);
  }
  // Most Services have one slice, which has been read before.
  return readings.length < 2 ? (readings[0] ?? NONE) : joined(readings);
}

const NONE: EndpointsByPort = new Map();

function joined(readings: readonly EndpointsByPort[]): EndpointsByPort {
  const byPort = new Map<string, Endpoint[]>();
  for (const reading of readings) {
    for (const [key, endpoints] of reading) {
      const known = byPort.get(key);
      if (known === undefined) byPort.set(key, [...endpoints]);
      else known.push(...endpoints);
    }
  }
  return ordered(byPort);
}

function ordered(byPort: Map<string, Endpoint[]>): EndpointsByPort {
  for (const endpoints of byPort.values()) onceInOrder(endpoints);
  return byPort.size < 2 ? byPort : new Map([...byPort].sort(([a], [b]) => compareText(a, b)));
}

const known: Record<Family, WeakMap<KubeObject, EndpointsByPort>> = {
  IPv4: new WeakMap(),
  IPv6: new WeakMap(),
};

/** What one slice alone says of its Service in one family. A version of it is read once. */
export function endpointsOfSlice(slice: KubeObject, family: Family): EndpointsByPort {
  let reading = known[family].get(slice);
  if (reading === undefined) {
    reading = (slice as Slice).addressType === family ? readSlice(slice) : NONE;
    known[family].set(slice, reading);
  }
  return reading;
}

function readSlice(slice: Slice): EndpointsByPort {
  if (serviceOfSlice(slice) === undefined) return NONE;
  const byPort = new Map<string, Endpoint[]>();
  const { namespace = '', labels } = slice.metadata;
  for (const { name = '', protocol = 'TCP', port } of slice.ports ?? []) {
    // A slice port without a number means "all ports"; kube-proxy makes no rules for it.
    if (port === undefined || port === null) continue;
    const id: ServicePortName = {
      namespace,
      name: labels![SERVICE_NAME_LABEL]!,
      port: name,
      protocol,
    };
    const key = servicePortKey(id);
    const endpoints = byPort.get(key) ?? [];
    byPort.set(key, endpoints);
    for (const source of slice.endpoints ?? []) {
      const endpoint = endpointOf(source, port);
      if (endpoint !== undefined) endpoints.push(endpoint);
    }
  }
  return ordered(byPort);
}

/** Whether two lists say the same; undefined stands for no list at all. */
export function areSameEndpoints(
  a: readonly Endpoint[] | undefined,
  b: readonly Endpoint[] | undefined,
): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((endpoint, index) => isSameEndpoint(endpoint, b[index]!));
}

function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  if (a === b) return true;
  return (
    a.ip === b.ip &&
    a.port === b.port &&
    a.ready === b.ready &&
    a.serving === b.serving &&
    a.terminating === b.terminating &&
    a.nodeName === b.nodeName &&
    equalJson(a.zoneHints, b.zoneHints) &&
    equalJson(a.nodeHints, b.nodeHints)
  );
}

/**
 * Puts them, in place, into the order of their texts; of two copies in two slices, the one that
 * is not terminating stays.
 */
function onceInOrder(endpoints: Endpoint[]): void {
  endpoints.sort(compareEndpoints);
  let kept = 0;
  for (const endpoint of endpoints) {
    const standing = endpoints[kept - 1];
    if (standing === undefined || compareEndpoints(standing, endpoint) !== 0) {
      endpoints[kept++] = endpoint;
    } else if (standing.terminating && !endpoint.terminating) endpoints[kept - 1] = endpoint;
  }
  endpoints.length = kept;
}

const NO_HINTS: readonly string[] = [];

/** What stays as it was from slice to slice stays the same endpoint. */
const endpoints = new WeakMap<SliceEndpoint, Endpoint>();

function endpointOf(source: SliceEndpoint, port: number): Endpoint | undefined {
  const last = endpoints.get(source);
  if (last?.port === port) return last;
  const endpoint = readEndpoint(source, port);
  if (endpoint !== undefined) endpoints.set(source, endpoint);
  return endpoint;
}

/** Conditions that are not set read: ready, serving, not terminating. */
function readEndpoint(source: SliceEndpoint, port: number): Endpoint | undefined {
  // kube-proxy reads the first address of an endpoint only.
  const address = parseIp(source.addresses?.[0] ?? '');
  if (address === undefined) return undefined;
  const { conditions, hints } = source;
  return {
    ip: address,
    port,
    ready: conditions?.ready ?? true,
    serving: conditions?.serving ?? true,
    terminating: conditions?.terminating ?? false,
    nodeName: source.nodeName ?? '',
    zoneHints: hints?.forZones?.map(({ name }) => name) ?? NO_HINTS,
    nodeHints: hints?.forNodes?.map(({ name }) => name) ?? NO_HINTS,
  };
}
