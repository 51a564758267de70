// The two health checks that load balancers ask of a node: one port per Service with a Local
// policy, which tells whether the node has endpoints of its own, and kube-proxy's own.
// source: pkg/proxy/healthcheck/service_health.go, proxy_health.go; KEP-3836

import { isAtLeast } from '../../values/kube-version';
import type { KubeVersion } from '../../values/kube-version';
import type { KubeObject } from '../../values/kube-object';
import type { ProxyInput } from './proxy-mode';

/** Where kube-proxy answers for itself (`--healthz-bind-address`). */
export const PROXY_HEALTH_PORT = 10_256;

/** The taint of a node that the cluster autoscaler is about to remove. */
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';

export interface HealthAnswer {
  readonly status: 200 | 503;
  /** Ready endpoints of the Service on the node; only on a Service's own port. */
  readonly localEndpoints?: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** One Service that has a health check port of its own. */
export interface ServiceHealth {
  /** `namespace/name`. */
  readonly service: string;
  readonly port: number;
  /** Ready endpoints on the node; terminating ones do not count, though they may still serve. */
  readonly localEndpoints: number;
}

/** Services with a health check port, by that port, with the keys of their ports. */
type Checked = ReadonlyMap<number, { readonly service: string; readonly keys: readonly string[] }>;

/** The nodes of a cluster share their inputs: what is to be served is read once for each. */
const known = new WeakMap<ProxyInput, Checked>();

/** The Services for which a node listens, by their port, as its rules were made from `input`. */
export function serviceHealthOf(input: ProxyInput, node: string): Map<number, ServiceHealth> {
  const byPort = new Map<number, ServiceHealth>();
  for (const [port, { service, keys }] of checkedServices(input)) {
    // An address counts once, however many ports of the Service it serves.
    const own = new Set<string>();
    for (const { ip, ready, nodeName } of keys.flatMap((key) => input.endpoints.get(key) ?? [])) {
      if (ready && nodeName === node) own.add(ip);
    }
    byPort.set(port, { service, port, localEndpoints: own.size });
  }
  return byPort;
}

function checkedServices(input: ProxyInput): Checked {
  let checked = known.get(input);
  if (checked === undefined) {
    const byPort = new Map<number, { service: string; keys: string[] }>();
    for (const [key, { id, healthCheckNodePort: port }] of input.servicePorts) {
      if (port === undefined) continue;
      const service = `${id.namespace}/${id.name}`;
      byPort.set(port, { service, keys: [...(byPort.get(port)?.keys ?? []), key] });
    }
    known.set(input, (checked = byPort));
  }
  return checked;
}

/** What a Service's health check port answers, on any path. */
export function answerForService(health: ServiceHealth, isProxyHealthy: boolean): HealthAnswer {
  const { localEndpoints } = health;
  return {
    status: localEndpoints > 0 && isProxyHealthy ? 200 : 503,
    localEndpoints,
    headers: {
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
      'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
    },
  };
}

/**
 * What kube-proxy answers for itself. `/healthz` also says no on a node that is about to go, so
 * that load balancers drain it; `/livez` does not, since a restart would help nobody.
 * Undefined for other paths.
 */
export function answerForProxy(
  path: string,
  node: KubeObject | undefined,
  isProxyHealthy: boolean,
  kubernetes: KubeVersion,
): HealthAnswer | undefined {
  if (path !== '/healthz' && path !== '/livez') return undefined;
  // Gate KubeProxyDrainingTerminatingNodes: beta and on in 1.30, GA 1.31.
  const drains = path === '/healthz' && isAtLeast(kubernetes, '1.30');
  const isHealthy = isProxyHealthy && !(drains && isLeaving(node));
  return { status: isHealthy ? 200 : 503, headers: { 'Content-Type': 'application/json' } };
}

/** Whether the node is being deleted, or is marked for it by the autoscaler. */
export function isLeaving(node: KubeObject | undefined): boolean {
  if (node === undefined) return false;
  const { taints = [] } = (node.spec ?? {}) as { taints?: readonly { key: string }[] };
  const isGoing = node.metadata.deletionTimestamp !== undefined;
  return isGoing || taints.some(({ key }) => key === TO_BE_DELETED);
}
