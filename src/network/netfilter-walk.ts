// What netfilter does with a packet on one host: connection tracking, translation, filters.
// source: net/netfilter/nf_conntrack_core.c nf_conntrack_in, nf_nat_core.c nf_nat_inet_fn

import type { Machine } from '../node/machine';
import { answered, inState, newEntry } from '../node/netfilter/conntrack-entry';
import { traverse } from '../node/netfilter/evaluate';
import type { Branch } from '../node/netfilter/evaluate';
import { layersAt } from '../node/netfilter/layers';
import type { ConntrackHit } from '../node/netfilter/conntrack';
import type { Hook, RuleReference, TableName } from '../node/netfilter/ruleset';
import { ANY_PORT, reversed } from '../values/flow';
import type { FiveTuple } from '../values/flow';
import { familyOf, formatEndpoint } from '../values/ip';
import type { IP } from '../values/ip';
import type { Packet } from '../values/packet';
import { dialledTuple, directHit, directionOf, noteDirectAnswer } from './direct-return';
import { isDispatched, sendOnAgain, takeService } from './direct-return';
import { endpointText, explainDnat, explainOwner, explainRefusal } from './explain';
import { explainSnat, serviceOf } from './explain';
import type { Flight, Track } from './flight';
import { chainReader, rulesetsOn } from './node-readings';
import { invalidTrack, isOutOfWindow, restoreByIpvs } from './out-of-window';
import type { Walk } from './walk';

/** The devices by which a packet enters and leaves, as far as the hook knows them. */
export interface Devices {
  readonly in?: string;
  readonly out?: string;
}

/**
 * Finds the packet's connection. False where it begins a new one and the table has no room.
 * A connection that conntrack has not seen from its start is taken up midway
 * (nf_conntrack_tcp_loose); an answer, a reset or an ICMP error without a connection is INVALID,
 * and so is a segment out of the window of its connection (out-of-window.ts).
 * What table raw exempts has no connection, so that nothing translates it.
 */
export function trackPacket(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  hook: 'PREROUTING' | 'OUTPUT',
): boolean {
  const { packet } = flight;
  const exempting = untrackedBy(machine, packet, hook);
  if (exempting !== undefined) {
    flight.track = { state: 'UNTRACKED', arrival: packet.tuple, hit: undefined };
    flight.log?.step(`raw/${hook}`, 'NOTRACK', `by ${exempting.rule.comment ?? 'a rule'}`);
    return true;
  }
  const table = flight.table(machine);
  const arrival = dialledTuple(packet);
  const hit = table.lookup(arrival, walk.now) ?? directHit(walk, flight, machine);
  if (hit !== undefined && isOutOfWindow(machine, packet)) {
    flight.track = invalidTrack(machine, arrival, hit);
    return true;
  }
  const state = stateOf(walk, packet, hit);
  if (hit === undefined && state === 'NEW' && table.isFull(walk.now)) return false;
  flight.track = isDispatched(packet)
    ? { state, arrival, hit, isDirect: true }
    : { state, arrival, hit };
  if (hit?.direction === 'reply') noteAnswer(walk, flight, machine, hit);
  return true;
}

/**
 * The rule of table raw that takes the packet out of connection tracking. An ICMP error is no
 * datagram of the port that it is about.
 * source: net/netfilter/xt_CT.c notrack_tg (priority raw, before that of conntrack)
 */
function untrackedBy(
  machine: Machine,
  packet: Packet,
  hook: 'PREROUTING' | 'OUTPUT',
): RuleReference | undefined {
  if (packet.kind === 'icmp-error') return undefined;
  const family = familyOf(packet.tuple.dst);
  const rulesets = rulesetsOn(machine, family);
  if (layersAt(rulesets, 'raw', hook).length === 0) return undefined;
  const branches = traverse(rulesets, 'raw', hook, packet, {
    state: 'NEW',
    isDnat: false,
    isLocal: (address) => machine.isLocal(address),
    recent: () => false,
    connections: () => [],
    reads: chainReader(machine, family),
  });
  return branches[0]?.rules.find(({ rule }) => rule.target.do === 'notrack');
}

