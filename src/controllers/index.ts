// The controllers of a cluster.

import { Controller } from './define';
import type { ControllerContext } from './define';
import { daemonset } from './daemonset';
import { deployment } from './deployment';
import { endpointslice } from './endpointslice';
import { nodeIpam } from './node-ipam';
import { replicaset, replicationcontroller } from './replicaset';
import { scheduler } from './scheduler';
import { statefulset } from './statefulset';

const CONTROLLERS = [
  daemonset, deployment, endpointslice, nodeIpam, replicaset, replicationcontroller, scheduler, statefulset,
];

export function createControllers(context: ControllerContext): readonly Controller[] {
  return CONTROLLERS.map((definition) => new Controller(definition, context));
}
