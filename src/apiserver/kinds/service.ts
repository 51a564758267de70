// Service: one name and one virtual address for a changing set of pods.

import type { Protocol } from '../../values/flow';
import type { Family } from '../../values/ip';
import { copyWith } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import { complete, defineKind } from './define';
import { validateService, validateServiceChange } from './service-validation';

export interface Service extends KubeObject {
  readonly kind: 'Service';
  readonly spec: ServiceSpec;
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly LoadBalancerIngress[] };
  };
}

export interface ServiceSpec {
  readonly type?: ServiceType;
  readonly selector?: Labels;
  readonly ports?: readonly ServicePort[];
  /** `None` for a headless Service. */
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly ipFamilies?: readonly Family[];
  readonly ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  readonly externalIPs?: readonly string[];
  readonly externalName?: string;
  readonly externalTrafficPolicy?: 'Cluster' | 'Local';
  readonly internalTrafficPolicy?: 'Cluster' | 'Local';
  readonly healthCheckNodePort?: number;
  readonly loadBalancerIP?: string;
  readonly loadBalancerClass?: string;
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly allocateLoadBalancerNodePorts?: boolean;
  readonly publishNotReadyAddresses?: boolean;
  readonly sessionAffinity?: 'None' | 'ClientIP';
  readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
  readonly trafficDistribution?: string;
}

export type ServiceType = 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';

export interface ServicePort {
  readonly name?: string;
  readonly protocol?: Protocol;
  readonly port: number;
  /** A number, or the name of a port of the pods. */
  readonly targetPort?: number | string;
  readonly nodePort?: number;
  readonly appProtocol?: string;
}

export interface LoadBalancerIngress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ipMode?: 'VIP' | 'Proxy';
}

/** The default of `sessionAffinityConfig.clientIP.timeoutSeconds`: three hours. */
const AFFINITY_SECONDS = 10_800;

/** Whether the Service has no virtual address by its own wish. */
export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None';
}

/** Whether clients outside of the cluster may be meant. */
export function isExternallyAccessible({ type, externalIPs = [] }: ServiceSpec): boolean {
  if (type === 'NodePort' || type === 'LoadBalancer') return true;
  return type === 'ClusterIP' && externalIPs.length > 0;
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** source: pkg/apis/core/v1/defaults.go SetDefaults_Service */
function defaults(object: KubeObject): KubeObject {
  const given = complete<ServiceSpec>(withoutEmptySelector((object as Service).spec), {
    sessionAffinity: 'None',
    type: 'ClusterIP',
  });
  const spec: Writable<ServiceSpec> = copyWith(withoutIdleAffinity(given), {});
  if (given.ports) spec.ports = given.ports.map(defaultPort);
  addAffinity(spec);
  addPolicies(spec);
  return copyWith(object, { spec });
}

/**
 * An empty selector selects nothing: it is stored as none.
 * source: staging/src/k8s.io/api/core/v1/types.go ServiceSpec.Selector ("empty or not present")
 */
function withoutEmptySelector(spec: ServiceSpec): ServiceSpec {
  const { selector, ...rest } = spec ?? {};
  return selector !== undefined && Object.keys(selector).length === 0 ? rest : spec;
}

function defaultPort(given: ServicePort): ServicePort {
  const port = complete<ServicePort>(given, { protocol: 'TCP' });
  return port.targetPort ? port : copyWith(port, { targetPort: port.port });
}

/**
 * The timeout of no affinity is not kept.
 * source: pkg/apis/core/v1/defaults.go SetDefaults_Service
 */
function withoutIdleAffinity(spec: ServiceSpec): ServiceSpec {
  if (spec.sessionAffinity !== 'None') return spec;
  const { sessionAffinityConfig: _idle, ...rest } = spec;
  return rest;
}

function addAffinity(spec: Writable<ServiceSpec>): void {
  if (spec.sessionAffinity !== 'ClientIP') return;
  const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
  spec.sessionAffinityConfig = { clientIP: { timeoutSeconds } };
}

function addPolicies(spec: Writable<ServiceSpec>): void {
  const { type } = spec;
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ??= 'Cluster';
  if (type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

export const service = defineKind({
  apiVersions: ['v1'],
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  namespaced: true,
  fields: {
    spec: {
      type: true,
      selector: true,
      ports: [
        {
          name: true,
          protocol: true,
          port: true,
          targetPort: true,
          nodePort: true,
          appProtocol: true,
        },
      ],
      clusterIP: true,
      clusterIPs: true,
      ipFamilies: true,
      ipFamilyPolicy: true,
      externalIPs: true,
      externalName: true,
      externalTrafficPolicy: true,
      internalTrafficPolicy: true,
      healthCheckNodePort: true,
      loadBalancerIP: true,
      loadBalancerClass: true,
      loadBalancerSourceRanges: true,
      allocateLoadBalancerNodePorts: true,
      publishNotReadyAddresses: true,
      sessionAffinity: true,
      sessionAffinityConfig: { clientIP: { timeoutSeconds: true } },
      trafficDistribution: true,
    },
  },
  defaults,
  validate: (object) => validateService(object as Service),
  validateChange: (object, previous) =>
    validateServiceChange(object as Service, previous as Service),
});
