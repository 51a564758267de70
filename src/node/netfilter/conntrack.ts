// The connection table of one host.
// source: net/netfilter/nf_conntrack_core.c, nf_conntrack_proto_tcp.c, nf_conntrack_proto_udp.c

import { tupleKey } from '../../values/flow';
import type { FiveTuple } from '../../values/flow';
import type { Instant } from '../../values/time';

export interface ConntrackEntry {
  readonly original: FiveTuple;
  /** As the responder will send it: the inverse of DNAT and SNAT together. */
  readonly reply: FiveTuple;
  /** TCP state by conntrack's names; empty for other protocols. */
  readonly state: string;
  readonly unreplied: boolean;
  readonly assured: boolean;
  readonly expires: Instant;
}

export interface ConntrackHit {
  readonly entry: ConntrackEntry;
  readonly direction: 'original' | 'reply';
}

/** Entries by both of their tuples. */
export class Conntrack {
  private readonly byTuple = new Map<string, ConntrackHit>();

  lookup(tuple: FiveTuple): ConntrackHit | undefined {
    return this.byTuple.get(tupleKey(tuple));
  }

  put(entry: ConntrackEntry): void {
    this.byTuple.set(tupleKey(entry.original), { entry, direction: 'original' });
    this.byTuple.set(tupleKey(entry.reply), { entry, direction: 'reply' });
  }
}
