// The path of one packet and of its answer, hop by hop: the reason for every verdict.
// The words are those of Batfish: a trace has hops, a hop is one place that the packet passes,
// a step is what was done to it there.

import type { Line } from './arrivals';
import type { Disposition } from './disposition';
import type { FiveTuple } from './flow';
import type { IP } from './ip';
import type { Encapsulation } from './packet';
import type { Ratio } from './ratio';
import type { Duration } from './time';

/** What one place did to the packet. `action` is the field's word, `detail` the reading of it. */
export interface Step {
  /** Where: `nat/PREROUTING`, `route`, `cni0`, `veth`, `vxlan`, `conntrack`, `pod`, `policy`. */
  readonly place: string;
  readonly action: string;
  readonly detail: string;
}

/** One machine, or one network namespace of it, that the packet passed. */
export interface Hop {
  readonly node: string;
  /** The device at which the packet is seen: `veth`, `cni0`, `flannel.1`, `eth0`, `lo`. */
  readonly device: string;
  readonly before: FiveTuple;
  readonly after: FiveTuple;
  readonly encapsulation?: Encapsulation;
  readonly steps: readonly Step[];
}

/** Where a trace ended: the pod or host process that answered. */
export interface Responder {
  /** `namespace/name` of the pod, `node/<name>` or `external/<name>`. */
  readonly name: string;
  readonly address: IP;
  readonly port: number;
  /** The source address that the responder sees. */
  readonly seenSource: IP;
}

/** A conntrack entry that the packet made or used, as `conntrack -L` would show it. */
export interface TranslatedFlow {
  readonly node: string;
  readonly original: FiveTuple;
  readonly reply: FiveTuple;
  /** True while no answer has been seen. */
  readonly unreplied: boolean;
}

/** What the bad links on the way of a packet and of its answer come to. */
export interface Stretch {
  /** What they add to the round trip of a packet that overtakes none, and of that there. */
  readonly delay: Duration;
  readonly there: Duration;
  /** How likely packet and answer both survive; of several copies, one each. */
  readonly arrives: Ratio;
  /** The bad links in the order in which they are passed; absent for none. */
  readonly lines?: readonly Line[];
  /** How much of the delay is the work of a slow process; absent for none. */
  readonly work?: Duration;
}

export interface Trace {
  readonly disposition: Disposition;
  /** How likely this path is among those that the same packet could take. */
  readonly probability: Ratio;
  readonly sent: FiveTuple;
  /** Who sent it, by the name that a claim gave; the network leaves it out. */
  readonly sender?: string;
  readonly hops: readonly Hop[];
  /** The hops of the answer; empty where none was sent. */
  readonly answerHops: readonly Hop[];
  readonly responder?: Responder;
  readonly translations: readonly TranslatedFlow[];
  /** One sentence: why it ended so. Names the object, the rule or the machine. */
  readonly reason: string;
  /** Keys of the objects that decided (`EndpointSlice/shop/web-x7k`), for the cause chain. */
  readonly blames: readonly string[];
  /** Absent where every link is as good as a link can be. */
  readonly stretch?: Stretch;
  /** From the first packet to what the sender learns; absent where that takes no time. */
  readonly took?: Duration;
}