function stateOf(walk: Walk, packet: Packet, hit: ConntrackHit | undefined): Track['state'] {
  if (hit !== undefined) {
    if (packet.kind === 'icmp-error') return 'RELATED';
    return hit.direction === 'original' && hit.entry.unreplied ? 'NEW' : 'ESTABLISHED';
  }
  if (packet.kind === 'icmp-error' || packet.kind === 'reset') return 'INVALID';
  // The SYN-ACK of a handshake begins nothing; a later segment or a datagram may.
  const begins = packet.kind !== 'answer' || packet.tuple.protocol !== 'TCP';
  return begins || walk.session !== undefined ? 'NEW' : 'INVALID';
}

function noteAnswer(walk: Walk, flight: Flight, machine: Machine, { entry }: ConntrackHit): void {
  const { kind } = flight.packet;
  if (kind === 'icmp-error') return;
  const isReset = kind === 'reset' && entry.original.protocol === 'TCP';
  // Where a reset is the only answer there has been no connection: the entry goes at once.
  // source: net/netfilter/nf_conntrack_proto_tcp.c nf_conntrack_tcp_packet (IPS_SEEN_REPLY)
  if (isReset && entry.unreplied) return flight.forget(machine, entry);
  const { timeouts } = machine.conntrack;
  const seen = answered(entry, walk.now, timeouts);
  flight.keep(machine, isReset ? inState(seen, 'CLOSE', walk.now, timeouts) : seen);
  noteDirectAnswer(walk, flight, entry);
}

/** PREROUTING or OUTPUT of table nat: the destination, by the connection's entry or by rules. */
export function translateDestination(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  hook: 'PREROUTING' | 'OUTPUT',
  devices: Devices,
): readonly Flight[] {
  const { hit, state, isDirect } = flight.track!;
  takeService(flight);
  if (hit !== undefined) {
    const { tuple } = flight.packet;
    const [dst, dport] =
      hit.direction === 'original'
        ? [hit.entry.reply.src, hit.entry.reply.sport]
        : [hit.entry.original.src, hit.entry.original.sport];
    if (dst !== tuple.dst || dport !== tuple.dport) {
      flight.retuple({ ...tuple, dst, dport });
      const word = hit.direction === 'original' ? 'DNAT' : 'un-SNAT';
      flight.log?.step('conntrack', word, `to ${formatEndpoint(dst, dport)}`);
    }
    sendOnAgain(walk, flight, machine, hit);
    return [flight];
  }
  if (state !== 'NEW' || isDirect === true) return [flight];
  return throughHook(walk, flight, machine, 'nat', hook, devices);
}

/** POSTROUTING of table nat: the source, by the connection's entry or by rules. */
export function translateSource(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  devices: Devices,
): readonly Flight[] {
  const { hit, state } = flight.track!;
  if (hit !== undefined) {
    restoreSource(flight, hit);
    return [flight];
  }
  restoreByIpvs(flight);
  if (state !== 'NEW') return [flight];
  return throughHook(walk, flight, machine, 'nat', 'POSTROUTING', devices);
}

/** Gives a packet of a known connection the source that the other side knows. */
export function restoreSource(flight: Flight, hit: ConntrackHit): void {
  const { tuple } = flight.packet;
  const [src, sport] =
    hit.direction === 'original'
      ? [hit.entry.reply.dst, hit.entry.reply.dport]
      : [hit.entry.original.dst, hit.entry.original.dport];
  if (src === tuple.src && sport === tuple.sport) return;
  flight.retuple({ ...tuple, src, sport });
  const word = hit.direction === 'original' ? 'SNAT' : 'un-DNAT';
  flight.log?.step('conntrack', word, `to ${formatEndpoint(src, sport)}`);
}

