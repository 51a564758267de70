// A packet passes a place where something may be in its way: a cut ends it, or turns it back with
// an error; a bad link delays it and may lose it.

import type { Machine } from '../node/machine';
import type { PodSandbox } from '../node/pod-sandbox';
import { reversed } from '../values/flow';
import { formatEndpoint } from '../values/ip';
import type { IP } from '../values/ip';
import type { Encapsulation } from '../values/packet';
import { formatDuration } from '../values/time';
import type { Disposition } from '../values/disposition';
import type { Party, Place as RulePlace, Sighting, WireProtocol } from './ends';
import { hostName } from './fabric';
import type { Flight, Outcome, Place } from './flight';
import { join, stretchOf } from './impairments';
import type { Cut, Degradation } from './impairments';
import type { Queueing } from './line-queue';
import { sendError } from './netfilter-walk';
import { bareFrames } from './transmission';
import type { Walk } from './walk';

/** Who tells the sender that its packet was turned back; nobody: its own kernel knows. */
type Teller = { readonly machine: Machine } | { readonly from: Place } | undefined;

/** Over the fabric from one host to another. What a tunnel carries shows as the tunnel alone. */
export function passLink(
  walk: Walk,
  flight: Flight,
  from: string,
  to: string,
): readonly Flight[] | undefined {
  if (walk.ground.fabric.isPerfect) return undefined;
  const { encapsulation } = flight.packet;
  const { protocol, port } =
    encapsulation === undefined ? calledBy(flight) : outerOf(walk, encapsulation);
  const sighting = { by: [{ host: from }], to: { host: to }, protocol, port, leg: flight.leg };
  const machine = walk.ground.machines.get(from);
  const teller = machine === undefined ? undefined : { machine };
  return pass(walk, flight, 'link', sighting, `the link from ${from} to ${to}`, teller);
}

/** Out of a pod by its own interface. Where it goes to is known by its address alone. */
export function passOutOfPod(
  walk: Walk,
  flight: Flight,
  { podKey: pod, node: host }: PodSandbox,
): readonly Flight[] | undefined {
  if (!isWatched(walk, 'veth')) return undefined;
  const { src, dst, dport } = flight.packet.tuple;
  const by = [{ pod, host, address: src }];
  const sighting = { by, to: partyAt(walk, dst), ...calledBy(flight), leg: flight.leg };
  const name = walk.ground.nameOfPod(pod);
  const what = `the way from ${name} to ${formatEndpoint(dst, dport)}`;
  return pass(walk, flight, 'veth', sighting, what, undefined);
}

/** In at the last device before whoever takes the packet. */
export function passIn(
  walk: Walk,
  flight: Flight,
  to: Party,
  from: Place,
): readonly Flight[] | undefined {
  if (!isWatched(walk, 'veth')) return undefined;
  const by = sendersOf(walk, flight);
  // The answer looks as if it came from what was dialled; it is known by the port that it left.
  const { protocol, port } = calledBy(flight);
  const called = flight.leg === 'request' ? port : (flight.responder?.port ?? port);
  const sighting = { by, to, protocol, port: called, leg: flight.leg };
  const what = `the way from ${nameOf(walk, by[0]!)} to ${nameOf(walk, to)}`;
  return pass(walk, flight, 'veth', sighting, what, { from });
}

/** At the client, before anything is translated: the address that it dials. */
export function passDialled(walk: Walk, flight: Flight): readonly Flight[] | undefined {
  if (!isWatched(walk, 'dial')) return undefined;
  const { dst, dport } = flight.packet.tuple;
  const own = senderOf(walk);
  const sighting = { by: [own], to: { address: dst }, ...calledBy(flight), leg: flight.leg };
  const what = `the way from ${nameOf(walk, own)} to ${formatEndpoint(dst, dport)}`;
  return pass(walk, flight, 'dial', sighting, what, undefined);
}

