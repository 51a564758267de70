// What nodes run out of: connections, ports for translated sources, addresses of pods, memory,
// disk, processes, and the one lock of iptables. Whoever takes it has a token.

import { resourceOf } from '../../node/kubelet/eviction-thresholds';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { Network } from '../../network/index';
import type { Shortage } from '../../node/netfilter/shortages';
import type { NodeSpec } from '../../values/cluster-spec';
import { DEFAULT_KUBELET } from '../../values/kubelet-settings';
import type { Proxies } from '../proxies';

export type { Shortage } from '../../node/netfilter/shortages';

export interface ExhaustingContext {
  readonly network: Network;
  readonly kubelets: Kubelets;
  readonly proxies: Proxies;
  readonly touch: () => void;
}

/** What can be used up on a node. Ports and the lock are taken as a whole, the rest is counted. */
export type NodeTable = 'conntrack' | 'ports' | 'ips' | 'lock' | NodeResource;

/** What kubelets look at, and end pods for. */
export type NodeResource = 'memory' | 'disk' | 'pids';

const RESOURCES: readonly string[] = ['memory', 'disk', 'pids'] satisfies NodeResource[];

function isResource(what: NodeTable): what is NodeResource {
  return RESOURCES.includes(what);
}

/** Whether the kubelet of a node looks at what is left of it at all. */
export function isWatched({ kubelet }: Pick<NodeSpec, 'kubelet'>, what: NodeResource): boolean {
  const { thresholds } = kubelet ?? DEFAULT_KUBELET;
  return thresholds.some((threshold) => resourceOf(threshold) === what);
}

export interface ExhaustingHandles {
  /** False for a node without power. */
  exhaust(node: string, what: NodeTable, token: string, shortage: Shortage): boolean;
  relieve(node: string, what: NodeTable, token: string): void;
}

export function exhaustingHandles(context: ExhaustingContext): ExhaustingHandles {
  const { network, kubelets, proxies, touch } = context;
  return {
    exhaust(node, what, token, shortage) {
      const machine = network.machines.get(node);
      if (machine?.powered !== true) return false;
      if (what === 'conntrack') machine.conntrack.fill(token, shortage);
      else if (what === 'ports') machine.portsTakenBy.add(token);
      else if (what === 'ips') network.takeAddresses(node, token, shortage);
      else if (isResource(what)) {
        // These have no `cap`: what is available is said.
        kubelets.faults.exhaust(node, what, token, 'left' in shortage ? shortage.left : 0);
      } else proxies.holdLock(node, token);
      touch();
      return true;
    },
    relieve(node, what, token) {
      const machine = network.machines.get(node)!;
      if (what === 'conntrack') machine.conntrack.relieve(token);
      else if (what === 'ports') machine.portsTakenBy.delete(token);
      else if (what === 'ips') network.giveAddresses(node, token);
      else if (isResource(what)) kubelets.faults.relieve(node, token);
      else proxies.releaseLock(node, token);
      touch();
    },
  };
}