/**
 * Enters a new connection into the table: the packet has passed every rule. The port changes
 * where the answer's tuple is taken by another connection.
 * source: net/netfilter/nf_nat_core.c get_unique_tuple
 */
export function confirm(walk: Walk, flight: Flight, machine: Machine): void {
  const { hit, state, arrival } = flight.track!;
  if (hit !== undefined || state !== 'NEW') return;
  let { tuple } = flight.packet;
  if (tuple.sport !== ANY_PORT && isTaken(walk, flight, machine, reversed(tuple))) {
    tuple = { ...tuple, sport: ANY_PORT };
    flight.retuple(tuple);
  }
  const { timeouts } = machine.conntrack;
  const entry = newEntry(arrival, reversed(tuple), walk.now, timeouts);
  const direction = directionOf(flight);
  flight.keep(machine, direction === undefined ? entry : { ...entry, ...direction });
}

/** Whether the packet begins a connection with another source, and every port of that is taken. */
export function findsNoPort(flight: Flight, { portsTakenBy }: Machine): boolean {
  if (portsTakenBy.size === 0) return false;
  const { hit, state, arrival } = flight.track!;
  return hit === undefined && state === 'NEW' && flight.packet.tuple.src !== arrival.src;
}

function isTaken(walk: Walk, flight: Flight, machine: Machine, answer: FiveTuple): boolean {
  return flight.table(machine).lookup(answer, walk.now)?.direction === 'reply';
}

/** Runs one hook; what it drops or rejects ends here, the rest goes on. */
export function throughHook(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  table: TableName,
  hook: Hook,
  devices: Devices,
): readonly Flight[] {
  const family = familyOf(flight.packet.tuple.dst);
  const rulesets = rulesetsOn(machine, family);
  // Where the kernel calls nobody, there is nothing to ask and nothing to note.
  if (layersAt(rulesets, table, hook).length === 0) return [flight];
  const masqueradeAddress =
    devices.out === undefined ? undefined : machine.primaryAddress(devices.out, family);
  const branches = traverse(rulesets, table, hook, flight.packet, {
    state: flight.track!.state,
    isDnat: isDnat(flight),
    isLocal: (address) => machine.isLocal(address),
    recent: (list, address, span) =>
      machine.recent.has(list, address, span, walk.now) ||
      walk.remembers(machine, list, address, span),
    connections: () => flight.table(machine).list(walk.now),
    isAnyPort: walk.isAnyPort,
    reads: chainReader(machine, family),
    inInterface: devices.in,
    outInterface: devices.out,
    masqueradeAddress,
  });
  const [only] = branches;
  if (branches.length === 1 && only!.turn === undefined) {
    return onBranch(walk, flight, machine, hook, only!);
  }
  return branches.flatMap((branch, index) => {
    const turn = branch.turn ?? index;
    return onBranch(walk, flight.fork(branch.probability, turn), machine, hook, branch);
  });
}

function onBranch(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  hook: Hook,
  branch: Branch,
): readonly Flight[] {
  const before = flight.packet.tuple;
  flight.packet = branch.packet;
  if (branch.recentSets.length > 0) {
    const sets = branch.recentSets.map((set) => ({ machine, ...set }));
    flight.recentSets = [...flight.recentSets, ...sets];
  }
  if (branch.verdict !== 'accept') return onRefusal(walk, flight, machine, hook, branch);
  if (flight.log !== undefined) noteTranslation(flight, machine, hook, before, branch);
  return [flight];
}

function noteTranslation(
  flight: Flight,
  machine: Machine,
  hook: Hook,
  before: FiveTuple,
  { rules }: Branch,
): void {
  const { tuple } = flight.packet;
  const place = `nat/${hook}`;
  if (tuple.dst !== before.dst || tuple.dport !== before.dport) {
    const why = explainDnat(machine, tuple, rules);
    flight.log?.step(place, 'DNAT', `to ${endpointText(tuple)}  ${why}`.trimEnd());
  }
  if (tuple.src !== before.src || tuple.sport !== before.sport) {
    flight.log?.step(place, 'SNAT', explainSnat(tuple, rules));
  }
}

