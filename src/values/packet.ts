// A packet as far as the model looks into it: addresses, ports, the TCP flag that matters, and
// the outer header that a tunnel adds. Sequence numbers, checksums and options are left out:
// no verdict of the modelled components depends on them.

import type { FiveTuple } from './flow';
import type { IP } from './ip';

/** What the packet is in its conversation. */
export type PacketKind = 'syn' | 'data' | 'answer' | 'reset' | 'icmp-error';

/** The header that a tunnel puts around a packet between two nodes. */
export interface Encapsulation {
  readonly kind: 'vxlan' | 'ipip' | 'geneve';
  readonly src: IP;
  readonly dst: IP;
}

export interface Packet {
  readonly tuple: FiveTuple;
  readonly kind: PacketKind;
  /** The netfilter mark, zero when unset. */
  readonly mark: number;
  readonly encapsulation?: Encapsulation;
}
