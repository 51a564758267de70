// What kube-proxy reads from Services: one record for each port, with the addresses of one family.
// source: pkg/proxy/servicechangetracker.go serviceToServiceMap; pkg/proxy/serviceport.go
// newBaseServiceInfo; pkg/proxy/util/utils.go ShouldSkipService

import { parseCidr } from '../../values/cidr';
import { familyOf, parseIp } from '../../values/ip';
import type { Family, IP } from '../../values/ip';
import type { Protocol } from '../../values/flow';
import type { KubeObject } from '../../values/kube-object';
import { compareText } from '../../values/order';
import { servicePortKey } from './proxy-mode';
import type { ServicePort } from './proxy-mode';

/** Services with this label are another proxy's. source: cmd/kube-proxy/app/server.go */
const OTHER_PROXY_LABEL = 'service.kubernetes.io/service-proxy-name';

const DEFAULT_AFFINITY_SECONDS = 10_800;

interface ServicePortSpec {
  readonly name?: string;
  readonly protocol?: Protocol;
  readonly port: number;
  readonly nodePort?: number;
}

interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly healthCheckNodePort?: number;
  readonly externalTrafficPolicy?: string;
  readonly internalTrafficPolicy?: string;
  readonly sessionAffinity?: string;
  readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
  readonly ports?: readonly ServicePortSpec[];
}

interface LoadBalancerIngress {
  readonly ip?: string;
  readonly ipMode?: string;
}

interface ServiceStatus {
  readonly loadBalancer?: { readonly ingress?: readonly LoadBalancerIngress[] };
}

const known: Record<Family, WeakMap<KubeObject, readonly ServicePort[]>> = {
  IPv4: new WeakMap(),
  IPv6: new WeakMap(),
};

/** The Service's ports in one family; none where kube-proxy makes no rules for it. */
export function servicePortsOf(service: KubeObject, family: Family): readonly ServicePort[] {
  let ports = known[family].get(service);
  if (ports === undefined) {
    ports = readServicePorts(service, family);
    known[family].set(service, ports);
  }
  return ports;
}

/** The ports of many Services, ordered by their keys. */
export function serviceMapOf(
  services: Iterable<KubeObject>,
  family: Family,
): ReadonlyMap<string, ServicePort> {
  const ports = [...services].flatMap((service) => servicePortsOf(service, family));
  const entries = ports.map((port) => [servicePortKey(port.id), port] as const);
  return new Map(entries.sort(([a], [b]) => compareText(a, b)));
}

function readServicePorts(service: KubeObject, family: Family): readonly ServicePort[] {
  const spec = (service.spec ?? {}) as ServiceSpec;
  const clusterIP = clusterIPOf(spec, family);
  if (clusterIP === undefined || isSkipped(service, spec)) return [];
  const isLoadBalancer = spec.type === 'LoadBalancer';
  const isLocal = spec.externalTrafficPolicy === 'Local';
  const healthCheckNodePort =
    isLoadBalancer && isLocal ? nonZero(spec.healthCheckNodePort) : undefined;
  const externalIPs = addressesOf(spec.externalIPs ?? [], family);
  const balancerVIPs = loadBalancerVIPs(service, family);
  const ranges = sourceRanges(spec, family);
  const { namespace = '', name } = service.metadata;
  // Written out, because a spread makes objects that are slow to make and to read.
  return (spec.ports ?? []).map(
    ({ name: port = '', protocol = 'TCP', port: number, nodePort }) => ({
      id: { namespace, name, port, protocol },
      clusterIP,
      port: number,
      nodePort: nonZero(nodePort),
      externalIPs,
      loadBalancerVIPs: balancerVIPs,
      loadBalancerSourceRanges: ranges,
      healthCheckNodePort,
      affinitySeconds: affinitySeconds(spec),
      internalPolicyLocal: spec.internalTrafficPolicy === 'Local',
      externalPolicyLocal: isLocal && takesExternalPolicy(spec),
    }),
  );
}

function isSkipped(service: KubeObject, spec: ServiceSpec): boolean {
  if (service.metadata.labels?.[OTHER_PROXY_LABEL] !== undefined) return true;
  if (spec.type === 'ExternalName') return true;
  return spec.clusterIP === 'None' || spec.clusterIP === '';
}

function clusterIPOf(spec: ServiceSpec, family: Family): IP | undefined {
  const all = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return addressesOf(all, family)[0];
}

/** Those of the family, in canonical text: `172.30.0.041` reads 172.30.0.41. */
function addressesOf(texts: readonly string[], family: Family): IP[] {
  const addresses = texts.map((text) => parseIp(text));
  return addresses.filter((it): it is IP => it !== undefined && familyOf(it) === family);
}

/** Ingress addresses that the data plane has to catch; hostnames and mode Proxy are the LB's. */
function loadBalancerVIPs(service: KubeObject, family: Family): IP[] {
  const status = (service.status ?? {}) as ServiceStatus;
  const caught = (status.loadBalancer?.ingress ?? []).filter(
    ({ ip, ipMode }) => ip !== undefined && (ipMode ?? 'VIP') === 'VIP',
  );
  return addressesOf(
    caught.map(({ ip }) => ip!),
    family,
  );
}

/** Empty where every source is allowed; a range of all addresses allows every source. */
function sourceRanges(spec: ServiceSpec, family: Family): string[] {
  const ranges = (spec.loadBalancerSourceRanges ?? [])
    .map((text) => parseCidr(text.trim()))
    .filter((range) => range !== undefined && range.family === family);
  if (ranges.some((range) => range!.prefix === 0)) return [];
  return ranges.map((range) => range!.text);
}

function affinitySeconds(spec: ServiceSpec): number | undefined {
  if (spec.sessionAffinity !== 'ClientIP') return undefined;
  return spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
}

/** source: pkg/api/v1/service/util.go ExternallyAccessible */
function takesExternalPolicy(spec: ServiceSpec): boolean {
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') return true;
  return (spec.externalIPs ?? []).length > 0;
}

function nonZero(port: number | undefined): number | undefined {
  return port === 0 ? undefined : port;
}