/** A DROP is silence; a REJECT is told to the sender by an ICMP error. */
function onRefusal(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  hook: Hook,
  { verdict, rules }: Branch,
): readonly Flight[] {
  const owner = explainOwner(machine, familyOf(flight.packet.tuple.dst), rules);
  const decisive = rules.length === 0 ? `the policy of ${hook}` : explainRefusal(rules);
  const rule = `${decisive}${owner}`;
  const word = verdict === 'drop' ? 'DROP' : 'REJECT';
  const reason = `${machine.name}: ${word} by ${rule}`;
  flight.log?.step(`filter/${hook}`, word, rule);
  if (flight.track?.state === 'INVALID' && flight.leg === 'answer') {
    return walk.lose(flight, 'answer-untranslated', untranslated(flight, machine, rule));
  }
  const service = serviceOf(rules);
  const blames = service === undefined ? [] : [`Service/${service}`];
  if (verdict === 'drop') {
    const disposition = service === undefined ? 'dropped' : 'no-local-endpoints';
    return walk.lose(flight, disposition, reason, blames);
  }
  const disposition = service === undefined ? 'rejected' : 'no-endpoints';
  return sendError(walk, flight, machine, {
    disposition,
    otherwise: 'dropped',
    reason,
    blames,
  });
}

/** The host tells the sender by ICMP that it could not pass the packet on. */
export function sendError(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  outcome: NonNullable<Flight['outcome']>,
): readonly Flight[] {
  // An error about an answer or about an error tells the first sender nothing.
  if (flight.leg === 'answer') {
    return walk.lose(flight, outcome.otherwise, outcome.reason, outcome.blames);
  }
  if (!isToldToSender(walk, flight, machine, outcome)) {
    const reason = `${outcome.reason}; a UDP socket is not told of that`;
    return walk.lose(flight, outcome.otherwise, reason, outcome.blames);
  }
  // The kernel translates the packet that it quotes back to what it was before its own NAT.
  // source: net/netfilter/nf_nat_proto.c nf_nat_icmp_reply_translation
  walk.answer(flight, 'icmp-error', reversed(flight.track!.arrival), outcome);
  flight.isTurnedBack = true;
  return flight.to({ at: 'error-out', machine });
}

/**
 * Whether the sender's socket hears of the error. One of UDP hears of a refusal only: that a host
 * or network is unreachable may pass, and it is kept from a socket that has not asked for such
 * errors (IP_RECVERR). What its own kernel cannot route, it is told as it sends.
 * source: net/ipv4/icmp.c icmp_err_convert (fatal), net/ipv4/udp.c __udp4_lib_err
 */
function isToldToSender(
  { sender }: Walk,
  { packet }: Flight,
  machine: Machine,
  { disposition }: NonNullable<Flight['outcome']>,
): boolean {
  if (packet.tuple.protocol !== 'UDP') return true;
  const isSender = 'machine' in sender && sender.machine === machine;
  if (disposition === 'no-route') return isSender;
  return disposition !== 'host-unreachable';
}

function isDnat(flight: Flight): boolean {
  const { arrival, hit } = flight.track!;
  if (hit !== undefined) {
    const { original, reply } = hit.entry;
    return original.dst !== reply.src || original.dport !== reply.sport;
  }
  const { tuple } = flight.packet;
  return tuple.dst !== arrival.dst || tuple.dport !== arrival.dport;
}

function untranslated(flight: Flight, machine: Machine, rule: string): string {
  const { src, sport }: { src: IP; sport: FiveTuple['sport'] } = flight.packet.tuple;
  return (
    `${machine.name} dropped it by ${rule}: it comes from ${formatEndpoint(src, sport)}, ` +
    'which belongs to no connection there, and the node that translated was not on its way'
  );
}
