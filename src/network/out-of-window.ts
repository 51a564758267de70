// A segment ahead of the TCP window of its connection. Connection tracking calls it INVALID, so no
// rule of table nat undoes for it what was done to the connection.
// source: net/netfilter/nf_conntrack_proto_tcp.c tcp_in_window, nf_conntrack_tcp_packet

import type { Machine } from '../node/machine';
import type { ConntrackHit } from '../node/netfilter/conntrack';
import type { FiveTuple } from '../values/flow';
import { familyOf, formatEndpoint } from '../values/ip';
import type { Packet } from '../values/packet';
import type { Flight, Track } from './flight';
import { rulesetsOn } from './node-readings';

/**
 * Whether the host takes the packet for one that is not of its connection. The programs of eBPF
 * keep connections of their own and look at no window.
 * source: cilium bpf/lib/conntrack.h ct_lookup4
 */
export function isOutOfWindow(machine: Machine, { kind, tuple }: Packet): boolean {
  if (kind !== 'out-of-window' || machine.tcpBeLiberal) return false;
  return !rulesetsOn(machine, familyOf(tuple.dst)).some(({ ebpf }) => ebpf !== undefined);
}

/**
 * An INVALID packet has no connection. IPVS keeps connections beside conntrack's and looks at no
 * window either: it puts the dialled address back, unless the source is one that MASQUERADE has
 * given and IPVS has never seen.
 * source: net/netfilter/ipvs/ip_vs_core.c ip_vs_out_hook, handle_response
 */
export function invalidTrack(machine: Machine, arrival: FiveTuple, hit: ConntrackHit): Track {
  const { original, reply } = hit.entry;
  const keepsSource = reply.dst === original.src && reply.dport === original.sport;
  const rulesets = rulesetsOn(machine, familyOf(arrival.dst));
  const isVirtual =
    hit.direction === 'reply' && keepsSource && rulesets.some(({ ipvs }) => ipvs !== undefined);
  const track = { state: 'INVALID', arrival, hit: undefined } as const;
  return isVirtual ? { ...track, virtual: hit } : track;
}

/** IPVS gives an answer the address that the client dialled. */
export function restoreByIpvs(flight: Flight): void {
  const entry = flight.track?.virtual?.entry;
  if (entry === undefined) return;
  const { dst: src, dport: sport } = entry.original;
  const { tuple } = flight.packet;
  if (src === tuple.src && sport === tuple.sport) return;
  flight.retuple({ ...tuple, src, sport });
  flight.log?.step('ipvs', 'un-DNAT', `to ${formatEndpoint(src, sport)}`);
}
