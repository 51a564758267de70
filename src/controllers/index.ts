// The controllers of the control plane. Each reads its own informers and writes through the API
// server; none reads another's memory.
// May not: read the store, know packets, rules or addresses of machines, move time by itself.

import { Controller } from './define';
import type { ControllerContext, ControllerDefinition } from './define';
import { daemonset } from './workloads/daemonset';
import { deployment } from './workloads/deployment';
import { disruption } from './workloads/disruption';
import { endpointslice } from './endpointslices/endpointslice';
import { endpointsliceMirroring } from './endpointslices/endpointslice-mirroring';
import { garbageCollector } from './garbage-collector';
import { horizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler';
import { job } from './jobs/job';
import { namespace } from './namespace';
import { nodeIpam } from './nodes/node-ipam';
import { nodeLifecycle } from './nodes/node-lifecycle';
import { podGc } from './pod-gc';
import { replicaset, replicationcontroller } from './workloads/replicaset';
import { scheduler } from './scheduling/scheduler';
import { loadBalancerControllers } from './load-balancers/service-load-balancer';
import { statefulset } from './workloads/statefulset';
import { taintEviction } from './nodes/taint-eviction';
import { ttlAfterFinished } from './jobs/ttl-after-finished';

export type { Controller, ControllerContext, Placement } from './define';
export type { Heartbeats } from './nodes/heartbeats';

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
