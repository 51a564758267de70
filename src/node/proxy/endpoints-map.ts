// What kube-proxy reads from EndpointSlices: the endpoints of each Service port, all slices
// together, each address once, in the order of their texts.
// source: pkg/proxy/endpointslicecache.go

import { parseIp } from '../../values/ip';
import type { Family } from '../../values/ip';
import type { Protocol } from '../../values/flow';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { compareText, sortedBy } from '../../values/order';
import { endpointText } from './categorize-endpoints';
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
): Map<string, readonly Endpoint[]> {
  const byPort = new Map<string, Map<string, Endpoint>>();
  for (const slice of sortedBy(slices, (it) => it.metadata.name)) {
    if ((slice as Slice).addressType === family) addSlice(byPort, slice);
  }
  const sorted = [...byPort].map(([key, endpoints]) => {
    const ordered = [...endpoints].sort(([a], [b]) => compareText(a, b));
    return [key, ordered.map(([, endpoint]) => endpoint)] as const;
  });
  return new Map(sorted.sort(([a], [b]) => compareText(a, b)));
}

function addSlice(byPort: Map<string, Map<string, Endpoint>>, slice: Slice): void {
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
    const endpoints = byPort.get(key) ?? new Map<string, Endpoint>();
    byPort.set(key, endpoints);
    for (const source of slice.endpoints ?? []) addEndpoint(endpoints, source, port);
  }
}

/** Adds an address; of two copies in two slices, the one that is not terminating counts. */
function addEndpoint(endpoints: Map<string, Endpoint>, source: SliceEndpoint, port: number): void {
  const endpoint = endpointOf(source, port);
  if (endpoint === undefined) return;
  const text = endpointText(endpoint);
  const standing = endpoints.get(text);
  if (standing === undefined || (standing.terminating && !endpoint.terminating)) {
    endpoints.set(text, endpoint);
  }
}

/** Conditions that are not set read: ready, serving, not terminating. */
function endpointOf(source: SliceEndpoint, port: number): Endpoint | undefined {
  // kube-proxy reads the first address of an endpoint only.
  const address = parseIp(source.addresses?.[0] ?? '');
  if (address === undefined) return undefined;
  const { ready, serving, terminating } = source.conditions ?? {};
  return {
    ip: address,
    port,
    ready: ready ?? true,
    serving: serving ?? true,
    terminating: terminating ?? false,
    nodeName: source.nodeName ?? '',
    zoneHints: (source.hints?.forZones ?? []).map(({ name }) => name),
    nodeHints: (source.hints?.forNodes ?? []).map(({ name }) => name),
  };
}
