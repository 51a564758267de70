// Has the network plug-in learn the ranges of pod addresses that nodes are given at run time
// (Node.spec.podCIDRs), by the node IPAM controller or by whoever writes the object.
// source: flannel-io/flannel pkg/subnet/kube/kube.go (watches nodes), kindnetd main.go

import type { ApiServer } from '../apiserver/api-server';
import type { Change } from '../apiserver/informer';
import type { Node } from '../apiserver/kinds/node';
import type { Kernel } from '../kernel/kernel';
import type { Network } from '../network/index';
import type { ClusterSpec } from '../values/cluster-spec';

export interface NodeRangesContext {
  readonly spec: ClusterSpec;
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly network: Network;
  /** Called when a node has got its devices and routes. */
  readonly onChange: (node: string) => void;
}

/** As the journal names the agents that watch for ranges. */
const ACTOR = 'cni';

/** What a node was told that is gone from the cluster. */
const GONE: readonly string[] = Object.freeze(['gone']);

/** Watches the nodes. Ranges that stand in the cluster's spec are known to the plug-in already. */
export function watchNodeRanges({ spec, kernel, api, network, onChange }: NodeRangesContext): void {
  const told = kernel.keep(new Map<string, readonly string[]>());
  for (const { name, podCIDRs } of spec.nodes) told.set(name, podCIDRs);
  const learn = ({ key, after }: Change): void => {
    const known = told.get(key);
    if (known === undefined) return;
    const ranges = after === undefined ? GONE : rangesOf(after as Node);
    const isKnown = areSame(known, ranges) || (ranges.length === 0 && known !== GONE);
    if (isKnown) return;
    told.set(key, ranges);
    if (after === undefined) network.forgetNode(key);
    else network.assignPodCIDRs(key, ranges);
    const ranged = `its pod ranges are ${ranges.join() || 'those of the plug-in'}`;
    const what = after === undefined ? 'it is gone' : ranged;
    kernel.note(`${ACTOR}@${key}`, 'learnt', `Node/${key}`, what);
    onChange(key);
  };
  api.informer({ kind: 'Node', owner: ACTOR, onChange: learn });
}

function areSame(ranges: readonly string[], others: readonly string[]): boolean {
  return ranges.length === others.length && ranges.every((it, index) => it === others[index]);
}

function rangesOf({ spec }: Node): readonly string[] {
  if (spec?.podCIDRs !== undefined) return spec.podCIDRs;
  return spec?.podCIDR === undefined ? [] : [spec.podCIDR];
}