/** Back at the client: the answer comes from the address that it dialled. */
export function passAnswer(walk: Walk, flight: Flight): readonly Flight[] | undefined {
  if (!isWatched(walk, 'dial')) return undefined;
  const { src, sport } = flight.packet.tuple;
  const own = senderOf(walk);
  const sighting = { by: [{ address: src }], to: own, ...calledBy(flight), leg: flight.leg };
  const what = `the way from ${formatEndpoint(src, sport)} to ${nameOf(walk, own)}`;
  return pass(walk, flight, 'dial', sighting, what, undefined);
}

function isWatched({ ground: { fabric } }: Walk, place: RulePlace): boolean {
  return fabric.cuts.has(place) || fabric.degradations.has(place);
}

/** What becomes of the packet there; undefined where it goes on. */
function pass(
  walk: Walk,
  flight: Flight,
  place: RulePlace,
  sighting: Sighting,
  what: string,
  teller: Teller,
): readonly Flight[] | undefined {
  const { fabric } = walk.ground;
  const cut = fabric.cuts.at(place, sighting).find((it) => stops(walk, flight, it));
  if (cut !== undefined) return stop(walk, flight, cut, what, teller);
  for (const rule of fabric.degradations.at(place, sighting)) {
    // A pod's own interfaces are passed twice on one way: going out, and coming in elsewhere.
    const passage = `${flight.leg} ${rule.token}`;
    if (place !== 'link' && flight.passed.includes(passage)) continue;
    flight.passed = [...flight.passed, passage];
    const queue = queueOn(walk, rule);
    const stretch = stretchOf(rule, flight.leg, walk.ground.drawDelay(rule), queue);
    flight.stretch = join(flight.stretch, stretch);
    const waits = queue === undefined || queue.wait === 0 ? '' : sayQueue(queue);
    flight.log?.step(place, 'degraded', `${what} is degraded by ${rule.token}${waits}`);
    if (stretch.arrives.numerator === 0) {
      return walk.lose(flight, 'link-loss', `${what} loses every packet (${rule.token})`);
    }
  }
  return undefined;
}

/** What the packet, or the stream of them that it stands for, finds in front of the line. */
function queueOn(
  { ground, sent, session, interval }: Walk,
  rule: Degradation,
): Queueing | undefined {
  if (rule.limit === undefined) return undefined;
  const frame = bareFrames(sent, session !== undefined).there;
  return ground.queueAhead(rule, { frame, interval });
}

function sayQueue({ wait, accepted }: Queueing): string {
  const room = accepted.numerator === accepted.denominator ? '' : ', which is full';
  return `, behind a queue of ${formatDuration(wait)}${room}`;
}

/** What a cut itself answers passes it, and so does what it lets go on. */
function stops(walk: Walk, flight: Flight, cut: Cut): boolean {
  if (flight.turnedBackBy === cut.token) return false;
  return cut.established === 'break' || !isEstablished(walk, flight);
}

/** source: net/netfilter/nf_conntrack_core.c resolve_normal_ct (IP_CT_ESTABLISHED) */
function isEstablished({ session, isKept }: Walk, { leg, track }: Flight): boolean {
  return isKept || leg === 'answer' || (session !== undefined && track?.state !== 'NEW');
}

function stop(
  walk: Walk,
  flight: Flight,
  cut: Cut,
  what: string,
  teller: Teller,
): readonly Flight[] {
  const reason = `${what} is cut`;
  const told = whatIsTold(walk, flight, cut);
  flight.log?.step('cut', WORDS[told.word], `${reason} by ${cut.token}`);
  if (told.disposition === undefined) {
    return walk.lose(flight, 'partitioned', `${reason}${told.because ?? ''}`);
  }
  flight.turnedBackBy = cut.token;
  const { disposition } = told;
  const outcome = { disposition, otherwise: 'partitioned', reason, blames: [] } as const;
  return tell(walk, flight, outcome, told.word, teller);
}

const WORDS = { drop: 'DROP', 'icmp-error': 'REJECT', reset: 'RST' } as const;

