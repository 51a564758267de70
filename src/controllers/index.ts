// The controllers of the control plane. Each reads its own informers and writes through the API
// server; none reads another's memory.
// May not: read the store, know packets, rules or addresses of machines, move time by itself.

import { Controller } from './define';
import type { ControllerContext, ControllerDefinition } from './define';
import { daemonset } from './daemonset';
import { deployment } from './deployment';
import { disruption } from './disruption';
import { endpointslice } from './endpointslice';
import { endpointsliceMirroring } from './endpointslice-mirroring';
import { garbageCollector } from './garbage-collector';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler';
import { job } from './job';
import { namespace } from './namespace';
import { nodeIpam } from './node-ipam';
import { nodeLifecycle } from './node-lifecycle';
import { podGc } from './pod-gc';
import { replicaset, replicationcontroller } from './replicaset';
import { scheduler } from './scheduler';
import { loadBalancerControllers } from './service-load-balancer';
import { statefulset } from './statefulset';
import { taintEviction } from './taint-eviction';
import { ttlAfterFinished } from './ttl-after-finished';

export type { Controller, ControllerContext } from './define';
export type { Heartbeats } from './heartbeats';

/** Sorted by name. */
export const CONTROLLERS: readonly ControllerDefinition[] = [
  daemonset,
  deployment,
  disruption,
  endpointslice,
  endpointsliceMirroring,
  garbageCollector,
  horizontalPodAutoscaler,
  job,
  namespace,
  nodeIpam,
  nodeLifecycle,
  podGc,
  replicaset,
  replicationcontroller,
  scheduler,
  statefulset,
  taintEviction,
  ttlAfterFinished,
];

/**
 * Every controller at work, sorted by name, and after them what a provider of load balancers
 * brings. They begin with what the API server tells them.
 */
export function createControllers(context: ControllerContext): readonly Controller[] {
  const definitions = [...CONTROLLERS, ...loadBalancerControllers(context.spec)];
  return definitions.map((definition) => new Controller(definition, context));
}
