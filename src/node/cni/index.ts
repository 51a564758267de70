// Responsibilities: a node's devices, routes and own netfilter rules as its CNI sets them up;
// which address a new pod gets; how packets between nodes are wrapped.
//
// May not: know Services or proxies, send packets, decide when a pod is created or removed, draw
// random numbers. What a CNI does is a function of pod ranges and of the order of ADD and DEL.

import { awsVpc } from './aws-vpc';
import { bridge } from './bridge';
import { calico } from './calico';
import { cilium } from './cilium';
import type { CniPlugin } from './define';
import { flannel } from './flannel';
import { kindnet } from './kindnet';
import { weave } from './weave';

export type { Attachment, CniCluster, CniNetwork, CniOptions, CniPlugin } from './define';
export { defineCni, enforcedKinds } from './define';

/** The CNIs that are modelled, sorted by name. */
export const CNI_PLUGINS: ReadonlyMap<string, CniPlugin> = new Map(
  [awsVpc, bridge, calico, cilium, flannel, kindnet, weave].map((plugin) => [plugin.name, plugin]),
);
