// Where a CNI that enforces network policies takes part in a packet's walk.

import type { PodSandbox } from '../node/pod-sandbox';
import type { Packet } from '../values/packet';

/** What a policy says of a packet: nothing, or the sentence that names the policy. */
export interface PolicyVerdict {
  readonly allowed: boolean;
  /** Why not; empty where it is allowed. */
  readonly reason: string;
  /** Keys of the policies that decided: `NetworkPolicy/shop/db`. */
  readonly blames: readonly string[];
}

export interface PolicyEnforcer {
  /** Whether established connections are judged too: the packets of the side that opened them. */
  readonly judgesEstablished?: boolean;
  /** Whether what is denied is answered with an ICMP error. Default: it is dropped. */
  readonly rejects?: boolean;
  /** Whether what a pod sends to its own node is judged too. Default: it is always allowed. */
  readonly judgesOwnNode?: boolean;
  /**
   * Judges the first packet of a flow at a pod's own interface: after DNAT, before SNAT, so it
   * sees pods and target ports. `egress`: the pod sends it; `ingress`: the pod is to get it.
   * What a node says to its own pods is always allowed, and is not asked about. `isEstablished`:
   * the packet belongs to a connection that stands.
   */
  verdict(
    packet: Packet,
    direction: 'ingress' | 'egress',
    sandbox: PodSandbox,
    isEstablished: boolean,
  ): PolicyVerdict;
}
