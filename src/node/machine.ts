// One host: its power, its interfaces, the sandboxes on it and its tables. What the kernel of a
// node holds is here; what the agents on it believe is theirs.

import type { IP } from '../values/ip';
import type { Conntrack } from './netfilter/conntrack';
import type { Ruleset } from './netfilter/ruleset';
import type { PodSandbox } from './pod-sandbox';

/** A network device with its addresses in CIDR form: `10.244.1.1/24`. */
export interface NetworkInterface {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly mtu: number;
}

/** A line of `ip route`. */
export interface Route {
  readonly destination: string;
  readonly device: string;
  /** The gateway; absent for directly connected ranges. */
  readonly via?: IP;
  /** The outer header of a tunnel device towards this destination. */
  readonly encapsulation?: { readonly kind: 'vxlan' | 'ipip'; readonly remote: IP };
  /** The address that locally made packets take. */
  readonly source?: IP;
}

export interface Machine {
  readonly name: string;
  /** The node's own addresses, one per family. */
  readonly addresses: readonly IP[];
  /** Without power nothing is received, sent, forwarded or remembered. */
  powered: boolean;
  interfaces: readonly NetworkInterface[];
  routes: readonly Route[];
  /** The rules of kube-proxy as they stand in the kernel now. */
  proxyRules: Ruleset;
  /** The rules of the CNI. */
  cniRules: Ruleset;
  readonly conntrack: Conntrack;
  /** Sandboxes on this host by pod address; host-network pods are in `hostSandboxes`. */
  readonly sandboxes: Map<IP, PodSandbox>;
  readonly hostSandboxes: Set<PodSandbox>;
}
