// A packet as far as the model looks into it: addresses, ports, the TCP flag that matters, and
// the headers and options that nodes add for each other. Sequence numbers are left out, but for
// whether a segment lies in its window; checksums and other options are left out as well: no
// verdict of the modelled components depends on them.

import type { FiveTuple, Port } from './flow';
import type { IP } from './ip';

/** What the packet is in its conversation; `out-of-window` is data ahead of the TCP window. */
export type PacketKind = 'syn' | 'data' | 'out-of-window' | 'answer' | 'reset' | 'icmp-error';

/** The header that a tunnel puts around a packet between two nodes. */
export interface Encapsulation {
  readonly kind: 'vxlan' | 'ipip' | 'geneve';
  readonly src: IP;
  readonly dst: IP;
}

/**
 * The address that a client dialled, on board of a packet that is to be answered from there. Of
 * TCP, only the SYN has it written.
 */
export interface ServiceOption {
  readonly address: IP;
  readonly port: Port;
  /** In an option of its IP header, or in one of the header that Geneve puts around it. */
  readonly by: 'opt' | 'geneve';
}

export interface Packet {
  readonly tuple: FiveTuple;
  readonly kind: PacketKind;
  /** The netfilter mark, zero when unset. */
  readonly mark: number;
  readonly encapsulation?: Encapsulation;
  readonly service?: ServiceOption;
}
