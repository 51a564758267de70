// How one plug-in enforces policies: which kinds, how soon, and what becomes of what is under way.

import type { TimerName } from '../../timing';
import type { Semantics } from './policy';
import type { PolicyKind } from './read-policy';

export interface PolicyProfile extends Semantics {
  /** The agent on each node, as the journal names it: `calico-node`. */
  readonly agent: string;
  /** The kinds that it enforces, sorted. */
  readonly kinds: readonly PolicyKind[];
  /** From what the agent has seen to the rules in the kernel: the sum of these. */
  readonly delays: readonly TimerName[];
  /**
   * Established connections when a policy comes to forbid them. `kept`: connection tracking is
   * asked before the policies. `cut`: the packets of the side that opened it are judged each.
   * `reviewed`: kept, until the agent looks at what is open and finds it forbidden.
   */
  readonly established: 'kept' | 'cut' | 'reviewed';
  /** What becomes of a packet that is denied; it is dropped by default. */
  readonly denial?: 'dropped' | 'rejected';
  /** Whether the egress policies of a pod hold for what it sends to its own node. */
  readonly ownNode?: 'open' | 'judged';
  /**
   * A pod whose node's agent has not caught up with it. `isolated`: the policies that the agent
   * knows hold from its first packet on. `open`: nothing holds yet. `closed`: nothing gets
   * through but what its own node sends.
   */
  readonly newPods: 'isolated' | 'open' | 'closed';
}
