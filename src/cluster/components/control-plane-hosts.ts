// The hosts of the control plane: the nodes with that role, or the one host that is no node.

import { CONTROL_PLANE } from '../../network/index';
import type { ClusterSpec } from '../../values/cluster-spec';
import type { Component } from '../../values/component';
import type { IP } from '../../values/ip';

export interface ControlPlaneHost {
  readonly name: string;
  readonly address: IP;
  /** Whether it is a node, with a kubelet and pods. */
  readonly isNode: boolean;
}

/** In the order of the nodes. */
export function controlPlaneHosts(spec: ClusterSpec): readonly ControlPlaneHost[] {
  const nodes = spec.nodes.filter(({ role }) => role === 'control-plane');
  if (nodes.length === 0) {
    return [{ name: CONTROL_PLANE, address: spec.controlPlane, isNode: false }];
  }
  return nodes.map(({ name, addresses }) => ({ name, address: addresses[0]!, isNode: true }));
}

/** The name of a process of a host: without the host where there is only one. */
function actorOn(name: string, host: string, hosts: readonly ControlPlaneHost[]): string {
  return hosts.length === 1 ? name : `${name}@${host}`;
}

/** The component of a host of the control plane; `leads` where one of several leads. */
export function componentOn(
  name: string,
  host: ControlPlaneHost,
  hosts: readonly ControlPlaneHost[],
  leads?: () => boolean,
): Component {
  const actor = actorOn(name, host.name, hosts);
  const component: Component = host.isNode ? { name, node: host.name, actor } : { name, actor };
  return leads === undefined ? component : Object.assign(component, { leads });
}
