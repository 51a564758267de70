// EndpointSlice: some of the endpoints of a Service, with the conditions that proxies go by.

import type { Protocol } from '../../values/flow';
import type { KubeObject } from '../../values/kube-object';
import { complete, defineKind } from './define';
import { validateEndpointSlice, validateSliceChange } from './endpointslice-validation';

export interface EndpointSlice extends KubeObject {
  readonly kind: 'EndpointSlice';
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly SliceEndpoint[];
  readonly ports?: readonly SlicePort[];
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: EndpointConditions;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly targetRef?: TargetRef;
  readonly hints?: EndpointHints;
}

/** An absent `ready` or `serving` reads as true, an absent `terminating` as false. */
export interface EndpointConditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

export interface EndpointHints {
  readonly forZones?: readonly { readonly name: string }[];
  readonly forNodes?: readonly { readonly name: string }[];
}

export interface TargetRef {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

export interface SlicePort {
  readonly name?: string;
  readonly protocol?: Protocol;
  readonly port?: number;
  readonly appProtocol?: string;
}

/** The label that ties a slice to its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';

const PORT: SlicePort = { name: '', protocol: 'TCP' };

function isWhole({ name, protocol }: SlicePort): boolean {
  return name !== undefined && protocol !== undefined;
}

export const endpointslice = defineKind({
  apiVersions: ['discovery.k8s.io/v1'],
  removedVersions: { 'discovery.k8s.io/v1beta1': '1.25' },
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  shortNames: [],
  namespaced: true,
  fields: {
    addressType: true,
    endpoints: [
      {
        addresses: true,
        conditions: true,
        hostname: true,
        nodeName: true,
        zone: true,
        targetRef: true,
        hints: { forZones: [{ name: true }], forNodes: [{ name: true }] },
        deprecatedTopology: true,
      },
    ],
    ports: [{ name: true, protocol: true, port: true, appProtocol: true }],
  },
  /** source: pkg/apis/discovery/v1/defaults.go */
  defaults(object) {
    const { ports, endpoints } = object as Partial<EndpointSlice>;
    const isComplete = ports !== undefined && ports.every(isWhole);
    if (isComplete && endpoints !== undefined) return object;
    const completed = isComplete ? ports : (ports ?? []).map((port) => complete(port, PORT));
    return { ...object, endpoints: endpoints ?? [], ports: completed };
  },
  validate: (object, previous) =>
    validateEndpointSlice(object as EndpointSlice, previous as EndpointSlice | undefined),
  validateChange: (object, previous) =>
    validateSliceChange(object as EndpointSlice, previous as EndpointSlice),
});
