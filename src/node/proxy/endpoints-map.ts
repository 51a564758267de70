// What kube-proxy reads from EndpointSlices: the endpoints of each Service port, all slices
// together, each address once, in the order of their texts.
// source: pkg/proxy/endpointslicecache.go

import { equalJson } from '../../apiserver/json';
import { LateSlice } from '../../apiserver/late-slice';
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
  if (!isOfService(slice)) return undefined;
  const { namespace = '', labels } = slice.metadata;
  return `${namespace}/${labels![SERVICE_NAME_LABEL]}`;
}

/** Whether kube-proxy looks at a slice. */
export function isOfService({ metadata: { labels } }: KubeObject): boolean {
  const name = labels?.[SERVICE_NAME_LABEL];
  return name !== undefined && name !== '' && labels![HEADLESS_LABEL] === undefined;
}

/** Endpoints by the keys of the Service ports, in the order of these. */
export type EndpointsByPort = ReadonlyMap<string, readonly Endpoint[]>;

/** The endpoints of one Service by the keys of its ports. `slices` are all those of the Service. */
export function endpointsOfService(slices: readonly KubeObject[], family: Family): EndpointsByPort {
  if (slices.length === 1) return endpointsOfSlice(slices[0]!, family);
  const readings: EndpointsByPort[] = [];
  for (const slice of sortedBy(slices, (it) => it.metadata.name)) {
    const reading = endpointsOfSlice(slice, family);
    if (reading.size > 0) readings.push(reading);
  }
  // Of a Service of both families each reads half of the slices.
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

/**
 * What one slice alone says of its Service in one family. A version of it is read once; `before`:
 * the version before it, of which all that is the same is kept where that has been read.
 */
export function endpointsOfSlice(
  slice: KubeObject,
  family: Family,
  before?: KubeObject,
): EndpointsByPort {
  let reading = known[family].get(slice);
  if (reading === undefined) {
    const earlier = before && known[family].get(before);
    if ((slice as Slice).addressType !== family) reading = NONE;
    else if (before === undefined || earlier === undefined) reading = readSlice(slice, NONE);
    else {
      reading = revisedReading(slice, before, earlier) ?? readSlice(slice, earlier);
      reading = sharedReading(earlier, reading);
    }
    known[family].set(slice, reading);
  }
  return reading;
}

/**
 * The reading of a slice in which the same addresses stand as in the version before it: nothing
 * has to be put in order then. Undefined where it has to be read from nothing.
 */
function revisedReading(
  slice: Slice,
  before: Slice,
  reading: EndpointsByPort,
): EndpointsByPort | undefined {
  const { endpoints, ports, metadata } = slice;
  if (!ports || ports !== before.ports || reading.size !== ports.length) return undefined;
  if (metadata.labels !== before.metadata.labels || !endpoints || !before.endpoints) {
    return undefined;
  }
  const changed = changedIn(endpoints, before.endpoints);
  if (changed === undefined) return undefined;
  const byPort = new Map<string, readonly Endpoint[]>();
  for (const [key, list] of reading) {
    // With an endpoint for each item none of them was left out, and no address is there twice.
    const next = list.length === endpoints.length ? replaced(list, changed) : undefined;
    if (next === undefined) return undefined;
    byPort.set(key, next);
  }
  return byPort;
}

/** More than these are read from nothing: each is looked for among all. */
const CHANGED_MAX = 4;

/** The items that are others than before; undefined where they are many or at other addresses. */
function changedIn(
  endpoints: readonly SliceEndpoint[],
  before: readonly SliceEndpoint[],
): readonly SliceEndpoint[] | undefined {
  if (endpoints.length !== before.length) return undefined;
  const changed: SliceEndpoint[] = [];
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index]!;
    const known = before[index]!;
    if (endpoint === known) continue;
    const isSameAddress = endpoint.addresses?.[0] === known.addresses?.[0];
    if (!isSameAddress || changed.length === CHANGED_MAX) return undefined;
    changed.push(endpoint);
  }
  return changed;
}

/** The list with these in the places of those at their addresses; undefined where one has none. */
function replaced(
  list: readonly Endpoint[],
  changed: readonly SliceEndpoint[],
): readonly Endpoint[] | undefined {
  const next = list.slice();
  for (const source of changed) {
    const address = parseIp(source.addresses?.[0] ?? '');
    const place = list.findIndex(({ ip }) => ip === address);
    if (place < 0) return undefined;
    next[place] = readEndpoint(source, list[place]!.port)!;
  }
  return next;
}

/** How many readings that came out of one another are kept, and of how many endpoints at most. */
const KEPT_MAX = 32;
const KEPT_ENDPOINTS_MAX = 64;

/** By each of them, all that came out of one another. */
const relatives = new WeakMap<EndpointsByPort, EndpointsByPort[]>();

/**
 * The reading, or an earlier one that says the same: of a few pods that crash in turn every state
 * comes back, in one run and in each fork of it. What is made of them is then found by identity.
 */
function sharedReading(before: EndpointsByPort, reading: EndpointsByPort): EndpointsByPort {
  if (before.size === 0 || reading.size === 0) return reading;
  for (const list of reading.values()) if (list.length > KEPT_ENDPOINTS_MAX) return reading;
  let all = relatives.get(before);
  if (all === undefined) relatives.set(before, (all = [before]));
  for (const it of all) if (isSameReading(it, reading)) return it;
  relatives.set(reading, all);
  if (all.unshift(reading) > KEPT_MAX) relatives.delete(all.pop()!);
  return reading;
}

/** Whether two readings say the same of every Service port. */
export function isSameReading(a: EndpointsByPort, b: EndpointsByPort): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [port, list] of a) if (!areSameEndpoints(list, b.get(port))) return false;
  return true;
}

/** `before`: endpoints that are there already stay the same objects. */
function readSlice(slice: Slice, before: EndpointsByPort): EndpointsByPort {
  if (!isOfService(slice)) return NONE;
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
    for (const source of reachedIn(slice)) {
      const endpoint = readEndpoint(source, port);
      if (endpoint !== undefined) endpoints.push(endpoint);
    }
  }
  const reading = ordered(byPort);
  for (const [key, endpoints] of byPort) keepEqual(endpoints, before.get(key) ?? NO_ENDPOINTS);
  return reading;
}

/** Of a slice that is made late no more is made than is read here. */
function reachedIn(slice: Slice): readonly SliceEndpoint[] {
  return slice instanceof LateSlice ? LateSlice.reachedIn(slice) : (slice.endpoints ?? []);
}

const NO_ENDPOINTS: readonly Endpoint[] = [];

/** Puts those of `before` in the places of equal ones. Both lists are in order. */
function keepEqual(endpoints: Endpoint[], before: readonly Endpoint[]): void {
  let next = 0;
  for (let index = 0; index < endpoints.length && next < before.length; index++) {
    const endpoint = endpoints[index]!;
    while (next < before.length && compareEndpoints(before[next]!, endpoint) < 0) next++;
    const known = before[next];
    if (known !== undefined && isSameEndpoint(known, endpoint)) endpoints[index] = known;
  }
}

/** Whether two lists say the same; undefined stands for no list at all. */
export function areSameEndpoints(
  a: readonly Endpoint[] | undefined,
  b: readonly Endpoint[] | undefined,
): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (!isSameEndpoint(a[index]!, b[index]!)) return false;
  }
  return true;
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
