// Direct server return: a node that has chosen a backend elsewhere sends the packet on as it came,
// with the dialled address on board. The backend's node writes down that address and answers from
// it, past the node that chose. Neither the client nor the backend notices a second node.
// source: cilium bpf/lib/nodeport.h nodeport_extract_dsr_v4, nodeport_dsr_ingress_ipv4,
// dsr_set_opt4, encap_geneve_dsr_opt4; bpf/lib/conntrack.h
//
// The entries stand in the connection tables of both nodes, where the real ones are in Cilium's
// own maps: that of the choosing node in the one for Services, that of the backend's node in the
// ones for connections and for NAT.

import type { Machine, Route } from '../node/machine';
import type { ConntrackHit } from '../node/netfilter/conntrack';
import { answered, refreshed } from '../node/netfilter/conntrack-entry';
import type { ConntrackEntry } from '../node/netfilter/conntrack-entry';
import { reversed, tupleKey } from '../values/flow';
import type { FiveTuple } from '../values/flow';
import { familyOf, formatEndpoint } from '../values/ip';
import type { IP } from '../values/ip';
import type { Packet, ServiceOption } from '../values/packet';
import type { Flight } from './flight';
import { rulesetsOn } from './node-readings';
import type { Walk } from './walk';

/**
 * The dialled address where the packet has it written in its headers. Of TCP only the SYN has:
 * the backend's node knows the connection by then.
 */
function writtenService({ service, tuple, kind }: Packet): ServiceOption | undefined {
  return tuple.protocol !== 'TCP' || kind === 'syn' ? service : undefined;
}

/** Whether the backend's node will learn from the packet where to answer from. */
export function isDispatched(packet: Packet): boolean {
  return writtenService(packet) !== undefined;
}

/** The packet's tuple as the client sent it, where it carries that on board. */
export function dialledTuple(packet: Packet): FiveTuple {
  const service = writtenService(packet);
  const { tuple } = packet;
  return service === undefined ? tuple : { ...tuple, dst: service.address, dport: service.port };
}

/**
 * Finds the connection of a packet that another node has sent on without the address on board: the
 * backend's node knows it by the tuple of its answers. It may itself have chosen the backend when
 * the connection began, before a router led that to another node.
 */
export function directHit(walk: Walk, flight: Flight, machine: Machine): ConntrackHit | undefined {
  const { tuple } = flight.packet;
  const rulesets = rulesetsOn(machine, familyOf(tuple.dst));
  if (!rulesets.some(({ ebpf }) => ebpf !== undefined)) return undefined;
  const hit = flight.table(machine).lookup(reversed(tuple), walk.now);
  if (hit?.direction !== 'reply') return undefined;
  const { original, direct } = hit.entry;
  const isSender = original.src === tuple.src && original.sport === tuple.sport;
  const isHere = direct === undefined || direct === 'return';
  return isSender && isHere ? { entry: hit.entry, direction: 'original' } : undefined;
}

/** The backend's node takes the dialled address off board. */
export function takeService(flight: Flight): void {
  if (flight.packet.service === undefined) return;
  const written = writtenService(flight.packet);
  const { service: _taken, ...packet } = flight.packet;
  flight.packet = packet;
  if (written === undefined) return;
  const place = written.by === 'opt' ? 'IP option' : 'Geneve option';
  flight.log?.step(place, 'DSR', `answer from ${formatEndpoint(written.address, written.port)}`);
}

/** What the new entry of a packet says of a direct return; undefined where there is none. */
export function directionOf({ packet, track }: Flight): Pick<ConntrackEntry, 'direct'> | undefined {
  if (track?.isDirect === true) return { direct: 'return' };
  return packet.service === undefined ? undefined : { direct: packet.service.by };
}

/** One more packet of a connection that this node has sent on. No answer keeps its entry fresh. */
export function sendOnAgain(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  { entry, direction }: ConntrackHit,
): void {
  const { direct, original } = entry;
  if (direction !== 'original' || direct === undefined || direct === 'return') return;
  flight.keep(machine, refreshed(entry, walk.now, machine.conntrack.timeouts));
  const service = { address: original.dst, port: original.dport, by: direct };
  flight.packet = { ...flight.packet, service };
}

/**
 * The answer that passes the backend's node makes the connection: what the client then sends shows
 * the node that chose that it stands, which sees no answer itself.
 */
export function noteDirectAnswer(walk: Walk, flight: Flight, { direct, original }: ConntrackEntry) {
  if (direct !== 'return' || flight.packet.kind !== 'answer') return;
  const key = tupleKey(original);
  for (const { machine, entry } of flight.entries) {
    if (entry.direct === undefined || entry.direct === 'return') continue;
    if (tupleKey(entry.original) !== key) continue;
    flight.keep(machine, answered(entry, walk.now, machine.conntrack.timeouts));
  }
}

/** The tunnel that carries the dialled address to the backend's node, whatever the route. */
export function tunnelOf(
  walk: Walk,
  { packet: { service, tuple } }: Flight,
  { via }: Route,
): { readonly kind: 'geneve'; readonly remote: IP } | undefined {
  if (service?.by !== 'geneve') return undefined;
  const isHost = walk.ground.fabric.hostAt(tuple.dst) !== undefined;
  return { kind: 'geneve', remote: isHost ? tuple.dst : (via ?? tuple.dst) };
}