interface Told {
  readonly word: keyof typeof WORDS;
  /** What the sender learns; undefined: nothing. */
  readonly disposition?: Disposition;
  readonly because?: string;
}

/**
 * Only who sent the packet is told of it, so an answer is lost in silence. An ICMP error ends no
 * connection that stands: TCP goes on sending until it gives up.
 * source: net/ipv4/tcp_ipv4.c tcp_v4_err (a soft error outside of SYN_SENT)
 */
function whatIsTold({ session }: Walk, { leg, packet }: Flight, { mode }: Cut): Told {
  if (mode === 'drop' || leg === 'answer') return { word: 'drop' };
  const isTcp = packet.tuple.protocol === 'TCP';
  const isOpen = session !== undefined && isTcp;
  if (mode === 'reset' && isTcp) {
    return { word: 'reset', disposition: isOpen ? 'connection-reset' : 'rejected' };
  }
  const because = '; an ICMP error does not end an open connection';
  return isOpen ? { word: 'icmp-error', because } : { word: 'icmp-error', disposition: 'rejected' };
}

/** The error goes back from where the packet was turned. */
function tell(
  walk: Walk,
  flight: Flight,
  outcome: Outcome,
  kind: 'drop' | 'icmp-error' | 'reset',
  teller: Teller,
): readonly Flight[] {
  if (teller === undefined || kind === 'drop') return walk.end(flight, outcome);
  if ('machine' in teller && kind === 'icmp-error') {
    return sendError(walk, flight, teller.machine, outcome);
  }
  const tuple = 'machine' in teller ? flight.track!.arrival : flight.packet.tuple;
  walk.answer(flight, kind, reversed(tuple), outcome);
  if ('from' in teller) return flight.to(teller.from);
  flight.isTurnedBack = true;
  return flight.to({ at: 'error-out', machine: teller.machine });
}

/** Protocol and called port of the packet as it is now. */
function calledBy({ leg, packet: { tuple } }: Flight): {
  readonly protocol: WireProtocol;
  readonly port: number | undefined;
} {
  const port = leg === 'request' ? tuple.dport : tuple.sport;
  return { protocol: tuple.protocol, port: port === 'any' ? undefined : port };
}

/** What of a tunnel is seen from outside. source: net/ipv4/ipip.c (protocol 4); IANA (geneve) */
function outerOf(
  { ground }: Walk,
  { kind }: Encapsulation,
): { readonly protocol: WireProtocol; readonly port: number | undefined } {
  if (kind === 'ipip') return { protocol: 'IPIP', port: undefined };
  return { protocol: 'UDP', port: kind === 'geneve' ? 6_081 : ground.vxlanPort };
}

/** Who has sent the packet, and in whose name it comes where its source was translated. */
function sendersOf(walk: Walk, flight: Flight): readonly Party[] {
  const { src } = flight.packet.tuple;
  const named = partyAt(walk, src);
  if (flight.leg === 'request') return [senderOf(walk), named];
  const { server } = flight;
  if (server === undefined || flight.packet.kind === 'icmp-error') return [named];
  const own = 'boots' in server ? { host: server.name } : { pod: server.podKey, host: server.node };
  return [own, named];
}

function senderOf({ sender }: Walk): Party {
  if ('sandbox' in sender) return { pod: sender.sandbox.podKey, host: sender.sandbox.node };
  return { host: 'machine' in sender ? sender.machine.name : hostName(sender.external) };
}

function partyAt({ ground }: Walk, address: IP): Party {
  const host = ground.fabric.hostAt(address);
  if (host !== undefined) return { host: hostName(host), address };
  for (const machine of ground.machines.values()) {
    const sandbox = machine.sandboxes.get(address);
    if (sandbox !== undefined) return { pod: sandbox.podKey, host: machine.name, address };
  }
  return { address };
}

function nameOf({ ground }: Walk, { pod, host, address }: Party): string {
  if (pod !== undefined) return ground.nameOfPod(pod);
  return host ?? address ?? 'nowhere';
}
