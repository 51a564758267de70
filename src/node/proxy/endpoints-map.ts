// What kube-proxy reads from EndpointSlices: the endpoints of each Service port, all slices
// together, each address once, in the order of their texts.
// source: pkg/proxy/endpointslicecache.go

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

/** The endpoints of one Service by the keys of its ports. `slices` are all those of the Service. */
export function endpointsOfService(
  slices: Iterable<KubeObject>,
  family: Family,
): ReadonlyMap<string, readonly Endpoint[]> {
  const byPort = new Map<string, Endpoint[]>();
  for (const slice of sortedBy(slices, (it) => it.metadata.name)) {
    if ((slice as Slice).addressType === family) addSlice(byPort, slice);
  }
  for (const endpoints of byPort.values()) onceInOrder(endpoints);
  return byPort.size < 2 ? byPort : new Map([...byPort].sort(([a], [b]) => compareText(a, b)));
}

function addSlice(byPort: Map<string, Endpoint[]>, slice: Slice): void {
  const service = serviceOfSlice(slice);
  if (service === undefined) return;
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
function endpointOf(source: SliceEndpoint, port: number): Endpoint | undefined {
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
